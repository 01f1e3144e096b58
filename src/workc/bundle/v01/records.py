"""The parts of a receipt of format 0.1, as a writer fills them in.

A field that is UNSET is left out of the documents. Where ``evidence`` is a field it names an
evidence file, or is null. Permille are 0 to 1000, times are ms since 1970, hashes are 64
lower-case hex digits.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from workc.kernel.phases import Outcome, Phase
from workc.kernel.rfc3339 import END_MS
from workc.kernel.selectors import EffectOp

Hash = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Permille = Annotated[int, msgspec.Meta(ge=0, le=1000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Time = Annotated[int, msgspec.Meta(ge=0, lt=END_MS)]
Name = Annotated[str, msgspec.Meta(min_length=1)]

IntentSource = Literal["human", "parent_loop", "trigger", "policy"]
ActorType = Literal["human", "agent", "automation"]
ArtifactKind = Literal["File", "Directory", "Uri"]
ErrorClass = Literal["Recoverable", "Unrecoverable", "PatternFailure", "Catastrophic"]
VerificationLevel = Literal["Syntactic", "Semantic", "Regression", "Acceptance"]


class _Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value with named fields."""


class Intent(_Record, frozen=True, kw_only=True):
    """What the work was for, and who wanted it."""

    description: str
    source: IntentSource


class Ending(_Record, frozen=True, kw_only=True):
    """How the work ended: the receipt's ``outcome``."""

    status: Outcome
    description: str


class Actor(_Record, frozen=True, kw_only=True):
    """Who did the work."""

    type: ActorType
    name: Name
    model: str | UnsetType = UNSET
    model_digest: str | UnsetType = UNSET
    email: str | UnsetType = UNSET


class Artifact(_Record, frozen=True, kw_only=True):
    """What the work read or made. Its bytes do not stand in the bundle."""

    path: Name
    sha256: Hash
    size_bytes: Count | UnsetType = UNSET
    kind: ArtifactKind | UnsetType = UNSET


class LensItem(_Record, frozen=True, kw_only=True):
    """One thing that the work looked at before it decided."""

    kind: str
    uri: str
    sha256: Hash
    at_ms: Time
    provenance: str
    weight: Count | UnsetType = UNSET


class Quality(_Record, frozen=True, kw_only=True):
    """How good the look was; the aggregate follows."""

    coverage: Permille
    freshness: Permille
    conflict: Permille
    provenance: Permille


class Lens(_Record, frozen=True, kw_only=True):
    """What the work looked at, and how good that was."""

    lens_id: Name
    items: tuple[LensItem, ...] = ()
    quality: Quality


class DoneEffect(_Record, frozen=True, kw_only=True):
    """One effect that is planned or was done, its selector spelt as its source had it."""

    op: EffectOp
    selector: str


class Choice(_Record, frozen=True, kw_only=True):
    """One of the receipt's ``decisions``."""

    point: str
    choice: str
    rationale: str
    alternatives_rejected: tuple[str, ...] = ()


class CheckSpec(_Record, frozen=True, kw_only=True):
    """Which checks must pass; retried ones carry a suffix in the results (``name@2``)."""

    level: VerificationLevel
    checks_required: tuple[Name, ...] = ()


class CheckResult(_Record, frozen=True, kw_only=True):
    """What one attempt of one check gave."""

    level: VerificationLevel
    check_id: Name
    passed: bool
    evidence: str | UnsetType | None = UNSET


class Gate(_Record, frozen=True, kw_only=True):
    """Whether a gate at a phase let the work pass."""

    phase: Phase
    gate_id: Name
    passed: bool
    evidence: str | UnsetType | None = UNSET


class Approver(_Record, frozen=True, kw_only=True):
    """Who answered when a human was asked."""

    type: ActorType
    name: Name
    email: str | UnsetType = UNSET


class OnFail(_Record, frozen=True, kw_only=True):
    """Where the work goes after a failed check, and why."""

    type: str
    to_phase: Phase
    reason: str
