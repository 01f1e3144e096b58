"""One attempt of a step: run its skill where that kind of skill runs, and record how it ended.

A pure function is one record (SkillExecuted, an answer). An opaque function is asked ahead
(SkillAsked) and its output is the capture. A context skill runs in the lane itself: its effects
are captures, its SkillExecuted is derived.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import cast

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.digest import TAG_REQUEST, tagged
from workc.kernel.failure import Failure, Misuse
from workc.kernel.payloads import CallHalted, SkillAsked, SkillExecuted
from workc.kernel.values import Json, JsonObject
from workc.runtime.asks import Call
from workc.runtime.bodies import (
    failure_from,
    load_failure,
    load_json,
    record_failure,
    store,
    store_json,
)
from workc.runtime.context import AttemptContext
from workc.runtime.deciding import refuse_undecided
from workc.runtime.engine import Lane, Work
from workc.runtime.guarding import context_of, guarded
from workc.runtime.run import Run
from workc.runtime.workflow.model import StepSpec
from workc.stages.effect_limits import decide_unknown
from workc.stages.skill import Skill


class Trial(msgspec.Struct, frozen=True):
    """What is tried: which step, with which skill and parameters, for the how manyth time.

    ``first`` is the number of the first attempt with this skill: more than 1 where another has failed.
    """

    run: Run
    lane: Lane
    step: StepSpec
    skill: Skill[..., object]
    params: JsonObject
    number: int
    first: int = 1

    @property
    def made(self) -> int:
        """Returns the how manyth attempt with this skill it is, from 1."""
        return self.number - self.first + 1

    @property
    def deadline_ms(self) -> int | None:
        """Returns when its time is over: the step's or the skill's own, or the run's if earlier."""
        own = self.step.timeout_ms if self.step.timeout_ms is not None else self.skill.timeout_ms
        limits = [
            None if own is None else self.lane.now_ms + own,
            self.run.deadline_ms,
        ]
        return min((limit for limit in limits if limit is not None), default=None)


class Tried(msgspec.Struct, frozen=True):
    """What an attempt gave.

    ``halt`` is the cause if a halt of the run ended it; ``begun`` is False if it came before
    anything was done. ``final`` says that another attempt cannot do better. ``idempotent`` says
    that doing again what it did is harmless.
    """

    value: Json = None
    failure: Failure | None = None
    halt: str | None = None
    begun: bool = True
    final: bool = False
    idempotent: bool = False


async def make_attempt(trial: Trial) -> Tried:
    """Makes the attempt and returns what it gave."""
    deadline = trial.deadline_ms
    if deadline is not None and deadline <= trial.lane.now_ms:
        return _too_late(trial)
    injection = trial.run.injected.get((trial.step.id, trial.number))
    if injection is not None:
        tried = Tried(failure=injection.failure())
        conclude(trial, tried)
        return tried
    work = _in_lane if trial.skill.kind == "context" else _called
    tried = await work(trial, deadline)
    if tried.failure and tried.failure.code == "TIMEOUT" and trial.run.is_over(trial.lane.now_ms):
        tried = replace(tried, failure=_of_the_run(tried.failure), halt=tried.halt or "TIMEOUT")
    if tried.failure and tried.failure.code == "ABORTED" and _is_of_the_run(tried.failure):
        tried = replace(tried, halt=tried.halt or "ABORTED")
    if trial.skill.idempotent and not tried.idempotent:
        tried = replace(tried, idempotent=True)
    return tried


def _is_of_the_run(failure: Failure) -> bool:
    return failure.details.get("scope") == "run"


def _of_the_run(failure: Failure) -> Failure:
    """Returns the failure with the word that it is the time of the run that is over."""
    if _is_of_the_run(failure):
        return failure
    return Failure(
        code=failure.code,
        message=f"the time of the run was over: {failure.message}",
        details={**failure.details, "scope": "run"},
    )


