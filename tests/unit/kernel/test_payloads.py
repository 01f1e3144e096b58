"""What types alone cannot say of a payload: which fields go together, and which bodies there are."""

from itertools import product

import pytest
from msgspec import UNSET

from workc.kernel.fallbacks import FallbackTaken
from workc.kernel.gates import GateEvaluated
from workc.kernel.kinds import is_answer
from workc.kernel.payloads import (
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
