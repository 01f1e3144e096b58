"""The rules of lenses: in which order items are observed, and what a LensAssembled says of them.

A fold over the root lane that keeps the items of the last round (docs/spec/bundle-0.2.md, section 5).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import UNSET

from workc.kernel.lens import (
    LENS_INSUFFICIENT,
    Claim,
    ItemKey,
    ItemObserved,
    LensAssembled,
    Thresholds,
)
from workc.kernel.lens_quality import Said, Seen, contested, quality_of, scripted
from workc.kernel.payloads import RunStarted, ScriptedQuality, given
from workc.kernel.resolving import ConflictFound, ConflictResolved
from workc.kernel.selectors import EffectOp
from workc.verify.v02 import rules_of_lenses as rules
from workc.verify.v02.pair_rules import Difference

OfLens: TypeAlias = ItemObserved | LensAssembled | ConflictFound | ConflictResolved


class LensRules:
    """Takes items and lenses in order.

    ``effects`` are what the items touched, ``thresholds`` those to which each lens of items is held,
    ``contested`` what the items of the last lens contradict each other about.
    """

    def __init__(self) -> None:
        self.effects: set[tuple[EffectOp, str]] = set()
        self.thresholds: list[Thresholds] = []
        self.contested: list[str] = []
        self._round = 0
        self._seen: dict[ItemKey, Seen] = {}
        self._script: list[ScriptedQuality] = []
        # What a child said that resolved a conflict, as the lens repeats it; None if none did.
        self._words: list[Claim] | None = None

    def start(self, started: RunStarted) -> None:
        """Takes what a script says of the lens, if one does."""
        self._script = started.lens_script or []

    def resolved(self, found: ConflictResolved) -> None:
        """Takes what came of a conflict."""
        if found.words is not UNSET:
            self._words = [
                Claim(about=word.about, item=found.item, says=word.says) for word in found.words
            ]

    def observed(self, item: ItemObserved, at_ms: int) -> Iterator[Difference]:
        """Yields what is wrong with an item after those before it."""
        if item.effect is not UNSET:
            self.effects.add((item.effect.op, item.effect.selector))
        if item.round not in {self._round, self._round + 1} or not item.round:
            yield Difference(rules.ROUNDS_COUNT, "round", self._round + 1, item.round)
        if item.round != self._round:
            self._round, self._seen = item.round, {}
        if not self._may_come(item.key):
            yield Difference(rules.ROUNDS_COUNT, "item", None, item.item)
        elif not self._is_below(item):
            yield Difference(rules.PART_IS_BELOW, "effect", None, item.source)
        self._seen[item.key] = Seen(item, at_ms)

    def _may_come(self, key: ItemKey) -> bool:
        """Returns whether an item has not come in this round, and a part of one comes after those before it."""
        name, part = key
        if key in self._seen:
            return False
        if part is None:
            return True
        whole = self._seen.get((name, None))
        is_list = whole is not None and whole.observed.how == "files"
        return is_list and (part == 0 or (name, part - 1) in self._seen)

    def _is_below(self, item: ItemObserved) -> bool:
        """Returns whether a part of a pattern was read in the folder that was listed; others always are."""
        if item.part is UNSET or item.effect is UNSET:
            return True
        listed = self._seen[item.item, None].observed.effect
        return listed is not UNSET and item.effect.selector.startswith(listed.selector)

    def assembled(self, lens: LensAssembled) -> Iterator[Difference]:
        """Yields what a lens says that its items do not."""
        # Before there were items, a lens could say any number of them.
        items = len(self._seen) + (self._words is not None)
        if self._seen and lens.items != items:
            yield Difference(rules.LENS_FITS_ITEMS, "items", items, lens.items)
        if not self._are_claimed(lens.claims or []):
            yield Difference(rules.LENS_FITS_ITEMS, "claims", None, None)
        quality = self._quality(lens)
        if given(lens.quality) != quality:
            yield Difference(rules.LENS_FITS_ITEMS, "quality", quality, given(lens.quality))
        if (lens.scripted is True) != self._is_scripted or lens.scripted is False:
            yield Difference(rules.LENS_IS_SCRIPTED, "scripted", self._is_scripted, lens.scripted)
        code = None if lens.may_decide else LENS_INSUFFICIENT
        failed = None if lens.failure is UNSET else lens.failure.code
        if failed != code:
            yield Difference(rules.LENS_SUFFICES, "failure", code, failed)
        self.contested = contested(list(self._seen.values()), _said(lens))
        if self._seen:
            self.thresholds.append(lens.at_least or Thresholds())

    @property
    def _is_scripted(self) -> bool:
        return bool(self._seen and self._script)

    def _quality(self, lens: LensAssembled) -> object:
        if not self._seen:
            return None
        if self._script:
            return scripted(self._script, self._round + (self._words is not None))
        settled = None if self._words is None else {word.about for word in self._words}
        return quality_of(list(self._seen.values()), _said(lens), lens.requires or (), settled)

    def _are_claimed(self, claims: list[Claim]) -> bool:
        """Returns whether claims are of items that were had, in their order, then those of a child."""
        words = self._words or []
        own = claims[: max(0, len(claims) - len(words))]
        had = [key for key, seen in self._seen.items() if seen.observed.value is not UNSET]
        speakers = [claim.key for claim in own]
        return claims[len(own) :] == words and speakers == [key for key in had if key in speakers]


def _said(lens: LensAssembled) -> list[Said]:
    return [Said(each.about, each.key, each.says.digest) for each in lens.claims or ()]
