"""Checks ``signals`` and ``strategies``: names, expressions, and what refers to them."""

from __future__ import annotations

from workc.runtime.workflow.check_inputs import check_names
from workc.runtime.workflow.check_references import check_chains
from workc.runtime.workflow.facts import UNRESOLVED, Facts, members
from workc.runtime.workflow.place import Place, quoted
from workc.runtime.workflow.problems import suggest
from workc.runtime.workflow.strategy_keys import (
    MAX_STRATEGIES,
    SEEN_BY_SIGNALS,
    SEEN_BY_STRATEGIES,
)


def check_strategies(facts: Facts) -> None:
    """Reports what is wrong with the signals, and with each strategy."""
    check_names(facts, "signals")
    counts = {
        "signals": len(facts.section("signals")),
        "strategies": len(facts.items("strategies")),
    }
    for section in (section for section, count in counts.items() if count > MAX_STRATEGIES):
        facts.refuse((section,), f"more than {MAX_STRATEGIES} {section}", "leave some out")
    for signal, that in facts.section("signals").items():
        _check(facts, ("signals", signal), that, SEEN_BY_SIGNALS)
    seen: set[str] = set()
    for index, strategy in enumerate(map(members, facts.items("strategies"))):
        place: Place = ("strategies", index)
        name = strategy.get("id")
        if isinstance(name, str) and name in seen:
            message = f"there is already a strategy {quoted(name)}"
            facts.refuse((*place, "id"), message, "rename one")
        seen.add(str(name))
        _check(facts, (*place, "when"), strategy.get("when"), SEEN_BY_STRATEGIES)


def _check(facts: Facts, place: Place, text: object, roots: tuple[str, ...]) -> None:
    if not isinstance(text, str) or not text:
        return
    for chain in check_chains(facts, place, text, roots):
        if chain[0] == "signals" and len(chain) > 1 and chain[1] not in facts.section("signals"):
            fix = suggest(chain[1], facts.section("signals"), "declare it under signals")
            facts.refuse(place, f"there is no signal {quoted(chain[1])}", fix, UNRESOLVED)
