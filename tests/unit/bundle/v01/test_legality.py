"""What is refused because no legal bundle of format 0.1 could be made of it: one case a rule."""

import msgspec
import pytest
from runs_of_v01 import (
    ANN,
    EVIDENCE,
    FULL,
    INTENT,
    JOIN,
    LOCKED,
    NO,
    PROMPT,
    SHA,
    SPAWN,
    YES,
    check,
    happenings,
    run,
    short,
)

from workc.bundle.v01.records import Gate, OnFail
from workc.bundle.v01.run import (
    KINDS,
    ActError,
    ChildJoined,
    ChildSpawned,
    IllegalRunError,
    OrientFromFailure,
    Other,
    SignalsCaptured,
    SkillExecuted,
    VerificationRun,
)
from workc.bundle.v01.writer import write

replace = msgspec.structs.replace


def refused(given, reason):
    with pytest.raises(IllegalRunError, match=f"^{reason}"):
        write(given)


def changed(index, **changes):
    """Returns the full run with one happening changed."""
    found = list(run().happenings)
    found[index] = replace(found[index], **changes)
    return run(happenings=tuple(found))


def test_an_unknown_policy_is_refused():
    refused(run(policy_id="POLICY-OTHER"), "the policy 'POLICY-OTHER' is not known")


def test_a_run_that_is_its_own_parent_is_refused():
    refused(run(parent_loop_id="loop-1"), "the run is its own parent")
    write(run(parent_loop_id="loop-0"))


def test_two_events_with_one_id_are_refused():
    found = [replace(each, event_id="same") for each in run().happenings]
    refused(run(happenings=tuple(found)), "two events have the id 'same'")


@pytest.mark.parametrize("pairs", [[], FULL[1:], [FULL[1], FULL[0], *FULL[2:]], [FULL[0], *FULL]])
def test_the_first_event_is_the_intent_and_no_other_is(pairs):
    refused(run(pairs), "the first event is IntentSet, and no other")


@pytest.mark.parametrize("pairs", [FULL[:-1], [*FULL, FULL[-2]], [*FULL, ("Lock", LOCKED)]])
def test_the_last_event_is_the_lock_and_no_other_is(pairs):
    refused(run(pairs), "the last event is Locked, and no other")


def test_a_lock_in_another_phase_is_refused():
    refused(run([*FULL[:-1], ("Verify", LOCKED)]), "Locked stands in phase Lock")


def test_a_time_that_goes_back_is_refused_and_one_that_stands_is_not():
    before = run().happenings[4].at_ms
    write(changed(5, at_ms=before))
    refused(changed(5, at_ms=before - 1), "the time goes back at event 5")


@pytest.mark.parametrize(
    ("phases", "reason"),
    [
        ("", "the phases do not lead from Observe to Lock"),
        ("Orient Decide Act Verify Lock", "the phases do not lead"),
        ("Observe Orient Decide Act Verify", "the phases do not lead"),
        ("Observe Decide Act Verify Lock", "Decide must not follow Observe"),
        ("Observe Orient Decide Act Lock", "Lock must not follow Act"),
        ("Observe Orient Observe Orient Decide Act Verify Lock", "Observe must not follow Orient"),
        ("Observe Orient Decide Act Verify Lock Verify Lock", "Verify must not follow Lock"),
        ("Observe Orient Decide Act Verify Lock Lock", "Lock repeats, but no human was asked"),
        ("Observe Orient Decide Orient Decide Act Verify Lock", None),
        ("Observe Observe Orient Decide Act Act Decide Act Verify Act Verify Verify Lock", None),
    ],
)
def test_phases_obey_the_table(phases, reason):
    given = run(short(), phase_sequence=tuple(phases.split()))
    if reason is None:
        write(given)
    else:
        refused(given, reason)


def test_the_lock_may_repeat_while_a_human_is_asked():
    phases = ["Observe", "Orient", "Decide", "Act", "Verify", "Lock", "Lock"]
    write(run([*short()[:-1], ("Lock", PROMPT), ("Lock", YES), short()[-1]], phase_sequence=phases))


def test_events_that_the_phase_sequence_does_not_hold_are_refused():
    phases = ["Observe", "Orient", "Decide", "Act", "Verify", "Lock"]
    refused(run(phase_sequence=phases), "the phases of the events are no subsequence")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("notes", "it is not below evidence/"),
        ("evidence/", "a segment is not 1 to 128"),
        ("evidence/../a", "a segment is \\. or \\.\\."),
        ("evidence/é", "a segment is not 1 to 128"),
        ("evidence/nul.txt", "a segment is the name of a device"),
    ],
)
def test_evidence_with_an_unsafe_path_is_refused(path, reason):
    refused(run(evidence=EVIDENCE | {path: b""}), f".* is no path of evidence: {reason}")


