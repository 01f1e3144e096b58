"""``workc stage diff``: what changed between two stages, and whether it breaks whoever uses the first."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from workc.api.stage_files import InvalidSpecs, read_stages
from workc.api.stages import Registry
from workc.cli import exits
from workc.cli.errors import stop
from workc.cli.options import common
from workc.cli.registries import refused_files, registry_at, registry_option
from workc.cli.state import State
from workc.cli.text import count, printable, short
from workc.kernel.values import Json
from workc.stages.stage.difference import Change, bump_of, stage_changes
from workc.stages.stage.value import Stage


@click.command("diff", epilog="Example: workc stage diff 980de483 new.json")
@click.argument("old", metavar="ID|FILE")
@click.argument("new", metavar="ID|FILE")
@click.option("--strict", is_flag=True, help="Exit 1 if a change breaks.")
@registry_option
@common
@click.pass_obj
def command(state: State, *, old: str, new: str, strict: bool, registry: Path) -> int:
    """Name each change from one stage to another and say which part of a version it bumps.

    A stage is an id, the beginning of one, or a JSON file that holds one stage.
    """
    place = registry_at(state, registry)
    try:
        before, after = _stage(place, old), _stage(place, new)
    except InvalidSpecs as invalid:
        raise refused_files(state, invalid, "nothing was compared") from None
    changes = stage_changes(before, after)
    breaks = any(change.breaking for change in changes)
    code = exits.FAILED if strict and breaks else exits.OK
    bump = bump_of(changes) or "none"
    if state.json:
        listed: list[Json] = [
            {**msgspec.to_builtins(each), "breaking": each.breaking} for each in changes
        ]
        state.document(
            {
                "schema": "workc.stage-diff/1",
                "old": before.id,
                "new": after.id,
                "breaking": breaks,
                "bump": bump,
                "changes": listed,
                "exit": code,
            }
        )
        return code
    head = state.console.paint("✗ BREAKING", "bad") if breaks else "✓ not breaking"
    state.out(
        f"{head} · bump {bump} · {count(len(changes), 'change')}  {short(before.id)} → {short(after.id)}"
    )
    if changes:
        state.table([("bump", "where", "change"), *map(_row, changes)])
    return code


def _row(change: Change) -> tuple[str, ...]:
    return change.level, printable(change.part + change.at, 100), printable(change.what, 1000)


def _stage(registry: Registry, text: str) -> Stage:
    if not Path(text).is_file():
        return registry.load(registry.named(text))
    found = read_stages([Path(text)])
    if len(found) > 1:
        message = f"{printable(text)} holds {len(found)} stages; a difference is between two"
        raise stop("INVALID_INPUT", message, "name files that hold one stage each")
    return found[0].spec.stage
