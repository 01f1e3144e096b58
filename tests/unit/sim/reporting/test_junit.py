"""JUnit XML of a report: well-formed and bounded, whatever the report holds."""

from xml.etree import ElementTree

from drawn_reports import (
    HOSTILE,
    SMALL,
    WRONG,
    again_of,
    report_of,
    reports,
    scenario,
    tame,
)
from hypothesis import example, given

from workc.kernel.printing import shown
from workc.sim.report import FailureRecord
from workc.sim.reporting.junit import junit_text
from workc.sim.reporting.junit_form import Case, Problem, Suite, junit_document

AGAIN = "workc scenario run gates.yaml"


def parsed(report, again, seeds=None):
    return ElementTree.fromstring(junit_text(report, again, seeds or {}).encode())


def shape(element):
    """Returns the elements and the names of their attributes."""
    return (element.tag, list(element.attrib), [shape(inner) for inner in element])


def test_there_is_a_suite_for_each_and_a_case_for_each_scenario():
    root = parsed(SMALL, {"gates": AGAIN}, {"gates": 7})
    assert root.attrib == {"tests": "4", "failures": "1", "errors": "0", "skipped": "1"}
    assert [(each.get("name"), each.get("tests"), each.get("skipped")) for each in root] == [
        ("smoke", "2", "0"),
        ("core", "2", "1"),
    ]
    cases = [(each.get("classname"), each.get("name")) for each in root.iter("testcase")]
    assert cases == [("smoke", "basic"), ("smoke", "gates"), ("core", "lens")]
    assert {each.get("time") for each in root.iter("testcase")} == {"0.340"}
    properties = {
        p.get("name"): p.get("value") for p in root.findall(".//testcase[@name='gates']//property")
    }
    assert properties == {"seed": "7", "proof_digest": "ab" * 32, "bundle": "out/gates/bundle"}


def test_a_failure_has_its_code_what_was_expected_and_the_line_that_runs_it_again():
    (failure,) = parsed(SMALL, {"gates": AGAIN}).iter("failure")
    lines = [
        "EXPECTATION: the outcome is another",
        "expected: success",
        "actual: failed",
        f"again: {AGAIN}",
    ]
    assert failure.get("type") == "EXPECTATION"
    assert failure.get("message") == " · ".join(lines)
    assert failure.text == "\n".join(lines)


def test_of_many_failures_those_that_fit_are_told_and_the_others_counted():
    long = FailureRecord(code="X", message="m" * 5000, expected="e" * 5000)
    report = report_of(("s", (scenario("a", WRONG, long, long, long, WRONG),), 0))
    (failure,) = parsed(report, {"a": AGAIN}).iter("failure")
    lines = failure.text.split("\n")
    assert lines[-2:] == ["and 3 more", f"again: {AGAIN}"]
    assert "again: " in failure.get("message")


def test_a_field_that_is_too_long_is_cut():
    case = Case("c" * 9000, "n" * 9000, 1, Problem("error", "m" * 9000, "t\n" * 4500))
    root = ElementTree.fromstring(junit_document([Suite("s", 1, (case,))]))
    (found,), (error,) = root.iter("testcase"), root.iter("error")
    texts = [found.get("classname"), found.get("name"), error.get("message"), error.text]
    assert [(len(text), text[-1]) for text in texts] == [(7999, "…")] * 4
    assert root.get("errors") == "1"


@example(HOSTILE)
@given(reports())
def test_any_report_gives_xml_of_its_shape_with_every_text_bounded_and_in_its_place(report):
    again = again_of(report)
    root = parsed(report, again, {each.scenario_id: 7 for each in report.scenarios})
    calm = tame(report)
    seeds = {each.scenario_id: 7 for each in calm.scenarios}
    assert shape(root) == shape(parsed(calm, again_of(calm), seeds))
    for element in root.iter():
        assert all(len(text) < 8000 for text in (*element.attrib.values(), element.text or ""))
    names = [each.get("name") for each in root.iter("testcase")]
    wanted = [shown(each.scenario_id)[:900] for each in report.scenarios]
    assert len(names) == len(wanted)
    assert all(name.startswith(text) for name, text in zip(names, wanted, strict=True))
    counted = root.get("tests"), root.get("failures"), root.get("skipped")
    summary = report.summary
    assert counted == (str(summary.total), str(summary.failed), str(summary.skipped))
    failed = {each.scenario_id for each in report.scenarios if each.failures}
    texts = [each.text for each in root.iter("failure")]
    assert sum("\nagain: " in text for text in texts) >= len(failed & again.keys())
