"""Whether somebody decided about what a step does: a planner, a human, or a gate before it.

Who writes a workflow file decides implicitly that its steps may do what they do. A policy may want more
than that, for what is of high risk or for everything; then what nobody decided about is refused before it
is done. A child is judged in its own run.
"""

from __future__ import annotations

from workc.kernel.failure import Failure
from workc.kernel.payloads import given
from workc.kernel.permille import WHOLE
from workc.kernel.phases import LockLevel
from workc.kernel.risk import ApprovalRules, is_high
from workc.kernel.selectors import Effect
from workc.kernel.values import Json
from workc.runtime.engine import Lane
from workc.runtime.run import Run


def refuse_undecided(run: Run, lane: Lane, step: str, effect: Effect | None) -> Failure | None:
    """Returns why a step must not do this, or None if it may; None is an effect that nobody knows."""
    rules = run.deciding
    if rules is None or _is_decided(run, lane):
        return None
    if rules.implicit == "low" and effect is not None and not _is_risky(run, effect):
        return None
    what = "what its function does" if effect is None else f"{effect.op} {effect.selector}"
    whose = "a step" if rules.implicit == "never" else "a step of high risk"
    message = (
        f"nobody decided about {what} of {step}, and the policy lets {whose} do nothing so; "
        "give it a gate (gates.pre) or an approval, or let a planner plan it"
    )
    details: dict[str, Json] = {"implicit": rules.implicit, "rule": "decide"}
    return Failure(code="POLICY_VIOLATION", message=message, details=details)


def _is_decided(run: Run, lane: Lane) -> bool:
    program = run.program
    return program.plan is not None or bool(program.gates.pre) or lane.path in run.decided


def _is_risky(run: Run, effect: Effect) -> bool:
    level: LockLevel = "Committed" if run.program.checks else "Staged"
    quality = given(run.assembled.quality)
    worth = WHOLE if quality is None else quality.aggregate
    return is_high(run.asking or ApprovalRules(), [effect], level, worth)
