"""A run as a plain value: what a writer makes a bundle of format 0.1 from.

It says what happened and nothing that follows from it: hashes, roots, sequence numbers and all
that the receipt repeats of the events are computed by :mod:`workc.bundle.v01.writer`. Each kind
of event is a class here; what its payload holds beyond the fields is said there.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from workc.bundle.v01.records import (
    Actor,
    Approver,
    Artifact,
    CheckResult,
    CheckSpec,
    Choice,
    Count,
    DoneEffect,
    Ending,
    ErrorClass,
    Gate,
    Hash,
    Intent,
    Lens,
    Name,
    OnFail,
    Permille,
    Time,
)
from workc.kernel.phases import LockLevel, Outcome, Phase
from workc.kernel.trie_merge import CAP


class IllegalRunError(ValueError):
    """Says in one sentence why no legal bundle can be made of a run."""


class _Kind(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag=True,
    tag_field="kind",
):
    """What happened; the class is the kind."""


class IntentSet(_Kind, frozen=True, kw_only=True):
    """The first event."""

    intent: Intent
    actor: Actor


class SignalsCaptured(_Kind, frozen=True, kw_only=True):
    """What was observed, in an evidence file; the signals are counted or named."""

    evidence: str
    signals_count: Count | UnsetType = UNSET
    signals: tuple[str, ...] | UnsetType = UNSET


class LensAssembled(_Kind, frozen=True, kw_only=True):
    """The lens of the run is there; the payload says its id, its quality, how many items."""


class PlanChosen(_Kind, frozen=True, kw_only=True):
    """What will be done. With ``declares`` the payload holds the declared effects and their cap."""

    plan: object
    declares: bool = True
    children: tuple[str, ...] | UnsetType = UNSET


class SkillExecuted(_Kind, frozen=True, kw_only=True):
    """A skill was done. With ``lists_effects`` the payload holds the effects, else their number."""

    skill: Name
    evidence: str
    artifacts_out: tuple[Artifact, ...] = ()
    effects: tuple[DoneEffect, ...] = ()
    lists_effects: bool = True


class ActError(_Kind, frozen=True, kw_only=True):
    """Something went wrong; the payload says in which phase."""

    error_class: ErrorClass = msgspec.field(name="class")
    code: Name
    message: str
    retryable: bool
    evidence: str | UnsetType | None = UNSET


class RetryScheduled(_Kind, frozen=True, kw_only=True):
    """It will be tried again; ``attempt`` is the number of the next attempt."""

    after_ms: Count
    attempt: Count


class VerificationRun(_Kind, frozen=True, kw_only=True):
    """Checks were made; the payload says whether all passed."""

    results: tuple[CheckResult, ...]
    on_fail: OnFail | UnsetType = UNSET


class OrientFromFailure(_Kind, frozen=True, kw_only=True):
    """A failure is looked into, with what an evidence file holds."""

    evidence: str


class HitlPrompt(_Kind, frozen=True, kw_only=True):
    """A human was asked; the payload says what asking is worth, and when it was."""

    required: bool
    reason: str
    p_override_permille: Permille
    loss_ms: Count
    cost_ms: Count


class HitlDecision(_Kind, frozen=True, kw_only=True):
    """A human answered; the payload says when."""

    approved: bool
    approver: Approver
    note: str


class ChildSpawned(_Kind, frozen=True, kw_only=True):
    """A run of its own began for a part of the work; spawns are numbered in their order."""

    child_loop_id: Name
    critical: bool


class ChildJoined(_Kind, frozen=True, kw_only=True):
    """A child ended, and with which bundle."""

    child_loop_id: Name
    child_proof_digest: Hash
    outcome_status: Outcome


class StrategySuggested(_Kind, frozen=True, kw_only=True):
    """A strategy fits the situation."""

    strategy_id: Name
    match_permille: Permille
    trigger: str
    explanation: tuple[str, ...] = ()


class StrategyApplied(_Kind, frozen=True, kw_only=True):
    """A strategy was used; the payload says in which phase."""

    strategy_id: Name
    version: str
    result: str


class Locked(_Kind, frozen=True, kw_only=True):
    """The last event: how the work ended."""

    lock_level: LockLevel
    outcome: Ending


class Other(_Kind, frozen=True, kw_only=True):
    """An event of a kind that the format does not name: ``named``, with its payload."""

    named: Name
    payload: dict[str, object]


Payload: TypeAlias = (
    IntentSet
    | SignalsCaptured
    | LensAssembled
    | PlanChosen
    | SkillExecuted
    | ActError
    | RetryScheduled
    | VerificationRun
    | OrientFromFailure
    | HitlPrompt
    | HitlDecision
    | ChildSpawned
    | ChildJoined
    | StrategySuggested
    | StrategyApplied
    | Locked
    | Other
)


#: The kinds that the format names.
KINDS: tuple[type[_Kind], ...] = (
    IntentSet,
    SignalsCaptured,
    LensAssembled,
    PlanChosen,
    SkillExecuted,
    ActError,
    RetryScheduled,
    VerificationRun,
    OrientFromFailure,
    HitlPrompt,
    HitlDecision,
    ChildSpawned,
    ChildJoined,
    StrategySuggested,
    StrategyApplied,
    Locked,
)


class Happening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event: when, in which phase, what. ``more`` are further keys of its payload.

    An event without an id gets one from its number.
    """

    at_ms: Time
    phase: Phase
    what: Payload
    more: dict[str, object] = {}
    event_id: Name | UnsetType = UNSET


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run from its first event to its lock.

    ``planned`` are the effects that the plan foresees; they are declared in at most ``k``
    selectors. ``phase_sequence`` is for a run whose events leave phases out; without it it is
    that of the events. ``evidence`` holds files by their paths below ``evidence/``.
    """

    loop_id: Name
    parent_loop_id: Name | None = None
    policy_id: Name = "POLICY-DEFAULT"
    happenings: tuple[Happening, ...]
    phase_sequence: tuple[Phase, ...] | UnsetType = UNSET
    evidence: dict[str, bytes] = {}
    inputs: tuple[Artifact, ...] = ()
    lens: Lens
    planned: tuple[DoneEffect, ...] = ()
    k: Count = CAP
    decisions: tuple[Choice, ...] = ()
    checks: CheckSpec
    gates: tuple[Gate, ...] = ()
