"""The end of a run: its outcome and its lock level, from work, checks, gates and children."""

from __future__ import annotations

from dataclasses import dataclass, replace

from msgspec import UNSET

from workc.kernel.failure import Failure
from workc.kernel.gates import GATE_FAILED
from workc.kernel.payloads import CheckResult, Level, Locked
from workc.kernel.phases import LockLevel, Outcome
from workc.kernel.rollup import rollup
from workc.kernel.values import Json
from workc.runtime.checking import not_held
from workc.runtime.engine import Lane
from workc.runtime.failed_gate import FailedGate
from workc.runtime.gates import failed_run_gates, run_gates_failure
from workc.runtime.run import Run
from workc.runtime.taken_fallback import taken_fallback
from workc.runtime.work import Work


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


def lock(run: Run, lane: Lane, work: Work, checks: tuple[CheckResult, ...]) -> RunResult:
    """Records the end of the run, and returns it: the first that applies says what it is."""
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
    ended: list[tuple[Outcome, bool]] = [
        (child.outcome, is_critical) for child, is_critical in run.joined.values()
    ]
    inherited = rollup("success", ended)
    if inherited == "failed":
        work = work if work.failure is not None else _of_children(run, work)
        return _locked(lane, work, "failed", "Draft", checks)
    if work.failure is not None or run.fallen or inherited == "partial":
        return _locked(lane, work, "partial", "Draft", checks)
    earned: LockLevel = "Committed" if checks else "Staged"
    there: set[Level] = {check.level for check in checks}
    level = run.required.lock_level(earned, there)
    level = run.required.lowered(level, run.assembled.reached(level), there)
    return _locked(lane, work, "success", level, checks)


def _is_of_gate(work: Work) -> bool:
    return work.failure is not None and work.failure.code == GATE_FAILED


def _of_children(run: Run, work: Work) -> Work:
    """Returns the work with the failure of the first step, by name, whose critical child failed."""
    ended = run.joined.items()
    step = min(name for name, (c, critical) in ended if critical and c.outcome == "failed")
    return replace(work, failure=child_failed(step), step=step)


def child_failed(step: str) -> Failure:
    """Returns the failure of a run whose work says nothing of a critical child that failed."""
    message = f"the child of {step} is critical, and failed"
    return Failure(code="CHILD_FAILED", message=message, details={"step": step})


def _locked(
    lane: Lane,
    work: Work,
    outcome: Outcome,
    level: LockLevel,
    checks: tuple[CheckResult, ...] = (),
) -> RunResult:
    code = work.failure.code if work.failure else UNSET
    lane.emit(Locked(code=code, lock_level=level, outcome=outcome))
    return RunResult(outcome, work.output, work.failure, work.step, work.halt, checks)
