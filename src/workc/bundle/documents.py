"""The two documents beside the events: the manifest and the receipt, as they are written.

Fields stand in key order, so msgspec writes them canonically. ``proof_digest`` is
SHA-256("workc proof/0.2" 0x00 || the canonical receipt without that one field): it commits to
everything (bundle-0.2, section 7).
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from workc.kernel.events import Body, Level, Verification
from workc.kernel.phases import LockLevel, Outcome, Phase

TAG_PROOF = b"workc proof/0.2\x00"

_ENCODER = msgspec.json.Encoder(order="deterministic")


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields stand in key order; what is UNSET is not written."""


class FileEntry(_Document, frozen=True, kw_only=True):
    """One file: where it stands, its SHA-256 and its size in bytes."""

    path: str
    sha256: str
    size: int


class Manifest(_Document, frozen=True, kw_only=True):
    """Lists every file but itself, the receipt and the signatures, by path."""

    bundle_version: str
    files: list[FileEntry]
    run_id: str


class Root(_Document, frozen=True, kw_only=True):
    """The root of a Merkle tree and the number of its leaves."""

    root: str
    size: int


class Roots(_Document, frozen=True, kw_only=True):
    """One tree a component; a component that is not there has the root of no leaves."""

    artifacts: Root
    budget: Root
    effects: Root
    events: Root
    evidence: Root
    gates: Root
    lens: Root
    verification: Root
    workgraph: Root


class Counts(_Document, frozen=True, kw_only=True):
    """What happened, in numbers."""

    attempts: int
    effects: int
    events: int
    retries: int
    steps: int
    steps_failed: int
    steps_skipped: int
    steps_succeeded: int


class Money(_Document, frozen=True, kw_only=True):
    """The ledger at the end, in micro-cents; ``refused`` counts refused reservations."""

    ceiling_micro_cents: int
    refused: int
    reserved_micro_cents: int
    spent_micro_cents: int


class Intent(_Document, frozen=True, kw_only=True):
    """What the work was for."""

    description: str
    source: str


class PolicyName(_Document, frozen=True, kw_only=True):
    """Which policy ruled."""

    id: str
    rules_sha256: str


class StepFailure(_Document, frozen=True, kw_only=True):
    """A step that did not succeed, with the code of its last attempt."""

    attempts: int
    code: str
    step: str


class RunFailure(_Document, frozen=True, kw_only=True):
    """Why there is no success."""

    code: str
    message: str
    step: str | UnsetType = UNSET


class Check(_Document, frozen=True, kw_only=True):
    """A check and whether it held."""

    check_id: str
    level: Level
    passed: bool


class VerificationSummary(_Document, frozen=True, kw_only=True):
    """All checks; ``not_run`` when the run ended before."""

    results: list[Check]
    verdict: Verification | Literal["not_run"]


class Receipt(_Document, frozen=True, kw_only=True):
    """Everything a reader wants to know without the events; a projection of them."""

    bundle_version: str
    catalog_sha256: str
    code: dict[str, str]
    counts: Counts
    ended_ms: int
    engine: str
    failure: RunFailure | UnsetType = UNSET
    halt: str | UnsetType = UNSET
    inputs: Body
    intent: Intent
    lock_level: LockLevel
    manifest_sha256: str
    money: Money
    name: str
    nonce: str
    outcome: Outcome
    output: Body | UnsetType = UNSET
    phase_sequence: list[Phase]
    policy: PolicyName
    prices: Body
    program: Body
    program_kind: Literal["file", "function"]
    proof_digest: str | UnsetType = UNSET
    roots: Roots
    run_id: str
    seed: str
    started_ms: int
    step_failures: list[StepFailure]
    verification: VerificationSummary


def encode(document: Manifest | Receipt | FileEntry) -> bytes:
    """Returns the canonical bytes, without a newline."""
    return _ENCODER.encode(document)


def proof_digest(receipt: Receipt) -> str:
    """Returns the digest that commits to the whole bundle."""
    bare = msgspec.structs.replace(receipt, proof_digest=UNSET)
    return hashlib.sha256(TAG_PROOF + encode(bare)).hexdigest()
