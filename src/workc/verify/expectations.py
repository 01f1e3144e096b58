"""What the caller demands of a bundle, and what a bundle says that it proves."""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Expectations(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller demands beyond the bundle itself; ``not_before_ms`` is ms since 1970, UTC."""

    proof_digest: str | None = None
    run_id: str | None = None
    nonce: str | None = None
    not_before_ms: int | None = None


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was given and what it spent, in micro-cents; format 0.1 says none of it."""

    nonce: str
    ceiling_micro_cents: int
    spent_micro_cents: int


class Place(NamedTuple):
    """Which child of its parent a run is, and of which step; format 0.1 does not say it."""

    spawn_index: int
    step: str


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """A child as its parent recorded it; ``output_sha256`` is None where it recorded no value."""

    run_id: str
    proof_digest: str
    outcome: str
    place: Place | None = None
    account: Account | None = None
    output_sha256: str | None = None


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the receipt; it holds if the verdict is PASS."""

    bundle_version: str
    run_id: str
    proof_digest: str
    outcome: str
    lock_level: str
    parent_run_id: str | None = None
    continues: str | None = None
    place: Place | None = None
    account: Account | None = None
    output_sha256: str | None = None
    children: tuple[Child, ...] = ()
