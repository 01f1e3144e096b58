"""Approval: a step that a human lets begin, or not.

The question is recorded before anybody is asked, and the answer is an answer like any other: it may
come after the run was stopped and resumed. A step that may not begin is skipped, with the code of
the refusal (docs/adr/0012).
"""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.gates import ApprovalAnswered, ApprovalAsked, Decision
from workc.kernel.payloads import CallHalted, StepSkipped, given
from workc.kernel.permille import WHOLE
from workc.kernel.phases import LockLevel
from workc.kernel.selectors import Effect
from workc.runtime.asks import Approve
from workc.runtime.bodies import store
from workc.runtime.engine import Lane
from workc.runtime.policy.approval import question_of
from workc.runtime.run import Run, StepResult
from workc.runtime.workflow.model import ApprovalSpec, HumanGate, StepSpec
from workc.runtime.workflow.references import resolve_plain

#: The codes of steps that were refused.
REFUSED: dict[Decision, str] = {"denied": "APPROVAL_DENIED", "timed_out": "APPROVAL_TIMEOUT"}


def with_policy(run: Run, step: StepSpec) -> StepSpec:
    """Returns a step with what the policy of a run has a human asked, unless it asks itself."""
    asks = any(isinstance(gate, HumanGate) for gate in step.barriers)
    if asks or run.asking is None or run.plan_is_approved or run.program.skills[step.skill].pure:
        return step
    level: LockLevel = "Committed" if run.program.checks else "Staged"
    quality = given(run.assembled.quality)
    worth = WHOLE if quality is None else quality.aggregate
    question = question_of(run.asking, step.id, _effects_of(run, step), level, worth)
    if question is None:
        return step
    escaped = question.replace("${", "$${")
    return replace(step, approval=ApprovalSpec(question=escaped, timeout_ms=run.asking.timeout_ms))


def _effects_of(run: Run, step: StepSpec) -> tuple[Effect, ...]:
    """Returns what a step may do, as far as it is declared: its own effects, or all of the run's."""
    if step.effects is not None or run.effects is None:
        return step.effects or ()
    return run.effects.declared or ()


async def ask_approval(run: Run, lane: Lane, step: StepSpec, gate: HumanGate) -> StepResult | None:
    """Asks whether the step may begin; returns what became of it if it may not."""
    result = StepResult(step.id, step.skill, "skipped")
    refused = await ask_human(run, lane, step.id, gate)
    match refused:
        case None:
            return None
        case CallHalted():
            return halted(lane, replace(result, halt=refused.code))
        case Failure():
            return skipped(lane, result, refused)


async def ask_human(
    run: Run, lane: Lane, step: str, gate: HumanGate
) -> Failure | CallHalted | None:
    """Asks whether something may begin; returns why it may not, or the halt that came instead."""
    asked = gate.asked
    try:
        question = str(resolve_plain(asked.question, run.scope()))
    except Refusal as refusal:
        return refusal.failure
    lane.emit(_asked(run, step, gate, question))
    deadline = None if asked.timeout_ms is None else lane.now_ms + asked.timeout_ms
    answer = await lane.ask(Approve(gate.id, step, deadline))
    if isinstance(answer, CallHalted):
        return answer
    if not isinstance(answer, ApprovalAnswered):
        raise Misuse(f"an approval was answered with a {type(answer).__name__}")
    return None if answer.decision == "approved" else _refusal(answer)


def _asked(run: Run, step: str, gate: HumanGate, question: str) -> ApprovalAsked:
    timeout_ms = gate.asked.timeout_ms
    return ApprovalAsked(
        gate=gate.id,
        question=store(run.files, "text", question.encode("utf-8", "replace")),
        step=step,
        timeout_ms=UNSET if timeout_ms is None else timeout_ms,
    )


def _refusal(answer: ApprovalAnswered) -> Failure:
    if answer.by is UNSET:
        return Failure(code=REFUSED[answer.decision], message="nobody approved in time")
    note = f": {answer.note}" if answer.note else ""
    return Failure(
        code=REFUSED[answer.decision],
        message=f"{answer.by} did not approve{note}",
        details={"by": answer.by, "note": answer.note},
    )


def skipped(lane: Lane, result: StepResult, failure: Failure) -> StepResult:
    """Records that a step may not begin, or not again, and returns its result."""
    lane.emit(StepSkipped(because=[], code=failure.code, step=result.id))
    return replace(result, status="skipped", failure=failure)


def halted(lane: Lane, result: StepResult) -> StepResult:
    """Returns the result of a step that a halt of the run met before an attempt began."""
    if result.attempts:
        return result
    failure = Failure(
        code="HALTED",
        message=f"the run was stopped: {result.halt}",
        details={"cause": result.halt},
    )
    return skipped(lane, result, failure)
