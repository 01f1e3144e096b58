"""``workc suite list``: the suites of a folder, and how many tests each has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from workc.cli import exits, options
from workc.cli.problems_text import problems_json, show_problems
from workc.cli.state import State
from workc.cli.suite_options import folder
from workc.cli.text import count, printable
from workc.kernel.values import Json
from workc.testkit.suites import Suite, find_suites


@click.command("list", epilog="Example: workc suite list")
@folder
@options.common
@click.pass_obj
def command(state: State, scenarios: Path) -> int:
    """List the suites of a folder of scenarios: exit 2 if a file is no scenario."""
    state.tries = ("workc scenario run --help",)
    suites = find_suites(scenarios)
    read = [(suite, *suite.readable()) for suite in suites.values()]
    rows = [(suite, size) for suite, size, _ in read]
    unfit = [each for _, _, found in read for each in found]
    if state.json:
        listed: list[Json] = [
            {
                "name": suite.name,
                "kind": suite.kind,
                "description": suite.description,
                "tests": size,
            }
            for suite, size in rows
        ]
        problems = [problem for invalid in unfit for problem in problems_json(invalid)]
        state.document({"schema": "workc.suites/1", "suites": listed, "problems": problems})
    else:
        _tell(state, rows, scenarios)
    for invalid in unfit:
        show_problems(state, Path(invalid.problems[0].file), invalid)
    return exits.USAGE if unfit else exits.OK


def _tell(state: State, rows: Sequence[tuple[Suite, int]], scenarios: Path) -> None:
    wide = max((len(suite.name) for suite, _ in rows), default=0)
    for suite, size in rows:
        name, tests = printable(suite.name).ljust(wide), count(size, "test")
        state.out(f"{name}  {tests:<11}  {printable(suite.description, 200)}".rstrip())
    if not rows:
        state.err(f"there is no suite in {printable(str(scenarios))}")
