"""``workc stage activate``: makes a stage the one of its signature that is used."""

from __future__ import annotations

from pathlib import Path

import click

from workc.cli.options import common
from workc.cli.registries import registry_at, registry_option, show_moved
from workc.cli.state import State


@click.command("activate", epilog="Example: workc stage activate 980de483")
@click.argument("stage_id", metavar="ID")
@registry_option
@common
@click.pass_obj
def command(state: State, *, stage_id: str, registry: Path) -> int:
    """Make a stage active; the one of the same signature that was is deprecated in its favour."""
    place = registry_at(state, registry)
    return show_moved(state, place.activate(place.named(stage_id).id))
