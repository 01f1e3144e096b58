"""The flow of a run: the root lane, from the intent to the lock.

A program that names its steps has trivial Observe and Orient phases. Act runs the steps as a
graph, or the workflow function. Verify asks the checks; if one of them does not hold, the run may go
back and make another pass. Whatever happens, it ends in Lock: a halted or failed one goes there at
once, as Draft.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.events import Path
from workc.kernel.failure import Failure, Refusal, refuse
from workc.kernel.gates import GATE_FAILED
from workc.kernel.payloads import (
    Backtrack,
    CheckResult,
    Compression,
    EffectBound,
    IntentSet,
    LensAssembled,
    Locked,
    PlanChosen,
    Target,
    Verification,
    VerificationRun,
    WorkEnded,
)
from workc.kernel.phases import PHASES, LockLevel, Outcome
from workc.kernel.rollup import rollup
from workc.kernel.values import Json, JsonObject
from workc.runtime.bodies import record_failure, store, store_file, store_json
from workc.runtime.declared_effects import bounds_of
from workc.runtime.engine import Body, Lane
from workc.runtime.expressions import compile_expression, evaluate
from workc.runtime.failed_gate import FailedGate, failed_gates
from workc.runtime.fallback import ABORTED, aborted_by, planned_as
from workc.runtime.function import call_function
from workc.runtime.gates import (
    bar_run,
    failed_in,
    failed_run_gates,
    failed_step_gate,
    judge_run,
    run_gates_failure,
)
from workc.runtime.run import Run, StepResult, halt_cause
from workc.runtime.step import step_body
from workc.runtime.taken_fallback import TakenFallback, skipped_in, taken_fallback
from workc.runtime.workflow.facts import texts
from workc.runtime.workflow.model import CheckSpec, StepSpec
from workc.runtime.workflow.references import references_of, resolve_plain

OUTPUT_PATH = "artifacts/output.json"
#: Who wants the work: whoever started the run, or its parent.
Source = Literal["human", "parent_loop"]
_CHECK_FAILED = "VERIFICATION_FAILED"


@dataclass(frozen=True, slots=True)
class RunResult:
    """What became of a run. ``step`` names the step whose failure is the run's."""

    outcome: Outcome
    output: Json = None
    failure: Failure | None = None
    step: str | None = None
    halt: str | None = None
    checks: tuple[CheckResult, ...] = ()
    failed_gates: tuple[FailedGate, ...] = ()


@dataclass(frozen=True, slots=True)
class _Work:
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


def run_body(run: Run) -> Body:
    """Returns the root lane's body; place 0 of the lane is the RunStarted that the driver wrote."""

    async def body(lane: Lane) -> RunResult:
        lane.take()
        program = run.program
        description = program.description or program.name
        source: Source = "parent_loop" if run.is_child else "human"
        lane.emit(IntentSet(description=description, source=source))
        begin: Target = "Orient"
        while True:
            _prepare(run, lane, begin)
            barred = await bar_run(run, lane)
            work = await _act(run, lane) if barred is None else _Work(failure=barred)
            work = await _judged(run, lane, work)
            # Checks touch nothing, so that they may tell already whether the work is the last.
            checks = () if work.failed else _checks(run, work)
            backtrack = _backtrack(run, checks)
            _end_work(run, lane, work, is_last=backtrack is None)
            if not work.failed:
                _verify(lane, checks, backtrack)
            if backtrack is None:
                ended = _lock(run, lane, work, checks)
                return replace(ended, failed_gates=failed_gates(failed_in(run)))
            run.go_back(_feedback(run, checks, backtrack))
            begin = backtrack.to

    return body


def _prepare(run: Run, lane: Lane, begin: Target) -> None:
    """Records what stands before the work of a pass that begins in this phase."""
    if begin == "Orient":
        lane.emit(LensAssembled(items=0))
    if begin != "Act":
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


