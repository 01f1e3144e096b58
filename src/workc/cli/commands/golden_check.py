"""``workc golden check``: verifies every golden and compares every file with the list."""

from __future__ import annotations

from pathlib import Path

import click

from workc.cli import options
from workc.cli.golden_text import DEFAULT_FOLDER, GOLDEN_EXITS, show_goldens
from workc.cli.state import State
from workc.cli.text import argument
from workc.testkit.goldens import check_goldens


@click.command("check", epilog="Example: workc golden check tests/golden")
@click.argument("folder", type=options.Folder(), default=DEFAULT_FOLDER, metavar="[FOLDER]")
@options.common
@click.pass_obj
def command(state: State, folder: Path) -> int:
    """Verify the goldens in FOLDER (tests/golden), and compare SHA256SUMS both ways."""
    state.tries = ("workc golden check --help",)
    report = check_goldens(folder)
    show_goldens(state, str(folder), report)
    if report.judgement == "undecided" and report.new:
        state.advise("next", f"workc golden update {argument(str(folder))}")
    return GOLDEN_EXITS[report.judgement]
