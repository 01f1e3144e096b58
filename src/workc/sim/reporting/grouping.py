"""Which scenarios of a report are of which suite.

A report lists them in the order of its suites, each with as many as it counts. Where the counts do
not fit, nobody knows whose a scenario is, and none is given to a suite.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from workc.sim.report import ScenarioResult, SuiteResult, TestReport

#: What the scenarios of no known suite stand under.
NO_SUITE = "scenarios"


class Group(NamedTuple):
    """A suite and its scenarios; those that were skipped are only counted."""

    suite: str
    scenarios: tuple[ScenarioResult, ...]
    skipped: int
    duration_ms: int


def by_suite(report: TestReport) -> tuple[Group, ...]:
    """Returns the scenarios by suite, all of them in one group if the counts do not fit."""
    waiting = iter(report.scenarios)
    groups = tuple(_groups(report.suites, waiting))
    skipped = sum(each.skipped for each in groups)
    is_all = next(waiting, None) is None and skipped == report.summary.skipped
    if is_all and all(map(_counts_fit, report.suites, groups)):
        return groups
    return (Group(NO_SUITE, report.scenarios, report.summary.skipped, report.duration_ms),)


def _groups(suites: tuple[SuiteResult, ...], waiting: Iterator[ScenarioResult]) -> Iterator[Group]:
    for suite in suites:
        own = tuple(islice(waiting, suite.passed + suite.failed))
        yield Group(suite.suite, own, suite.skipped, suite.duration_ms)


def _counts_fit(suite: SuiteResult, group: Group) -> bool:
    failed = sum(bool(each.failures) for each in group.scenarios)
    return (len(group.scenarios) - failed, failed) == (suite.passed, suite.failed)
