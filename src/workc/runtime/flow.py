"""The flow of a run: the root lane, from the intent to the lock.

Observe looks at the lens, if the program has one, and Orient says what it is worth; what it contradicts
itself about, a child may resolve, and a lens too poor to decide by ends the run. Act runs the steps as a graph, or the workflow function. Verify asks the checks; if
one of them does not hold, the run may go back and make another pass, and so it may where a gate failed or
the work did. Whatever happens, it ends in Lock: a halted or failed one goes there at
once, as Draft.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from msgspec import UNSET, structs

from workc.kernel.payloads import (
    Backtrack,
    CheckResult,
    FailureRecord,
    IntentSet,
    Target,
    VerificationRun,
    WorkEnded,
)
from workc.runtime.bodies import load_failure, record_failure, store, store_file
from workc.runtime.checking import run_checks, verdict_of
from workc.runtime.ending import RunResult, lock
from workc.runtime.engine import Body, Lane
from workc.runtime.failed_gate import failed_gates
from workc.runtime.gates import bar_run, failed_in, failed_step_gate, judge_run
from workc.runtime.going_back import backtrack_of, ends_work, feedback_of
from workc.runtime.observing import observe
from workc.runtime.planning.choosing import choose_plan
from workc.runtime.resolving import resolve_conflicts
from workc.runtime.run import Run
from workc.runtime.strategies import adopt_strategy
from workc.runtime.work import Work, act

OUTPUT_PATH = "artifacts/output.json"
#: Who wants the work: whoever started the run, or its parent.
Source = Literal["human", "parent_loop"]


def run_body(run: Run) -> Body:
    """Returns the root lane's body; place 0 of the lane is the RunStarted that the driver wrote."""

    async def body(lane: Lane) -> RunResult:
        lane.take()
        program = run.program
        description = program.description or program.name
        source: Source = "parent_loop" if run.is_child else "human"
        lane.emit(IntentSet(description=description, source=source))
        run.assembled = await observe(run, lane)
        stopped = await resolve_conflicts(run, lane)
        if stopped is not None:
            _end_work(run, lane, stopped, None, is_last=True)
            return lock(run, lane, stopped, ())
        begin: Target = "Orient"
        while True:
            unplanned = await _prepare(run, lane, begin)
            if run.assembled.failure is not UNSET:
                return _undecided(run, lane, run.assembled.failure)
            work = await _worked(run, lane) if unplanned is None else unplanned
            work = await _judged(run, lane, work)
            # Checks change nothing, so that they may tell already whether the work is the last.
            checks = () if work.failed else await run_checks(run, lane, work.output)
            backtrack = _planned_anew(backtrack_of(run, work, checks), unplanned)
            _end(run, lane, work, checks, backtrack)
            if backtrack is None:
                ended = lock(run, lane, work, checks)
                return replace(ended, failed_gates=failed_gates(failed_in(run)))
            run.go_back(feedback_of(run, work, checks, backtrack), backtrack)
            begin = backtrack.to

    return body


async def _prepare(run: Run, lane: Lane, begin: Target) -> Work | None:
    """Records what stands before the work of a pass; returns what came of it if there is no plan."""
    if begin == "Orient":
        lane.emit(run.assembled)
    if begin == "Act" or run.assembled.failure is not UNSET:
        return None
    adopt_strategy(run, lane)
    missing = await choose_plan(run, lane)
    if missing is None:
        return None
    return Work(failure=missing.failure, step=missing.step, halt=missing.halt)


def _undecided(run: Run, lane: Lane, failure: FailureRecord) -> RunResult:
    """Locks a run that knows too little to decide anything."""
    return lock(run, lane, Work(failure=load_failure(run.files, failure)), ())


def _planned_anew(backtrack: Backtrack | None, unplanned: Work | None) -> Backtrack | None:
    """Returns where a run goes back to: without a plan that may be carried out, to Decide at least."""
    if backtrack is None or unplanned is None or backtrack.to != "Act":
        return backtrack
    return structs.replace(backtrack, to="Decide")


async def _worked(run: Run, lane: Lane) -> Work:
    """Returns what came of the work, unless a gate keeps it from beginning."""
    barred = await bar_run(run, lane)
    return await act(run, lane) if barred is None else Work(failure=barred)


async def _judged(run: Run, lane: Lane, work: Work) -> Work:
    """Evaluates the gates on the output; a gate that failed is told if nothing else did."""
    if work.data is None:
        return work
    await judge_run(run, lane, work.output)
    failed = failed_step_gate(run)
    if work.failure is not None or failed is None:
        return work
    failure, step = failed
    return replace(work, failure=failure, step=step)


def _end(
    run: Run,
    lane: Lane,
    work: Work,
    checks: tuple[CheckResult, ...],
    backtrack: Backtrack | None,
) -> None:
    """Records how a pass ended; going back stands in the last event of it."""
    turns = backtrack is not None and ends_work(backtrack, work)
    _end_work(run, lane, work, backtrack if turns else None, is_last=backtrack is None)
    if not (work.failed or turns):
        _verify(lane, checks, backtrack)


def _end_work(
    run: Run, lane: Lane, work: Work, backtrack: Backtrack | None, *, is_last: bool
) -> None:
    output = None
    if work.data is not None and is_last:
        output = store_file(run.files, OUTPUT_PATH, "json", work.data)
    elif work.data is not None:
        output = store(run.files, "json", work.data)
    lane.emit(
        WorkEnded(
            backtrack=backtrack or UNSET,
            failure=record_failure(run.files, work.failure) if work.failure else UNSET,
            halt=work.halt or UNSET,
            output=output or UNSET,
            step=work.step or UNSET,
        )
    )


def _verify(lane: Lane, checks: tuple[CheckResult, ...], backtrack: Backtrack | None) -> None:
    lane.emit(
        VerificationRun(
            backtrack=backtrack or UNSET, results=list(checks), verdict=verdict_of(checks)
        )
    )
