"""A report as JUnit XML: a suite for each suite, a case for each scenario.

A scenario that failed has one failure: its type is the first code, its text all that was found and
the line that runs it again. Scenarios that were skipped are counted in their suite and are no cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workc.sim.report import ScenarioResult, TestReport
from workc.sim.reporting.grouping import Group, by_suite
from workc.sim.reporting.junit_form import Case, Problem, Properties, Suite, junit_document
from workc.sim.reporting.telling import NAMELESS, failure_lines, name_of, one_line

_MAX_NAME = 1_000
#: Of the text of one failure; so much fits beside the line that runs the scenario again.
_MAX_TEXT = 1_000
_MAX_AGAIN = 4_000
_MAX_FAILURES_TEXT = 3_500
_NO_SEEDS: Mapping[str, int] = {}


def junit_text(
    report: TestReport,
    replay_lines: Mapping[str, str],
    seeds: Mapping[str, int] = _NO_SEEDS,
) -> str:
    """Returns the document, in UTF-8 once it is encoded.

    ``replay_lines`` has the command that runs a scenario again, ``seeds`` its seed, each by the
    scenario's id where they are known. No text in it has 8,000 characters or more.
    """
    about = _known(("run_id", report.run_id), ("commit", report.git.commit))
    return junit_document([_suite(group, about, replay_lines, seeds) for group in by_suite(report)])


def _suite(
    group: Group, about: Properties, replay_lines: Mapping[str, str], seeds: Mapping[str, int]
) -> Suite:
    name = one_line(group.suite, _MAX_NAME) or NAMELESS
    cases = tuple(
        Case(
            classname=name,
            name=name_of(each, _MAX_NAME),
            duration_ms=each.metrics.wall_ms,
            problem=_problem(each, replay_lines.get(each.scenario_id)),
            properties=_properties(each, seeds.get(each.scenario_id)),
        )
        for each in group.scenarios
    )
    return Suite(name, group.duration_ms, cases, group.skipped, about)


def _properties(scenario: ScenarioResult, seed: int | None) -> Properties:
    return _known(
        ("seed", None if seed is None else str(seed)),
        ("proof_digest", scenario.proof_digest),
        ("bundle", scenario.bundle.bundle_dir),
    )


def _known(*pairs: tuple[str, str | None]) -> Properties:
    return tuple((name, value) for name, value in pairs if value is not None)


def _problem(scenario: ScenarioResult, again: str | None) -> Problem | None:
    if not scenario.failures:
        return None
    first = scenario.failures[0]
    last = [] if again is None else [one_line(f"again: {again}", _MAX_AGAIN)]
    told = [*failure_lines(first, _MAX_TEXT), *last]
    text = "\n".join([*_all_lines(scenario), *last])
    return Problem("failure", " · ".join(told), text, kind=one_line(first.code, _MAX_NAME))


def _all_lines(scenario: ScenarioResult) -> Iterator[str]:
    """Yields the lines of as many failures as fit, and how many more there are."""
    size = 0
    for number, failure in enumerate(scenario.failures):
        lines = list(failure_lines(failure, _MAX_TEXT))
        size += sum(len(line) + 1 for line in lines)
        if size > _MAX_FAILURES_TEXT:
            yield f"and {len(scenario.failures) - number} more"
            return
        yield from lines
