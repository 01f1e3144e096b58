"""Runs suites: their tests side by side in processes of their own, and one report of all.

A scenario is run twice, and both runs must be the same, byte for byte. Of the marks that scenarios say
are reached *sometimes*, each must be reached by one of its suite.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import msgspec

from workc.kernel.failure import refuse
from workc.sim.report import (
    BundlePaths,
    FailureRecord,
    GitInfo,
    PlatformInfo,
    ScenarioMetrics,
    ScenarioResult,
    SuiteResult,
    TestReport,
    summary_of,
)
from workc.sim.scenario.claims import unclaimed
from workc.sim.scenario.scenario import Scenario
from workc.sim.tamper.operation import TamperError
from workc.testkit.goldens import golden_verdict
from workc.testkit.processes import processes
from workc.testkit.scenario_runner import kept_name, ran_twice
from workc.testkit.suites import Case, Suite
from workc.testkit.tamper_suite import run_suite as run_tamper_suite

#: Is told each test that has ended: how many have, of how many, and what became of it.
Watch: TypeAlias = Callable[[int, int, ScenarioResult], None]
#: So many tests are run by one process, but for those of these kinds.
_SHORT, _LONG = 200, frozenset({"tamper", "scale"})
_NO_METRICS = ScenarioMetrics(
    wall_ms=0, steps=0, retries=0, backtracks=0, child_loops=0, verify_checks=0, hitl_prompts=0
)


class How(msgspec.Struct, frozen=True, kw_only=True):
    """How suites are run: with which seed, in how many processes, and where bundles are kept.

    ``only`` is a part of the ids of the tests that are run, ``mutants`` how many are made of a golden.
    Without ``jobs`` there are as many processes as processors where that pays.
    """

    seed: int | None = None
    jobs: int | None = None
    only: str | None = None
    keep: Path | None = None
    mutants: int | None = None


class CaseEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one test, how long it took, and which marks it reached."""

    result: ScenarioResult
    duration_ms: int = 0
    marks: frozenset[str] = frozenset()
    wanted: tuple[str, ...] = ()
    #: What the scenario says that comes to nothing, in sentences.
    notes: tuple[str, ...] = ()


class SuiteEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a suite and of its tests."""

    suite: SuiteResult
    cases: tuple[CaseEnd, ...]
    paths: tuple[str, ...]


def run_suites(
    suites: Iterable[Suite], how: How, watch: Watch = lambda _done, _size, _result: None
) -> tuple[SuiteEnd, ...]:
    """Returns what became of suites, in their order; raises what :meth:`Suite.cases` does."""
    given = [(suite, _chosen(suite, how)) for suite in suites]
    if how.keep is not None:
        _refuse_same_places([case for _, cases in given for case in cases])
    size = sum(len(cases) for _, cases in given)
    with _mapping(how.jobs or _jobs(given)) as mapping:
        ends: list[SuiteEnd] = []
        done = 0
        for suite, cases in given:
            began = time.monotonic_ns()
            found: list[CaseEnd] = []
            for end in mapping(run_case, cases, [how] * len(cases)):
                found.append(end)
                done += 1
                watch(done, size, end.result)
            took = (time.monotonic_ns() - began) // 1_000_000
            ends.append(_ended(suite, found, [case.path for case in cases], took, how))
    return tuple(ends)


def _refuse_same_places(cases: Sequence[Case]) -> None:
    """Refuses to keep the bundles of two tests in one place."""
    for place, times in Counter(kept_name(case.id) for case in cases).items():
        if times > 1:
            message = (
                f"{times} tests would be kept as {place}; give them other ids, or leave --keep out"
            )
            raise refuse("INVALID_INPUT", message)


def run_case(case: Case, how: How) -> CaseEnd:
    """Runs one test."""
    began = time.monotonic_ns()
    end = (
        CaseEnd(result=_RUNS[case.kind](case, how))
        if case.scenario is None
        else _of_scenario(case.scenario, how)
    )
    return msgspec.structs.replace(end, duration_ms=(time.monotonic_ns() - began) // 1_000_000)


def _chosen(suite: Suite, how: How) -> list[Case]:
    return [case for case in suite.cases() if how.only is None or how.only in case.id]


def _jobs(given: Sequence[tuple[Suite, Sequence[Case]]]) -> int:
    """Returns how many processes it takes: one where tests are done before another would have begun."""
    cases = [case for _, cases in given for case in cases]
    is_long = len(cases) > _SHORT or any(case.kind in _LONG for case in cases)
    return (os.cpu_count() or 1) if is_long else 1


@contextmanager
def _mapping(jobs: int) -> Generator[Callable[..., Iterable[CaseEnd]]]:
    if jobs == 1:
        yield map
        return
    with processes(jobs) as pool:
        yield pool.map


def _of_scenario(scenario: Scenario, how: How) -> CaseEnd:
    if how.seed is not None:
        scenario = msgspec.structs.replace(scenario, seed=how.seed)
    ran = ran_twice(scenario, how.keep)
    return CaseEnd(
        result=ran.result,
        marks=ran.became.marks,
        wanted=scenario.also.sometimes,
        notes=unclaimed(scenario),
    )


def _tampered(case: Case, how: How) -> ScenarioResult:
    try:
        report = run_tamper_suite(case.path, budget=how.mutants)
    except TamperError as error:
        return _of_golden(case, "no report", [FailureRecord(code="TAMPER", message=str(error))])
    failures = [
        FailureRecord(
            code="TAMPER",
            message=f"{each.group.operator} of {each.group.component}: {each.at}",
            expected=str(each.expected),
            actual=each.actual,
        )
        for each in report.surprises
    ]
    return _of_golden(case, "detected" if report.ok else "survived", failures, "detected")


def _verified(case: Case, how: How) -> ScenarioResult:
    del how
    verdict = golden_verdict(Path(case.path))
    failures = [
        FailureRecord(
            code=each.code, message=each.message, expected=each.expected, actual=each.actual
        )
        for each in verdict.failures
    ]
    result = _of_golden(case, verdict.verdict, failures, "PASS")
    return msgspec.structs.replace(result, proof_digest=verdict.proof_digest)


def _of_golden(
    case: Case, status: str, failures: Sequence[FailureRecord], expected: str = "detected"
) -> ScenarioResult:
    return ScenarioResult(
        scenario_id=case.id,
        description="",
        bundle=BundlePaths(bundle_dir=case.path),
        expected_outcome_status=expected,
        actual_outcome_status=status,
        verify_ok=not failures,
        failures=tuple(failures),
        metrics=_NO_METRICS,
    )


_RUNS = {"tamper": _tampered, "versioning": _verified}


def _ended(
    suite: Suite, cases: Sequence[CaseEnd], paths: Sequence[str], took: int, how: How
) -> SuiteEnd:
    reached = frozenset(mark for case in cases for mark in case.marks)
    # Of a part of a suite nobody expects the marks of the whole.
    judged = list(cases) if how.only is not None else [_marked(case, reached) for case in cases]
    failed = sum(bool(case.result.failures) for case in judged)
    return SuiteEnd(
        suite=SuiteResult(
            suite=suite.name,
            total=len(judged),
            passed=len(judged) - failed,
            failed=failed,
            skipped=0,
            duration_ms=took,
        ),
        cases=tuple(judged),
        paths=tuple(paths),
    )


def _marked(case: CaseEnd, reached: frozenset[str]) -> CaseEnd:
    missing = [mark for mark in case.wanted if mark not in reached]
    failures = tuple(
        FailureRecord(
            code="EXPECTATION",
            message="no scenario of the suite reached a mark",
            expected=mark,
            actual="never",
        )
        for mark in missing
    )
    result = msgspec.structs.replace(case.result, failures=(*case.result.failures, *failures))
    return msgspec.structs.replace(case, result=result)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a report says beside its results: when and where it was made, and of which commit."""

    run_id: str
    time_utc: str
    platform: PlatformInfo
    git: GitInfo = GitInfo()


def report_of(ends: Sequence[SuiteEnd], facts: Facts) -> TestReport:
    """Returns what suites found, as a report."""
    results = tuple(case.result for end in ends for case in end.cases)
    return TestReport(
        schema_version="workc-test-report-0.1",
        run_id=facts.run_id,
        time_utc=facts.time_utc,
        duration_ms=sum(end.suite.duration_ms for end in ends),
        git=facts.git,
        platform=facts.platform,
        summary=summary_of(results),
        suites=tuple(end.suite for end in ends),
        scenarios=results,
    )
