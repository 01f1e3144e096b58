"""Going back: whether a pass was not enough, where the next one begins, and what it is told."""

from __future__ import annotations

from workc.kernel.payloads import Backtrack, CheckResult
from workc.kernel.phases import PHASES
from workc.kernel.values import Json, JsonObject
from workc.runtime.checking import CHECK_FAILED, not_held
from workc.runtime.run import Run
from workc.runtime.taken_fallback import taken_fallback


def backtrack_of(run: Run, checks: tuple[CheckResult, ...]) -> Backtrack | None:
    """Returns where the run goes back to: the farthest that a check which did not hold asks for."""
    broken = {check.check_id for check in checks if not check.passed}
    asked = [
        Backtrack(code=CHECK_FAILED, of=check.id, to=check.on_fail)
        for check in run.program.checks
        if check.on_fail is not None and check.id in broken
    ]
    if not run.may_go_back:
        return None
    return min(asked, key=lambda each: PHASES.index(each.to), default=None)


def feedback_of(run: Run, checks: tuple[CheckResult, ...], backtrack: Backtrack) -> JsonObject:
    """Returns what the next pass is told: the check that sent the run back, and all that did not hold."""
    failed = [check for check in checks if not check.passed]
    cause = next(check for check in failed if check.check_id == backtrack.of)
    told = not_held(cause, map(taken_fallback, run.fallbacks))
    shown: list[Json] = [{"check": check.check_id, "that": check.that} for check in failed]
    return {"code": told.code, "failed": shown, "message": told.message, "of": cause.check_id}
