"""Payloads of strategies: how each was weighed by the signals of a pass, and which one was taken.

What is suggested follows from how each was weighed (``workc.kernel.strategy_match``), so that anybody can
reckon it again (``docs/spec/bundle-0.2.md``, section 17).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from workc.kernel.payloads import Body, Count, Part, PayloadBase
from workc.kernel.permille import WHOLE
from workc.kernel.strategy_match import match, ranked


class Weighed(Part, frozen=True, kw_only=True):
    """One strategy with what its ``when`` gave, in permille; ``failure`` is why that counts as 0."""

    confidence: Count
    failure: str | UnsetType = UNSET
    id: str
    threshold: Count
    version: str
    weight: Count

    @property
    def permille(self) -> int:
        """Returns how well it fits."""
        return match(self.confidence, threshold=self.threshold, weight=self.weight)


class Suggestion(Part, frozen=True, kw_only=True):
    """A strategy that fits, and how well."""

    id: str
    permille: Count


class StrategySuggested(PayloadBase, frozen=True, kw_only=True):
    """The strategies that fit the ``signals``, the best first, and how each was weighed, in its order."""

    signals: Body
    suggestions: list[Suggestion]
    weighed: list[Weighed]

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the signals."""
        return (self.signals,)

    def problem(self) -> str | None:
        """Says that permille are at most 1000, and that no strategy is weighed twice."""
        numbers = [n for w in self.weighed for n in (w.confidence, w.threshold, w.weight)]
        if any(number > WHOLE for number in numbers):
            return "a permille is at most 1000"
        if len({each.id for each in self.weighed}) < len(self.weighed):
            return "a strategy is weighed once"
        return None


class StrategyApplied(PayloadBase, frozen=True, kw_only=True):
    """The best of the strategies that were suggested; its ``parameters`` are those of its pass."""

    id: str
    parameters: Body
    permille: Count
    version: str

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the parameters."""
        return (self.parameters,)


def suggested(weighed: Iterable[Weighed]) -> list[Suggestion]:
    """Returns what is suggested of strategies that were weighed."""
    found = ranked({each.id: each.permille for each in weighed})
    return [Suggestion(id=name, permille=permille) for name, permille in found]
