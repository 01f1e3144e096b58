"""A report as CTRF 1.0 (Common Test Report Format): one JSON form that many tools read.

Members that CTRF does not know stand under ``extra``, the only place that it leaves for them.
"""

from __future__ import annotations

import msgspec

from workc.kernel.values import Json, JsonObject
from workc.sim.report import BundlePaths, FailureRecord, ScenarioResult, TestReport
from workc.sim.reporting.grouping import by_suite
from workc.sim.reporting.telling import NAMELESS, failure_lines, name_of, one_line
from workc.verify.signatures.timestamps import to_ms

SPEC_VERSION = "1.0.0"
_MAX_NAME = 1_000
_MAX_TEXT = 4_000


def ctrf_json(report: TestReport) -> JsonObject:
    """Returns the document. Times are in ms since 1970; a time that is none is 0."""
    tests: list[Json] = [
        _test(each, one_line(group.suite, _MAX_NAME) or NAMELESS)
        for group in by_suite(report)
        for each in group.scenarios
    ]
    return {
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "results": {
            "tool": {"name": "workc", "version": _line(report.platform.workc)},
            "summary": _summary(report),
            "tests": tests,
            "environment": _environment(report),
            "extra": {"run_id": _line(report.run_id), "schema_version": report.schema_version},
        },
    }


def _summary(report: TestReport) -> JsonObject:
    start = to_ms(report.time_utc) or 0
    counts = report.summary
    return {
        "tests": counts.total,
        "passed": counts.passed,
        "failed": counts.failed,
        "skipped": counts.skipped,
        "pending": 0,
        "other": 0,
        "suites": len(report.suites),
        "start": start,
        "stop": start + report.duration_ms,
        "duration": report.duration_ms,
    }


def _environment(report: TestReport) -> JsonObject:
    known = {"commit": report.git.commit, "branchName": report.git.branch}
    platform = report.platform
    return {
        **{name: _line(text) for name, text in known.items() if text is not None},
        "osPlatform": _line(platform.os),
        "extra": {
            "arch": _line(platform.arch),
            "python": _line(platform.python),
            "cpus": platform.cpus,
            "dirty": report.git.dirty,
        },
    }


def _test(scenario: ScenarioResult, suite: str) -> JsonObject:
    told = [line for each in scenario.failures for line in failure_lines(each, _MAX_TEXT)]
    return {
        "name": name_of(scenario, _MAX_NAME),
        "status": "failed" if told else "passed",
        "duration": scenario.metrics.wall_ms,
        "suite": [suite],
        **({"message": told[0], "trace": "\n".join(told)} if told else {}),
        "extra": _extra(scenario),
    }


def _extra(scenario: ScenarioResult) -> JsonObject:
    metrics: JsonObject = msgspec.to_builtins(scenario.metrics)
    return {
        "description": _line(scenario.description),
        "expected_outcome_status": _line(scenario.expected_outcome_status),
        "actual_outcome_status": _line(scenario.actual_outcome_status),
        "verify_ok": scenario.verify_ok,
        "proof_digest": _line(scenario.proof_digest),
        "bundle": _texts(scenario.bundle),
        "metrics": metrics,
        "failures": [_texts(each) for each in scenario.failures],
    }


def _texts(part: BundlePaths | FailureRecord) -> JsonObject:
    texts: dict[str, str | None] = msgspec.structs.asdict(part)
    return {name: _line(text) for name, text in texts.items()}


def _line(text: str | None) -> str | None:
    return None if text is None else one_line(text, _MAX_TEXT)
