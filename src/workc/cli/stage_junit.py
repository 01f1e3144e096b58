"""Tests of stages as JUnit XML: a case for each stage."""

from __future__ import annotations

from workc.api.stage_tests.report import StageResult, StageTests
from workc.cli.stage_text import detail_lines
from workc.sim.reporting.junit_form import Case, Problem, Suite, junit_document


def stage_junit_text(found: StageTests) -> str:
    """Returns the document, in UTF-8 once it is encoded."""
    cases = tuple(
        Case(
            classname=result.where,
            name=result.name,
            duration_ms=result.duration_ms,
            problem=_problem(result),
        )
        for result in found.results
    )
    return junit_document([Suite("workc stage test", sum(c.duration_ms for c in cases), cases)])


def _problem(result: StageResult) -> Problem | None:
    if result.verdict == "verified":
        return None
    if result.verdict in ("skipped", "unverifiable"):
        return Problem("skipped", result.reason, "")
    words = ", ".join(dict.fromkeys(finding.word for finding in result.findings))
    text = "\n".join(detail_lines(result)).strip()
    return Problem("failure" if result.verdict == "failed" else "error", words, text)
