"""A step: resolve its parameters, try, record, wait, try again; one lane each.

A pure function is one record (SkillExecuted, an answer). An opaque function is asked ahead
(SkillAsked) and its output is the capture. A context skill runs in the lane itself: its effects
are captures, its SkillExecuted is derived.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from msgspec import UNSET

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.digest import TAG_REQUEST, tagged
from workc.kernel.events import (
    CallHalted,
    Path,
    RetryScheduled,
    SkillAsked,
    SkillExecuted,
    StepSkipped,
)
from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.values import Json, JsonObject
from workc.runtime.asks import Call, Timer
from workc.runtime.bodies import (
    failure_from,
    load_failure,
    load_json,
    record_failure,
    store,
    store_json,
)
from workc.runtime.context import AttemptContext
from workc.runtime.engine import Body, Lane
from workc.runtime.retry import delay_ms, policy_for
from workc.runtime.run import Run, StepResult
from workc.runtime.workflow.model import StepSpec
from workc.runtime.workflow.references import resolve
from workc.stages.skill import Skill

#: So often an idempotent step is tried when the answers of its attempts are in doubt.
MAX_DOUBTFUL_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What one attempt gave; ``halt`` is set if the run was halted meanwhile.

    ``begun`` False: the halt came before the call was made. ``final``: another attempt could not
    end otherwise. ``idempotent``: what it asked of the world may be asked again.
    """

    value: Json = None
    failure: Failure | None = None
    halt: str | None = None
    begun: bool = True
    final: bool = False
    idempotent: bool = False


def step_body(run: Run, step: StepSpec, needs: Sequence[Path]) -> Body:
    """Returns the lane body of a step that waits for the lanes ``needs`` first."""

    async def body(lane: Lane) -> StepResult:
        await lane.join(needs)
        await lane.enter()
        result = await _run_step(run, lane, step)
        run.take(result)
        return result

    return body


async def _run_step(run: Run, lane: Lane, step: StepSpec) -> StepResult:
    unmet = [need for need in step.needs if run.results[need].status != "success"]
    if unmet:
        return _skip(run, lane, step, unmet)
    try:
        params = _resolved(run, step)
        skill = run.program.skills[step.skill]
    except Refusal as refusal:
        return _never_called(run, lane, step, refusal.failure)
    except KeyError:
        missing = Failure(code="SKILL_NOT_FOUND", message=f"no skill is named {step.skill!r}")
        return _never_called(run, lane, step, missing)
    return await _attempts(run, lane, step, skill, params)


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
    return StepResult(step.id, step.skill, "skipped", failure=failure, halt=halt)


def _never_called(run: Run, lane: Lane, step: StepSpec, failure: Failure) -> StepResult:
    record = record_failure(run.files, failure)
    lane.emit(
        SkillExecuted(attempt=1, failure=record, mode="context", skill=step.skill, step=step.id)
    )
    return StepResult(step.id, step.skill, "failure", failure=failure, attempts=1)


async def _attempts(
    run: Run, lane: Lane, step: StepSpec, skill: Skill[..., object], params: JsonObject
) -> StepResult:
    result = StepResult(step.id, step.skill, "failure")
    attempt = 1
    while True:
        tried = await _attempt(run, lane, step, skill, params, attempt)
        if not tried.begun:
            return _halted(lane, step, replace(result, halt=tried.halt))
        result = replace(result, failure=tried.failure, attempts=attempt, halt=tried.halt)
        if tried.failure is None:
            return replace(result, status="success", value=tried.value)
        delay = _delay_ms(run, lane, step, tried, tried.failure, attempt)
        if delay is None:
            return result
        lane.emit(
            RetryScheduled(after_ms=delay, attempt=attempt, code=tried.failure.code, step=step.id)
        )
        answer = await lane.ask(Timer(delay))
        if isinstance(answer, CallHalted):
            return replace(result, halt=answer.code)
        attempt += 1


def _halted(lane: Lane, step: StepSpec, result: StepResult) -> StepResult:
    if result.attempts:
        return result
    lane.emit(StepSkipped(because=[], code="HALTED", step=step.id))
    failure = Failure(
        code="HALTED",
        message=f"the run was stopped: {result.halt}",
        details={"cause": result.halt},
    )
    return replace(result, status="skipped", failure=failure)


def _delay_ms(
    run: Run, lane: Lane, step: StepSpec, tried: _Attempt, failure: Failure, attempt: int
) -> int | None:
    """Returns how long to wait for the next attempt, or None if there is none."""
    if tried.halt or tried.final:
        return None
    if failure.code == "IN_DOUBT":
        return 0 if tried.idempotent and attempt < MAX_DOUBTFUL_ATTEMPTS else None
    policy = policy_for(failure, step.retry)
    delay = delay_ms(policy, failure, attempt, run.rng(lane.path, f"retry:{attempt}"))
    return None if delay is None or _over(run, lane.now_ms + delay) else delay


