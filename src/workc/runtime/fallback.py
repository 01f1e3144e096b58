"""Fallback: what is done about a step that has failed for good, as the step itself says.

What is decided is recorded before anything follows from it, so a run that is resumed, and a replay,
take the same way. A halt of the run is no failure of a step: nothing is done about it. Nor is
anything but an abort about the codes of ``workc.kernel.fallbacks`` (docs/adr/0015).
"""

from __future__ import annotations

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from workc.kernel.canonical import CanonicalError
from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.fallbacks import NEVER_TOLERATED, FallbackAction, FallbackTaken
from workc.kernel.payloads import Body, CallHalted
from workc.kernel.values import Json
from workc.runtime.asks import Halt
from workc.runtime.bodies import store_json
from workc.runtime.engine import Lane
from workc.runtime.run import Run, StepResult
from workc.runtime.workflow.model import OnFailure, StepSpec
from workc.runtime.workflow.references import resolve_plain

#: The cause of a halt that a step asked for.
ABORTED = "ABORTED"


def action_of(said: OnFailure | None, code: str) -> FallbackAction | None:
    """Returns what is done about a failure with this code, or None: then the step fails."""
    if said is None or said.then == "fail":
        return None
    if said.when and not {code, CATALOG[code].category} & {*said.when}:
        return None
    return said.then if said.then == "abort" or code not in NEVER_TOLERATED else None


def planned_as(said: OnFailure | None) -> str | None:
    """Returns how a plan says what may be done about a failure, or None if it is nothing."""
    if said is None or said.then == "fail":
        return None
    return f"skill {said.skill}" if said.then == "skill" else said.then


async def settled(run: Run, lane: Lane, step: StepSpec, result: StepResult) -> StepResult:
    """Returns the result after all that is done about it but to run another skill.

    ``result`` is that of a step without a skill to run instead, or that of the last such skill.
    """
    said, failure = step.on_failure, result.failure
    if said is None or failure is None or result.halt or result.status != "failure":
        return result
    match action_of(said, failure.code):
        case "skip":
            take(run, lane, step, result, "skip")
            return replace(result, tolerated=True)
        case "value":
            return _valued(run, lane, step, result, said.value)
        case "abort":
            take(run, lane, step, result, "abort")
            return replace(result, halt=await _stop(lane))
        case _:
            return result


def take(
    run: Run,
    lane: Lane,
    step: StepSpec,
    result: StepResult,
    action: FallbackAction,
    value: Body | UnsetType = UNSET,
) -> None:
    """Records what is done about a failed step."""
    if result.failure is None:
        raise Misuse("a step that has not failed does not fall back")
    said = step.on_failure
    taken = FallbackTaken(
        action=action,
        attempt=result.attempts,
        code=result.failure.code,
        skill=said.skill if said is not None and action == "skill" else UNSET,
        step=step.id,
        value=value,
    )
    lane.emit(taken)
    run.fallen[lane.path] = taken


def _valued(run: Run, lane: Lane, step: StepSpec, result: StepResult, value: Json) -> StepResult:
    try:
        given = resolve_plain(value, run.scope())
        body = store_json(run.files, given)
    except Refusal as refusal:
        return _without_value(result, refusal.failure.message)
    except CanonicalError as error:
        # What references give may be deeper, put together, than JSON is kept.
        return _without_value(result, str(error))
    take(run, lane, step, result, "value", body)
    return replace(result, status="success", value=given, failure=None)


def _without_value(result: StepResult, why: str) -> StepResult:
    """Returns the result of a failed step whose fallback value could not be made."""
    if result.failure is None:
        raise Misuse("a step that has not failed has no fallback value")
    message = f"{result.failure.message}; its fallback value could not be made: {why}"
    return replace(result, failure=replace(result.failure, message=message), unmade=why)


async def _stop(lane: Lane) -> str:
    answer = await lane.ask(Halt(ABORTED))
    if not isinstance(answer, CallHalted):
        raise Misuse(f"a halt was answered with a {type(answer).__name__}")
    return answer.code


def aborted_by(run: Run) -> tuple[Failure, str] | None:
    """Returns the failure of a run that a step aborted, and the step: the first of them by place."""
    taken = next((each for each in run.fallbacks if each.action == "abort"), None)
    if taken is None:
        return None
    failure = run.results[taken.step].failure
    why = "" if failure is None else f": {failure.message}"
    message = f"{taken.step} failed with {taken.code}, which aborts the run{why}"
    details: dict[str, Json] = {"cause": taken.code, "step": taken.step}
    return Failure(code=ABORTED, message=message, details=details), taken.step
