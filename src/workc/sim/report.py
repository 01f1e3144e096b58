"""Reports of tests and benchmarks: what a suite found, as values and as JSON.

Names and shapes are those of the testing specification, section 8. The types that it leaves open
are filled in here. A report is closed: another member is refused when one is read.
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeVar

import msgspec

from workc.kernel.values import Json, JsonObject
from workc.sim.bounded import U32, U64, Permille
from workc.sim.json_text import JsonTextError, read_json

#: A time in UTC, as RFC 3339 has it; what a report without times has is 1970.
NO_TIME = "1970-01-01T00:00:00Z"


class ReportError(ValueError):
    """Says in one sentence why something is no report, and where."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a report."""

    # Names of some begin with Test, which a test runner would take for tests.
    __test__: ClassVar[bool] = False


class GitInfo(_Part, frozen=True, kw_only=True):
    """The commit that was tested; None where it is not known. ``dirty``: files were changed since."""

    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None


class PlatformInfo(_Part, frozen=True, kw_only=True):
    """The machine, as far as it matters to results."""

    os: str
    arch: str
    python: str
    workc: str
    cpus: U32


class TestSummary(_Part, frozen=True, kw_only=True):
    """How many scenarios there were; ``total`` is the sum of the others."""

    total: U32
    passed: U32
    failed: U32
    skipped: U32


class SuiteResult(_Part, frozen=True, kw_only=True):
    """What became of one suite."""

    suite: str
    total: U32
    passed: U32
    failed: U32
    skipped: U32
    duration_ms: U64


class BundlePaths(_Part, frozen=True, kw_only=True):
    """Where the bundle of a scenario lies; None where it was kept nowhere."""

    bundle_dir: str | None = None
    receipt: str | None = None
    events: str | None = None
    manifest: str | None = None


class FailureRecord(_Part, frozen=True, kw_only=True):
    """One thing that was not as expected: a failure code, or EXPECTATION for the scenario's own."""

    code: str
    message: str
    expected: str | None = None
    actual: str | None = None


class ScenarioMetrics(_Part, frozen=True, kw_only=True):
    """What a scenario took, counted from its records; ``hitl_prompts`` are questions to a human."""

    wall_ms: U64
    steps: U32
    retries: U32
    backtracks: U32
    child_loops: U32
    verify_checks: U32
    hitl_prompts: U32


class ScenarioResult(_Part, frozen=True, kw_only=True):
    """What became of one scenario: it passed if ``failures`` is empty."""

    scenario_id: str
    description: str
    bundle: BundlePaths
    expected_outcome_status: str
    actual_outcome_status: str
    verify_ok: bool
    proof_digest: str | None = None
    failures: tuple[FailureRecord, ...]
    metrics: ScenarioMetrics


class TestReport(_Part, frozen=True, kw_only=True):
    """What a run of suites found."""

    schema_version: Literal["workc-test-report-0.1"]
    run_id: str
    time_utc: str
    duration_ms: U64
    git: GitInfo
    platform: PlatformInfo
    summary: TestSummary
    suites: tuple[SuiteResult, ...]
    scenarios: tuple[ScenarioResult, ...]


class MicroBenchResult(_Part, frozen=True, kw_only=True):
    """One figure, measured ``samples`` times, in ``unit``."""

    name: str
    unit: str
    samples: U32
    p50: float
    p95: float
    p99: float
    mean: float
    stddev: float


class MacroSuiteResult(_Part, frozen=True, kw_only=True):
    """What a whole suite took; a lock latency is from the start of a run until its lock is sealed."""

    suite: str
    scenarios: U32
    pass_rate_permille: Permille
    lock_latency_ms_p50: U64
    lock_latency_ms_p95: U64
    verify_latency_ms_p50: U64
    verify_latency_ms_p95: U64
    events_per_sec_p50: float
    evidence_bytes_total: U64
    artifacts_count_total: U64
    hitl_prompts_total: U64


class BenchReport(_Part, frozen=True, kw_only=True):
    """What benchmarks found."""

    schema_version: Literal["workc-bench-report-0.1"]
    run_id: str
    time_utc: str
    git: GitInfo
    platform: PlatformInfo
    micro: tuple[MicroBenchResult, ...]
    macro_suites: tuple[MacroSuiteResult, ...]


R = TypeVar("R", TestReport, BenchReport)


def report_json(report: TestReport | BenchReport) -> JsonObject:
    """Returns a report as JSON, its members in their order; what is not known is null."""
    made: JsonObject = msgspec.json.decode(msgspec.json.encode(report))
    return made


def read_report(kind: type[R], text: str | bytes) -> R:
    """Returns the report that a JSON text says.

    Raises:
        ReportError: it says none; the sentence ends with the place.
    """
    try:
        value: Json = read_json(text)
        return msgspec.convert(value, kind)
    except (JsonTextError, msgspec.ValidationError) as error:
        raise ReportError(f"no {kind.__name__}: {error}") from None


def summary_of(scenarios: tuple[ScenarioResult, ...], skipped: int = 0) -> TestSummary:
    """Returns how many passed and failed; ``skipped`` are those that were not run."""
    failed = sum(bool(each.failures) for each in scenarios)
    passed = len(scenarios) - failed
    return TestSummary(
        total=len(scenarios) + skipped, passed=passed, failed=failed, skipped=skipped
    )
