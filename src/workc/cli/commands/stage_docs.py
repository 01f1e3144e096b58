"""``workc stage docs``: pages of stages, from what they say."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from workc.api.stage_pages import HTML, LIST, write_pages
from workc.cli import exits
from workc.cli.errors import stop
from workc.cli.options import Folder, common
from workc.cli.registries import registry_at, registry_option
from workc.cli.state import State
from workc.cli.targets import free_folder
from workc.cli.text import MAX_ARGUMENT, count, printable
from workc.kernel.values import Json
from workc.stages.stage import value

_SHOWN: tuple[value.State, ...] = ("Draft", "Active", "Deprecated")


@click.command("docs", epilog="Example: workc stage docs -o pages")
@click.argument("stage_ids", nargs=-1, metavar="[ID...]")
@click.option(
    "-o",
    "--out",
    required=True,
    type=Folder(),
    metavar="FOLDER",
    help="Where the pages go; there must be nothing yet.",
)
@click.option("--html", is_flag=True, help="All pages as one file of HTML, too.")
@registry_option
@common
@click.pass_obj
def command(
    state: State, *, stage_ids: tuple[str, ...], out: Path, html: bool, registry: Path
) -> int:
    """Write a page for each stage (those named, else all that are not withdrawn), in Markdown."""
    place = registry_at(state, registry)
    target = free_folder(out)
    rows = [place.named(each) for each in stage_ids] if stage_ids else place.rows(_SHOWN)
    if not rows:
        raise stop("INVALID_INPUT", "there is no stage to write a page of", "workc stage add FILE")
    unique = {row.id: row for row in rows}
    pages = write_pages([place.load(row) for row in unique.values()], target, html=html)
    if state.json:
        listed: list[Json] = [msgspec.to_builtins(page) for page in pages]
        state.document({"schema": "workc.stage-docs/1", "folder": str(out), "pages": listed})
        return exits.OK
    where = printable(str(out), MAX_ARGUMENT)
    head = f"✓ {count(len(pages), 'page')}"
    state.out(f"{state.console.paint(head, 'good')}  {where}")
    state.out(f"  list  {LIST}")
    if html:
        state.out(f"  html  {HTML}")
    return exits.OK
