"""The form of JUnit XML that CI services read: suites of cases, each with at most one problem.

There is no standard of it. Every element and attribute here is one that the services read alike;
of several problems of one case some of them show the first alone, so a case tells all in one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias
from xml.sax.saxutils import escape, quoteattr

from workc.sim.reporting.telling import many_lines, one_line

#: Some services refuse a text of 8,000 characters or more.
MAX_FIELD = 7_999

Properties: TypeAlias = "tuple[tuple[str, str], ...]"


class Problem(NamedTuple):
    """Why a case did not pass: it failed, could not be judged (``error``), or was not run."""

    element: Literal["failure", "error", "skipped"]
    message: str
    text: str
    kind: str | None = None


class Case(NamedTuple):
    """One case of a suite."""

    classname: str
    name: str
    duration_ms: int
    problem: Problem | None = None
    properties: Properties = ()


class Suite(NamedTuple):
    """A suite; ``skipped`` are cases that are counted and of which nothing else is known."""

    name: str
    duration_ms: int
    cases: tuple[Case, ...]
    skipped: int = 0
    properties: Properties = ()


def junit_document(suites: Sequence[Suite]) -> str:
    """Returns the document, in UTF-8 once it is encoded; every text in it is printable and bounded."""
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *_lines(suites), ""])


def _lines(suites: Sequence[Suite]) -> Iterator[str]:
    cases = [case for suite in suites for case in suite.cases]
    yield f"<testsuites {_counts(cases, sum(suite.skipped for suite in suites))}>"
    for suite in suites:
        counts = _counts(suite.cases, suite.skipped)
        time = _seconds(suite.duration_ms)
        yield f'  <testsuite name={_attribute(suite.name)} {counts} time="{time}">'
        yield from _properties(suite.properties, "    ")
        for case in suite.cases:
            yield from _case(case)
        yield "  </testsuite>"
    yield "</testsuites>"


def _counts(cases: Sequence[Case], skipped: int) -> str:
    found = [case.problem.element for case in cases if case.problem is not None]
    failures, errors = found.count("failure"), found.count("error")
    tests = len(cases) + skipped
    skipped += found.count("skipped")
    return f'tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}"'


def _case(case: Case) -> Iterator[str]:
    names = f"classname={_attribute(case.classname)} name={_attribute(case.name)}"
    yield f'    <testcase {names} time="{_seconds(case.duration_ms)}">'
    yield from _properties(case.properties, "      ")
    if case.problem is not None:
        yield f"      {_problem(case.problem)}"
    yield "    </testcase>"


def _properties(properties: Properties, indent: str) -> Iterator[str]:
    if properties:
        yield f"{indent}<properties>"
        for name, value in properties:
            yield f"{indent}  <property name={_attribute(name)} value={_attribute(value)}/>"
        yield f"{indent}</properties>"


def _problem(problem: Problem) -> str:
    kind = "" if problem.kind is None else f" type={_attribute(problem.kind)}"
    text = escape(many_lines(problem.text, MAX_FIELD))
    message = _attribute(problem.message)
    return f"<{problem.element} message={message}{kind}>{text}</{problem.element}>"


def _attribute(text: str) -> str:
    return quoteattr(one_line(text, MAX_FIELD))


def _seconds(duration_ms: int) -> str:
    return f"{duration_ms / 1000:.3f}"
