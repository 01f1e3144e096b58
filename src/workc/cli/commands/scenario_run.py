"""``workc scenario run``: runs scenario files, and compares what becomes of them with what they expect."""

from __future__ import annotations

from pathlib import Path

import click

from workc.cli import exits, options
from workc.cli.problems_text import show_problems
from workc.cli.state import State
from workc.cli.suite_conduct import Wanted, conduct, keep_place
from workc.cli.suite_options import running
from workc.cli.suite_reports import reports, wanted_reports
from workc.sim.scenario.scenario_file import InvalidScenario
from workc.testkit.suite_runner import How
from workc.testkit.suites import Suite


@click.command("run", epilog="Example: workc scenario run scenarios/smoke/write.yaml")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@running
@reports
@options.common
@click.pass_obj
def command(
    state: State,
    *,
    files: tuple[str, ...],
    jobs: int | None,
    only: str | None,
    seed: int | None,
    keep: Path | None,
    quiet: bool,
    junit: Path | None,
    html: Path | None,
    ctrf: Path | None,
    github: bool,
    deterministic: bool,
) -> int:
    """Run scenario files, or folders of them: exit 0 if each is as it expects, 1 if not."""
    state.tries = ("workc schema scenario",)
    forms = {"junit": junit, "html": html, "ctrf": ctrf}
    told = wanted_reports(state, forms, github=github, same=deterministic)
    how = How(
        seed=seed,
        jobs=jobs,
        only=only,
        keep=keep_place(state, keep),
    )
    suite = Suite(
        name="scenarios",
        description="",
        kind="scenarios",
        places=tuple(map(Path, files)),
    )
    try:
        return conduct(state, [suite], Wanted(how=how, reports=told, quiet=quiet, verbose=True))
    except InvalidScenario as invalid:
        show_problems(state, Path(invalid.problems[0].file), invalid)
        return exits.USAGE
