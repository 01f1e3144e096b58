"""``workc suite list``: the suites of a folder, and how many tests each has."""

from __future__ import annotations

from pathlib import Path

import click

from workc.cli import exits, options
from workc.cli.state import State
from workc.cli.suite_options import folder
from workc.cli.text import count, printable
from workc.kernel.values import Json
from workc.testkit.suites import find_suites


@click.command("list", epilog="Example: workc suite list")
@folder
@options.common
@click.pass_obj
def command(state: State, scenarios: Path) -> int:
    """List the suites of a folder of scenarios, with what each is for."""
    state.tries = ("workc scenario run --help",)
    suites = find_suites(scenarios)
    rows = [(suite, len(suite.cases())) for suite in suites.values()]
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
        state.document({"schema": "workc.suites/1", "suites": listed})
        return exits.OK
    wide = max((len(suite.name) for suite, _ in rows), default=0)
    for suite, size in rows:
        name, tests = printable(suite.name).ljust(wide), count(size, "test")
        state.out(f"{name}  {tests:<11}  {printable(suite.description, 200)}".rstrip())
    if not rows:
        state.err(f"there is no suite in {printable(str(scenarios))}")
    return exits.OK
