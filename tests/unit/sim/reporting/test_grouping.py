"""Whose a scenario is, and what of a report is the same in every run."""

import msgspec
from drawn_reports import SMALL, WRONG, report_of, reports, scenario
from hypothesis import given

from workc.sim.report import TestReport, report_json
from workc.sim.reporting.deterministic import deterministic
from workc.sim.reporting.grouping import by_suite
from workc.sim.reporting.telling import many_lines, one_line


def test_the_scenarios_of_a_suite_are_those_that_it_counts():
    groups = by_suite(SMALL)
    found = [(each.suite, [s.scenario_id for s in each.scenarios], each.skipped) for each in groups]
    assert found == [("smoke", ["basic", "gates"], 0), ("core", ["lens"], 1)]


def test_where_the_counts_do_not_fit_no_scenario_is_given_to_a_suite():
    right = report_of(("a", (scenario("1", WRONG),), 0), ("b", (scenario("2"),), 1))
    swapped = msgspec.structs.replace(right, scenarios=right.scenarios[::-1])
    one_more = msgspec.structs.replace(right, scenarios=(*right.scenarios, scenario("3")))
    one_less = msgspec.structs.replace(right, scenarios=right.scenarios[:1])
    assert [each.suite for each in by_suite(right)] == ["a", "b"]
    for wrong in (swapped, one_more, one_less):
        (group,) = by_suite(wrong)
        assert (group.suite, group.scenarios, group.skipped) == ("scenarios", wrong.scenarios, 1)


def test_a_deterministic_report_has_nothing_of_the_machine_nor_of_the_moment():
    made = report_json(deterministic(SMALL))
    assert made["scenarios"][1]["bundle"]["bundle_dir"] == "bundle"
    assert made["scenarios"][1]["failures"] == report_json(SMALL)["scenarios"][1]["failures"]
    assert made["scenarios"][1]["metrics"]["wall_ms"] == 340
    assert [each["duration_ms"] for each in made["suites"]] == [0, 0]
    head = {name: made[name] for name in ("run_id", "time_utc", "duration_ms", "git", "platform")}
    assert head == {
        "run_id": "",
        "time_utc": "1970-01-01T00:00:00Z",
        "duration_ms": 0,
        "git": {"commit": None, "branch": None, "dirty": None},
        "platform": {"os": "", "arch": "", "python": "", "workc": "", "cpus": 0},
    }


@given(reports(), reports())
def test_reports_that_found_the_same_are_the_same(report, other):
    elsewhere = msgspec.structs.replace(
        report,
        run_id=other.run_id,
        time_utc=other.time_utc,
        duration_ms=other.duration_ms,
        git=other.git,
        platform=other.platform,
        scenarios=tuple(map(moved, report.scenarios)),
    )
    once = deterministic(report)
    assert once == deterministic(elsewhere)
    assert deterministic(once) == once
    assert msgspec.convert(msgspec.to_builtins(once), TestReport) == once


def moved(each):
    paths = msgspec.structs.asdict(each.bundle)
    elsewhere = {
        name: f"/else/where/{path}" if path and path.strip("/") else path
        for name, path in paths.items()
    }
    return msgspec.structs.replace(each, bundle=type(each.bundle)(**elsewhere))


def test_a_text_is_cut_at_its_limit_and_not_before():
    assert one_line("a" * 10, 10) == "a" * 10
    assert one_line("a" * 11, 10) == "a" * 9 + "…"
    assert one_line("\n" * 3, 8) == "\\x0a\\x0…"
    assert many_lines("a\n\tb\x00", 20) == "a\n\tb\\x00"
