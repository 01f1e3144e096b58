"""Payload of fallbacks: what was done in place of a step that had failed for good.

A failure that is tolerated is recorded before anything follows from it
(``docs/spec/bundle-0.2.md``, sections 5 and 6).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import UNSET, UnsetType

from workc.kernel.payloads import Body, Count, PayloadBase

#: Stop the run; run another skill; go on without the step; go on with another value.
FallbackAction = Literal["abort", "skill", "skip", "value"]

#: Failures that nothing but an abort may follow: a spent budget, what a human, a policy or a contract
#: does not allow, what is not known to be true, and our own bugs.
NEVER_TOLERATED = frozenset(
    {
        "ABORTED",
        "APPROVAL_DENIED",
        "APPROVAL_PENDING",
        "APPROVAL_TIMEOUT",
        "BUDGET_BOUND_VIOLATED",
        "BUDGET_EXCEEDED",
        "BUNDLE_INVALID",
        "BUNDLE_UNDECIDED",
        "CAPTURE_EDITED",
        "CAPTURE_MISSING",
        "CAPTURE_UNUSED",
        "CODE_CHANGED",
        "CONTRACT_EXPIRED",
        "EFFECT_NOT_DECLARED",
        "EXTERNAL_CALL_BLOCKED",
        "GATE_FAILED",
        "HALTED",
        "INTERNAL_ERROR",
        "IN_DOUBT",
        "JOURNAL_CORRUPT",
        "NONDETERMINISTIC",
        "OPERATION_NOT_ALLOWED",
        "POLICY_VIOLATION",
        "QUOTA_EXCEEDED",
        "REPLAY_DIVERGED",
        "RUN_LOCKED",
        "STAGE_CHANGED",
        "STORE_UNAVAILABLE",
        "UPSTREAM_FAILED",
        "VERIFICATION_FAILED",
    }
)


class FallbackTaken(PayloadBase, frozen=True, kw_only=True):
    """The step failed with ``code`` at its last ``attempt``, and this is done about it.

    ``skill`` is set if another one runs now, ``value`` if that is what the step gives.
    """

    action: FallbackAction
    attempt: Count
    code: str
    skill: str | UnsetType = UNSET
    step: str
    value: Body | UnsetType = UNSET

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the value."""
        return (self.value,)

    def problem(self) -> str | None:
        """Says that there is a skill if that is what is done, and a value if that is."""
        has_skill, has_value = self.skill is not UNSET, self.value is not UNSET
        if (has_skill, has_value) == (self.action == "skill", self.action == "value"):
            return None
        return "a fallback has a skill or a value if and only if that is its action"
