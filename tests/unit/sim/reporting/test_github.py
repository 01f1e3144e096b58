"""Lines for GitHub, read as its runner reads them, and Markdown in which nothing means anything."""

import re
import string

from drawn_reports import HOSTILE, SMALL, WRONG, again_of, report_of, reports, scenario, tame
from hypothesis import example, given

from workc.sim.reporting.github import github_lines, github_summary
from workc.sim.reporting.telling import failure_lines, name_of


def read_command(line):
    """Returns the command, its properties and its message, as the runner reads a line of a log."""
    assert line.startswith("::")
    head, _, message = line[2:].partition("::")
    command, _, rest = head.partition(" ")
    pairs = dict(part.split("=", 1) for part in rest.split(",") if part)
    return (
        command,
        {k: unescaped(v, {"%3A": ":", "%2C": ","}) for k, v in pairs.items()},
        unescaped(message, {}),
    )


def unescaped(text, more):
    for escape, char in {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}.items():
        text = text.replace(escape, char)
    return text


def test_a_scenario_that_failed_is_an_error_with_all_that_was_found():
    assert github_lines(SMALL, {"gates": "workc scenario run gates.yaml"}) == [
        "::error title=gates::EXPECTATION: the outcome is another%0Aexpected: success%0A"
        "actual: failed%0Aagain: workc scenario run gates.yaml"
    ]


def test_after_ten_it_is_said_how_many_more_there_are():
    failed = [scenario(f"s{number}", WRONG) for number in range(12)]
    lines = github_lines(report_of(("s", tuple(failed[:10]), 0)), {})
    assert len(lines) == 10
    lines = github_lines(report_of(("s", tuple(failed), 0)), {})
    assert [read_command(line)[:2] for line in lines[9:]] == [
        ("error", {"title": "s9"}),
        ("notice", {"title": "workc"}),
    ]
    assert lines[10] == "::notice title=workc::2 more failed"


def test_of_very_many_failures_of_one_scenario_the_others_are_counted():
    report = report_of(("s", (scenario("a", *[WRONG] * 5),), 0))
    (line,) = github_lines(report, {"a": "workc run x"})
    lines = read_command(line)[2].split("\n")
    assert len(lines) == 14
    assert lines[-2:] == ["and 3 more lines", "again: workc run x"]
    assert "<br>and 3 more lines | workc run x |" in github_summary(report, {"a": "workc run x"})


@example(HOSTILE)
@given(reports())
def test_the_runner_reads_what_was_meant_whatever_the_report_holds(report):
    failed = [each for each in report.scenarios if each.failures]
    lines = github_lines(report, {})
    assert len(lines) == min(len(failed), 11)
    for line, each in zip(lines[:10], failed[:10], strict=True):
        assert line.isprintable()
        message = "\n".join(told for found in each.failures for told in failure_lines(found, 1000))
        assert read_command(line) == ("error", {"title": name_of(each, 200)}, message)


def test_the_summary_counts_lists_the_suites_and_tells_what_failed():
    summary = github_summary(SMALL, {"gates": "workc run x"})
    assert summary.splitlines() == [
        "## ✗ 2 passed, 1 failed, 1 skipped",
        "",
        "| suite | passed | failed | skipped | time |",
        "|---|--:|--:|--:|--:|",
        "| smoke | 1 | 1 | 0 | 3 ms |",
        "| core | 1 | 0 | 1 | 3 ms |",
        "",
        "| failed | what was found | again |",
        "|---|---|---|",
        "| gates | EXPECTATION&#58; the outcome is another<br>expected&#58; success<br>"
        "actual&#58; failed | workc run x |",
    ]
    many = tuple(scenario(f"s{number}", WRONG) for number in range(53))
    assert github_summary(report_of(("s", many, 0)), {}).endswith("\n\n3 more failed.\n")


def test_a_summary_of_very_many_failures_stays_below_what_github_takes():
    wide = scenario("w" * 9000, *[WRONG.__class__(code="*" * 900, message="*" * 900)] * 99)
    summary = github_summary(
        report_of(("s" * 9000, (wide,) * 300, 0)), {wide.scenario_id: "*" * 900}
    )
    assert len(summary.encode()) < 2**20


@example(HOSTILE)
@given(reports())
def test_nothing_in_a_report_means_anything_in_markdown(report):
    again = again_of(report)
    lines = github_summary(report, again).split("\n")
    calm = github_summary(tame(report), again_of(tame(report))).split("\n")
    assert len(lines) == len(calm)
    for line, quiet in zip(lines, calm, strict=True):
        assert line.count(" | ") == quiet.count(" | ")
        assert line.count("<br>") == quiet.count("<br>")
        if line != quiet:
            cells = re.sub(r"&#[0-9]+;|<br>|^\|| \||ms$", "", line)
            assert not set(cells) & set(string.punctuation) - {"."}, line
