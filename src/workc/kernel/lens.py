"""What a run looked at before it decided, and how good that is, as payloads of events.

An item is what a lens names; of a glob it is the list of its files, and each file is a *part* of it.
Items are observed in *rounds*, from 1; those of the last round are what the run knows. How the
quality is reckoned is in :mod:`workc.kernel.lens_quality`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias, get_args

from msgspec import UNSET, UnsetType

from workc.kernel.payloads import (
    Body,
    Count,
    EffectBound,
    FailureRecord,
    Part,
    PayloadBase,
    RedactionRecord,
    WorkEnded,
)
from workc.kernel.phases import LockLevel

#: How an item was got: its provenance.
How = Literal["bundle", "environment", "file", "files", "run", "text", "url"]
#: The item, and which of its parts, None for itself.
ItemKey: TypeAlias = tuple[str, int | None]

_LEVELS: tuple[LockLevel, ...] = get_args(LockLevel)
#: With which a run fails whose lens is too poor to decide by.
LENS_INSUFFICIENT = "LENS_INSUFFICIENT"
#: What is read from the evidence of another run.
PROVEN: frozenset[How] = frozenset({"bundle", "run"})
#: What items touch to be had; those by another way touch nothing that has a name.
TOUCHING: frozenset[How] = frozenset({"bundle", "file", "files", "url"})
#: No item weighs more, so that no sum of weights is a number that JSON does not hold.
MAX_WEIGHT = 1_000_000


class ItemObserved(PayloadBase, frozen=True, kw_only=True):
    """One item was looked at. Exactly one of ``failure`` and ``value`` is set.

    ``dated_ms`` is from when the value is, ``source`` what was looked at (empty for a text),
    ``effect`` what that touched. Of a run or a bundle ``run_id`` and ``proof_digest`` say whose
    evidence it was.
    """

    dated_ms: Count | UnsetType = UNSET
    effect: EffectBound | UnsetType = UNSET
    failure: FailureRecord | UnsetType = UNSET
    how: How
    item: str
    part: Count | UnsetType = UNSET
    proof_digest: str | UnsetType = UNSET
    redactions: list[RedactionRecord] | UnsetType = UNSET
    round: Count
    run_id: str | UnsetType = UNSET
    source: str
    value: Body | UnsetType = UNSET
    weight: Count

    @property
    def key(self) -> ItemKey:
        """Returns which item it is, or which part of one."""
        return self.item, None if isinstance(self.part, UnsetType) else self.part

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the bodies of failure and value."""
        return (UNSET if self.failure is UNSET else self.failure.details, self.value)

    def problem(self) -> str | None:
        """Says that an item was had or not: it has a value or a failure."""
        if (self.failure is UNSET) == (self.value is UNSET):
            return "an item has a value or a failure"
        return None


class Claim(Part, frozen=True, kw_only=True):
    """What an item says about something of which other items may say something else."""

    about: str
    item: str
    part: Count | UnsetType = UNSET
    says: Body

    @property
    def key(self) -> ItemKey:
        """Returns the item that says so."""
        return self.item, None if isinstance(self.part, UnsetType) else self.part


class Quality(Part, frozen=True, kw_only=True):
    """The quality of a lens in permille; ``aggregate`` is the least of the others."""

    aggregate: Count
    conflict: Count
    coverage: Count
    freshness: Count
    provenance: Count


class Thresholds(Part, frozen=True, kw_only=True):
    """The least aggregate for each lock level; that of ``Draft`` is what it takes to decide at all."""

    Committed: Count | UnsetType = UNSET
    Draft: Count | UnsetType = UNSET
    Immutable: Count | UnsetType = UNSET
    Published: Count | UnsetType = UNSET
    Staged: Count | UnsetType = UNSET

    def least(self, level: LockLevel) -> int:
        """Returns the least aggregate for a level: that of the highest level up to it of which it is said."""
        below = _LEVELS[: _LEVELS.index(level) + 1]
        said: list[object] = [getattr(self, each) for each in below]
        return max((each for each in said if isinstance(each, int)), default=0)


class LensAssembled(PayloadBase, frozen=True, kw_only=True):
    """Says what the work may know. ``items`` is 0 for a program that has no lens.

    ``requires`` are the items that coverage counts; ``failure`` is set if the aggregate is below
    what it takes to decide. ``scripted`` says that the quality is that of the run's script.
    """

    at_least: Thresholds | UnsetType = UNSET
    claims: list[Claim] | UnsetType = UNSET
    failure: FailureRecord | UnsetType = UNSET
    items: Count
    quality: Quality | UnsetType = UNSET
    requires: list[str] | UnsetType = UNSET
    scripted: bool | UnsetType = UNSET

    def reached(self, wanted: LockLevel) -> LockLevel:
        """Returns the highest level up to ``wanted`` for which the aggregate is enough."""
        highest: LockLevel = "Draft"
        for level in _LEVELS[: _LEVELS.index(wanted) + 1]:
            if self._is_enough(level):
                highest = level
        return highest

    @property
    def ended(self) -> WorkEnded | None:
        """Returns the end of the work of a run that may not decide: nothing was done, and this is why."""
        return None if self.failure is UNSET else WorkEnded(failure=self.failure)

    @property
    def may_decide(self) -> bool:
        """Returns whether the aggregate is enough to decide by."""
        return self._is_enough("Draft")

    def _is_enough(self, level: LockLevel) -> bool:
        if isinstance(self.quality, UnsetType) or isinstance(self.at_least, UnsetType):
            return True
        return self.quality.aggregate >= self.at_least.least(level)

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the bodies of claims and failure."""
        return (*self._said(), UNSET if self.failure is UNSET else self.failure.details)

    def _said(self) -> Iterator[Body]:
        for claim in self.claims or ():
            yield claim.says
