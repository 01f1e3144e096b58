"""``workc stage list``: what a registry holds."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from workc.cli import exits
from workc.cli.options import common
from workc.cli.registries import registry_at, registry_option, row_json, show_rows
from workc.cli.state import State
from workc.kernel.values import Json
from workc.stages.stage import value

STATES = get_args(value.State)


@click.command("list", epilog="Example: workc stage list --state Active")
@click.option(
    "--state", "wanted", type=click.Choice(STATES), multiple=True, help="Only these; repeat it."
)
@click.option("--name", metavar="NAME", help="Only stages of this name.")
@registry_option
@common
@click.pass_obj
def command(
    state: State, *, wanted: tuple[value.State, ...], name: str | None, registry: Path
) -> int:
    """List stages by name, as the index has them; their files are not read."""
    place = registry_at(state, registry)
    state.tries = ("workc stage add FILE",)
    rows = place.rows(wanted or STATES, name)
    if state.json:
        listed: list[Json] = [row_json(row) for row in rows]
        state.document({"schema": "workc.stages/1", "registry": str(registry), "stages": listed})
        return exits.OK
    if rows:
        show_rows(state, rows)
    else:
        state.err("no such stages")
    return exits.OK
