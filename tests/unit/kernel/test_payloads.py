"""What types alone cannot say of a payload: which fields go together, and which bodies there are."""

from itertools import product

import pytest
from msgspec import UNSET

from workc.kernel.children import ChildJoined
from workc.kernel.fallbacks import FallbackTaken
from workc.kernel.gates import GateEvaluated
from workc.kernel.kinds import is_answer
from workc.kernel.payloads import (
    Backtrack,
    Body,
    EffectAnswered,
    EffectResult,
    FailureRecord,
    Response,
    SkillExecuted,
    TimerFired,
    TimerSet,
    given,
)
from workc.kernel.resolving import ConflictResolved, Word
from workc.kernel.resources import (
    MAX_RESOURCE_CHARS,
    MAX_RESOURCES,
    ResourceAnswered,
    ResourcesClaimed,
)
from workc.kernel.strategies import StrategySuggested, Suggestion, Weighed, suggested

TEXT = Body(form="text", inline="a")
FILE = Body(form="text", path="captures/a", sha256="0" * 64, size=1)
BYTES = Body(form="bytes", inline="YQ==")
DETAILS = Body(form="json", inline="{}")
FAILURE = FailureRecord(code="TIMEOUT", details=DETAILS, message="m")


def executed(**more):
    return SkillExecuted(attempt=1, mode="context", skill="k", step="s", **more)


def test_a_field_that_is_not_set_is_none():
    assert (given(UNSET), given(0), given("")) == (None, 0, "")


@pytest.mark.parametrize("inline", [UNSET, "a"])
@pytest.mark.parametrize(
    ("path", "sha256", "size"), [*product([UNSET, "a"], [UNSET, "0"], [UNSET, 1])]
)
def test_a_body_is_inline_or_a_file_and_no_mixture(inline, path, sha256, size):
    body = Body(form="text", inline=inline, path=path, sha256=sha256, size=size)
    parts = [part is not UNSET for part in (path, sha256, size)]
    is_good = not any(parts) if inline is not UNSET else all(parts)
    problem = None if is_good else "a body has inline, or path, sha256 and size"
    assert body.problem() == problem
    assert body.is_plain() == (is_good and inline is not UNSET)


def test_bytes_in_the_line_are_looked_at_for_they_must_be_base64():
    assert (BYTES.is_plain(), BYTES.problem()) == (False, None)
    assert Body(form="bytes", inline="YQ=").problem() == "an inline body of bytes is base64"
    assert Body(form="bytes", inline="YR==").problem() == "an inline body of bytes is base64"


@pytest.mark.parametrize(
    ("payload", "is_plain", "bodies"),
    [
        (executed(value=TEXT), True, [UNSET, UNSET, TEXT]),
        (executed(value=TEXT, params=TEXT), True, [UNSET, TEXT, TEXT]),
        (executed(value=FILE), False, [UNSET, UNSET, FILE]),
        (executed(value=TEXT, params=FILE), False, [UNSET, FILE, TEXT]),
        (executed(failure=FAILURE), False, [DETAILS, UNSET, UNSET]),
    ],
)
def test_an_attempt_is_plain_if_it_is_a_success_in_the_line(payload, is_plain, bodies):
    assert (payload.is_plain(), list(payload.bodies())) == (is_plain, bodies)
    assert payload.problem() is None


@pytest.mark.parametrize("payload", [executed(), executed(value=TEXT, failure=FAILURE)])
def test_an_attempt_has_a_value_or_a_failure(payload):
    assert payload.problem() == "an attempt has a value or a failure"
    assert not payload.is_plain()


def test_an_answer_has_a_response_a_result_or_a_failure_and_their_bodies():
    response = Response(
        body=TEXT, boundaries=[], headers=[], redactions=[], status=200, url="http://a/"
    )
    came = EffectAnswered(request="0", response=response)
    failed = EffectAnswered(request="0", failure=FAILURE)
    assert (list(came.bodies()), came.problem()) == ([UNSET, TEXT], None)
    assert (list(failed.bodies()), failed.problem()) == ([DETAILS, UNSET], None)
    result = EffectResult(data=TEXT, facts=FILE, redactions=[])
    made = EffectAnswered(request="0", result=result)
    assert (list(made.bodies()), made.problem()) == ([UNSET, UNSET, TEXT, UNSET, FILE], None)
    for wrong in (
        EffectAnswered(request="0"),
        EffectAnswered(request="0", result=result, failure=FAILURE),
        EffectAnswered(request="0", result=result, response=response),
        EffectAnswered(request="0", response=response, failure=FAILURE),
    ):
        assert wrong.problem() == "an answer has a response, a result or a failure"


@pytest.mark.parametrize("action", ["abort", "skip", "skill", "value"])
@pytest.mark.parametrize("skill", [UNSET, "other"])
@pytest.mark.parametrize("value", [UNSET, TEXT])
def test_a_fallback_has_what_its_action_needs_and_nothing_else(action, skill, value):
    taken = FallbackTaken(
        action=action, attempt=1, code="TIMEOUT", skill=skill, step="s", value=value
    )
    fits = (skill is UNSET) != (action == "skill") and (value is UNSET) != (action == "value")
    problem = "a fallback has a skill or a value if and only if that is its action"
    assert taken.problem() == (None if fits else problem)
    assert list(taken.bodies()) == [value]


def gate(kind, **more):
    return GateEvaluated(gate="g", kind=kind, passed=True, that="x", when="post_run", **more)


