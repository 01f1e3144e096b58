"""Resealed edits: each is found where the page says, or passes with another digest."""

import json

import pytest
from bundles import NAMES, bundle
from reseal import reseal as seal_by_another
from reseal import second

from workc.sim.tamper.formats import format_of, reseal
from workc.sim.tamper.operation import TamperError
from workc.sim.tamper.place import ORDER, UNPROVABLE, Place, first, first_root
from workc.sim.tamper.rungs import PROJECTED, RUNGS
from workc.sim.tamper.v02.attacks import ATTACKS
from workc.sim.tamper.v02.draft import Draft
from workc.verify.reader import MemoryReader
from workc.verify.v02.examination import STEPS
from workc.verify.verifier import Expectations, verify

#: The edits that were asked for by name, and what is found of each in format 0.2.
ASKED = {
    "OutcomeFlipped": ("projection", "VERIFICATION_INCOMPLETE"),
    "FailedCheckPassed": ("projection", "VERIFICATION_INCOMPLETE"),
    "EventsReordered": ("table", "FSM_ILLEGAL_TRANSITION"),
    "MoneyLowered": ("money", "BUDGET_INVALID"),
    "PolicyLoosened": ("policy", "POLICY_VIOLATION"),
    "ChildDropped": ("table", "FSM_ILLEGAL_TRANSITION"),
    "ChildOutcomeFlipped": ("projection", "VERIFICATION_INCOMPLETE"),
    "FailedGatePassed": ("projection", "VERIFICATION_INCOMPLETE"),
    "EffectExceeded": ("policy", "EFFECT_BOUNDS_EXCEEDED"),
    "ApprovalFlipped": ("table", "FSM_ILLEGAL_TRANSITION"),
}


def applicable(name):
    """Yields the bundles that an edit applies to, with what it makes of them."""
    for kind in NAMES:
        files = resealed(name, bundle(kind))
        if files is not None:
            yield kind, files


def resealed(name, files):
    """Returns a bundle with an edit, or None if it has nothing of the kind."""
    try:
        return reseal(name, files)
    except TamperError as error:
        if error.problem != "does_not_apply":
            raise
    return None


def found(files, digest=None):
    verdict = verify(MemoryReader(files), Expectations(proof_digest=digest))
    return [(finding.step, finding.code) for finding in verdict.failures]


@pytest.mark.parametrize("name", [n for n, a in ATTACKS.items() if a.expected != UNPROVABLE])
def test_an_edit_is_found_first_where_the_page_says_in_every_bundle_that_has_it(name):
    made = list(applicable(name))
    assert made
    for kind, files in made:
        assert found(files)[0] == ATTACKS[name].expected, kind
        assert second.verify(dict(files)), kind


@pytest.mark.parametrize("name", [n for n, a in ATTACKS.items() if a.expected == UNPROVABLE])
def test_what_is_not_provable_passes_and_only_the_digest_tells(name):
    made = list(applicable(name))
    assert made
    for kind, files in made:
        true = json.loads(bundle(kind)["receipt.json"])["proof_digest"]
        verdict = verify(MemoryReader(files))
        assert (verdict.verdict, verdict.failures) == ("PASS", ()), kind
        assert verdict.proof_digest != true
        assert found(files, true)[0] == tuple(UNPROVABLE) == ("expectations", "DIGEST_UNEXPECTED")
        assert second.verify(dict(files)) == []


def test_the_edits_that_were_asked_for_have_their_codes_and_twins_that_are_not_provable():
    assert {name: tuple(ATTACKS[name].expected) for name in ASKED} == ASKED
    twins = ("ChildDropped", "ChildOutcomeFlipped", "FailedGatePassed")
    for name in ("FailedCheckPassed", "MoneyLowered", "PolicyLoosened", *twins):
        assert ATTACKS[f"{name}Throughout"].expected == UNPROVABLE
    # Who decided, a bundle alone does not show.
    assert ATTACKS["ApprovalForged"].expected == UNPROVABLE


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rung", RUNGS)
def test_sealing_without_an_edit_gives_the_same_bytes_on_every_rung(name, rung):
    assert Draft(bundle(name)).seal(rung) == bundle(name)


def rename_step(draft):
    draft.payload("SkillExecuted")["step"] = "other"


def lower(draft):
    draft.payload("BudgetSettled")["actual"] = 0


def cut(draft):
    draft.events.pop()


@pytest.mark.parametrize(
    ("edit", "name"), [(rename_step, "success"), (lower, "paid"), (cut, "staged"), (cut, "big")]
)
def test_what_is_sealed_is_what_code_that_shares_nothing_with_this_seals(edit, name):
    draft = Draft(bundle(name))
    edit(draft)
    assert draft.seal(PROJECTED - 1) == seal_by_another(bundle(name), edit)


@pytest.mark.parametrize("edit", [rename_step, lower])
def test_what_is_projected_is_what_code_that_shares_nothing_with_this_projects(edit):
    draft = Draft(bundle("paid"))
    edit(draft)
    assert draft.seal(PROJECTED) == seal_by_another(bundle("paid"), edit, project=True)


def test_events_from_which_no_receipt_follows_are_not_projected():
    for edit in (cut, lambda draft: draft.payload("IntentSet").clear()):
        draft = Draft(bundle("staged"))
        edit(draft)
        with pytest.raises(TamperError) as refused:
            draft.seal(PROJECTED)
        assert refused.value.problem == "does_not_apply"


def test_signatures_are_neither_listed_nor_lost():
    signed = {**bundle("staged"), "signatures/a.dsse.json": b"{}"}
    assert verify(MemoryReader(signed)).ok
    for name in ("NonceReplaced", "ChecksForgottenThroughout", "ProgramReplaced"):
        files = resealed(name, signed)
        assert files is None or files["signatures/a.dsse.json"] == b"{}"
        assert files is None or verify(MemoryReader(files)).ok


@pytest.mark.parametrize(
    "files", [{}, {"receipt.json": b"{}"}, {"receipt.json": b'{"bundle_version":"9"}'}]
)
def test_a_version_that_is_not_in_the_table_cannot_be_resealed(files):
    with pytest.raises(TamperError, match="no version"):
        format_of(files)


def test_the_steps_stand_in_the_order_of_the_page():
    assert [step for step in ORDER if step in STEPS] == [s for s in STEPS if s != "signatures"]
    late, early = Place("digest", "PROOF_DIGEST_MISMATCH"), Place("files", "HASH_MISMATCH")
    assert first([late, early]) == early
    assert first([]) == UNPROVABLE
    assert first_root({"lens", "events"}).code == "MERKLE_MISMATCH_EVENTLOG"
