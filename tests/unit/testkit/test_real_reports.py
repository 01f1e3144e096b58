"""Reports of suites that were really run: two runs say the same, and every form takes them."""

import json
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from workc.api.published import schema_of
from workc.api.report_facts import git_info, platform_info
from workc.sim.report import FailureRecord, TestReport, read_report, report_json
from workc.sim.reporting.ctrf import ctrf_json
from workc.sim.reporting.deterministic import deterministic
from workc.sim.reporting.github import github_lines, github_summary
from workc.sim.reporting.html import html_page
from workc.sim.reporting.junit import junit_text
from workc.stages.schema import Schema
from workc.testkit.suite_runner import Facts, How, report_of, run_suites
from workc.testkit.suites import find_suites

ROOT = Path(__file__).resolve().parents[3]
AGAIN = "workc scenario run gate.yaml"


def ran(keep, run_id):
    suites = find_suites(ROOT / "scenarios")
    ends = run_suites([suites["smoke"]], How(only="/ch", keep=keep))
    facts = Facts(
        run_id=run_id,
        time_utc=f"2026-03-0{run_id}T00:00:00Z",
        platform=platform_info(),
        git=git_info(ROOT, {}),
    )
    return report_of(ends, facts)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Two reports of one suite, each with bundles in a folder of its own."""
    return [ran(tmp_path_factory.mktemp("kept") / name, name) for name in ("1", "2")]


def test_two_runs_of_a_suite_give_the_same_bytes_once_they_are_deterministic(reports):
    first, second = (report_json(each) for each in reports)
    assert first != second
    first, second = (json.dumps(report_json(deterministic(each))) for each in reports)
    assert first == second
    assert str(ROOT) not in first


def test_a_report_and_a_deterministic_one_fit_the_published_schema(reports):
    published = schema_of("test-report")
    schema = Schema({word: value for word, value in published.items() if word != "$schema"})
    for report in (reports[0], deterministic(reports[0])):
        assert schema.misfits(report_json(report)) == []
        assert read_report(TestReport, json.dumps(report_json(report))) == report


def test_every_form_takes_what_was_run(reports):
    wrong = FailureRecord(code="EXPECTATION", message="another", expected="a", actual="b")
    first, *others = reports[0].scenarios
    failed = msgspec.structs.replace(first, failures=(wrong,))
    suite = msgspec.structs.replace(reports[0].suites[0], passed=len(others), failed=1)
    summary = msgspec.structs.replace(reports[0].summary, passed=len(others), failed=1)
    report = msgspec.structs.replace(
        reports[0], scenarios=(failed, *others), suites=(suite,), summary=summary
    )
    lines = {first.scenario_id: AGAIN}
    root = ElementTree.fromstring(junit_text(report, lines))
    assert [each.get("name") for each in root] == ["smoke"]
    assert [each.get("name") for each in root.iter("testcase")] == ["smoke/check", "smoke/child"]
    assert [each["suite"] for each in ctrf_json(report)["results"]["tests"]] == [["smoke"]] * 2
    assert github_lines(report, lines)[0].endswith(AGAIN)
    assert "smoke&#47;check" in github_summary(report, lines)
    assert first.bundle.receipt in html_page(report, lines)
