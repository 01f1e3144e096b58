"""A certificate as JUnit XML: a suite, and in it a case for each bundle in each environment.

A case that differs is a failure, one that could not be judged an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from workc.api.certification import Certificate, Judgement, Replayed
from workc.cli.difference_text import difference_lines
from workc.sim.reporting.junit_form import Case, Problem, Suite, junit_document

_ELEMENTS: Mapping[Judgement, Literal["failure", "error"]] = {
    "differs": "failure",
    "bad": "failure",
    "unjudged": "error",
}


def junit_text(found: Certificate) -> str:
    """Returns the document, in UTF-8 once it is encoded."""
    names = {each.number: f"environment {each.number}: {each}" for each in found.environments}
    cases = tuple(
        Case(
            classname=bundle.bundle,
            name=names[replayed.environment],
            duration_ms=replayed.duration_ms,
            problem=_problem(replayed),
        )
        for bundle in found.bundles
        for replayed in bundle.replays
    )
    return junit_document([Suite("workc certify", sum(c.duration_ms for c in cases), cases)])


def _problem(replayed: Replayed) -> Problem | None:
    element = _ELEMENTS.get(replayed.judgement)
    if element is None:
        return None
    lines = difference_lines(replayed.divergences)
    return Problem(element, lines[0] if lines else replayed.judgement, "\n".join(lines))
