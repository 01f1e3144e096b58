"""Scenario files as tests of pytest: each is one test, which fails with all that is not as expected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from workc.testkit.suite_runner import CaseEnd


class ScenarioFile(pytest.File):
    """A file that holds one scenario."""

    def collect(self) -> Iterator[ScenarioItem]:
        """Yields the scenario as a test."""
        # pytest types what it passes on as unknown.
        item: ScenarioItem = ScenarioItem.from_parent(  # pyright: ignore[reportUnknownMemberType]
            self, name=self.path.stem
        )
        yield item


class ScenarioItem(pytest.Item):
    """Runs the scenario of a file, twice."""

    def runtest(self) -> None:
        """Runs it.

        Raises:
            NotAsExpected: something of it is not.
        """
        from workc.testkit.suite_runner import How, run_case  # noqa: PLC0415 - heavy, see the plugin
        from workc.testkit.suites import read_case  # noqa: PLC0415

        end = run_case(read_case(self.path), How())
        if end.result.failures:
            raise NotAsExpected(end)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:
        """Returns what is told: expected and found, or why the file is no scenario."""
        del style
        error = excinfo.value
        if isinstance(error, NotAsExpected):
            return "\n".join(_lines(error.end, self.path))
        return f"{type(error).__name__}: {error}"

    def reportinfo(self) -> tuple[Path, int, str]:
        """Returns where the test stands."""
        return self.path, 0, f"scenario {self.name}"


class NotAsExpected(Exception):
    """A scenario did not become what it expects."""

    def __init__(self, end: CaseEnd) -> None:
        super().__init__(end.result.scenario_id)
        self.end = end


def _lines(end: CaseEnd, path: Path) -> Iterator[str]:
    yield f"{end.result.scenario_id}: {end.result.actual_outcome_status}"
    for failure in end.result.failures:
        yield f"  {failure.code}: {failure.message}"
        if failure.expected is not None:
            yield f"    expected  {failure.expected}"
            yield f"    actual    {failure.actual}"
    yield f"  again: workc scenario run {path}"
