"""Resealed edits of strategies: what fits, in which order, and which one was taken (section 17)."""

from __future__ import annotations

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import TABLE
from workc.sim.tamper.v02.draft import Draft


def _suggestions(draft: Draft, least: int) -> list[Doc]:
    found: list[Doc] = draft.payload("StrategySuggested")["suggestions"]
    if len(found) < least:
        raise does_not_apply("too few strategies are suggested")
    return found


def _prefer(draft: Draft) -> None:
    """Applies the second best strategy, with what is said of it."""
    second = _suggestions(draft, 2)[1]
    weighed = draft.payload("StrategySuggested")["weighed"]
    version = next(each["version"] for each in weighed if each["id"] == second["id"])
    draft.payload("StrategyApplied").update(second, version=version)


def _turn(draft: Draft) -> None:
    _suggestions(draft, 2).reverse()


def _forget(draft: Draft) -> None:
    draft.remove(draft.event("StrategyApplied"))


STRATEGY_ATTACKS: Attacks[Draft] = {
    "StrategyPreferred": Attack(_prefer, TABLE, "Another strategy than the best is applied."),
    "StrategiesTurned": Attack(_turn, TABLE, "Strategies are suggested in another order."),
    "StrategyForgotten": Attack(_forget, TABLE, "A strategy fits, and none is applied."),
}
