"""A report as one HTML file that a person reads: it needs no other file, no network and no script.

What failed stands first and open. Everything that a report holds stands as text; a policy in the
head of the page also forbids whatever could be loaded or run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workc.sim.report import FailureRecord, GitInfo, ScenarioMetrics, ScenarioResult, TestReport
from workc.sim.reporting.grouping import by_suite
from workc.sim.reporting.html_parts import (
    block,
    facts,
    head_row,
    number_cells,
    shares,
    text,
    time_bar,
)
from workc.sim.reporting.html_style import STYLE
from workc.sim.reporting.telling import NAMELESS, duration

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_METRICS = ("steps", "retries", "backtracks", "child loops", "checks", "questions")


def html_page(report: TestReport, replay_lines: Mapping[str, str]) -> str:
    """Returns the page, in UTF-8 once it is encoded; every scenario's id is in its text.

    ``replay_lines`` has the command that runs a scenario again, by its id, where it is known.
    """
    return "\n".join([*_page(report, replay_lines), ""])


def _page(report: TestReport, replay_lines: Mapping[str, str]) -> Iterator[str]:
    headline = _headline(report)
    yield from ("<!doctype html>", '<html lang="en">', "<head>", '<meta charset="utf-8">')
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield from (f"<title>workc: {headline}</title>", f"<style>{STYLE}</style>", "</head>")
    yield from ("<body>", "<header>")
    tone, mark = ("bad", "✗") if report.summary.failed else ("good", "✓")
    yield f'<h1><span class="{tone}" aria-hidden="true">{mark}</span> {headline}</h1>'
    yield from facts(_about(report))
    yield from ("</header>", "<main>", *_totals(report))
    if report.suites:
        yield from _suites(report)
    yield from _scenarios(report, replay_lines)
    yield from ("</main>", "</body>", "</html>")


def _headline(report: TestReport) -> str:
    counts = report.summary
    if counts.failed:
        return f"{counts.failed} of {_scenarios_of(counts.total)} failed"
    if not counts.passed:
        return "no scenario was run"
    return f"{_scenarios_of(counts.passed)} passed"


def _scenarios_of(number: int) -> str:
    return "1 scenario" if number == 1 else f"{number} scenarios"


def _about(report: TestReport) -> Iterator[tuple[str, str | None]]:
    platform = report.platform
    yield "run", report.run_id
    yield "at", report.time_utc
    yield "took", duration(report.duration_ms)
    yield "commit", _commit(report.git)
    yield "workc", platform.workc
    yield "Python", platform.python
    yield "on", " ".join(filter(None, (platform.os, platform.arch)))


def _commit(git: GitInfo) -> str | None:
    if git.commit is None:
        return None
    branch = "" if git.branch is None else f" ({git.branch})"
    return f"{git.commit[:12]}{branch}{', with changes' if git.dirty else ''}"


def _totals(report: TestReport) -> Iterator[str]:
    counts = report.summary
    parts = [("good", counts.passed), ("bad", counts.failed), ("skipped", counts.skipped)]
    yield '<section aria-label="Totals">'
    yield '<ul class="totals">'
    for (tone, number), name in zip(parts, ("passed", "failed", "skipped"), strict=True):
        yield f'<li><b class="{tone if number else "weak"}">{number}</b> {name}</li>'
    yield f"<li><b>{counts.total}</b> in all</li>"
    yield from ("</ul>", shares(parts), "</section>")


def _suites(report: TestReport) -> Iterator[str]:
    longest = max(suite.duration_ms for suite in report.suites)
    yield from ("<section>", "<h2>Suites</h2>", '<div class="wide">', "<table>")
    yield head_row(("passed", "failed", "skipped", "in all", "time"), "suite")
    yield "<tbody>"
    for suite in report.suites:
        numbers = (suite.passed, suite.failed, suite.skipped, suite.total)
        time = time_bar(suite.duration_ms, longest)
        name = text(suite.suite) or NAMELESS
        yield f'<tr><th scope="row">{name}</th>{number_cells((*numbers, time))}</tr>'
    yield from ("</tbody>", "</table>", "</div>", "</section>")


def _scenarios(report: TestReport, replay_lines: Mapping[str, str]) -> Iterator[str]:
    found = [(group.suite, each) for group in by_suite(report) for each in group.scenarios]
    longest = max((each.metrics.wall_ms for _, each in found), default=0)
    for heading, failed in (("Failed", True), ("Passed", False)):
        chosen = [(suite, each) for suite, each in found if bool(each.failures) is failed]
        if chosen:
            yield from ("<section>", f"<h2>{heading}</h2>")
            for suite, each in chosen:
                yield from _scenario(each, suite, longest, replay_lines.get(each.scenario_id))
            yield "</section>"


def _scenario(
    scenario: ScenarioResult, suite: str, longest_ms: int, again: str | None
) -> Iterator[str]:
    failed = bool(scenario.failures)
    tone, mark, said = ("bad", "✗", "failed") if failed else ("good", "✓", "passed")
    yield '<details class="failed" open>' if failed else "<details>"
    yield f'<summary><span class="{tone}" role="img" aria-label="{said}">{mark}</span>'
    about = " · ".join(filter(None, (text(suite), text(scenario.description))))
    name = text(scenario.scenario_id) or NAMELESS
    yield f'<h3>{name} <span class="weak">{about}</span></h3>'
    yield f"{time_bar(scenario.metrics.wall_ms, longest_ms)}</summary>"
    yield '<div class="inner">'
    for failure in scenario.failures:
        yield from _failure(failure)
    if again is not None:
        yield f"<h4>Run it again</h4>{block(again)}"
    yield from _evidence(scenario)
    yield from _metrics(scenario.metrics)
    yield from ("</div>", "</details>")


def _failure(failure: FailureRecord) -> Iterator[str]:
    yield f'<h4><span class="bad">{text(failure.code)}</span> {text(failure.message)}</h4>'
    pair = [("expected", failure.expected), ("actual", failure.actual)]
    known = [(name, value) for name, value in pair if value is not None]
    if known:
        yield '<div class="pair">'
        for name, value in known:
            yield f"<figure><figcaption>{name}</figcaption>{block(value)}</figure>"
        yield "</div>"


def _evidence(scenario: ScenarioResult) -> Iterator[str]:
    bundle = scenario.bundle
    yield "<h4>Evidence</h4>"
    yield from facts(
        (
            ("outcome", scenario.actual_outcome_status),
            ("expected", scenario.expected_outcome_status),
            ("verifies", "yes" if scenario.verify_ok else "no"),
            ("digest", scenario.proof_digest),
            ("bundle", bundle.bundle_dir),
            ("receipt", bundle.receipt),
            ("events", bundle.events),
            ("manifest", bundle.manifest),
        )
    )


def _metrics(metrics: ScenarioMetrics) -> Iterator[str]:
    numbers = (
        metrics.steps,
        metrics.retries,
        metrics.backtracks,
        metrics.child_loops,
        metrics.verify_checks,
        metrics.hitl_prompts,
    )
    yield from ('<div class="wide">', "<table>", "<caption>What it took</caption>")
    yield head_row(_METRICS)
    yield f"<tbody><tr>{number_cells(numbers)}</tr></tbody>"
    yield from ("</table>", "</div>")
