"""What became of suites and scenarios, in lines: one for each test, all of what is wrong below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workc.cli.text import argument, count, printable, seconds
from workc.sim.report import FailureRecord
from workc.testkit.suite_runner import CaseEnd, SuiteEnd

#: As wide as the words before expected and actual.
_SIDE = 10


def suite_lines(end: SuiteEnd, *, verbose: bool, seed: int | None = None) -> Iterator[str]:
    """Yields the lines of a suite: of its tests those that failed, or with ``verbose`` all."""
    suite = end.suite
    mark = "✗" if suite.failed or not suite.total else "✓"
    what = f"{suite.passed:,} of {count(suite.total, 'test')} passed"
    yield f"{mark} {suite.suite}  {what} · {seconds(suite.duration_ms)}"
    if not suite.total:
        yield "    there is nothing to run, which is no success"
    for case, path in zip(end.cases, end.paths, strict=True):
        if verbose or case.result.failures:
            yield from case_lines(case, path, seed)


def case_lines(case: CaseEnd, path: str, seed: int | None) -> Iterator[str]:
    """Yields the lines of one test."""
    result = case.result
    mark = "✗" if result.failures else "✓"
    told = printable(f"{result.scenario_id}  {result.actual_outcome_status}")
    metrics = result.metrics
    parts = [
        count(number, what)
        for number, what in (
            (metrics.steps, "step"),
            (metrics.backtracks, "backtrack"),
            (metrics.hitl_prompts, "approval"),
        )
        if number
    ]
    yield f"  {mark} {' · '.join([told, *parts])}"
    for note in case.notes:
        yield f"    note: {printable(note, 500)}"
    for failure in result.failures:
        yield from failure_lines(failure)
    if result.failures and path:
        yield f"    again: {again(path, seed)}"


def failure_lines(failure: FailureRecord) -> Iterator[str]:
    """Yields what is wrong, and what was expected above what was found."""
    yield f"    {failure.code}: {printable(failure.message, 500)}"
    for side, said in (("expected", failure.expected), ("actual", failure.actual)):
        if said is not None:
            yield f"      {side:<{_SIDE}}{printable(said, 500)}"


def again(path: str, seed: int | None = None) -> str:
    """Returns the command that runs one test again, with the seed that was given for all."""
    if not path.endswith((".yaml", ".yml", ".json")):
        return f"workc verify-bundle {argument(path)}"
    return f"workc scenario run {argument(path)}{'' if seed is None else f' --seed {seed}'}"


def total_line(ends: Sequence[SuiteEnd]) -> str:
    """Returns the line that sums up."""
    total = sum(end.suite.total for end in ends)
    failed = sum(end.suite.failed for end in ends)
    empty = sum(not end.suite.total for end in ends)
    took = seconds(sum(end.suite.duration_ms for end in ends))
    mark = "✗" if failed or empty else "✓"
    return f"{mark} {count(total, 'test')}, {failed:,} failed · {took}"
