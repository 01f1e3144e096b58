"""The rules of the oracle, for people and programs: what ``verify-bundle --explain-rules`` prints."""

from __future__ import annotations

import msgspec

from workc.cli.state import State
from workc.kernel.values import Json
from workc.verify.registry import REGISTRIES, Registry


def show_rules(state: State) -> None:
    """Prints every rule of every registry."""
    if state.json:
        state.document({"schema": "workc.rules/1", "rules": _listed()})
        return
    for number, registry in enumerate(REGISTRIES):
        if number:
            state.out()
        _show(state, registry)


def _listed() -> list[Json]:
    return [
        {"registry": registry.name, **msgspec.structs.asdict(rule)}
        for registry in REGISTRIES
        for rule in registry.rules
    ]


def _show(state: State, registry: Registry) -> None:
    state.out(state.console.paint(registry.title, "strong"))
    for rule in registry.rules:
        state.out(f"{rule.number:5}  {rule.step}, {rule.code}, {rule.paragraph}:")
        state.out(f"       {rule.text}")
