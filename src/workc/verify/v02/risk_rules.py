"""What the rules of a policy want of risk: more checks of a run, decisions about steps (section 22).

Rules of another form than those of the page take everything to be of high risk.
"""

from __future__ import annotations

import msgspec

from workc.bundle.layout import EVENTS
from workc.bundle.projection import Projection
from workc.kernel.phases import LockLevel
from workc.kernel.required_checks import ORDER, VerifyRules
from workc.kernel.risk import ApprovalRules, DecideRules, high_levels, is_high
from workc.kernel.selectors import Effect
from workc.kernel.values import JsonObject
from workc.verify.case import Case
from workc.verify.v02 import rules
from workc.verify.v02.decisions import Decisions
from workc.verify.verdict import MAX_FINDINGS

_NEVER = DecideRules(implicit="never")


def at_risk(required: VerifyRules, said: JsonObject, projection: Projection) -> VerifyRules:
    """Returns what a policy requires of the lock level of a run, by the risk of what its plan declares."""
    numbers = _numbers(said)
    return required.at_risk(ORDER if numbers is None else high_levels(numbers, projection.effects))


def check_decisions(
    said: JsonObject, decisions: Decisions, projection: Projection, case: Case
) -> None:
    """Compares what nobody had decided about with what the policy lets be done so."""
    if "decide" not in said:
        return
    locked = projection.locked
    level = "Draft" if locked is None else locked.lock_level
    refused = [each for each in decisions.undecided if _is_refused(said, each, level)]
    for effect in sorted(refused, key=_shown)[:MAX_FINDINGS]:
        message = f"nobody had decided about {_shown(effect)}"
        case.fail(rules.RISK_IS_DECIDED, EVENTS, message)


def _is_refused(said: JsonObject, effect: Effect | None, level: LockLevel) -> bool:
    numbers = _numbers(said)
    if _deciding(said).implicit == "never" or effect is None or numbers is None:
        return True
    return is_high(numbers, [effect], level)


def _deciding(said: JsonObject) -> DecideRules:
    try:
        return msgspec.convert(said["decide"], DecideRules)
    except msgspec.ValidationError:
        return _NEVER


def _numbers(said: JsonObject) -> ApprovalRules | None:
    """Returns what asking costs and a wrong step loses; None if the rules say that in another form."""
    try:
        return msgspec.convert(said.get("approval", {}), ApprovalRules)
    except msgspec.ValidationError:
        return None


def _shown(effect: Effect | None) -> str:
    return "what a function did" if effect is None else f"{effect.op} {effect.selector}"
