"""Problems as people see them."""

from __future__ import annotations

import pytest

from workc.runtime.workflow.place import Mark
from workc.runtime.workflow.problems import (
    MAX_CANDIDATES,
    MAX_SHOWN_LINE,
    Problem,
    Report,
    closest,
    render_problems,
    suggest,
)


def problem(line, column):
    return Problem(
        code="INVALID_WORKFLOW", message="bad", fix="mend", line=line, column=column, file="f.yaml"
    )


def test_a_problem_is_shown_with_its_line_a_caret_and_the_fix():
    shown = render_problems([problem(2, 4), problem(1, 1)], "a: 1\r\nbc: é\r\n")
    assert shown == (
        "f.yaml:2:4: bad\n    bc: é\n       ^\n  fix: mend\n"
        "\n"
        "f.yaml:1:1: bad\n    a: 1\n    ^\n  fix: mend\n"
    )


def test_what_a_terminal_would_act_on_is_not_shown():
    shown = render_problems([problem(1, 3)], "\ta\x1b[31m")
    assert "\x1b" not in shown
    assert "     a?[31m\n      ^" in shown


def test_a_long_line_is_cut_around_the_place():
    line = "x" * 5000 + "Y" + "x" * 5000
    piece, caret = render_problems([problem(1, 5001)], line).splitlines()[1:3]
    assert len(piece) == 4 + MAX_SHOWN_LINE
    assert piece[caret.index("^")] == "Y"
    assert render_problems([problem(1, 3)], "z" * MAX_SHOWN_LINE).count("z") == MAX_SHOWN_LINE


def test_a_place_past_the_text_is_shown_without_a_line():
    assert render_problems([problem(9, 1)], "a") == "f.yaml:9:1: bad\n  fix: mend\n"


@pytest.mark.parametrize(
    ("name", "names", "meant"),
    [("nmae", ["name", "steps"], "name"), ("zzz", ["name"], None), ("a", [], None)],
)
def test_the_closest_name_is_meant(name, names, meant):
    assert closest(name, names) == meant


def test_guessing_is_bounded():
    names = [f"n{i}" for i in range(MAX_CANDIDATES)]
    assert closest("n1x", names) is not None
    assert closest("n1x", [*names, "more"]) is None
    assert closest("n" * 1000, ["n" * 1001]) is None
    assert suggest("zzz", ["a"], "write a") == "write a"


def test_a_report_sorts_and_keeps_one_of_a_kind():
    report = Report("f")
    for line in (3, 1, 1):
        report.add(Mark(line, 1), "p", "bad", "mend", "INVALID_WORKFLOW")
    report.finish_reading()
    report.add(Mark(1, 1), "p", "another", "mend", "INVALID_WORKFLOW")
    assert [(p.line, p.message) for p in report.problems()] == [(1, "bad"), (3, "bad")]
    assert report.has(Mark(1, 1))
    assert not report.has(Mark(2, 1))
