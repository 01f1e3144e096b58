"""Going back: whether a pass was not enough, where the next one begins, and what it is told.

Gates that failed, checks that did not hold, and a failure of which the workflow says what follows may ask
for it. The farthest phase counts; of two that ask for the same, a gate before a failure before a check.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from workc.kernel.gates import GATE_FAILED
from workc.kernel.payloads import Backtrack, CheckResult, given
from workc.kernel.phases import PHASES
from workc.kernel.values import Json, JsonObject
from workc.runtime.checking import CHECK_FAILED, not_held
from workc.runtime.gates import failed_in, failure_of_gate
from workc.runtime.recovery import recovered
from workc.runtime.run import Run
from workc.runtime.taken_fallback import taken_fallback
from workc.runtime.work import Work
from workc.runtime.workflow.model import NO_FEEDBACK


def backtrack_of(run: Run, work: Work, checks: tuple[CheckResult, ...]) -> Backtrack | None:
    """Returns where the run goes back to, or None if it does not, or may not any more."""
    if not run.may_go_back or work.halt is not None:
        return None
    asked = [*_of_gates(run), *_of_failure(run, work), *_of_checks(run, checks)]
    return min(asked, key=lambda each: PHASES.index(each.to), default=None)


def ends_work(backtrack: Backtrack, work: Work) -> bool:
    """Returns whether the run goes back from its work, before anything is checked."""
    return work.failed or backtrack.error_class is not UNSET


def _of_gates(run: Run) -> Iterator[Backtrack]:
    for found in failed_in(run):
        to = run.backs.get((given(found.step), found.gate))
        if to is not None:
            yield Backtrack(code=GATE_FAILED, gate=found.gate, of=found.step, to=to)


def _of_failure(run: Run, work: Work) -> Iterator[Backtrack]:
    if work.failure is None:
        return
    found = recovered(work.failure, run.program.recovery, run.recovered)
    if found is not None:
        to, error_class = found
        code, of = work.failure.code, work.step or UNSET
        yield Backtrack(code=code, error_class=error_class, of=of, to=to)


def _of_checks(run: Run, checks: tuple[CheckResult, ...]) -> Iterator[Backtrack]:
    broken = {check.check_id for check in checks if not check.passed}
    for check in run.program.checks:
        if check.on_fail is not None and check.id in broken:
            yield Backtrack(code=CHECK_FAILED, of=check.id, to=check.on_fail)


def feedback_of(
    run: Run, work: Work, checks: tuple[CheckResult, ...], backtrack: Backtrack
) -> JsonObject:
    """Returns what the next pass is told: what sent the run back, and all that did not hold."""
    failed: list[Json] = [
        {"check": check.check_id, "that": check.that} for check in checks if not check.passed
    ]
    named = {check.check_id for check in checks}
    gates: list[Json] = [
        {"gate": gate.gate, "that": gate.that}
        for gate in failed_in(run)
        if gate.step is not UNSET or gate.gate not in named
    ]
    return {
        **NO_FEEDBACK,
        "code": backtrack.code,
        "error_class": backtrack.error_class or "",
        "failed": [*failed, *gates],
        "gate": backtrack.gate or "",
        "message": _message(run, work, checks, backtrack),
        "of": backtrack.of or "",
    }


def _message(run: Run, work: Work, checks: tuple[CheckResult, ...], backtrack: Backtrack) -> str:
    if backtrack.gate is not UNSET:
        key = given(backtrack.of), backtrack.gate
        return failure_of_gate(run.gates[key][1]).message
    if backtrack.error_class is not UNSET and work.failure is not None:
        return work.failure.message
    cause = next(check for check in checks if check.check_id == backtrack.of)
    return not_held(cause, map(taken_fallback, run.fallbacks)).message
