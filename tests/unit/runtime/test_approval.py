"""What becomes of a step that asks: it may begin, or it is skipped and says why."""

from types import SimpleNamespace

import pytest
from msgspec import UNSET

from workc.adapters.memory import MemoryRun
from workc.kernel.events import Entry
from workc.kernel.failure import Failure, Misuse
from workc.kernel.gates import ApprovalAnswered
from workc.kernel.payloads import CallHalted, StepSkipped, TimerFired
from workc.runtime.approval import ask_approval, halted
from workc.runtime.asks import Approve
from workc.runtime.engine import Engine, Lane
from workc.runtime.run import StepResult
from workc.runtime.workflow.model import APPROVAL as GATE
from workc.runtime.workflow.model import ApprovalSpec, StepSpec

RUN = SimpleNamespace(files=MemoryRun(), scope=lambda: {"inputs": {"n": 7}, "steps": {}})


def step(question, timeout_ms=None):
    approval = ApprovalSpec(question=question, timeout_ms=timeout_ms)
    return StepSpec(id="s", skill="get", params={}, approval=approval)


def begun(spec):
    """Returns an engine in which the step has asked, and what it recorded and asked."""

    async def body(lane):
        return await ask_approval(RUN, lane, spec, *spec.barriers)

    engine = Engine(body, start_ms=1_000)
    entries, asks = engine.run()
    return engine, [entry.payload for entry in entries], asks


def answered(payload):
    """Returns the result of a step whose question got this answer, and what it recorded then."""
    engine, _, [ask] = begun(step("Go?"))
    engine.answer(Entry(at=ask.at, payload=payload, at_ms=1_001))
    entries, _ = engine.run()
    return engine.result, [entry.payload for entry in entries]


def decided(decision, by="ann", note=""):
    return ApprovalAnswered(by=by, decision=decision, gate=GATE, note=note, step="s")


def skipped(code):
    return [StepSkipped(because=[], code=code, step="s")]


@pytest.mark.parametrize(("timeout_ms", "deadline_ms"), [(None, None), (0, 1_000), (50, 1_050)])
def test_the_question_is_recorded_before_anybody_is_asked(timeout_ms, deadline_ms):
    _, [asked], [ask] = begun(step("Go ${inputs.n}?", timeout_ms))
    assert (asked.gate, asked.step, asked.question.inline) == (GATE, "s", "Go 7?")
    assert asked.timeout_ms == (UNSET if timeout_ms is None else timeout_ms)
    assert ask.question == Approve(GATE, "s", deadline_ms)


def test_a_question_that_refers_to_nothing_is_asked_of_nobody():
    engine, entries, asks = begun(step("Go ${inputs.m}?"))
    assert (entries, asks) == (skipped("UNRESOLVED_REFERENCE"), [])
    assert (engine.result.status, engine.result.skill) == ("skipped", "get")
    assert engine.result.failure.code == "UNRESOLVED_REFERENCE"


def test_a_step_that_was_approved_begins():
    assert answered(decided("approved")) == (None, [])


@pytest.mark.parametrize(
    ("note", "message"),
    [("", "ann did not approve"), ("too dear", "ann did not approve: too dear")],
)
def test_a_step_that_was_denied_is_skipped_and_says_by_whom(note, message):
    failure = Failure(code="APPROVAL_DENIED", message=message, details={"by": "ann", "note": note})
    result, entries = answered(decided("denied", note=note))
    assert result == StepResult("s", "get", "skipped", failure=failure)
    assert entries == skipped("APPROVAL_DENIED")


def test_a_step_that_nobody_approved_in_time_is_skipped():
    failure = Failure(code="APPROVAL_TIMEOUT", message="nobody approved in time")
    result, entries = answered(decided("timed_out", by=UNSET))
    assert result == StepResult("s", "get", "skipped", failure=failure)
    assert entries == skipped("APPROVAL_TIMEOUT")


STOPPED = Failure(
    code="HALTED",
    message="the run was stopped: QUOTA_EXCEEDED",
    details={"cause": "QUOTA_EXCEEDED"},
)


def test_a_halt_in_place_of_an_answer_skips_the_step_and_says_what_stopped_the_run():
    result, entries = answered(CallHalted(code="QUOTA_EXCEEDED"))
    expected = StepResult("s", "get", "skipped", failure=STOPPED, halt="QUOTA_EXCEEDED")
    assert (result, entries) == (expected, skipped("HALTED"))


def test_an_answer_of_another_kind_is_misuse():
    with pytest.raises(Misuse, match="answered with a TimerFired"):
        answered(TimerFired())


def test_a_step_that_was_never_tried_is_skipped_and_one_that_was_keeps_its_result():
    out = []
    lane = Lane((2, 0), 0, out)
    never = StepResult("s", "get", "failure", halt="QUOTA_EXCEEDED")
    expected = StepResult("s", "get", "skipped", failure=STOPPED, halt="QUOTA_EXCEEDED")
    assert halted(lane, never) == expected
    assert [entry.payload for entry in out] == skipped("HALTED")
    tried = StepResult("s", "get", "failure", attempts=1, halt="QUOTA_EXCEEDED")
    assert halted(lane, tried) == tried
    assert len(out) == 1
