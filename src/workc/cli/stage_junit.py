"""Tests of stages as JUnit XML: a case for each stage."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from workc.api.stage_tests.report import StageResult, StageTests
from workc.cli.stage_text import detail_lines
from workc.cli.text import printable

#: A file name is no longer than this on most systems.
_MAX_NAME = 4096


def stage_junit_text(found: StageTests) -> str:
    """Returns the document, in UTF-8 once it is encoded."""
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *_lines(found), ""])


def _lines(found: StageTests) -> Iterator[str]:
    counts = found.counts
    skipped = counts["skipped"] + counts["unverifiable"]
    total = f'tests="{len(found.results)}" failures="{counts["failed"]}"'
    said = f'{total} errors="{counts["errored"]}" skipped="{skipped}"'
    yield f"<testsuites {said}>"
    seconds = sum(each.duration_ms for each in found.results) / 1000
    yield f'  <testsuite name="workc stage test" {said} time="{seconds:.3f}">'
    for result in found.results:
        where = quoteattr(printable(result.where, _MAX_NAME))
        head = f"<testcase classname={where} name={quoteattr(printable(result.name))}"
        yield f'    {head} time="{result.duration_ms / 1000:.3f}">{_inner(result)}</testcase>'
    yield "  </testsuite>"
    yield "</testsuites>"


def _inner(result: StageResult) -> str:
    if result.verdict in ("skipped", "unverifiable"):
        return f"<skipped message={quoteattr(printable(result.reason))}/>"
    if result.verdict == "verified":
        return ""
    element = "failure" if result.verdict == "failed" else "error"
    words = ", ".join(dict.fromkeys(finding.word for finding in result.findings))
    lines = "\n".join(detail_lines(result)).strip()
    return f"<{element} message={quoteattr(words)}>{escape(lines)}</{element}>"
