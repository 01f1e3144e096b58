"""Payloads of children: runs that a step starts, with bundles of their own.

A child is paid for by a reservation of its step; what it spent is what is settled
(``docs/spec/bundle-0.2.md``, sections 5, 6 and 13).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from workc.kernel.payloads import Body, Count, FailureRecord, PayloadBase
from workc.kernel.phases import Outcome


class ChildSpawned(PayloadBase, frozen=True, kw_only=True):
    """Written before a child starts. ``spawn_index`` counts the children of a run from 0."""

    ceiling_micro_cents: Count
    child_run_id: str
    critical: bool
    nonce: str
    spawn_index: Count
    step: str


class ChildJoined(PayloadBase, frozen=True, kw_only=True):
    """How a child ended, the proof digest of its bundle, and what it gave.

    ``value`` is the output of the child, ``failure`` why it is no success.
    """

    child_run_id: str
    failure: FailureRecord | UnsetType = UNSET
    outcome: Outcome
    proof_digest: str
    spawn_index: Count
    spent_micro_cents: Count
    value: Body | UnsetType = UNSET

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the bodies of failure and value."""
        return (UNSET if self.failure is UNSET else self.failure.details, self.value)

    def problem(self) -> str | None:
        """Says that a success has no failure."""
        if self.outcome == "success" and self.failure is not UNSET:
            return "a child that succeeded has no failure"
        return None
