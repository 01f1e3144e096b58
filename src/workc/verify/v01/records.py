r"""The records of format 0.1, as far as a rule reads them: what must be there, and of which type.

What is hashed is always the object as it was parsed; a record is only what the rules look at.

1. The manifest, its entries, ``integrity`` and its ``roots`` are closed: no hash covers them whole,
   so a field more could not be noticed otherwise.
2. Every other object is open: a hash covers what else stands there.
3. An optional field may be absent or null.
4. What is ``object`` must be there and may be any value.
5. Hashes are 64 lower-case hex digits, times RFC 3339 in UTC with ``Z``, permille 0 to 1000.

:func:`read` gives a record or :class:`FormError` (docs/spec/bundle-0.1.md, sections 3 to 5).

>>> read(Effect, {"op": "ReadFS", "selector": "fs:a", "more": 1})
Effect(op='ReadFS', selector='fs:a')
>>> read(Effect, {"op": "Read"})
Traceback (most recent call last):
workc.verify.v01.records.FormError: Invalid enum value 'Read' - at `$.op`
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

import msgspec

from workc.kernel.phases import LockLevel, Outcome, Phase
from workc.kernel.values import Json

_DAY = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|[12][0-9]))"
)
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)"

Hash = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Time = Annotated[str, msgspec.Meta(pattern=rf"\A[0-9]{{4}}-{_DAY}T{_CLOCK}(?:\.[0-9]+)?Z\Z")]
Count = Annotated[int, msgspec.Meta(ge=0)]
Permille = Annotated[int, msgspec.Meta(ge=0, le=1000)]

ActorType = Literal["human", "agent", "automation"]
Level = Literal["Syntactic", "Semantic", "Regression", "Acceptance"]
EffectOp = Literal["ReadFS", "WriteFS", "Network", "Exec", "Publish"]

_R = TypeVar("_R")


class FormError(ValueError):
    """Says where an object is not of its form, and how."""


class _Open(msgspec.Struct, frozen=True, kw_only=True):
    """A record that may hold more than a rule reads."""


class _Closed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record that holds these fields and no other."""


class FileEntry(_Closed, frozen=True, kw_only=True):
    """One listed file."""

    path: str
    sha256: Hash
    size_bytes: Count


class Manifest(_Closed, frozen=True, kw_only=True):
    """Lists every file but itself."""

    bundle_version: str
    created_utc: Time
    files: list[FileEntry]
    loop_id: str


class Roots(_Closed, frozen=True, kw_only=True):
    """The roots of the eight trees."""

    event_log_root: Hash
    artifacts_root: Hash
    evidence_root: Hash
    lens_root: Hash
    effects_root: Hash
    gates_root: Hash
    verification_root: Hash
    workgraph_root: Hash


class Integrity(_Closed, frozen=True, kw_only=True):
    """Versions, policy and hashes: the part of the receipt that its hash leaves out."""

    cj_version: str
    proof_version: str
    fsm_version: str
    enf_version: str
    policy_id: str
    policy_hash: Hash
    receipt_hash: Hash
    proof_digest: Hash
    roots: Roots


class Intent(_Open, frozen=True, kw_only=True):
    """What the work was for."""

    description: str
    source: Literal["human", "parent_loop", "trigger", "policy"]


class OutcomeRecord(_Open, frozen=True, kw_only=True):
    """How the work ended."""

    status: Outcome
    description: str


class Actor(_Open, frozen=True, kw_only=True):
    """Who did the work."""

    type: ActorType
    name: str
    model: str | None = None
    model_digest: str | None = None
    email: str | None = None


class Artifact(_Open, frozen=True, kw_only=True):
    """What the work read or made; it does not stand in the bundle."""

    path: str
    sha256: Hash
    size_bytes: Count | None = None
    kind: Literal["File", "Directory", "Uri"] | None = None


class Artifacts(_Open, frozen=True, kw_only=True):
    """What went in and what came out."""

    inputs: list[Artifact]
    outputs: list[Artifact]


class LensItem(_Open, frozen=True, kw_only=True):
    """One thing that the work looked at."""

    kind: str
    uri: str
    sha256: Hash
    ts_utc: Time
    provenance: object


class Quality(_Open, frozen=True, kw_only=True):
    """How good the view was, in permille."""

    coverage: Permille
    freshness: Permille
    conflict: Permille
    provenance: Permille
    aggregate: Permille


class Lens(_Open, frozen=True, kw_only=True):
    """What the work looked at."""

    lens_id: object
    created_utc: Time
    items: list[LensItem]
    quality: Quality