def _over(run: Run, time_ms: int) -> bool:
    return run.deadline_ms is not None and time_ms >= run.deadline_ms


async def _attempt(
    run: Run,
    lane: Lane,
    step: StepSpec,
    skill: Skill[..., object],
    params: JsonObject,
    attempt: int,
) -> _Attempt:
    deadline = _deadline(run, lane, step, skill)
    if deadline is not None and deadline <= lane.now_ms:
        return _timed_out(run, lane, step, attempt)
    work = _in_lane if skill.kind == "context" else _called
    tried = await work(run, lane, step, skill, params, attempt, deadline)
    if tried.failure and tried.failure.code == "TIMEOUT" and _over(run, lane.now_ms):
        # It is the time of the run that is over, not only that of the attempt.
        tried = replace(tried, halt=tried.halt or "TIMEOUT")
    return replace(tried, idempotent=tried.idempotent or skill.idempotent)


def _deadline(run: Run, lane: Lane, step: StepSpec, skill: Skill[..., object]) -> int | None:
    timeout = step.timeout_ms if step.timeout_ms is not None else skill.timeout_ms
    own = None if timeout is None else lane.now_ms + timeout
    limits = [limit for limit in (own, run.deadline_ms) if limit is not None]
    return min(limits, default=None)


def _timed_out(run: Run, lane: Lane, step: StepSpec, attempt: int) -> _Attempt:
    whole = _over(run, lane.now_ms)
    scope = "run" if whole else "step"
    failure = Failure(
        code="TIMEOUT",
        message=f"the time of the {scope} was over before the attempt began",
        details={"scope": scope},
    )
    record = record_failure(run.files, failure)
    lane.emit(
        SkillExecuted(
            attempt=attempt, failure=record, mode="context", skill=step.skill, step=step.id
        )
    )
    # A step whose time is 0 has none in its next attempt either.
    return _Attempt(failure=failure, halt="TIMEOUT" if whole else None, final=True)


async def _in_lane(
    run: Run,
    lane: Lane,
    step: StepSpec,
    skill: Skill[..., object],
    params: JsonObject,
    attempt: int,
    deadline: int | None,
) -> _Attempt:
    ctx = AttemptContext(run, lane, step.id, attempt, deadline)
    tried = await _run_code(skill, ctx, params)
    await ctx.close()
    tried = replace(tried, halt=ctx.halt, idempotent=ctx.idempotent)
    lane.emit(
        SkillExecuted(
            attempt=attempt,
            failure=record_failure(run.files, tried.failure) if tried.failure else UNSET,
            mode="context",
            skill=step.skill,
            step=step.id,
            value=UNSET if tried.failure else store_json(run.files, tried.value),
        )
    )
    return tried


async def _run_code(skill: Skill[..., object], ctx: AttemptContext, params: JsonObject) -> _Attempt:
    try:
        made = skill.function(ctx, **skill.bind(params))
        return _Attempt(value=skill.conclude(await cast("Awaitable[object]", made)))
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a skill's own exception is an outcome
        return _Attempt(failure=failure_from(error))


async def _called(
    run: Run,
    lane: Lane,
    step: StepSpec,
    skill: Skill[..., object],
    params: JsonObject,
    attempt: int,
    deadline: int | None,
) -> _Attempt:
    try:
        data = jcs.encode(params)
    except CanonicalError as error:
        failure = Failure(code="INVALID_INPUT", message=f"the parameters are not JSON: {error}")
        result = _never_called(run, lane, step, failure)
        return _Attempt(failure=result.failure)
    request = tagged(TAG_REQUEST, b"\0".join([step.skill.encode(), step.id.encode(), data]))
    if not skill.pure:
        lane.emit(
            SkillAsked(
                attempt=attempt,
                params=store(run.files, "json", data),
                request=request,
                skill=step.skill,
                step=step.id,
            )
        )
    left = None if deadline is None else deadline - lane.now_ms
    call = Call(skill, params, request, step.id, attempt, pure=skill.pure)
    answer = await lane.ask(call, left)
    if isinstance(answer, CallHalted):
        return _Attempt(halt=answer.code, begun=False)
    if not isinstance(answer, SkillExecuted):
        raise Misuse(f"a call was answered with a {type(answer).__name__}")
    return _recorded(run, answer)


def _recorded(run: Run, answer: SkillExecuted) -> _Attempt:
    if answer.failure:
        return _Attempt(failure=load_failure(run.files, answer.failure))
    return _Attempt(value=load_json(run.files, answer.value) if answer.value else None)
