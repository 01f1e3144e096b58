"""A certificate as JUnit XML: a suite, and in it a case for each bundle in each environment.

The form is the one that CI services read: a case that differs is a failure, one that could not be
judged an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from workc.api.certification import Certificate, Replayed
from workc.cli.difference_text import difference_lines
from workc.cli.text import printable

#: A file name is no longer than this on most systems.
_MAX_NAME = 4096
_ELEMENTS = {"differs": "failure", "bad": "failure", "unjudged": "error"}


def junit_text(found: Certificate) -> str:
    """Returns the document, in UTF-8 once it is encoded."""
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *_lines(found), ""])


def _lines(found: Certificate) -> Iterator[str]:
    replays = [replayed for bundle in found.bundles for replayed in bundle.replays]
    failures = sum(_ELEMENTS.get(each.judgement) == "failure" for each in replays)
    errors = sum(_ELEMENTS.get(each.judgement) == "error" for each in replays)
    counts = f'tests="{len(replays)}" failures="{failures}" errors="{errors}" skipped="0"'
    yield f"<testsuites {counts}>"
    total = sum(each.duration_ms for each in replays)
    yield f'  <testsuite name="workc certify" {counts} time="{_seconds(total)}">'
    names = {each.number: f"environment {each.number}: {each}" for each in found.environments}
    for bundle in found.bundles:
        for replayed in bundle.replays:
            name = quoteattr(printable(names[replayed.environment], _MAX_NAME))
            of = quoteattr(printable(bundle.bundle, _MAX_NAME))
            head = f"<testcase classname={of} name={name}"
            yield f'    {head} time="{_seconds(replayed.duration_ms)}">{_found(replayed)}</testcase>'
    yield "  </testsuite>"
    yield "</testsuites>"


def _seconds(duration_ms: int) -> str:
    return f"{duration_ms / 1000:.3f}"


def _found(replayed: Replayed) -> str:
    element = _ELEMENTS.get(replayed.judgement)
    if element is None:
        return ""
    lines = difference_lines(replayed.divergences)
    message = quoteattr(lines[0] if lines else replayed.judgement)
    # Every line is printable, so no character is left that XML forbids.
    return f"<{element} message={message}>{escape(chr(10).join(lines))}</{element}>"
