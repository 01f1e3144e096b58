"""A report for GitHub: annotations as lines of a job's log, and a summary in Markdown.

GitHub shows ten errors of a step, so there are at most ten and then how many more. A workflow
command ends at a line break and its properties at a colon or a comma; each is escaped as its runner
reads it. In Markdown every sign of ASCII that could mean something stands as its number, which
CommonMark never takes for structure.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping

from workc.sim.report import ScenarioResult, SuiteResult, TestReport
from workc.sim.reporting.telling import duration, first_lines, name_of, one_line

#: So many errors of one step are shown.
MAX_ANNOTATIONS = 10
#: A summary may have 1 MiB, so it tells of so many suites and failures and counts the others.
MAX_IN_SUMMARY = 50
_MAX_NAME = 200
_MAX_TEXT = 1_000
_MAX_CELL = 200
_MAX_LINES = 12
#: Done in one pass, so no percent sign that an escape brings is escaped again.
_DATA = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
_PROPERTY = {**_DATA, ord(":"): "%3A", ord(","): "%2C"}
_MARKDOWN = {ord(sign): f"&#{ord(sign)};" for sign in string.punctuation}


def github_lines(report: TestReport, replay_lines: Mapping[str, str]) -> list[str]:
    """Returns the lines that make a job of GitHub show each scenario that failed."""
    failed = [each for each in report.scenarios if each.failures]
    lines = [_annotation(each, replay_lines) for each in failed[:MAX_ANNOTATIONS]]
    more = len(failed) - MAX_ANNOTATIONS
    return [*lines, f"::notice title=workc::{more} more failed"] if more > 0 else lines


def _annotation(scenario: ScenarioResult, replay_lines: Mapping[str, str]) -> str:
    lines = first_lines(scenario, _MAX_TEXT, _MAX_LINES)
    if scenario.scenario_id in replay_lines:
        lines.append(one_line(f"again: {replay_lines[scenario.scenario_id]}", _MAX_TEXT))
    title = name_of(scenario, _MAX_NAME).translate(_PROPERTY)
    return f"::error title={title}::{chr(10).join(lines).translate(_DATA)}"


def github_summary(report: TestReport, replay_lines: Mapping[str, str]) -> str:
    """Returns Markdown for the file that GITHUB_STEP_SUMMARY names: totals, suites, what failed."""
    return "\n".join([*_summary(report, replay_lines), ""])


def _summary(report: TestReport, replay_lines: Mapping[str, str]) -> Iterator[str]:
    counts = report.summary
    mark = "✗" if counts.failed else "✓"
    yield f"## {mark} {counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped"
    yield from ("", "| suite | passed | failed | skipped | time |", "|---|--:|--:|--:|--:|")
    yield from map(_suite_row, report.suites[:MAX_IN_SUMMARY])
    yield from _more(len(report.suites), "suites")
    failed = [each for each in report.scenarios if each.failures]
    if failed:
        yield from ("", "| failed | what was found | again |", "|---|---|---|")
    for scenario in failed[:MAX_IN_SUMMARY]:
        cells = [_cell(line) for line in first_lines(scenario, _MAX_CELL, _MAX_LINES)]
        again = _cell(replay_lines.get(scenario.scenario_id, ""))
        yield f"| {_cell(name_of(scenario, _MAX_NAME))} | {'<br>'.join(cells)} | {again} |"
    yield from _more(len(failed), "failed")


def _more(number: int, what: str) -> Iterator[str]:
    if number > MAX_IN_SUMMARY:
        yield from ("", f"{number - MAX_IN_SUMMARY} more {what}.")


def _suite_row(suite: SuiteResult) -> str:
    counts = f"{suite.passed} | {suite.failed} | {suite.skipped} | {duration(suite.duration_ms)}"
    return f"| {_cell(suite.suite)} | {counts} |"


def _cell(text: str) -> str:
    return one_line(text, _MAX_CELL).translate(_MARKDOWN)
