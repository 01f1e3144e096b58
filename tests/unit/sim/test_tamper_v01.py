"""Format 0.1: its forms, its resealed edits and its mutants, on the goldens of that format."""

import json
import sys
from pathlib import Path

import pytest

from workc.sim.json_text import read_json
from workc.sim.tamper.formats import reseal
from workc.sim.tamper.operation import TamperError, TamperOp
from workc.sim.tamper.place import UNPROVABLE
from workc.sim.tamper.rungs import DIGESTED
from workc.sim.tamper.v01.attacks import ATTACKS
from workc.sim.tamper.v01.draft import Draft
from workc.sim.tamper.v01.forms import (
    EVENT_FORM,
    MANIFEST_FORM,
    RECEIPT_FORM,
    Closed,
    Either,
    Nullable,
    fits,
    is_safe,
    may_be_listed,
)
from workc.sim.tamper.v01.judged import Documents
from workc.verify.reader import MemoryReader
from workc.verify.verifier import Expectations, verify

TESTS = Path(__file__).parents[2]
sys.path.insert(0, str(TESTS / "second_verifier"))
import verifier_v01 as second  # noqa: E402 - it stands in a folder of its own

GOLDEN = TESTS / "golden/v0.1"
NAMES = sorted(path.parent.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("receipt.json"))
ASKED = {
    "OutcomeFlipped": ("projection", "RECEIPT_EVENT_MISMATCH"),
    "FailedCheckPassed": ("projection", "RECEIPT_EVENT_MISMATCH"),
    "EventsReordered": ("table", "FSM_ILLEGAL_TRANSITION"),
    "ChildDropped": ("children", "CHILD_MISMATCH"),
    "PolicyLoosened": ("policy", "POLICY_VIOLATION"),
}


def golden(name):
    folder = GOLDEN / name
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


BUNDLES = {name: golden(name) for name in NAMES}


def applicable(name):
    """Yields the bundles that an edit applies to, with what it makes of them."""
    for kind, files in BUNDLES.items():
        made = resealed(name, files)
        if made is not None:
            yield kind, made


def resealed(name, files):
    try:
        return reseal(name, files)
    except TamperError as error:
        if error.problem != "does_not_apply":
            raise
    return None


def first(files, digest=None):
    failures = verify(MemoryReader(files), Expectations(proof_digest=digest)).failures
    return (failures[0].step, failures[0].code) if failures else None


@pytest.mark.parametrize("name", [n for n, a in ATTACKS.items() if a.expected != UNPROVABLE])
def test_an_edit_is_found_first_where_the_page_says_in_every_bundle_that_has_it(name):
    made = list(applicable(name))
    assert made
    for kind, files in made:
        assert first(files) == tuple(ATTACKS[name].expected), kind
        assert second.verify(dict(files)), kind


@pytest.mark.parametrize("name", [n for n, a in ATTACKS.items() if a.expected == UNPROVABLE])
def test_what_is_not_provable_passes_and_only_the_digest_tells(name):
    made = list(applicable(name))
    assert made
    for kind, files in made:
        true = json.loads(BUNDLES[kind]["receipt.json"])["integrity"]["proof_digest"]
        assert first(files) is None, kind
        assert first(files, true) == tuple(UNPROVABLE)
        assert second.verify(dict(files)) == []


def test_the_edits_that_were_asked_for_have_their_codes_and_twins_that_are_not_provable():
    assert {name: tuple(ATTACKS[name].expected) for name in ASKED} == ASKED
    for name in ("OutcomeFlipped", "FailedCheckPassed", "ChildDropped"):
        assert ATTACKS[f"{name}Throughout"].expected == UNPROVABLE
    # This format keeps no account of money.
    assert "MoneyLowered" not in ATTACKS


