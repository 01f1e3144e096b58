"""Which mutants there are: every class declared, evenly chosen, always the same."""

import json

import pytest
from bundles import NAMES, bundle

from workc.kernel import canonical
from workc.sim.tamper.applying import apply_to
from workc.sim.tamper.catalog import Plan
from workc.sim.tamper.field_edits import BREAKING, EDITS, edited, sites
from workc.sim.tamper.formats import format_of
from workc.sim.tamper.mutant import shares, spread
from workc.sim.tamper.parts import COMPONENTS, component_of
from workc.sim.tamper.v02.forms import MANIFEST_FORM, RECEIPT_FORM, fits, is_digest, is_safe
from workc.sim.tamper.v02.judged import Documents

GROUPS = format_of(bundle("staged")).groups


@pytest.mark.parametrize(
    ("counts", "budget", "expected"),
    [
        ([3, 4], None, [3, 4]),
        ([3, 4], 7, [3, 4]),
        ([3, 4], 6, [3, 3]),
        ([1, 100, 100], 21, [1, 10, 10]),
        ([5, 5, 5], 1, [1, 1, 1]),
        ([], 5, []),
        ([9], 0, [1]),
    ],
)
def test_a_budget_is_shared_evenly_and_each_cell_has_one(counts, budget, expected):
    assert shares(counts, budget) == expected


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_what_is_chosen_is_spread_from_the_first_to_the_last(count):
    for wanted in range(1, count + 1):
        chosen = list(spread(count, wanted))
        assert len(set(chosen)) == len(chosen) == wanted
        assert chosen == sorted(chosen)
        assert chosen[0] == 0
        assert wanted == 1 or chosen[-1] == count - 1


def test_no_class_stands_there_twice_and_every_component_has_one():
    assert len(set(GROUPS)) == len(GROUPS)
    assert {group.component for group in GROUPS} == set(COMPONENTS)


def everything(name, budget):
    return [(g, m.at, m.expected, dict(m.files)) for g, m in Plan(bundle(name), budget).mutants()]


def test_the_same_bundle_and_budget_give_the_same_mutants():
    assert everything("staged", 900) == everything("staged", 900)


@pytest.mark.parametrize("name", NAMES)
def test_a_mutant_is_never_the_bundle_itself_and_leaves_it_as_it_was(name):
    before = dict(bundle(name))
    for group, mutant in Plan(bundle(name), 1_500).mutants():
        assert mutant.files != before, (group, mutant.at)
        assert mutant.at
    assert bundle(name) == before


def test_an_operation_that_comes_with_a_mutant_makes_it_again():
    made = [mutant for _, mutant in Plan(bundle("paid"), 2_000).mutants() if mutant.op]
    assert len({type(mutant.op) for mutant in made}) >= 6
    for mutant in made:
        assert apply_to(mutant.op, bundle("paid")) == mutant.files


def test_a_budget_bounds_the_mutants_and_without_one_each_byte_is_changed():
    plan = Plan(bundle("staged"), 1_000)
    assert plan.size <= 1_000
    assert plan.is_sampled
    whole = Plan(bundle("staged"), None)
    assert not whole.is_sampled
    flips = sum(group.operator == "byte.xor-01" for group, _ in _cells_of(whole))
    size = sum(map(len, bundle("staged").values()))
    documents = len(bundle("staged")["receipt.json"]) + len(bundle("staged")["manifest.json"])
    assert flips == size + documents


def _cells_of(plan):
    return [(c.group, n) for c, n in zip(plan._cells, plan._counts, strict=True) for _ in range(n)]


def test_every_class_but_those_of_rarer_bundles_has_a_mutant_in_some_bundle():
    seen = {group for name in NAMES for group, _ in Plan(bundle(name), 1).mutants()}
    rest = {group.operator for group in set(GROUPS) - seen}
    assert rest == {"text.nfd"}


# ------------------------------------------------------------------------------------ documents


@pytest.mark.parametrize("name", NAMES)
def test_the_forms_hold_for_what_is_sealed_and_for_no_breaking_edit(name):
    for path, form in (("receipt.json", RECEIPT_FORM), ("manifest.json", MANIFEST_FORM)):
        data = bundle(name)[path]
        assert fits(canonical.decode(data), form)
        for edit, places in sites(data).items():
            for tokens in places if edit in BREAKING else ():
                # Of these two the keys are names that a run gives.
                if edit == "field.rename" and len(tokens) == 2 and tokens[0] in {"code", "stages"}:
                    continue
                assert not _is_good(edited(edit, data, tokens), form), (edit, tokens)