@pytest.mark.parametrize("path", ["evidence/LINT", "evidence/lint/a", "evidence/Lint/a/b"])
def test_evidence_that_some_file_system_cannot_hold_is_refused(path):
    refused(run(evidence=EVIDENCE | {path: b""}), ".* is the path of another file or folder too")


GONE = "evidence/gone"
NAMING = [
    ("Observe", SignalsCaptured(evidence=GONE)),
    ("Act", SkillExecuted(skill="s", evidence=GONE)),
    ("Act", OrientFromFailure(evidence=GONE)),
    (
        "Act",
        ActError(error_class="Recoverable", code="C", message="", retryable=False, evidence=GONE),
    ),
    ("Verify", VerificationRun(results=(check("other", evidence=GONE),))),
]


@pytest.mark.parametrize(("phase", "what"), NAMING, ids=lambda value: type(value).__name__)
def test_evidence_that_an_event_names_must_be_there(phase, what):
    phases = ["Observe", "Orient", "Decide", "Act", "Verify", "Lock"]
    place = 1 if phase == "Observe" else -2
    pairs = short()
    given = [*pairs[:place], (phase, what), *pairs[place:]]
    refused(
        run(given, phase_sequence=phases), "the evidence 'evidence/gone' is named, but not there"
    )
    write(run(given, phase_sequence=phases, evidence=EVIDENCE | {GONE: b""}))


def test_evidence_that_a_gate_names_must_be_there():
    gate = Gate(phase="Act", gate_id="g", passed=True, evidence=GONE)
    refused(run(gates=(gate,)), "the evidence 'evidence/gone' is named, but not there")
    write(run(gates=(replace(gate, evidence=None),)))


@pytest.mark.parametrize("key", ["phase", "skill", "class", "effects_declared", "suggestions"])
def test_a_further_key_that_the_format_names_is_refused(key):
    refused(changed(8, more={key: 1}), f"event 8 has the further key {key}, a name of the format")
    write(changed(8, more={f"x_{key}": 1}))


@pytest.mark.parametrize("kind", [kind.__name__ for kind in KINDS])
def test_an_event_that_takes_the_name_of_a_kind_is_refused(kind):
    pairs = [*FULL[:-1], ("Lock", Other(named=kind, payload={})), FULL[-1]]
    refused(run(pairs), f"event 18 is named {kind} and is none")


@pytest.mark.parametrize("check_id", ["a@", "a@0", "a@01", "a@x", "@1", "a@1@2", "a@1234567890"])
def test_a_check_with_another_suffix_than_a_number_is_refused(check_id):
    refused(run(verified(check(check_id))), f"'{check_id}' is not the name of a check")


def test_a_check_that_was_made_twice_under_one_name_is_refused():
    twice = VerificationRun(results=(check("a@1"), check("a@1")))
    pairs = short(("Act", Other(named="X", payload={})), ("Verify", twice))
    refused(run(pairs), "the check 'a@1' was made twice")


def test_a_required_check_is_named_without_an_attempt():
    spec = replace(run().checks, checks_required=("lint@1",))
    refused(run(checks=spec), "'lint@1' names an attempt, where a check is required")


def verified(*results, on_fail=msgspec.UNSET):
    """Returns a short run with these results and, at its end, the required ones."""
    what = VerificationRun(results=results, on_fail=on_fail)
    return short(("Act", Other(named="X", payload={})), ("Verify", what))


def test_where_a_failure_leads_stands_only_where_something_failed():
    back = OnFail(type="backtrack", to_phase="Act", reason="")
    write(run(verified(check("a", passed=False), on_fail=back)))
    refused(run(verified(check("a"), on_fail=back)), "event 4 says what happens on failure, but")


@pytest.mark.parametrize("phase", ["Observe", "Lock"])
def test_a_failure_leads_where_the_table_goes(phase):
    back = OnFail(type="backtrack", to_phase=phase, reason="")
    refused(run(verified(check("a", passed=False), on_fail=back)), f"event 4 leads back to {phase}")


BETA = ChildSpawned(child_loop_id="child-b", critical=False)


