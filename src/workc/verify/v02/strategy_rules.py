"""The rules of strategies: what was suggested follows from the weights, and the best was taken.

A fold over what the root lane says of them (docs/spec/bundle-0.2.md, section 17).
"""

from __future__ import annotations

from collections.abc import Iterator

from workc.kernel.kinds import Payload
from workc.kernel.strategies import StrategyApplied, StrategySuggested, suggested
from workc.verify.v02 import rules
from workc.verify.v02.pair_rules import Difference


class StrategyRules:
    """Takes the events of the root lane that have to do with strategies, or with what stands behind."""

    def __init__(self) -> None:
        self._open: StrategySuggested | None = None

    def take(self, payload: Payload) -> Iterator[Difference]:
        """Yields what is wrong with strategies here."""
        before, self._open = self._open, None
        match payload:
            case StrategySuggested():
                self._open = payload
                expected = suggested(payload.weighed)
                if payload.suggestions != expected:
                    field, actual = "suggestions", payload.suggestions
                    yield Difference(rules.STRATEGIES_ARE_RANKED, field, expected, actual)
            case StrategyApplied():
                yield from _applied(before, payload)
            case _:
                if before is not None and before.suggestions:
                    best = before.suggestions[0].id
                    yield Difference(rules.BEST_IS_APPLIED, "kind", best, None)


def _applied(before: StrategySuggested | None, applied: StrategyApplied) -> Iterator[Difference]:
    if before is None:
        return
    best = next(iter(before.suggestions), None)
    versions = {each.id: each.version for each in before.weighed}
    expected = None if best is None else (best.id, best.permille, versions.get(best.id))
    actual = applied.id, applied.permille, applied.version
    if actual != expected:
        yield Difference(rules.BEST_IS_APPLIED, "id", expected, actual)