def _too_late(trial: Trial) -> Tried:
    whole = trial.run.is_over(trial.lane.now_ms)
    scope = "run" if whole else "step"
    failure = Failure(
        code="TIMEOUT",
        message=f"the time of the {scope} was over before the attempt began",
        details={"scope": scope},
    )
    conclude(trial, Tried(failure=failure))
    # A step whose time is 0 has none in its next attempt either.
    return Tried(failure=failure, halt="TIMEOUT" if whole else None, final=True)


async def _in_lane(trial: Trial, deadline_ms: int | None) -> Tried:
    ctx = AttemptContext(trial.run, trial.lane, trial.step, trial.number, deadline_ms)
    tried = await _run_code(trial, ctx)
    await ctx.close()
    conclude(trial, tried)
    return replace(tried, halt=ctx.halt, idempotent=ctx.idempotent)


async def _run_code(trial: Trial, ctx: AttemptContext) -> Tried:
    skill = trial.skill
    try:
        made = cast("Work", skill.function(ctx, **skill.bind(trial.params)))
        context = context_of(trial.run.guard, trial.step.id, skill.function)
        return Tried(value=skill.conclude(await guarded(made, context)))
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a skill's own exception is an outcome
        return Tried(failure=failure_from(error))


def conclude(trial: Trial, tried: Tried) -> None:
    """Records the end of an attempt that ran in the lane, or did not get as far as a call."""
    files, failure = trial.run.files, tried.failure
    trial.lane.emit(
        SkillExecuted(
            attempt=trial.number,
            failure=record_failure(files, failure) if failure else UNSET,
            mode="context",
            skill=trial.step.skill,
            step=trial.step.id,
            value=UNSET if failure else store_json(files, tried.value),
        )
    )


async def _called(trial: Trial, deadline_ms: int | None) -> Tried:
    denied = None if trial.skill.pure else _refused(trial)
    if denied is not None:
        tried = Tried(failure=denied)
        conclude(trial, tried)
        return tried
    try:
        data = jcs.encode(trial.params)
    except CanonicalError as error:
        message = f"the parameters are not JSON: {error}"
        tried = Tried(failure=Failure(code="INVALID_INPUT", message=message))
        conclude(trial, tried)
        return tried
    call = _call_of(trial, data)
    if not call.pure:
        _ask_ahead(trial, call)
    left_ms = None if deadline_ms is None else deadline_ms - trial.lane.now_ms
    answer = await trial.lane.ask(call, left_ms)
    if isinstance(answer, CallHalted):
        return Tried(halt=answer.code, begun=False)
    if not isinstance(answer, SkillExecuted):
        raise Misuse(f"a call was answered with a {type(answer).__name__}")
    return _recorded(trial.run, answer)


def _refused(trial: Trial) -> Failure | None:
    """Returns why a function must not be called whose effects nobody knows, or None."""
    denied = decide_unknown(trial.run.effects)
    return denied or refuse_undecided(trial.run, trial.lane, trial.step.id, None)


def _call_of(trial: Trial, data: bytes) -> Call:
    step, skill = trial.step, trial.skill
    request = tagged(TAG_REQUEST, b"\0".join([step.skill.encode(), step.id.encode(), data]))
    guard = context_of(trial.run.guard, step.id, skill.function) if skill.pure else nullcontext
    return Call(
        skill,
        trial.params,
        data,
        request,
        step.id,
        trial.number,
        pure=skill.pure,
        guard=guard,
    )


def _ask_ahead(trial: Trial, call: Call) -> None:
    trial.lane.emit(
        SkillAsked(
            attempt=trial.number,
            params=store(trial.run.files, "json", call.data),
            request=call.request,
            skill=trial.step.skill,
            step=trial.step.id,
        )
    )


def _recorded(run: Run, answer: SkillExecuted) -> Tried:
    if answer.failure:
        return Tried(failure=load_failure(run.files, answer.failure))
    return Tried(value=load_json(run.files, answer.value) if answer.value else None)
