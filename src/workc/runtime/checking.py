"""The checks of a run: each holds if it gives true, and what becomes of the run if one does not."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET

from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.gates import GateEvaluated
from workc.kernel.payloads import CallHalted, CheckResult, Verification
from workc.kernel.values import Json
from workc.runtime.bodies import record_failure, store, store_json
from workc.runtime.engine import Lane
from workc.runtime.expressions import compile_expression, evaluate
from workc.runtime.gates import ask_check
from workc.runtime.run import Run
from workc.runtime.taken_fallback import TakenFallback, skipped_in
from workc.runtime.workflow.model import CheckSpec, GateSpec

#: With which code a run fails of which a check did not hold.
CHECK_FAILED = "VERIFICATION_FAILED"


async def run_checks(run: Run, lane: Lane, output: Json) -> tuple[CheckResult, ...]:
    """Returns the results of all checks of a run that gave this output.

    The programs of checks are asked here, as those of gates on the output are, and recorded so.
    """
    results: list[CheckResult] = []
    for check in run.program.checks:
        asks = check.asks
        if asks is None:
            results.append(_check(run, check, output))
        else:
            results.append(_asked(run, check, asks, await ask_check(run, lane, asks, output)))
    return tuple(results)


def _asked(
    run: Run, check: CheckSpec, asks: GateSpec, found: GateEvaluated | CallHalted
) -> CheckResult:
    """Returns the result of a check by what was asked: a program gives true by its status 0."""
    if isinstance(found, CallHalted):
        raise Misuse("a check was halted where only a gate before a step is")
    value = store(run.files, "json", b"true") if found.passed else found.value
    return CheckResult(
        check_id=check.id,
        failure=found.failure,
        kind="command" if asks.command is not None else "function",
        level=check.level,
        passed=found.passed,
        that=check.that,
        value=UNSET if found.failure else value,
    )


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


def verdict_of(checks: tuple[CheckResult, ...]) -> Verification:
    """Returns what the checks say together."""
    if not checks:
        return "nothing_to_check"
    return "passed" if all(check.passed for check in checks) else "failed"


def not_held(
    check: CheckResult, fallbacks: Iterable[TakenFallback], *, backtracks: int = 0
) -> Failure:
    """Returns the failure of a run of which this check did not hold, and that fell back so."""
    skipped = skipped_in(check.that, fallbacks)
    often = "once" if backtracks == 1 else f"{backtracks} times"
    again = f", after the run went back {often}" if backtracks else ""
    return Failure(
        code=CHECK_FAILED,
        message=f"the check {check.check_id} did not hold: {check.that}{skipped}{again}",
        details={"check": check.check_id},
    )