def _is_good(data, form):
    try:
        return data is not None and fits(canonical.decode(data), form)
    except canonical.CanonicalError:
        return False


def test_every_edit_says_what_it_is_about():
    assert sites(b'{"a":[1,"x",{"b":true,"c":null}]}').keys() == EDITS.keys()


@pytest.mark.parametrize(
    ("path", "is_good"),
    [
        ("a", True), ("a/b.c", True), ("evidence/x", True), ("x" * 128, True), ("..x", True),
        ("con1", True), ("", False), ("a/", False), ("/a", False), ("..", False), ("a/../b", False),
        ("a.", False), ("CON", False), ("lpt9.x", False), ("a b", False), ("x" * 129, False),
        ("/".join(["x" * 100] * 6), False), ("\u00e4", False),
    ],
)  # fmt: skip
def test_a_path_obeys_the_grammar_or_not(path, is_good):
    assert is_safe(path) is is_good


def test_a_digest_is_64_digits_in_lower_case():
    assert is_digest("0a" * 32)
    assert not any(map(is_digest, ("", "0A" * 32, "0" * 63, "0" * 65, "0" * 63 + "\n")))


BODIES = [
    ({"form": "json", "inline": "1"}, True),
    ({"form": "bytes", "inline": "AA=="}, True),
    ({"form": "bytes", "inline": "AB=="}, False),
    ({"form": "bytes", "inline": "A"}, False),
    ({"form": "text", "path": "x", "sha256": "", "size": 0}, True),
    ({"form": "text", "path": "x", "sha256": "", "size": 0, "inline": ""}, False),
    ({"form": "text", "path": "x", "size": 0}, False),
    ({"form": "xml", "inline": ""}, False),
    ({"form": "json"}, False),
    ("x", False),
]


@pytest.mark.parametrize(("body", "is_good"), BODIES)
def test_a_body_is_inline_or_a_file_and_never_parts_of_both(body, is_good):
    assert fits(body, "body") is is_good


EDITS_OF_RECEIPT = [
    ({"bundle_version": "0.3"}, "receipt VERSION_UNSUPPORTED"),
    ({"bundle_version": 2}, "receipt BUNDLE_MALFORMED"),
    ({"more": 1}, "receipt BUNDLE_MALFORMED"),
    ({"outcome": "failed"}, "projection RECEIPT_EVENT_MISMATCH"),
    ({"outcome": "failed", "manifest_sha256": ""}, "projection RECEIPT_HASH_MISMATCH"),
    ({"manifest_sha256": ""}, "projection RECEIPT_HASH_MISMATCH"),
    ({"proof_digest": ""}, "digest PROOF_DIGEST_MISMATCH"),
]


@pytest.mark.parametrize(("words", "expected"), EDITS_OF_RECEIPT, ids=str)
def test_an_edited_receipt_is_judged_as_the_page_says(words, expected):
    receipt = {**json.loads(bundle("success")["receipt.json"]), **words}
    place = Documents(bundle("success")).of_receipt(canonical.encode(receipt))
    assert " ".join(place) == expected


def test_a_receipt_in_another_spelling_is_malformed_and_another_version_is_told_in_any():
    documents, data = Documents(bundle("success")), bundle("success")["receipt.json"]
    assert documents.of_receipt(b" " + data).code == "BUNDLE_MALFORMED"
    assert documents.of_receipt(b"[]").code == "BUNDLE_MALFORMED"
    other = data.replace(b'"0.2"', b'"0.9"', 1)
    assert documents.of_receipt(b" " + other).code == "VERSION_UNSUPPORTED"
    assert documents.of_receipt(other[:-1]).code == "BUNDLE_MALFORMED"


@pytest.mark.parametrize(
    ("path", "component"),
    [
        ("receipt.json", "receipt"), ("events.jsonl", "events"), ("manifest.json", "manifest"),
        ("evidence/receipt.json", "evidence"), ("artifacts/x/y", "artifacts"),
        ("signatures/x", "signatures"), ("evidence", "names"), ("x/evidence/y", "names"),
    ],
)  # fmt: skip
def test_every_path_belongs_to_a_component(path, component):
    assert component_of(path) == component
