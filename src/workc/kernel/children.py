"""Payloads of children: runs that a step starts, with bundles of their own.

A child is paid for by a reservation of its step; what it spent is what is settled
(``docs/spec/bundle-0.2.md``, sections 5, 6 and 13).
"""

from __future__ import annotations

from workc.kernel.payloads import Count, PayloadBase
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
    """How a child ended, and the proof digest of its bundle."""

    child_run_id: str
    outcome: Outcome
    proof_digest: str
    spawn_index: Count
    spent_micro_cents: Count
