"""``workc suite run``: runs suites of scenarios and golden bundles, and reports on them."""

from __future__ import annotations

from pathlib import Path

import click

from workc.cli import options
from workc.cli.errors import stop
from workc.cli.options import Number
from workc.cli.state import State
from workc.cli.suite_conduct import Wanted, conduct, keep_place
from workc.cli.suite_options import folder, running
from workc.cli.suite_reports import reports, wanted_reports
from workc.cli.text import printable
from workc.testkit.suite_runner import How
from workc.testkit.suites import find_suites, suite_named

#: The name that stands for every suite.
ALL = "all"


@click.command("run", epilog="Example: workc suite run smoke core -v")
@click.argument("names", nargs=-1, required=True, metavar="NAME...|all")
@folder
@running
@click.option(
    "--mutants",
    type=Number(1),
    metavar="N",
    help="About so many mutants of each golden bundle (default 8000 or fewer).",
)
@click.option("-v", "--verbose", is_flag=True, help="A line for each test.")
@reports
@options.common
@click.pass_obj
def command(
    state: State,
    *,
    names: tuple[str, ...],
    scenarios: Path,
    jobs: int | None,
    only: str | None,
    seed: int | None,
    keep: Path | None,
    mutants: int | None,
    verbose: bool,
    quiet: bool,
    junit: Path | None,
    html: Path | None,
    ctrf: Path | None,
    github: bool,
    deterministic: bool,
) -> int:
    """Run suites and say what is not as expected: exit 0 if all is, 1 if not."""
    state.tries = ("workc suite list",)
    suites = find_suites(scenarios)
    if not suites:
        raise stop(
            "INVALID_INPUT", f"there is no suite in {printable(str(scenarios))}", "workc suite list"
        )
    named = {name: suite_named(suites, name) for name in names if name != ALL}
    found = suites.values() if ALL in names else named.values()
    forms = {"junit": junit, "html": html, "ctrf": ctrf}
    told = wanted_reports(state, forms, github=github, same=deterministic)
    how = How(
        seed=seed,
        jobs=jobs,
        only=only,
        keep=keep_place(state, keep),
        mutants=mutants,
    )
    return conduct(state, found, Wanted(how=how, reports=told, quiet=quiet, verbose=verbose))