async def _act(run: Run, lane: Lane) -> _Work:
    if run.program.function is not None:
        value, failure, step = await call_function(run, lane, run.program.function)
        halt = halt_cause(run.results.values(), run.halts)
        if halt and (failure is None or failure.code == "HALTED" or halt == ABORTED):
            # The function caught what stopped the run, or saw only that it was stopped: the run
            # ends with the cause, whichever lane met it.
            failure, step = _cause_of(run, halt)
            return _Work(failure=failure, step=step, halt=halt)
        data = jcs.encode(value) if failure is None else None
        return _Work(value, data, failure=failure, step=step, halt=halt)
    await _run_graph(run, lane)
    return _file_work(run)


async def _judged(run: Run, lane: Lane, work: _Work) -> _Work:
    """Evaluates the gates on the output; a gate that failed is told if nothing else did."""
    if work.data is None:
        return work
    await judge_run(run, lane, work.output)
    failed = failed_step_gate(run)
    if work.failure is not None or failed is None:
        return work
    failure, step = failed
    return replace(work, failure=failure, step=step)


async def _run_graph(run: Run, lane: Lane) -> None:
    steps = run.program.steps
    if not steps:
        return
    # The lanes of the steps stand one level below the next place of this lane, in plan order.
    lanes: dict[str, Path] = {
        step.id: (*lane.next_place, index) for index, step in enumerate(steps)
    }
    await lane.spawn([step_body(run, step, [lanes[need] for need in step.needs]) for step in steps])


def _file_work(run: Run) -> _Work:
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
        return _Work(failure=_besides(cause, step, ordered), step=step, halt=halt)
    cause = _besides(cause, step, ordered)
    if not succeeded or halt:
        return _Work(failure=cause, step=step, halt=halt)
    return _Work(output, data, failure=cause, step=step)


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
    return (_stopped(halt) if halt and cause is None else cause), step


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
    failure = result.failure or _stopped("HALTED")
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
    return _stopped(halt), None


def _stopped(halt: str) -> Failure:
    return Failure(code=halt, message=f"the run was stopped: {halt}")


def _first_failure(ordered: list[StepResult], halt: str | None) -> StepResult | None:
    if halt:
        return next((r for r in ordered if r.failure and r.failure.code == halt), None) or next(
            (r for r in ordered if r.halt == halt), None
        )
    return next((result for result in ordered if result.failed_itself), None)


def _end_work(run: Run, lane: Lane, work: _Work, *, is_last: bool) -> None:
    output = None
    if work.data is not None and is_last:
        output = store_file(run.files, OUTPUT_PATH, "json", work.data)
    elif work.data is not None:
        output = store(run.files, "json", work.data)
    lane.emit(
        WorkEnded(
            failure=record_failure(run.files, work.failure) if work.failure else UNSET,
            halt=work.halt or UNSET,
            output=output or UNSET,
            step=work.step or UNSET,
        )
    )


def _checks(run: Run, work: _Work) -> tuple[CheckResult, ...]:
    return tuple(_check(run, check, work.output) for check in run.program.checks)


def _backtrack(run: Run, checks: tuple[CheckResult, ...]) -> Backtrack | None:
    """Returns where the run goes back to: the farthest that a check which did not hold asks for."""
    broken = {check.check_id for check in checks if not check.passed}
    asked = [
        Backtrack(code=_CHECK_FAILED, of=check.id, to=check.on_fail)
        for check in run.program.checks
        if check.on_fail is not None and check.id in broken
    ]
    if not run.may_go_back:
        return None
    return min(asked, key=lambda each: PHASES.index(each.to), default=None)


def _feedback(run: Run, checks: tuple[CheckResult, ...], backtrack: Backtrack) -> JsonObject:
    """Returns what the next pass is told: the check that sent the run back, and all that did not hold."""
    failed = [check for check in checks if not check.passed]
    cause = next(check for check in failed if check.check_id == backtrack.of)
    told = not_held(cause, map(taken_fallback, run.fallbacks))
    shown: list[Json] = [{"check": check.check_id, "that": check.that} for check in failed]
    return {"code": told.code, "failed": shown, "message": told.message, "of": cause.check_id}


