"""What the work of a pass gave: the steps of a file run as a graph, or the workflow function.

What a pass gave is an output, or a failure, or both; the failure is that of the first step in plan order,
whichever came first.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.events import Path
from workc.kernel.failure import Failure, Refusal, refuse
from workc.kernel.values import Json
from workc.runtime.engine import Lane
from workc.runtime.fallback import ABORTED, aborted_by
from workc.runtime.function import call_function
from workc.runtime.run import Run, StepResult, halt_cause
from workc.runtime.step import step_body
from workc.runtime.workflow.facts import texts
from workc.runtime.workflow.references import references_of, resolve_plain


@dataclass(frozen=True, slots=True)
class Work:
    """What Act gave: an output, or a failure, or (partial) both. ``data`` is the output as it is kept."""

    output: Json = None
    data: bytes | None = None
    failure: Failure | None = None
    step: str | None = None
    halt: str | None = None

    @property
    def failed(self) -> bool:
        """Returns whether there is nothing to check."""
        return self.data is None or self.halt is not None


async def act(run: Run, lane: Lane) -> Work:
    """Does the work of a pass and returns what it gave."""
    if run.program.function is not None:
        value, failure, step = await call_function(run, lane, run.program.function)
        halt = halt_cause(run.results.values(), run.halts)
        if halt and (failure is None or failure.code == "HALTED" or halt == ABORTED):
            # The function caught what stopped the run, or saw only that it was stopped: the run
            # ends with the cause, whichever lane met it.
            failure, step = _cause_of(run, halt)
            return Work(failure=failure, step=step, halt=halt)
        data = jcs.encode(value) if failure is None else None
        return Work(value, data, failure=failure, step=step, halt=halt)
    await _run_graph(run, lane)
    return _file_work(run)


async def _run_graph(run: Run, lane: Lane) -> None:
    steps = run.program.steps
    if not steps:
        return
    # The lanes of the steps stand one level below the next place of this lane, in plan order.
    lanes: dict[str, Path] = {
        step.id: (*lane.next_place, index) for index, step in enumerate(steps)
    }
    await lane.spawn([step_body(run, step, [lanes[need] for need in step.needs]) for step in steps])


def _file_work(run: Run) -> Work:
    ordered = [run.results[step.id] for step in run.program.steps]
    halt = halt_cause(ordered)
    cause, step = _file_cause(run, ordered, halt)
    succeeded = not ordered or any(r.status == "success" or r.tolerated for r in ordered)
    try:
        output = resolve_plain(run.program.output, run.scope())
        data = _encoded(output)
    except Refusal as refusal:
        if cause is None:
            cause, step = _missed(run, ordered) or (refusal.failure, None)
        return Work(failure=_besides(cause, step, ordered), step=step, halt=halt)
    cause = _besides(cause, step, ordered)
    if not succeeded or halt:
        return Work(failure=cause, step=step, halt=halt)
    return Work(output, data, failure=cause, step=step)


def _encoded(output: Json) -> bytes:
    try:
        return jcs.encode(output)
    except CanonicalError as error:
        # What references give may be deeper, put together, than JSON is kept.
        raise refuse("INVALID_OUTPUT", f"the output cannot be kept: {error}") from None


def _file_cause(
    run: Run, ordered: list[StepResult], halt: str | None
) -> tuple[Failure | None, str | None]:
    """Returns the failure of a run and its step, before the output is made."""
    if halt == ABORTED:
        return _cause_of(run, halt)
    failed = _first_failure(ordered, halt)
    cause, step = (failed.failure, failed.id) if failed else (None, None)
    return (stopped(halt) if halt and cause is None else cause), step


def _missed(run: Run, ordered: list[StepResult]) -> tuple[Failure, str] | None:
    """Returns the failure that was tolerated, and its step, without which there is no output."""
    tolerated = {each.id: each for each in ordered if each.tolerated}
    named = (each.name for each in references_of(run.program.output) if each.root == "steps")
    missing = next((name for name in named if name in tolerated), None)
    if missing is None:
        return None
    # A step may have been skipped because of another that was.
    result = tolerated[missing]
    while result.status == "skipped":
        result = next(tolerated[need] for need in _because(result) if need in tolerated)
    failure = result.failure or stopped("HALTED")
    why = f"after {failure.code}" if result.id == missing else f"for {result.id} failed"
    message = f"the output needs step {missing}, which was skipped {why}: {failure.message}"
    return msgspec.structs.replace(failure, message=message), result.id


def _because(result: StepResult) -> list[str]:
    """Returns the steps because of which one was skipped."""
    found = result.failure.details.get("because") if result.failure else None
    return texts(found)


def _besides(
    failure: Failure | None, step: str | None, ordered: list[StepResult]
) -> Failure | None:
    """Returns the failure of a run with what no record of a step says: values that were not made."""
    others = [each for each in ordered if each.unmade and each.id != step]
    if failure is None or not others:
        return failure
    told = "; ".join(
        f"the fallback value of step {each.id} could not be made: {each.unmade}" for each in others
    )
    return msgspec.structs.replace(failure, message=f"{failure.message}; besides, {told}")


def _cause_of(run: Run, halt: str) -> tuple[Failure, str | None]:
    """Returns the failure that stopped the run and its step: the first by name, not by arrival."""
    aborted = aborted_by(run) if halt == ABORTED else None
    if aborted is not None:
        return aborted
    for step in sorted(run.results):
        failure = run.results[step].failure
        if failure is not None and failure.code == halt:
            return failure, step
    return stopped(halt), None


def stopped(halt: str) -> Failure:
    """Returns the failure of a run that was stopped by this cause, of which no step tells more."""
    return Failure(code=halt, message=f"the run was stopped: {halt}")


def failure_of(result: StepResult, halt: str | None) -> Failure:
    """Returns why a step that gave nothing did not: what stopped the run, if the step says no more."""
    failure = result.failure
    if failure is None or (halt is not None and failure.code == "HALTED"):
        return stopped(halt or "HALTED")
    return failure


def _first_failure(ordered: list[StepResult], halt: str | None) -> StepResult | None:
    if halt:
        return next((r for r in ordered if r.failure and r.failure.code == halt), None) or next(
            (r for r in ordered if r.halt == halt), None
        )
    return next((result for result in ordered if result.failed_itself), None)
