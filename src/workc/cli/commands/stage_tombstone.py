"""``workc stage tombstone``: withdraws a stage."""

from __future__ import annotations

from pathlib import Path

import click

from workc.cli.options import common
from workc.cli.registries import registry_at, registry_option, show_moved
from workc.cli.state import State


@click.command("tombstone", epilog="Example: workc stage tombstone 980de483")
@click.argument("stage_id", metavar="ID")
@registry_option
@common
@click.pass_obj
def command(state: State, *, stage_id: str, registry: Path) -> int:
    """Withdraw a stage for good: it is found no more, and can still be read."""
    place = registry_at(state, registry)
    return show_moved(state, place.bury(place.named(stage_id).id))