@pytest.mark.parametrize("name", NAMES)
def test_sealing_without_an_edit_gives_the_same_bytes_on_every_rung(name):
    for rung in range(DIGESTED + 1):
        assert Draft(BUNDLES[name]).seal(rung) == BUNDLES[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_forms_hold_for_what_was_sealed(name):
    files = BUNDLES[name]
    assert fits(read_json(files["receipt.json"]), RECEIPT_FORM)
    assert fits(read_json(files["manifest.json"]), MANIFEST_FORM)
    assert all(fits(read_json(line), EVENT_FORM) for line in files["events.jsonl"].splitlines())


FORMS = [
    ("time", "2026-02-29T23:59:60.5Z", True),
    ("time", "2026-02-30T00:00:00Z", False),
    ("time", "2026-04-31T00:00:00Z", False),
    ("time", "2026-01-01T24:00:00Z", False),
    ("time", "2026-01-01T00:00:00.Z", False),
    ("time", "2026-01-01T00:00:00+00:00", False),
    ("permille", 1000, True),
    ("permille", 1001, False),
    ("permille", True, False),
    ("count", -1, False),
    ("count", 2**64, True),
    ("hash", "0" * 63 + "A", False),
    ("any", None, True),
    (Nullable("text"), None, True),
    (Closed({"a": "text"}), {"a": "", "b": ""}, False),
    ({"a": "text"}, {"a": "", "b": ""}, True),
    ({"a?": "text"}, {"a": None}, True),
    ({"a?": "text"}, {"a": 1}, False),
    ({"a": "text"}, {}, False),
    (Either(("text", "count")), 1, True),
    (Either(("text", "count")), [], False),
    ([("x", "y")], ["x", "z"], False),
]


@pytest.mark.parametrize(("form", "value", "is_good"), FORMS, ids=str)
def test_a_value_is_of_a_form_or_not(form, value, is_good):
    assert fits(value, form) is is_good


@pytest.mark.parametrize(
    ("path", "is_good"),
    [
        ("evidence/a b", True), ("a~b", True), ("x" * 255, True), ("x" * 256, False),
        (" a", False), ("a ", False), ("a.", False), ("con .txt", False), ("LPT9", False),
        ("a*b", False), ("..", False), ("a//b", False), ("\u00e4", False), ("a\nb", False),
    ],
)  # fmt: skip
def test_a_path_obeys_the_grammar_or_not(path, is_good):
    assert is_safe(path) is is_good


def test_the_documents_and_evidence_may_be_listed():
    assert all(map(may_be_listed, ("receipt.json", "events.jsonl", "evidence/x")))
    assert not any(map(may_be_listed, ("manifest.json", "x", "artifacts/x", "evidence")))


def test_an_edited_receipt_is_judged_by_how_far_it_was_sealed():
    documents = Documents(BUNDLES["basic_success/bundle"])
    receipt = json.loads(BUNDLES["basic_success/bundle"]["receipt.json"])

    def listed(value, *, is_hashed=False):
        data = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        place = documents.of_listed_receipt(data.encode(), is_hashed=is_hashed)
        return None if place is None else " ".join(place)

    assert documents.of_receipt(b"").code == "HASH_MISMATCH"
    assert documents.of_receipt(b'{"receipt_version": "0.9"}').code == "VERSION_UNSUPPORTED"
    assert documents.of_receipt(b'{"bundle_version":"x"}').code == "VERSION_UNSUPPORTED"
    assert listed({**receipt, "lock_level": "Draft"}) == "receipt RECEIPT_HASH_MISMATCH"
    assert listed({**receipt, "lock_level": 1}) is None
    assert listed({**receipt, "lock_level": 1}, is_hashed=True) == "receipt BUNDLE_MALFORMED"
    other = {**receipt, "effects": {**receipt["effects"], "enf_version": "ENF-0.9"}}
    assert listed(other) == "receipt VERSION_UNSUPPORTED"
    integrity = {**receipt["integrity"], "policy_id": "x"}
    assert listed({**receipt, "integrity": integrity}) == "policy POLICY_VIOLATION"
    assert listed({**receipt, "integrity": {}}) == "receipt BUNDLE_MALFORMED"
    assert listed([]) == "receipt BUNDLE_MALFORMED"
    assert listed({**receipt, "receipt_version": "9"}) == "receipt VERSION_UNSUPPORTED"


def test_what_cannot_be_taken_apart_is_refused():
    for files in ({}, {"receipt.json": b"[]"}, {**BUNDLES[NAMES[0]], "events.jsonl": b"1\n"}):
        with pytest.raises(TamperError) as refused:
            Draft(files)
        assert refused.value.problem == "not_a_document"


def test_an_edit_of_another_version_is_unknown():
    with pytest.raises(TamperError) as refused:
        reseal("MoneyLowered", BUNDLES[NAMES[0]])
    assert refused.value.problem == "unknown_edit"
    assert TamperOp.Reseal(edit="MoneyLowered").to_json() == {"Reseal": {"edit": "MoneyLowered"}}
