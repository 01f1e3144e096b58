"""Whether a run locked no higher than its policy allows, and checked what that level takes.

Rules that speak of this in another form than :class:`VerifyRules` allow no level but Draft.
"""

from __future__ import annotations

import msgspec

from workc.bundle.layout import EVENTS
from workc.bundle.projection import Projection
from workc.kernel.payloads import Level
from workc.kernel.required_checks import VerifyRules
from workc.kernel.values import JsonObject
from workc.verify.case import Case
from workc.verify.v02 import rules

_NOTHING = VerifyRules(max_lock_level="Draft")
_EVERYTHING = VerifyRules()


def required_by(said: JsonObject) -> VerifyRules:
    """Returns what the rules of a policy require of a lock level."""
    if "verify" not in said:
        return _EVERYTHING
    try:
        return msgspec.convert(said["verify"], VerifyRules)
    except msgspec.ValidationError:
        return _NOTHING


def levels_checked(projection: Projection) -> set[Level]:
    """Returns the levels of which there is a check in the last pass."""
    return {check.level for check in projection.checks.results} if projection.checks else set()


def check_lock(required: VerifyRules, projection: Projection, case: Case) -> None:
    """Compares the lock level with what the policy requires of it."""
    locked = projection.locked
    if locked is None or required.allow(locked.lock_level, levels_checked(projection)):
        return
    message = f"the policy does not let a run with these checks lock as {locked.lock_level}"
    case.fail(rules.LOCK_IS_ALLOWED, EVENTS, message, actual=locked.lock_level)
