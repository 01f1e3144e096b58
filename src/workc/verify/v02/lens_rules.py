"""The rules of lenses: in which order items are observed, and what a LensAssembled says of them.

A fold over the root lane that keeps the items of the last round (docs/spec/bundle-0.2.md, section 5).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from workc.kernel.digest import sha256_hex
from workc.kernel.lens import (
    LENS_INSUFFICIENT,
    ItemKey,
    ItemObserved,
    LensAssembled,
    Thresholds,
)
from workc.kernel.lens_quality import Said, Seen, quality_of
from workc.kernel.payloads import Body, given
from workc.kernel.selectors import EffectOp
from workc.verify.v02 import rules
from workc.verify.v02.pair_rules import Difference


class LensRules:
    """Takes items and lenses in order.

    ``effects`` are what the items touched, ``thresholds`` those to which each lens of items is held.
    """

    def __init__(self) -> None:
        self.effects: set[tuple[EffectOp, str]] = set()
        self.thresholds: list[Thresholds] = []
        self._round = 0
        self._seen: dict[ItemKey, Seen] = {}

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

    def assembled(self, lens: LensAssembled) -> Iterator[Difference]:
        """Yields what a lens says that its items do not."""
        # Before there were items, a lens could say any number of them.
        if self._seen and lens.items != len(self._seen):
            yield Difference(rules.LENS_FITS_ITEMS, "items", len(self._seen), lens.items)
        had = [key for key, seen in self._seen.items() if seen.observed.value is not UNSET]
        speakers = [claim.key for claim in lens.claims or ()]
        if speakers != [key for key in had if key in speakers]:
            yield Difference(rules.LENS_FITS_ITEMS, "claims", None, None)
        quality = self._quality(lens)
        if given(lens.quality) != quality:
            yield Difference(rules.LENS_FITS_ITEMS, "quality", quality, given(lens.quality))
        code = None if lens.may_decide else LENS_INSUFFICIENT
        failed = None if lens.failure is UNSET else lens.failure.code
        if failed != code:
            yield Difference(rules.LENS_SUFFICES, "failure", code, failed)
        if self._seen:
            self.thresholds.append(lens.at_least or Thresholds())

    def _quality(self, lens: LensAssembled) -> object:
        if not self._seen:
            return None
        said = (Said(each.about, each.key, _digest(each.says)) for each in lens.claims or ())
        return quality_of(list(self._seen.values()), said, lens.requires or ())


def _digest(body: Body) -> str:
    return given(body.sha256) or sha256_hex(str(body.inline).encode())
