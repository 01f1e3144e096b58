"""A step: wait for what it needs, resolve its parameters, try, wait, try again; one lane each.

All attempts stand one after the other in the step's lane, those of a skill that runs instead too. A
step whose needs did not succeed is skipped; the others go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from workc.kernel.events import Path
from workc.kernel.failure import Failure, Refusal
from workc.kernel.payloads import (
    CallHalted,
    RetryScheduled,
    SkillExecuted,
    StepSkipped,
    StepStatus,
)
from workc.kernel.values import Json, JsonObject
from workc.runtime.approval import halted, with_policy
from workc.runtime.asks import Timer
from workc.runtime.attempt import Trial, Tried, make_attempt
from workc.runtime.bodies import record_failure
from workc.runtime.engine import Body, Lane
from workc.runtime.fallback import action_of, settled, take
from workc.runtime.gates import bar_step, judge_step
from workc.runtime.holding import Holding
from workc.runtime.retry import delay_ms, policy_for
from workc.runtime.run import Run, StepResult
from workc.runtime.workflow.model import StepSpec
from workc.runtime.workflow.references import resolve

#: So often an idempotent step is tried when the answers of its attempts are in doubt.
MAX_DOUBTFUL_ATTEMPTS = 3


def step_body(run: Run, step: StepSpec, needs: Sequence[Path]) -> Body:
    """Returns the lane body of a step that waits for the lanes ``needs`` first."""

    async def body(lane: Lane) -> StepResult:
        if needs:
            await lane.join(needs)
        await lane.enter()
        holding = Holding(lane, step.id)
        result = await _run_step(run, lane, step, holding)
        await holding.release()
        run.take(result)
        return result

    return body


async def _run_step(run: Run, lane: Lane, step: StepSpec, holding: Holding) -> StepResult:
    unmet = [need for need in step.needs if not _is_met(run.results[need], step)]
    if unmet:
        return _skip(run, lane, step, unmet)
    result = await _use(run, lane, step, holding)
    other, failure = step.instead, result.failure
    if other is None or failure is None or result.halt or result.status == "skipped":
        return await settled(run, lane, step, result)
    if action_of(step.on_failure, failure.code) != "skill":
        return result
    take(run, lane, step, result, "skill")
    again = await _use(run, lane, other, holding, result)
    return replace(again, skill=step.skill)


def _is_met(result: StepResult, step: StepSpec) -> bool:
    """Returns whether a step that needs another may begin, as far as it is about that one."""
    return result.status == "success" or (result.tolerated and result.id not in step.takes)


async def _use(
    run: Run, lane: Lane, step: StepSpec, holding: Holding, before: StepResult | None = None
) -> StepResult:
    """Uses the skill of a step; ``before`` is what came of the skill in whose place it stands."""
    number = 1 if before is None else before.attempts + 1
    try:
        params = _resolved(run, step)
        skill = run.program.skills[step.skill]
    except Refusal as refusal:
        return _never_called(run, lane, step, refusal.failure, number)
    except KeyError:
        missing = Failure(code="SKILL_NOT_FOUND", message=f"no skill is named {step.skill!r}")
        return _never_called(run, lane, step, missing, number)
    if before is None:
        # What stands in for a skill that failed does so in a step that was let begin.
        step = with_policy(run, step)
    result = await _try(Trial(run, lane, step, skill, params, number, number), holding, before)
    if result.status == "success":
        await judge_step(run, lane, step, result.value)
    return result


def _resolved(run: Run, step: StepSpec) -> JsonObject:
    # A SecretText may stand in the result; binding refuses it where it may not.
    return cast("JsonObject", resolve(cast("Json", step.params), run.scope()))


def _skip(run: Run, lane: Lane, step: StepSpec, unmet: list[str]) -> StepResult:
    causes = [run.results[need].halt for need in unmet]
    halt = next((cause for cause in causes if cause), None)
    code = "HALTED" if halt else "UPSTREAM_FAILED"
    lane.emit(StepSkipped(because=unmet, code=code, step=step.id))
    failure = Failure(
        code=code,
        message=f"needs {', '.join(unmet)}, which did not succeed",
        details={"because": list[Json](unmet)},
    )
    tolerated = all(run.results[need].tolerated for need in unmet)
    return StepResult(
        step.id, step.skill, "skipped", failure=failure, halt=halt, tolerated=tolerated
    )


def _never_called(
    run: Run, lane: Lane, step: StepSpec, failure: Failure, number: int
) -> StepResult:
    record = record_failure(run.files, failure)
    lane.emit(
        SkillExecuted(
            attempt=number, failure=record, mode="context", skill=step.skill, step=step.id
        )
    )
    return StepResult(step.id, step.skill, "failure", failure=failure, attempts=number)


async def _try(trial: Trial, holding: Holding, before: StepResult | None) -> StepResult:
    """Makes attempts until one succeeds, or none may follow."""
    lane, step = trial.lane, trial.step
    result = before or StepResult(step.id, step.skill, "failure")
    while True:
        barred = await bar_step(trial, result)
        if barred is not None:
            return barred
        tried = await holding.claim(trial) or await make_attempt(trial)
        if not tried.begun:
            return halted(lane, replace(result, halt=tried.halt))
        status: StepStatus = "success" if tried.failure is None else "failure"
        result = StepResult(
            step.id, step.skill, status, tried.value, tried.failure, trial.number, tried.halt
        )
        if tried.failure is None:
            return result
        delay = _delay_ms(trial, tried, tried.failure)
        if delay is None:
            return result
        halt = await _wait(trial, tried.failure, delay)
        if halt is not None:
            return replace(result, halt=halt)
        trial = replace(trial, number=trial.number + 1)


def _delay_ms(trial: Trial, tried: Tried, failure: Failure) -> int | None:
    """Returns how long to wait for the next attempt, or None if there is none."""
    if tried.halt or tried.final:
        return None
    if failure.code == "IN_DOUBT":
        return 0 if tried.idempotent and trial.made < MAX_DOUBTFUL_ATTEMPTS else None
    run, lane = trial.run, trial.lane
    policy = policy_for(failure, trial.step.retry)
    rng = run.rng(lane.path, f"retry:{trial.number}")
    delay = delay_ms(policy, failure, trial.made, rng)
    return None if delay is None or run.is_over(lane.now_ms + delay) else delay


async def _wait(trial: Trial, failure: Failure, delay: int) -> str | None:
    """Waits for the next attempt; returns the cause if a halt of the run came instead."""
    trial.lane.emit(
        RetryScheduled(after_ms=delay, attempt=trial.number, code=failure.code, step=trial.step.id)
    )
    answer = await trial.lane.ask(Timer(delay))
    return answer.code if isinstance(answer, CallHalted) else None
