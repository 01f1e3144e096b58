"""TrieMerge-v0.1: many effects as at most K selectors that cover them, widened as little as can be.

1. Effects are taken in their one spelling, each once. At most K of them stay as they are.
2. Else those that another one covers are left out: they say nothing more.
3. While more than K are left, one folder (``fs:``) or path (``net:``) takes the place of all that
   is selected below it. Only one below which at least two are selected can be chosen; such a
   merge leaves ``d`` fewer, d being their number less one.
4. It is the one with the least ``(10*loss + d)/d``. Its loss is the sum, over all effects given
   that lie below it, of how many segments wider it is than they: over the effects as they were
   given, not over what is selected. Ties go by selector, then op.
5. ``fs:/``, which allows all files, is chosen only if there is nothing else.
6. If K cannot be met so, :class:`CompressionError`; nothing is ever widened past rule 3.

Effects of different ops, schemes or hosts never share a selector; Exec and Publish have none to
share. The result does not depend on the order of the effects (docs/reference/formulas.md).

>>> files = [("WriteFS", f"fs:out/{name}/{n}.txt") for name in "abc" for n in range(3)]
>>> [effect.selector for effect in compress(files, 5).effects]
['fs:out/a/', 'fs:out/b/', 'fs:out/c/0.txt', 'fs:out/c/1.txt', 'fs:out/c/2.txt']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from workc.kernel.failure import Misuse
from workc.kernel.selectors import ROOT, Effect, EffectOp, ancestors, declared

ALGORITHM = "TrieMerge-v0.1"

#: How many effects a run may declare.
CAP = 50

#: What one lost segment of one effect weighs against one selector less.
_LOSS_WEIGHT = 10


class CompressionError(ValueError):
    """The effects cannot be covered by so few selectors."""


class Compressed(NamedTuple):
    """The selectors, sorted, and after how many merges they were few enough."""

    effects: tuple[Effect, ...]
    merges: int


def compress(effects: Iterable[tuple[EffectOp, str]], cap: int = CAP) -> Compressed:
    """Returns at most ``cap`` selectors that cover ``effects``.

    Raises:
        CompressionError: there is no way to meet ``cap``.
        SelectorError: an effect has no spelling (:mod:`workc.kernel.selectors`).
        Misuse: ``cap`` is below 0.
    """
    if cap < 0:
        raise Misuse(f"a cap is never below 0, like {cap}")
    given = declared(effects)
    if len(given) <= cap:
        return Compressed(tuple(given), 0)
    tries = _Tries(given)
    merges = 0
    while len(tries.selected) > cap:
        tries.merge(tries.best(cap))
        merges += 1
    return Compressed(tuple(sorted(tries.selected)), merges)


class _Tries:
    """All tries as one table: what could be selected, and what is selected below each of them."""

    def __init__(self, given: list[Effect]) -> None:
        known = frozenset(given)
        self.selected = {effect for effect in given if known.isdisjoint(ancestors(effect))}
        self._loss: Counter[Effect] = Counter()
        self._below: dict[Effect, set[Effect]] = {}
        # Two different fractions with denominators up to n differ by at least 1/n², so that
        # times n² and rounded down they are still apart, and in the same order.
        self._scale = len(given) ** 2
        for effect in given:
            for wider_by, node in enumerate(ancestors(effect), 1):
                self._loss[node] += wider_by
                self._below.setdefault(node, set())
        for effect in self.selected:
            self._select(effect)

    def best(self, cap: int) -> Effect:
        """Returns what to select next; raises :class:`CompressionError` if there is nothing."""
        able = [node for node, below in self._below.items() if len(below) > 1]
        if not able:
            raise CompressionError(
                f"{len(self.selected)} effects remain where at most {cap} may be declared: "
                "no folder or path covers two of them"
            )
        return min(able, key=self._cost)

    def merge(self, node: Effect) -> None:
        """Selects ``node`` in place of all that is selected below it."""
        for effect in [*self._below[node]]:
            self.selected.remove(effect)
            for wider in ancestors(effect):
                self._below[wider].remove(effect)
        self.selected.add(node)
        self._select(node)

    def _select(self, effect: Effect) -> None:
        for wider in ancestors(effect):
            self._below[wider].add(effect)

    def _cost(self, node: Effect) -> tuple[bool, int, str, str]:
        fewer = len(self._below[node]) - 1
        cost = (_LOSS_WEIGHT * self._loss[node] + fewer) * self._scale // fewer
        return (node.selector == ROOT, cost, node.selector, node.op)
