"""``workc stage deprecate``: says what a stage is replaced by."""

from __future__ import annotations

from pathlib import Path

import click

from workc.cli.options import common
from workc.cli.registries import registry_at, registry_option, show_moved
from workc.cli.state import State


@click.command("deprecate", epilog="Example: workc stage deprecate 980de483 --by 9ff5f0c6")
@click.argument("stage_id", metavar="ID")
@click.option("--by", required=True, metavar="ID", help="The stage that replaces it.")
@registry_option
@common
@click.pass_obj
def command(state: State, *, stage_id: str, by: str, registry: Path) -> int:
    """Say that an active stage is replaced by another; chains of successors never lead back."""
    place = registry_at(state, registry)
    return show_moved(state, place.deprecate(place.named(stage_id).id, place.named(by).id))
