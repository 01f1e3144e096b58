"""``workc failures``: the catalog of failure codes, as people or programs read it."""

from __future__ import annotations

from typing import get_args

import click

from workc.cli import exits, options
from workc.cli.catalog_text import entry_json, unknown_code
from workc.cli.state import State
from workc.kernel.catalog import CATALOG
from workc.kernel.failure import CatalogEntry, Category


@click.command("failures", epilog="Example: workc failures --category TRANSIENT --json")
@click.argument("codes", nargs=-1, metavar="[CODE]...")
@click.option(
    "--category",
    type=click.Choice(get_args(Category), case_sensitive=False),
    multiple=True,
    help="Only codes of this category.",
)
@click.option(
    "--retryable/--no-retryable", default=None, help="Only codes that may, or must not, be retried."
)
@options.common
@click.pass_obj
def command(
    state: State, *, codes: tuple[str, ...], category: tuple[str, ...], retryable: bool | None
) -> int:
    """List the failure codes with their category, exit code and what to do."""
    chosen = [_entry(code) for code in codes] or list(CATALOG.values())
    found = [
        entry
        for entry in chosen
        if (not category or entry.category in category)
        and (retryable is None or entry.retryable is retryable)
    ]
    if state.json:
        listed = [entry_json(entry) for entry in found]
        state.document({"schema": "workc.failures/1", "failures": [*listed]})
    else:
        _show(state, found)
    return exits.OK


def _entry(code: str) -> CatalogEntry:
    found = CATALOG.get(code.upper())
    if found is None:
        raise unknown_code(code)
    return found


def _show(state: State, entries: list[CatalogEntry]) -> None:
    head = ("code", "category", "retry", "exit", "what it means")
    rows = [
        (e.code, e.category, "yes" if e.retryable else "no", str(e.exit), e.summary)
        for e in entries
    ]
    state.table([head, *rows])
