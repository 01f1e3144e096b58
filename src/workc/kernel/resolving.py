"""Payloads of a conflict within a lens that a child is asked to resolve, and of what came of it.

The call of the child is the one lane that stands behind ConflictFound. What it gave is one more item
of the lens, and its word counts (``docs/spec/bundle-0.2.md``, section 21).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import UNSET, UnsetType

from workc.kernel.freshness import DEFAULT_WEIGHT
from workc.kernel.payloads import Backtrack, Body, FailureRecord, Part, PayloadBase

#: Why a run goes back to Orient after a conflict, and why a child has not resolved one.
LENS_CONFLICT = "LENS_CONFLICT"
#: How an item was got that a child gave.
BY_CHILD = "child"
#: What the item of a child weighs beside the others.
RESOLVED_WEIGHT = DEFAULT_WEIGHT


class ConflictFound(PayloadBase, frozen=True, kw_only=True):
    """Sources contradict each other about these, in ascending order; ``step`` is the child's call."""

    about: list[str]
    step: str


class Word(Part, frozen=True, kw_only=True):
    """What a child says about something."""

    about: str
    says: Body


class ConflictResolved(PayloadBase, frozen=True, kw_only=True):
    """What came of it: a failure, or ``value``, what the child gave, and ``words``, what it says of it.

    ``child_run_id`` and ``proof_digest`` are those of the child that gave it, ``item`` is the name of the
    item of the lens that it is. Either way the lens is assembled again.
    """

    backtrack: Backtrack
    child_run_id: str | UnsetType = UNSET
    failure: FailureRecord | UnsetType = UNSET
    item: str
    proof_digest: str | UnsetType = UNSET
    value: Body | UnsetType = UNSET
    words: list[Word] | UnsetType = UNSET

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the bodies of failure, value and words."""
        return (UNSET if self.failure is UNSET else self.failure.details, self.value, *self._said())

    def problem(self) -> str | None:
        """Says that a conflict was resolved by a child, or not."""
        given = (self.child_run_id, self.proof_digest, self.value, self.words)
        there = [part is not UNSET for part in given]
        if there != [self.failure is UNSET] * len(there):
            return "a conflict has a failure, or a value, words, and the child that gave them"
        return None

    def _said(self) -> Iterator[Body]:
        for word in self.words or ():
            yield word.says
