"""The pytest plugin: the fixture and marker ``workc`` with their options, and scenario files as tests.

pytest loads this module in every session; all else is imported by the first test that uses it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from workc.pytest_plugin.kit import Kit

#: A file of this kind below a folder of this name, in which this is said, is a scenario.
_SCENARIOS, _SUFFIXES = "scenarios", (".yaml", ".yml", ".json")
_INTENT = re.compile(rb'^intent\s*:|"intent"\s*:', re.MULTILINE)

#: The kit of a test, for what is to be done when the test has ended.
_KIT = pytest.StashKey["Kit"]()

#: What ``--workc`` may be: what becomes of a run that nothing is recorded for.
MODES = ("none", "record-missing", "rewrite")
_MARKER = (
    "workc(faults=None, seed=1, budget_cents=None, sockets='closed'): how the runs of this test are "
    "made. faults: codes by step, one an attempt; sockets: closed, loopback or open."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options."""
    group = parser.getgroup("workc", "workc: runs from recordings")
    group.addoption(
        "--workc",
        dest="workc_mode",
        default="none",
        choices=MODES,
        help="none: replay recordings, reach nothing (the default). record-missing: ask the world "
        "where nothing is recorded. rewrite: ask the world always, and record anew.",
    )
    group.addoption(
        "--workc-budget",
        dest="workc_budget_cents",
        type=int,
        default=None,
        metavar="CENTS",
        help="the most that recording may cost in this session, all tests together",
    )
    group.addoption(
        "--workc-strict",
        dest="workc_strict",
        action="store_true",
        help="a test fails if something was recorded for it that it does not use",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known."""
    config.addinivalue_line("markers", _MARKER)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Takes a scenario file as a test."""
    if file_path.suffix not in _SUFFIXES or _SCENARIOS not in file_path.parts:
        return None
    if not _INTENT.search(file_path.read_bytes()):
        return None
    from workc.pytest_plugin.scenario_items import ScenarioFile  # noqa: PLC0415 - see the module

    # pytest types what it passes on as unknown.
    found: ScenarioFile = ScenarioFile.from_parent(  # pyright: ignore[reportUnknownMemberType]
        parent, path=file_path
    )
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Ends the recordings of a test by whether it passed."""
    report = yield
    kit = item.stash.get(_KIT, None)
    if kit is not None and (report.when == "call" or report.failed):
        said = kit.settle(passed=report.passed)
        report.sections += [("workc", said)] if said else []
    return report


@pytest.fixture
def workc(request: pytest.FixtureRequest, tmp_path: object) -> Iterator[Kit]:
    """Runs workflows from recordings, each test from its own: see docs/guides/pytest.md."""
    from workc.pytest_plugin.kit import kit_of  # noqa: PLC0415 - see the module

    kit = request.node.stash[_KIT] = kit_of(request, tmp_path)
    with kit.sockets():
        yield kit
    problems = kit.left_over()
    if problems and cast("bool", request.config.getoption("workc_strict")):
        pytest.fail("\n".join(problems), pytrace=False)
