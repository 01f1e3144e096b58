"""The flow of a run: the root lane, from the intent to the lock.

Observe looks at the lens, if the program has one, and Orient says what it is worth; a lens too poor to
decide by ends the run. Act runs the steps as a graph, or the workflow function. Verify asks the checks; if
one of them does not hold, the run may go back and make another pass, and so it may where a gate failed or
the work did. Whatever happens, it ends in Lock: a halted or failed one goes there at
once, as Draft.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from msgspec import UNSET, UnsetType

from workc.kernel.payloads import (
    Backtrack,
    CheckResult,
    Compression,
    EffectBound,
    FailureRecord,
    IntentSet,
    PlanChosen,
    Target,
    VerificationRun,
    WorkEnded,
)
from workc.kernel.values import Json, JsonObject
from workc.runtime.bodies import load_failure, record_failure, store, store_file, store_json
from workc.runtime.checking import run_checks, verdict_of
from workc.runtime.declared_effects import bounds_of
from workc.runtime.ending import RunResult, lock
from workc.runtime.engine import Body, Lane
from workc.runtime.failed_gate import failed_gates
from workc.runtime.fallback import planned_as
from workc.runtime.gates import bar_run, failed_in, failed_step_gate, judge_run
from workc.runtime.going_back import backtrack_of, ends_work, feedback_of
from workc.runtime.observing import observe
from workc.runtime.run import Run
from workc.runtime.work import Work, act
from workc.runtime.workflow.model import StepSpec

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
        begin: Target = "Orient"
        while True:
            _prepare(run, lane, begin)
            if run.assembled.failure is not UNSET:
                return _undecided(run, lane, run.assembled.failure)
            barred = await bar_run(run, lane)
            work = await act(run, lane) if barred is None else Work(failure=barred)
            work = await _judged(run, lane, work)
            # Checks change nothing, so that they may tell already whether the work is the last.
            checks = () if work.failed else await run_checks(run, lane, work.output)
            backtrack = backtrack_of(run, work, checks)
            _end(run, lane, work, checks, backtrack)
            if backtrack is None:
                ended = lock(run, lane, work, checks)
                return replace(ended, failed_gates=failed_gates(failed_in(run)))
            run.go_back(feedback_of(run, work, checks, backtrack), backtrack)
            begin = backtrack.to

    return body


def _prepare(run: Run, lane: Lane, begin: Target) -> None:
    """Records what stands before the work of a pass that begins in this phase."""
    if begin == "Orient":
        lane.emit(run.assembled)
    if begin != "Act" and run.assembled.failure is UNSET:
        plan: list[Json] = [_planned(step) for step in run.program.steps]
        effects, compression = _bounds(run)
        lane.emit(
            PlanChosen(
                compression=compression,
                effects=effects,
                plan=store_json(run.files, plan),
                steps=len(plan),
            )
        )


def _undecided(run: Run, lane: Lane, failure: FailureRecord) -> RunResult:
    """Locks a run that knows too little to decide anything."""
    return lock(run, lane, Work(failure=load_failure(run.files, failure)), ())


def _bounds(run: Run) -> tuple[list[EffectBound] | UnsetType, Compression | UnsetType]:
    """Returns the effects of the plan: those that are declared, else those that a policy allows."""
    limits = run.effects
    if limits is None:
        return UNSET, UNSET
    allowed = limits.policy.allow if limits.policy else ()
    effects, compression = bounds_of(allowed if limits.run is None else limits.run)
    return effects, UNSET if compression is None else compression


def _planned(step: StepSpec) -> JsonObject:
    fallback = planned_as(step.on_failure)
    said: JsonObject = {} if fallback is None else {"on_failure": fallback}
    return {"id": step.id, "needs": list[Json](step.needs), **said, "skill": step.skill}


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
