"""What a run looked at before it decided, and what that was worth, as its story tells it."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from workc.kernel.lens import ItemObserved, LensAssembled, Quality
from workc.kernel.lens_quality import COMPONENTS
from workc.kernel.payloads import Count, given
from workc.kernel.resolving import BY_CHILD, ConflictFound, ConflictResolved

OfLens: TypeAlias = ItemObserved | LensAssembled | ConflictFound | ConflictResolved


class ItemStory(msgspec.Struct, frozen=True, kw_only=True):
    """One item, or the ``part``-th file of one: how it was got and from where; ``code`` if it was not had.

    ``run_id`` and ``proof_digest`` are of the evidence that it was read from, if it says so.
    """

    item: str
    how: str
    source: str
    part: int | None = None
    code: str | None = None
    run_id: str | None = None
    proof_digest: str | None = None


class LensStory(msgspec.Struct, kw_only=True):
    """The items of the last round, counted from 1, and what they came to: the quality, in permille.

    ``at_least`` is what each lock level takes; that of ``Draft`` is for deciding. ``contested`` is what
    items contradicted each other about, so that a child was asked; what it gave is one more item, whose
    source is the run of that child. ``scripted`` says that a script gave the quality, and no formula.
    """

    items: list[ItemStory] = []
    rounds: int = 0
    quality: dict[str, Count] = {}
    at_least: dict[str, Count] = {}
    contested: list[str] = []
    scripted: bool = False

    @property
    def missing(self) -> list[str]:
        """Returns the items that were not had, each once."""
        return list(dict.fromkeys(each.item for each in self.items if each.code is not None))

    @property
    def worst(self) -> str:
        """Returns the component of the quality that decides about it."""
        return min(COMPONENTS, key=self.quality.__getitem__)

    def take(self, payload: OfLens) -> None:
        """Takes the next record."""
        if isinstance(payload, ItemObserved):
            self._look(payload)
        elif isinstance(payload, ConflictFound):
            self.contested = payload.about
        elif isinstance(payload, ConflictResolved):
            self._resolve(payload)
        elif isinstance(payload.quality, Quality):
            self.scripted = payload.scripted is True
            self.quality = msgspec.to_builtins(payload.quality)
            self.at_least = msgspec.to_builtins(payload.at_least) if payload.at_least else {}

    def _resolve(self, found: ConflictResolved) -> None:
        failure, source = given(found.failure), given(found.child_run_id) or ""
        code = None if failure is None else failure.code
        self.items.append(
            ItemStory(
                item=found.item,
                how=BY_CHILD,
                source=source,
                code=code,
                run_id=given(found.child_run_id),
                proof_digest=given(found.proof_digest),
            )
        )

    def _look(self, item: ItemObserved) -> None:
        if item.round != self.rounds:
            self.items, self.rounds = [], item.round
        failure = given(item.failure)
        self.items.append(
            ItemStory(
                item=item.item,
                how=item.how,
                source=item.source,
                part=given(item.part),
                code=None if failure is None else failure.code,
                run_id=given(item.run_id),
                proof_digest=given(item.proof_digest),
            )
        )
