"""The two documents beside the events: the manifest and the receipt, as they are written.

Bytes come in through ``read_manifest`` and ``read_receipt`` alone: they give the document or
:class:`NotCanonicalError`, whatever the bytes are.

Fields stand in key order, so msgspec writes them canonically. ``proof_digest`` is
SHA-256("workc proof/0.2" 0x00 || the canonical receipt without that one field): it commits to
everything (bundle-0.2, section 7).
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from workc.kernel.digest import TAG_PROOF, tagged
from workc.kernel.events import UNREADABLE
from workc.kernel.fallbacks import FallbackAction
from workc.kernel.gates import GateKind, When
from workc.kernel.payloads import (
    AsciiName,
    Backtrack,
    Body,
    Count,
    EffectBound,
    Level,
    Limits,
    Parent,
    Verification,
)
from workc.kernel.phases import LockLevel, Outcome, Phase
from workc.kernel.stage_ids import StageIds

_ENCODER = msgspec.json.Encoder(order="deterministic")
_D = TypeVar("_D", "Manifest", "Receipt")

#: The fields in which formats name their versions: from 0.2 on, and in 0.1.
VersionField: TypeAlias = Literal["bundle_version", "receipt_version"]


class NotCanonicalError(ValueError):
    """The bytes are not the canonical spelling of the document that they should be."""


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields stand in key order; what is UNSET is not written."""


class FileEntry(_Document, frozen=True, kw_only=True):
    """One file: where it stands, its SHA-256 and its size in bytes."""

    path: str
    sha256: str
    size: Count


class Manifest(_Document, frozen=True, kw_only=True):
    """Lists every file but itself, the receipt and the signatures, by path."""

    bundle_version: str
    files: list[FileEntry]
    run_id: str


class Root(_Document, frozen=True, kw_only=True):
    """The root of a Merkle tree and the number of its leaves."""

    root: str
    size: Count


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

    attempts: Count
    effects: Count
    events: Count
    retries: Count
    steps: Count
    steps_failed: Count
    steps_skipped: Count
    steps_succeeded: Count


class Money(_Document, frozen=True, kw_only=True):
    """The ledger at the end, in micro-cents; ``refused`` counts refused reservations.

    ``calls`` and ``tokens`` are what was used of them; they are there if the run has ``limits`` or
    a reservation says its tokens.
    """

    calls: Count | UnsetType = UNSET
    ceiling_micro_cents: Count
    limits: Limits | UnsetType = UNSET
    refused: Count
    reserved_micro_cents: Count
    spent_micro_cents: Count
    tokens: Count | UnsetType = UNSET


class Intent(_Document, frozen=True, kw_only=True):
    """What the work was for."""

    description: str
    source: Literal["human", "parent_loop", "trigger", "policy"]


class PolicyName(_Document, frozen=True, kw_only=True):
    """Which policy ruled."""

    id: str
    rules_sha256: str


class StepFailure(_Document, frozen=True, kw_only=True):
    """A step that did not succeed, with the code of its last attempt."""

    attempts: Count
    code: str
    step: str


class Child(_Document, frozen=True, kw_only=True):
    """A child: what it was given and, if it joined, how it ended."""

    ceiling_micro_cents: Count
    child_run_id: str
    critical: bool
    nonce: str
    outcome: Outcome | UnsetType = UNSET
    proof_digest: str | UnsetType = UNSET
    spawn_index: Count
    spent_micro_cents: Count | UnsetType = UNSET
    step: str
    value: Body | UnsetType = UNSET


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


class Gate(_Document, frozen=True, kw_only=True):
    """A gate and whether it let the work go on; of kind ``human`` an approval."""

    gate: str
    kind: GateKind | Literal["human"]
    passed: bool
    step: str | UnsetType = UNSET
    when: When


class Fallback(_Document, frozen=True, kw_only=True):
    """What was done about a step that had failed for good; ``skill`` is the one that ran instead."""

    action: FallbackAction
    attempt: Count
    code: str
    skill: str | UnsetType = UNSET
    step: str


