"""The rules of the oracle, for people and programs: what ``verify-bundle --explain-rules`` prints."""

from __future__ import annotations

import msgspec

from workc.cli.state import State
from workc.cli.text import table
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
    head = ("rule", "step", "code", "paragraph", registry.title)
    rows = [(r.number, r.step, r.code, r.paragraph, r.text) for r in registry.rules]
    for number, line in enumerate(table([head, *rows])):
        state.out(state.console.paint(line, "weak") if number == 0 else line)
