"""Which effects a set of declared ones covers, found without looking at each of the set.

Coverage is that of :mod:`workc.kernel.selectors`. A selector that has no spelling there is covered
by its own equal only. However many selectors there are and however deep their paths, one look is a
search in a sorted list: bounds are prefixes, and what begins with one stands right after it.

>>> bounds = Bounds([("WriteFS", "fs:out/"), ("Network", "net:https://a.example/v1")])
>>> bounds.cover("WriteFS", "fs:./out//a/b"), bounds.cover("WriteFS", "fs:output")
(True, False)
>>> bounds.cover("Network", "net:https://A.example/v1/x"), bounds.cover("ReadFS", "fs:out/a")
(True, False)
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from workc.kernel.selectors import ROOT, Effect, EffectOp, SelectorError, normalise


class Bounds:
    """Declared effects: op and selector each."""

    def __init__(self, declared: Iterable[tuple[EffectOp, str]]) -> None:
        given = list(declared)
        spelled = {_spelled(op, selector) for op, selector in given}
        self._given = frozenset(given)
        self._exact = spelled
        # None of these covers another one, so only the last before an effect can cover it.
        self._wide: list[Effect] = []
        for effect in sorted(filter(None, spelled), key=_key):
            if _is_wide(effect) and not self._begins(len(self._wide), effect):
                self._wide.append(effect)
        self._keys = [_key(effect) for effect in self._wide]

    def cover(self, op: EffectOp, selector: str) -> bool:
        """Returns whether one of the declared effects covers this one."""
        effect = _spelled(op, selector)
        if effect is None:
            return (op, selector) in self._given
        if effect in self._exact or Effect(op, ROOT) in self._exact:
            return True
        return self._begins(bisect_right(self._keys, _key(effect)), effect)

    def _begins(self, place: int, effect: Effect) -> bool:
        """Returns whether the wide effect before ``place`` is one that ``effect`` lies below."""
        if not place:
            return False
        wide = self._wide[place - 1]
        return wide.op == effect.op and effect.selector.startswith(_key(wide)[1])


def _spelled(op: EffectOp, selector: str) -> Effect | None:
    try:
        return normalise(op, selector)
    except SelectorError:
        return None


def _is_wide(effect: Effect) -> bool:
    """Returns whether the effect covers more than itself."""
    is_folder = effect.op in {"ReadFS", "WriteFS"} and effect.selector.endswith("/")
    return is_folder or effect.op == "Network"


def _key(effect: Effect) -> tuple[str, str]:
    """Returns what sorts every effect right after the one that covers it."""
    return effect.op, effect.selector.removesuffix("/") + "/"
