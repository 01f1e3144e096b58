"""Reports of suites for others to read: which ones are asked for, where they go, and how they are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

import click

from workc.cli.errors import stop
from workc.cli.state import State
from workc.cli.suite_text import again
from workc.cli.targets import report_place
from workc.cli.text import json_text
from workc.sim.report import TestReport
from workc.sim.reporting.ctrf import ctrf_json
from workc.sim.reporting.deterministic import deterministic
from workc.sim.reporting.github import github_lines, github_summary
from workc.sim.reporting.html import html_page
from workc.sim.reporting.junit import junit_text
from workc.testkit.suite_runner import SuiteEnd

F = TypeVar("F", bound=Callable[..., object])
#: Makes the text of a report; knows of each test the command that runs it again.
Writer: TypeAlias = Callable[[TestReport, Mapping[str, str]], str]
#: What GitHub gives a step to write its summary to.
SUMMARY = "GITHUB_STEP_SUMMARY"


def _ctrf(report: TestReport, replay_lines: Mapping[str, str]) -> str:
    del replay_lines
    return json_text(ctrf_json(report)) + "\n"


_WRITERS: Mapping[str, Writer] = {"junit": junit_text, "html": html_page, "ctrf": _ctrf}
_ABOUT = {
    "junit": "Also write JUnit XML there.",
    "html": "Also write a page for people there.",
    "ctrf": "Also write JSON in the form of CTRF there.",
}


@dataclass(frozen=True)
class Reports:
    """Which reports are wanted: files by their form, annotations for GitHub, and the same bytes always."""

    places: Mapping[str, Path]
    github: bool
    same: bool

    def write(self, state: State, report: TestReport, lines: Mapping[str, str]) -> None:
        """Writes what is wanted; a file of before is replaced, as test runners do.

        ``lines`` has of each test the command that runs it again.
        """
        for form, place in self.places.items():
            place.write_text(_WRITERS[form](report, lines), "utf-8")
        if not self.github:
            return
        for line in github_lines(report, lines):
            state.console.err(line)
        if state.environment.get(SUMMARY):
            with Path(state.environment[SUMMARY]).open("a", encoding="utf-8") as file:
                file.write(github_summary(report, lines))

    def of(self, report: TestReport) -> TestReport:
        """Returns a report as it is told: with ``same`` without what differs from run to run."""
        return deterministic(report) if self.same else report


def reports(function: F) -> F:
    """Adds ``--junit``, ``--html``, ``--ctrf``, ``--github`` and ``--deterministic``."""
    for option in (
        click.option("--deterministic", is_flag=True, help="Leave out of reports what differs."),
        click.option("--github", is_flag=True, help="Annotate failures for GitHub."),
        *(
            click.option(f"--{form}", type=click.Path(path_type=Path), metavar="FILE", help=about)
            for form, about in reversed(_ABOUT.items())
        ),
    ):
        function = option(function)
    return function


def wanted_reports(
    state: State, files: Mapping[str, Path | None], *, github: bool, same: bool
) -> Reports:
    """Returns what the options say; raises ``INVALID_INPUT`` where a file cannot be written."""
    places = {
        form: state.absolute(report_place(path, f"--{form}"))
        for form, path in files.items()
        if path is not None
    }
    if len({*places.values()}) < len(places):
        raise stop("INVALID_INPUT", "two reports would be written to one file", "name another file")
    return Reports(places=places, github=github, same=same)


def replay_lines(ends: Sequence[SuiteEnd], seed: int | None) -> dict[str, str]:
    """Returns of each test that has a file the command that runs it again, or all that have its id."""
    found: dict[str, list[str]] = {}
    for end in ends:
        for case, path in zip(end.cases, end.paths, strict=True):
            if path:
                found.setdefault(case.result.scenario_id, []).append(again(path, seed))
    # Of tests with one id between them a report does not say which is which.
    return {name: "; ".join(dict.fromkeys(lines)) for name, lines in found.items()}