@pytest.mark.parametrize(
    ("middle", "reason"),
    [
        ([("Act", SPAWN), ("Act", SPAWN), ("Act", JOIN)], "event 4 spawns 'child-a' again"),
        (
            [("Act", replace(SPAWN, child_loop_id="loop-1"))],
            "event 3 spawns 'loop-1' again, or itself",
        ),
        ([("Act", JOIN)], "event 3 joins 'child-a', which is not at work"),
        ([("Act", JOIN), ("Act", SPAWN)], "event 3 joins 'child-a', which is not at work"),
        ([("Act", SPAWN), ("Act", JOIN), ("Act", JOIN)], "event 5 joins 'child-a', which is not"),
        ([("Act", SPAWN)], "the child 'child-a' is never joined"),
        ([("Act", SPAWN), ("Act", BETA), ("Act", JOIN)], "the child 'child-b' is never joined"),
        ([("Act", Other(named="X", payload={})), ("Verify", SPAWN)], "event 4 spawns in Verify"),
    ],
)
def test_a_child_is_spawned_once_and_joined_once_later(middle, reason):
    refused(run(short(*middle)), reason)


def test_children_are_numbered_as_they_were_spawned_and_not_as_they_joined():
    other = ChildJoined(child_loop_id="child-b", child_proof_digest=SHA, outcome_status="success")
    middle = [("Decide", SPAWN), ("Act", BETA), ("Act", other), ("Act", JOIN)]
    receipt = msgspec.json.decode(write(run(short(*middle))).files["receipt.json"])
    assert [(c["spawn_index"], c["child_loop_id"]) for c in receipt["children"]] == [
        (0, "child-a"),
        (1, "child-b"),
    ]


@pytest.mark.parametrize(
    ("critical", "child", "own", "allowed"),
    [
        (True, "failed", "partial", "failed"),
        (True, "partial", "success", "partial"),
        (False, "failed", "success", "partial"),
        (False, "partial", "success", "partial"),
        (True, "failed", "failed", None),
        (False, "failed", "partial", None),
        (False, "success", "success", None),
    ],
)
def test_no_outcome_is_better_than_the_children_allow(critical, child, own, allowed):
    spawn, join = replace(SPAWN, critical=critical), replace(JOIN, outcome_status=child)
    given = run(short(("Act", spawn), ("Act", join), status=own))
    if allowed is None:
        write(given)
    else:
        refused(given, f"the outcome is {own}, but the children allow no better than {allowed}")


def test_an_answer_to_no_question_is_refused():
    refused(run(short(("Act", YES))), "event 3 answers what nobody asked")
    refused(run(short(("Act", PROMPT), ("Act", YES), ("Act", YES))), "event 5 answers what nobody")


def test_a_prompt_whose_numbers_require_it_says_so():
    refused(run(short(("Act", replace(PROMPT, required=False)))), "event 3 asks a human as if")
    write(run(short(("Act", replace(PROMPT, required=False, loss_ms=0)))))


@pytest.mark.parametrize(
    ("middle", "reason"),
    [
        ([PROMPT], "success, but a required prompt was never answered"),
        ([PROMPT, NO], "success, but the last human who had to be asked did not approve"),
        ([PROMPT, YES, PROMPT, NO], "success, but the last human"),
        ([PROMPT, PROMPT, YES], "success, but a required prompt was never answered"),
        ([PROMPT, NO, PROMPT, YES], None),
        ([replace(PROMPT, required=False, loss_ms=0), NO], None),
        ([PROMPT, YES], None),
    ],
)
def test_success_needs_every_required_prompt_approved(middle, reason):
    pairs = [("Act", what) for what in middle]
    write(run(short(*pairs, status="partial")))
    if reason is None:
        write(run(short(*pairs)))
    else:
        refused(run(short(*pairs)), reason)


@pytest.mark.parametrize(
    ("results", "holds"),
    [
        ([check("a")], True),
        ([check("a", passed=False)], False),
        ([], False),
        ([check("b")], False),
        ([check("a@1", passed=False), check("a@2")], True),
        ([check("a@2"), check("a@1", passed=False)], True),
        ([check("a@1"), check("a@2", passed=False)], False),
        ([check("a@9", passed=False), check("a@10")], True),
        ([check("a", passed=False), check("a@1")], True),
        ([check("ab"), check("a@1", passed=False)], False),
    ],
)
def test_success_needs_every_required_check_passed_at_its_last_attempt(results, holds):
    spec = replace(run().checks, checks_required=("a",))
    pairs = verified(*results)
    if holds:
        write(run(pairs, checks=spec))
    else:
        refused(run(pairs, checks=spec), "success, but the required check 'a' did not pass")
    failed = [
        *pairs[:-1],
        ("Lock", replace(LOCKED, outcome=replace(LOCKED.outcome, status="failed"))),
    ]
    write(run(failed, checks=spec))


def test_the_runs_of_these_tests_are_legal():
    assert INTENT.actor.name
    assert ANN.email
    assert happenings(*FULL) == run().happenings
    write(run())
    write(run(short()))
