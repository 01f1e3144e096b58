"""CTRF of a report: it fits the form, whatever the report holds."""

import json
from datetime import UTC, datetime

import pytest
from ctrf_schema import CTRF
from drawn_reports import HOSTILE, SMALL, reports
from hypothesis import example, given

from workc.sim.reporting.ctrf import ctrf_json
from workc.stages.schema import Schema

FORM = Schema(CTRF)


def test_a_report_says_the_same_as_ctrf():
    made = ctrf_json(SMALL)
    results = made["results"]
    assert results["tool"] == {"name": "workc", "version": "0.1.0"}
    start = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1000)
    assert results["summary"] == {
        "tests": 4,
        "passed": 2,
        "failed": 1,
        "skipped": 1,
        "pending": 0,
        "other": 0,
        "suites": 2,
        "start": start,
        "stop": start + 4321,
        "duration": 4321,
    }
    assert [(each["name"], each["status"], each["suite"]) for each in results["tests"]] == [
        ("basic", "passed", ["smoke"]),
        ("gates", "failed", ["smoke"]),
        ("lens", "passed", ["core"]),
    ]
    failed = results["tests"][1]
    assert failed["message"] == "EXPECTATION: the outcome is another"
    assert failed["trace"].split("\n")[1:] == ["expected: success", "actual: failed"]
    assert failed["extra"]["metrics"]["retries"] == 1
    assert failed["extra"]["bundle"]["bundle_dir"] == "out/gates/bundle"
    assert failed["extra"]["failures"][0]["actual"] == "failed"
    assert results["environment"]["extra"]["dirty"] is True


@example(HOSTILE)
@given(reports())
def test_any_report_fits_the_form_and_every_scenario_is_a_test(report):
    made = ctrf_json(report)
    assert FORM.misfits(made) == []
    assert json.loads(json.dumps(made, ensure_ascii=False).encode()) == made
    tests = made["results"]["tests"]
    assert len(tests) == len(report.scenarios)
    assert all(each["name"] and each["suite"][0] for each in tests)
    assert [each["status"] for each in tests].count("failed") == report.summary.failed
    assert made["results"]["summary"]["stop"] - made["results"]["summary"]["start"] >= 0


@pytest.mark.parametrize("path", [("results",), ("results", "tool"), ("results", "tests", 0)])
def test_the_form_takes_no_member_that_ctrf_does_not_know(path):
    made = ctrf_json(SMALL)
    place = made
    for key in path:
        place = place[key]
    place["more"] = 1
    assert FORM.misfits(made)