class Effect(_Open, frozen=True, kw_only=True):
    """One effect, or with a selector that covers more than one, a bound of them."""

    op: EffectOp
    selector: str


class Compression(_Open, frozen=True, kw_only=True):
    """How many effects were declared before they were merged, and after."""

    algorithm: Literal["TrieMerge-v0.1"]
    input_count: Count
    output_count: Count


class Effects(_Open, frozen=True, kw_only=True):
    """What was done and what had been declared, at most ``k`` of it."""

    enf_version: str
    k: Count
    executed_raw: list[Effect]
    declared: list[Effect]
    compression: Compression | None = None


class Suggestion(_Open, frozen=True, kw_only=True):
    """A strategy that fitted, and how well."""

    strategy_id: str
    match_permille: Permille


class UsedStrategy(_Open, frozen=True, kw_only=True):
    """The strategy that was applied."""

    strategy_id: str
    applied_at_phase: Phase


class Strategies(_Open, frozen=True, kw_only=True):
    """What was suggested and what was used; ``used`` is null if nothing was."""

    suggestions: list[Suggestion]
    used: UsedStrategy | None


class CheckSpec(_Open, frozen=True, kw_only=True):
    """What had to be checked, by bare ids."""

    level: Level
    checks_required: list[str]


class CheckResult(_Open, frozen=True, kw_only=True):
    """One check at one attempt."""

    level: Level
    check_id: str
    passed: bool


class Verification(_Open, frozen=True, kw_only=True):
    """What had to be checked and what came of it."""

    spec: CheckSpec
    results: list[CheckResult]


class Gate(_Open, frozen=True, kw_only=True):
    """One gate."""

    phase: Phase
    gate_id: str
    passed: bool


class Child(_Open, frozen=True, kw_only=True):
    """A bundle of work that this work started."""

    spawn_index: Count
    child_loop_id: str
    critical: bool
    child_proof_digest: Hash
    outcome_status: Outcome


class ErrorRecord(_Open, frozen=True, kw_only=True):
    """An error of the work."""

    phase: Phase
    error_class: Literal["Recoverable", "Unrecoverable", "PatternFailure", "Catastrophic"] = (
        msgspec.field(name="class")
    )
    code: object
    message: object
    retryable: bool


class Prompt(_Open, frozen=True, kw_only=True, tag_field="kind", tag="Prompt"):
    """A question to a human, and why it was asked."""

    required: bool
    p_override_permille: Permille
    loss_ms: Count
    cost_ms: Count
    evi_ms: int
    ts_utc: Time


class Approver(_Open, frozen=True, kw_only=True):
    """Who answered."""

    type: ActorType
    name: str


class Decision(_Open, frozen=True, kw_only=True, tag_field="kind", tag="Decision"):
    """A human's answer."""

    approved: bool
    approver: Approver
    ts_utc: Time


class Receipt(_Open, frozen=True, kw_only=True):
    """The receipt without ``integrity``."""

    receipt_version: Literal["0.1.0"]
    loop_id: str
    parent_loop_id: str | None
    timestamp_utc: Time
    intent: Intent
    outcome: OutcomeRecord
    actor: Actor
    lock_level: LockLevel
    phase_sequence: list[Phase]
    artifacts: Artifacts
    lens: Lens
    effects: Effects
    decisions: list[dict[str, object]]
    strategies: Strategies
    verification: Verification
    gates: list[Gate]
    children: list[Child]
    errors: list[ErrorRecord]
    hitl: list[Prompt | Decision]


class Event(_Open, frozen=True, kw_only=True):
    """One line of the log."""

    event_id: object
    loop_id: str
    seq: Count
    ts_utc: Time
    phase: Phase
    kind: str
    payload: dict[str, object]
    prev_event_hash: Hash
    event_hash: Hash


def read(record: type[_R], value: Json) -> _R:
    """Returns ``value`` as a record of its type; raises :class:`FormError` if it is none."""
    try:
        return msgspec.convert(value, record)
    except msgspec.ValidationError as error:
        raise FormError(str(error)) from None


def instant(time: str) -> str:
    """Returns what orders times as text: the fraction of a second may be of any length.

    >>> instant("2026-01-01T00:00:00Z") < instant("2026-01-01T00:00:00.5Z")
    True
    """
    whole, _, fraction = time.removesuffix("Z").partition(".")
    return f"{whole}.{fraction.rstrip('0')}"