def _verify(lane: Lane, checks: tuple[CheckResult, ...], backtrack: Backtrack | None) -> None:
    lane.emit(
        VerificationRun(
            backtrack=backtrack or UNSET, results=list(checks), verdict=_verdict(checks)
        )
    )


def _lock(run: Run, lane: Lane, work: _Work, checks: tuple[CheckResult, ...]) -> RunResult:
    if work.failed:
        return _locked(lane, work, "failed", "Draft")
    broken = next((check for check in checks if not check.passed), None)
    if broken is not None:
        fallbacks = map(taken_fallback, run.fallbacks)
        failure = not_held(broken, fallbacks, backtracks=run.pass_number - 1)
        work = replace(work, failure=failure, step=None)
        return _locked(lane, work, "failed", "Draft", checks)
    failed = failed_run_gates(run)
    if failed:
        work = (
            work
            if _is_of_gate(work)
            else replace(work, failure=run_gates_failure(failed), step=None)
        )
        return _locked(lane, work, "failed", "Draft", checks)
    inherited = rollup("success", run.joined.values())
    if inherited == "failed":
        work = work if work.failure is not None else _of_children(run, work)
        return _locked(lane, work, "failed", "Draft", checks)
    if work.failure is not None or run.fallen or inherited == "partial":
        return _locked(lane, work, "partial", "Draft", checks)
    return _locked(lane, work, "success", "Committed" if checks else "Staged", checks)


def _is_of_gate(work: _Work) -> bool:
    return work.failure is not None and work.failure.code == GATE_FAILED


def _of_children(run: Run, work: _Work) -> _Work:
    """Returns the work with the failure of the first step, by name, whose critical child failed."""
    step = min(name for name, joined in run.joined.items() if joined == ("failed", True))
    return replace(work, failure=child_failed(step), step=step)


def child_failed(step: str) -> Failure:
    """Returns the failure of a run whose work says nothing of a critical child that failed."""
    message = f"the child of {step} is critical, and failed"
    return Failure(code="CHILD_FAILED", message=message, details={"step": step})


def not_held(
    check: CheckResult, fallbacks: Iterable[TakenFallback], *, backtracks: int = 0
) -> Failure:
    """Returns the failure of a run of which this check did not hold, and that fell back so."""
    skipped = skipped_in(check.that, fallbacks)
    often = "once" if backtracks == 1 else f"{backtracks} times"
    again = f", after the run went back {often}" if backtracks else ""
    return Failure(
        code=_CHECK_FAILED,
        message=f"the check {check.check_id} did not hold: {check.that}{skipped}{again}",
        details={"check": check.check_id},
    )


def _verdict(checks: tuple[CheckResult, ...]) -> Verification:
    if not checks:
        return "nothing_to_check"
    return "passed" if all(check.passed for check in checks) else "failed"


def _check(run: Run, check: CheckSpec, output: Json) -> CheckResult:
    """Returns the result of one check: it passes when its expression gives true, nothing else."""
    try:
        value = evaluate(compile_expression(check.that), {**run.scope(), "output": output})
    except Refusal as refusal:
        record = record_failure(run.files, refusal.failure)
        return CheckResult(
            check_id=check.id, failure=record, level=check.level, passed=False, that=check.that
        )
    return CheckResult(
        check_id=check.id,
        level=check.level,
        passed=value is True,
        that=check.that,
        value=store_json(run.files, value),
    )


def _locked(
    lane: Lane,
    work: _Work,
    outcome: Outcome,
    level: LockLevel,
    checks: tuple[CheckResult, ...] = (),
) -> RunResult:
    code = work.failure.code if work.failure else UNSET
    lane.emit(Locked(code=code, lock_level=level, outcome=outcome))
    return RunResult(outcome, work.output, work.failure, work.step, work.halt, checks)
