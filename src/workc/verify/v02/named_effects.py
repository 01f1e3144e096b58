"""The effects that events name, and the plan before them that must declare them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import UNSET, UnsetType

from workc.kernel.payloads import EffectBound
from workc.kernel.selectors import EffectOp
from workc.verify.effect_bounds import Bounds
from workc.verify.rules import Rule
from workc.verify.v02 import rules

#: A rule that is broken, in words, and the pointer of the member that breaks it.
Problem = tuple[Rule, str, str]


class NamedEffects:
    """Holds named effects against the plan before them.

    ``covered`` are those that one of their plan covers; ``are_declared`` says whether every plan
    declares some.
    """

    def __init__(self) -> None:
        self._bounds: Bounds | None = None
        self.covered: set[tuple[EffectOp, str]] = set()
        self.are_declared = True

    @property
    def are_bounded(self) -> bool:
        """Returns whether the plan before declares effects."""
        return self._bounds is not None

    def declare(
        self, declared: Sequence[EffectBound] | UnsetType, looked: Iterable[tuple[EffectOp, str]]
    ) -> Iterator[Problem]:
        """Takes what a plan declares; yields the effects of the lens before it that are none of them."""
        self._bounds = None
        if declared is UNSET:
            self.are_declared = False
            return
        self._bounds = Bounds((effect.op, effect.selector) for effect in declared)
        for op, selector in sorted(looked):
            if not self._bounds.cover(op, selector):
                message = f"no declared effect covers {op} {selector} of the lens"
                yield rules.EFFECT_IS_COVERED, message, "/payload/effects"

    def take(self, effect: EffectBound | UnsetType, *, may_lack: bool) -> Problem | None:
        """Takes the effect that an event names, or that it names none, which it may where it ``may_lack``."""
        if (effect is not UNSET) != self.are_bounded and not (self.are_bounded and may_lack):
            message = "an effect is named if and only if effects are declared"
            return rules.EFFECT_IS_NAMED, message, "/payload/effect"
        if effect is UNSET or self._bounds is None:
            return None
        if self._bounds.cover(effect.op, effect.selector):
            self.covered.add((effect.op, effect.selector))
            return None
        message = f"no declared effect covers {effect.op} {effect.selector}"
        return rules.EFFECT_IS_COVERED, message, "/payload/effect"