def test_a_gate_has_the_bodies_of_its_failure_and_its_value():
    assert list(gate("check", value=TEXT).bodies()) == [UNSET, TEXT]
    assert list(gate("check", failure=FAILURE).bodies()) == [DETAILS, UNSET]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (executed(value=TEXT), False),
        (executed(value=TEXT, request="0" * 64), True),
        (gate("command"), True),
        (gate("check"), False),
        (TimerFired(), True),
        (TimerSet(after_ms=1), False),
    ],
)
def test_an_answer_depends_on_the_world(payload, expected):
    assert is_answer(payload) == expected


@pytest.mark.parametrize(
    ("outcome", "failure", "is_good"),
    [
        ("success", UNSET, True),
        ("success", FAILURE, False),
        ("failed", FAILURE, True),
        ("failed", UNSET, True),
    ],
)
def test_a_child_that_succeeded_has_no_failure(outcome, failure, is_good):
    joined = ChildJoined(
        child_run_id="r",
        failure=failure,
        outcome=outcome,
        proof_digest="p",
        spawn_index=0,
        spent_micro_cents=0,
        value=TEXT,
    )
    assert joined.problem() == (None if is_good else "a child that succeeded has no failure")
    assert list(joined.bodies()) == [UNSET if failure is UNSET else DETAILS, TEXT]


GAVE = {"child_run_id": "r", "proof_digest": "p", "value": TEXT}
WORDS = [Word(about="a", says=FILE), Word(about="b", says=BYTES)]


def resolved(**said):
    return ConflictResolved(backtrack=Backtrack(code="C", to="Orient"), item="i", **said)


def test_a_conflict_is_resolved_by_a_child_or_has_a_failure():
    found, failed = resolved(**GAVE, words=WORDS), resolved(failure=FAILURE)
    assert (found.problem(), list(found.bodies())) == (None, [UNSET, TEXT, FILE, BYTES])
    assert (failed.problem(), list(failed.bodies())) == (None, [DETAILS, UNSET])
    whole = {**GAVE, "words": WORDS}
    lacking = [{key: whole[key] for key in whole if key != left_out} for left_out in whole]
    beside = [{"failure": FAILURE, key: whole[key]} for key in whole]
    for said in [{}, {"failure": FAILURE, **whole}, *lacking, *beside]:
        problem = "a conflict has a failure, or a value, words, and the child that gave them"
        assert resolved(**said).problem() == problem


LONGEST = "x" * MAX_RESOURCE_CHARS


@pytest.mark.parametrize(
    ("resources", "problem"),
    [
        ([], f"a step claims 1 to {MAX_RESOURCES} resources"),
        (["a"], None),
        ([chr(97 + n) for n in range(MAX_RESOURCES)], None),
        ([chr(97 + n) for n in range(MAX_RESOURCES + 1)], "a step claims 1 to 16 resources"),
        (["a", LONGEST], None),
        ([LONGEST + "x"], f"the name of a resource has 1 to {MAX_RESOURCE_CHARS} characters"),
        (["", "a"], "the name of a resource has 1 to 200 characters"),
        (["b", "a"], "resources ascend by their bytes, and none repeats"),
        (["a", "a"], "resources ascend by their bytes, and none repeats"),
    ],
)
def test_a_step_claims_a_few_resources_in_order(resources, problem):
    assert ResourcesClaimed(resources=resources, step="s", wait_ms=0).problem() == problem


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"n": 0, "token": 1}, None),
        ({"failure": FAILURE}, None),
        ({}, "a claim has failure, or n and token"),
        ({"n": 0}, "a claim has failure, or n and token"),
        ({"token": 1}, "a claim has failure, or n and token"),
        ({"failure": FAILURE, "n": 0, "token": 1}, "a claim has failure, or n and token"),
        ({"failure": FAILURE, "token": 1}, "a claim has failure, or n and token"),
        ({"failure": FAILURE, "n": 1}, "a claim has failure, or n and token"),
        ({"forced": 1, "n": 0, "token": 2}, None),
        ({"forced": 2, "n": 0, "token": 2}, "forced is a token before the own"),
        ({"failure": FAILURE, "forced": 0}, "forced is a token before the own"),
    ],
)
def test_a_claim_was_granted_with_a_token_or_failed(said, problem):
    answered = ResourceAnswered(resource="r", step="s", **said)
    assert answered.problem() == problem
    assert list(answered.bodies()) == [DETAILS if "failure" in said else UNSET]


def weighed(name, confidence=1000, threshold=0, weight=1000):
    return Weighed(id=name, version="1", confidence=confidence, threshold=threshold, weight=weight)


def weighing(*found):
    return StrategySuggested(signals=TEXT, suggestions=[], weighed=[*found]).problem()


def test_strategies_are_weighed_once_each_by_permille():
    assert weighing(weighed("a", threshold=1000), weighed("b")) is None
    assert weighing(weighed("a"), weighed("a", 3)) == "a strategy is weighed once"
    for key in ("confidence", "threshold", "weight"):
        assert weighing(weighed("a", **{key: 1001})) == "a permille is at most 1000"


def test_what_fits_is_suggested_with_how_well_it_does():
    found = suggested([weighed("a", 500), weighed("b", 499, 500), weighed("c", 900, weight=600)])
    assert found == [Suggestion(id="c", permille=540), Suggestion(id="a", permille=500)]
