"""Reports and scenarios: read as they were written, and fitting their published schemas."""

import copy
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workc.api.published import schema_of
from workc.sim import report
from workc.sim.report import BenchReport, ReportError, TestReport, read_report, report_json
from workc.sim.scenario.scenario_file import read_scenario
from workc.stages.schema import Schema

#: Written by hand from the testing specification, section 8.
TESTED = {
    "schema_version": "workc-test-report-0.1",
    "run_id": "r",
    "time_utc": "2025-12-24T00:00:00Z",
    "duration_ms": 12,
    "git": {"commit": "abc", "branch": None, "dirty": False},
    "platform": {"os": "linux", "arch": "x86_64", "python": "3.12.1", "workc": "0.1.0", "cpus": 2},
    "summary": {"total": 2, "passed": 1, "failed": 0, "skipped": 1},
    "suites": [
        {"suite": "s", "total": 2, "passed": 1, "failed": 0, "skipped": 1, "duration_ms": 3}
    ],
    "scenarios": [
        {
            "scenario_id": "a",
            "description": "d",
            "bundle": {"bundle_dir": "b", "receipt": None, "events": None, "manifest": None},
            "expected_outcome_status": "success",
            "actual_outcome_status": "success",
            "verify_ok": True,
            "proof_digest": None,
            "failures": [{"code": "X", "message": "m", "expected": None, "actual": "y"}],
            "metrics": {
                "wall_ms": 1,
                "steps": 2,
                "retries": 3,
                "backtracks": 4,
                "child_loops": 5,
                "verify_checks": 6,
                "hitl_prompts": 7,
            },
        }
    ],
}
MEASURED = {
    "schema_version": "workc-bench-report-0.1",
    "run_id": "r",
    "time_utc": "2025-12-24T00:00:00Z",
    "git": {"commit": None, "branch": None, "dirty": None},
    "platform": {"os": "linux", "arch": "x86_64", "python": "3.12.1", "workc": "0.1.0", "cpus": 2},
    "micro": [
        {
            "name": "n",
            "unit": "us",
            "samples": 9,
            "p50": 1.5,
            "p95": 2.0,
            "p99": 2.5,
            "mean": 1.6,
            "stddev": 0.1,
        }
    ],
    "macro_suites": [
        {
            "suite": "s",
            "scenarios": 10,
            "pass_rate_permille": 1000,
            "lock_latency_ms_p50": 1,
            "lock_latency_ms_p95": 2,
            "verify_latency_ms_p50": 3,
            "verify_latency_ms_p95": 4,
            "events_per_sec_p50": 5.0,
            "evidence_bytes_total": 6,
            "artifacts_count_total": 7,
            "hitl_prompts_total": 8,
        }
    ],
}
BY_NAME = {
    "test-report": (TestReport, TESTED),
    "bench-report": (BenchReport, MEASURED),
    "scenario": (
        None,
        json.loads((Path(__file__).parent / "scenario_by_hand.json").read_text(encoding="utf-8")),
    ),
}


@pytest.mark.parametrize("name", ["test-report", "bench-report"])
def test_a_report_written_from_the_specification_alone_is_read_and_written_unchanged(name):
    kind, value = BY_NAME[name]
    assert report_json(read_report(kind, json.dumps(value))) == value


def published(name):
    """Returns a published schema; the word that says its dialect checks nothing."""
    return Schema({word: value for word, value in schema_of(name).items() if word != "$schema"})


@pytest.mark.parametrize("kind", ["ForceReleaseThenAcquire", None, {}])
@pytest.mark.parametrize("seed", [7, "18446744073709551615"])
def test_the_published_schema_takes_each_spelling_that_is_read(kind, seed):
    said = kind if isinstance(kind, str) else {"ForceReleaseThenAcquire": kind}
    conflict = {"resource": "r", "on_claim_n": 0, "resolution": said}
    value = {"id": "a", "intent": {"description": "x"}, "seed": seed}
    value["coord"] = {"conflicts": [conflict]}
    assert read_scenario(json.dumps(value).encode(), "a.json").seed == int(seed)
    assert published("scenario").problems(value) == []
    conflict["resolution"] = {"ForceReleaseThenAcquire": {"more": 1}}
    assert published("scenario").problems(value)


def places_of(value, above=()):
    """Yields the path of every member of every object of a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in inner:
        if isinstance(value, dict):
            yield (*above, key)
        if isinstance(member, dict | list):
            yield from places_of(member, (*above, key))


def without(value, place):
    """Returns a copy that lacks the member at a place, and one where it is of a foreign type."""
    lacking, foreign = copy.deepcopy(value), copy.deepcopy(value)
    *above, last = place
    for made in (lacking, foreign):
        box = made
        for key in above:
            box = box[key]
        if made is lacking:
            del box[last]
        else:
            box[last] = {"foreign": []}
    return lacking, foreign


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_the_published_schema_takes_what_is_meant_and_refuses_every_foreign_member(name):
    # A seed may be larger than any number that canonical JSON holds.
    value = {**BY_NAME[name][1], **({"seed": 1} if name == "scenario" else {})}
    schema = published(name)
    assert schema.misfits(value) == []
    for place in places_of(value):
        assert schema.misfits(without(value, place)[1]), place
    assert schema.misfits({**value, "more": 1})


@pytest.mark.parametrize("name", ["test-report", "bench-report"])
def test_a_report_is_refused_exactly_where_its_schema_refuses_it(name):
    kind, value = BY_NAME[name]
    schema = published(name)
    for place in places_of(value):
        for made in without(value, place):
            if schema.misfits(made):
                with pytest.raises(ReportError):
                    read_report(kind, json.dumps(made))
            else:
                read_report(kind, json.dumps(made))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a":1,"a":2}', b"\xff"])
def test_what_is_no_report_is_refused(text):
    with pytest.raises(ReportError):
        read_report(TestReport, text)


def test_a_report_of_one_kind_is_none_of_the_other():
    with pytest.raises(ReportError, match="schema_version"):
        read_report(
            BenchReport, json.dumps({**MEASURED, "schema_version": "workc-test-report-0.1"})
        )


RESULTS = st.lists(st.booleans(), max_size=9).map(
    lambda failed: tuple(
        msgspec.convert(
            {**TESTED["scenarios"][0], "failures": TESTED["scenarios"][0]["failures"] * each},
            report.ScenarioResult,
        )
        for each in failed
    )
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(RESULTS, st.integers(0, 9))
def test_the_summary_counts_every_scenario_once(results, skipped):
    found = report.summary_of(results, skipped)
    assert found.passed + found.failed + found.skipped == found.total == len(results) + skipped
    assert found.failed == len([each for each in results if each.failures])