class VerificationSummary(_Document, frozen=True, kw_only=True):
    """All checks; ``not_run`` when the run ended before."""

    results: list[Check]
    verdict: Verification | Literal["not_run"]


class Receipt(_Document, frozen=True, kw_only=True):
    """Everything a reader wants to know without the events; a projection of them.

    Of a run that went back, what became of steps, checks and work is that of its last pass.
    """

    backtracks: list[Backtrack] | UnsetType = UNSET
    bundle_version: str
    catalog_sha256: str
    children: list[Child] | UnsetType = UNSET
    code: dict[AsciiName, str]
    continues: str | UnsetType = UNSET
    counts: Counts
    effects: list[EffectBound] | UnsetType = UNSET
    ended_ms: Count
    engine: str
    failure: RunFailure | UnsetType = UNSET
    fallbacks: list[Fallback] | UnsetType = UNSET
    gates: list[Gate] | UnsetType = UNSET
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
    parent: Parent | UnsetType = UNSET
    phase_sequence: list[Phase]
    policy: PolicyName
    prices: Body
    program: Body
    program_kind: Literal["file", "function"]
    proof_digest: str | UnsetType = UNSET
    roots: Roots
    run_id: str
    seed: str
    stages: dict[AsciiName, StageIds] | UnsetType = UNSET
    started_ms: Count
    step_failures: list[StepFailure]
    verification: VerificationSummary


class Named(NamedTuple):
    """In which field a document names its version, and which; None if it is no text."""

    field: VersionField
    version: str | None


def encode(document: Manifest | Receipt | FileEntry) -> bytes:
    """Returns the canonical bytes, without a newline."""
    return _ENCODER.encode(document)


def proof_digest(receipt: Receipt) -> str:
    """Returns the digest that commits to the whole bundle."""
    bare = msgspec.structs.replace(receipt, proof_digest=UNSET)
    return tagged(TAG_PROOF, encode(bare))


def read_manifest(data: bytes) -> Manifest:
    """Returns the manifest that ``data`` is the canonical spelling of.

    Raises:
        NotCanonicalError: it is none.
    """
    return _read(data, _MANIFESTS)


def read_receipt(data: bytes) -> Receipt:
    """Returns the receipt that ``data`` is the canonical spelling of, with its proof digest.

    Raises:
        NotCanonicalError: it is none.
    """
    receipt = _read(data, _RECEIPTS)
    if receipt.proof_digest is UNSET:
        raise NotCanonicalError("the proof digest is missing")
    given = (child.value for child in receipt.children or ())
    for body in (receipt.inputs, receipt.output, receipt.prices, receipt.program, *given):
        problem = None if body is UNSET else body.problem()
        if problem is not None:
            raise NotCanonicalError(f"it is not of the form: {problem}")
    return receipt


def read_version(data: bytes) -> Named | None:
    """Returns how a document of any format names its version, or None if it does not.

    A field that is there counts, whatever stands in it, and ``bundle_version`` before the other.
    """
    try:
        head = _HEADS.decode(data)
    except UNREADABLE:
        return None
    if head.bundle_version is not UNSET:
        return Named("bundle_version", _text(head.bundle_version))
    if head.receipt_version is not UNSET:
        return Named("receipt_version", _text(head.receipt_version))
    return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _read(data: bytes, decoder: msgspec.json.Decoder[_D]) -> _D:
    try:
        document = decoder.decode(data)
    except UNREADABLE as error:
        raise NotCanonicalError(f"it is not of the form: {error}") from None
    if _ENCODER.encode(document) != data:
        raise NotCanonicalError("it is not canonical JSON")
    return document


class _Head(msgspec.Struct, frozen=True):
    """What tells the version of a receipt: format 0.1 names it ``receipt_version``."""

    bundle_version: object = UNSET
    receipt_version: object = UNSET


_MANIFESTS = msgspec.json.Decoder(Manifest)
_RECEIPTS = msgspec.json.Decoder(Receipt)
_HEADS = msgspec.json.Decoder(_Head)
