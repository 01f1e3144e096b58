"""The rules of the oracle, for people and programs: what ``verify-bundle --explain-rules`` prints."""

from __future__ import annotations

import msgspec

from workc.cli.state import State
from workc.cli.text import table
from workc.kernel.values import Json
from workc.verify.registry import REGISTRIES


def show_rules(state: State) -> None:
    """Prints every rule of every version of the format."""
    if state.json:
        state.document({"schema": "workc.rules/1", "rules": _listed()})
    else:
        _show(state)


def _listed() -> list[Json]:
    return [
        {"bundle_version": version, **msgspec.structs.asdict(rule)}
        for version, rules in REGISTRIES.items()
        for rule in rules
    ]


def _show(state: State) -> None:
    for version, rules in REGISTRIES.items():
        head = ("rule", "step", "code", "paragraph", f"what must hold in format {version}")
        rows = [(r.number, r.step, r.code, r.paragraph, r.text) for r in rules]
        for number, line in enumerate(table([head, *rows])):
            state.out(state.console.paint(line, "weak") if number == 0 else line)
