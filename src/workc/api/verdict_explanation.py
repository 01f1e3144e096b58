"""A verdict in plain words: what it proves, what it does not, and for FAIL what is wrong where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workc.verify.verdict import Finding, Verdict

#: No more findings than these are told one by one.
MAX_TOLD_FINDINGS = 10

_WHOLE = (
    "Nothing was changed, added or taken away since it was sealed: every file has the hash that is "
    "listed, every event names the one before, and the proof digest commits to every byte but "
    "those of signatures."
)
#: What PASS proves, by the version of the format.
_PROVES: Mapping[str, tuple[str, ...]] = {
    "0.1": (
        "Nothing was changed, added or taken away since it was sealed: every file has the hash that is "
        "listed, every event names the one before, and the proof digest commits to the receipt, the "
        "events and the evidence.",
        "The phases stand in an order that a run can have, and the outcome is no better than the "
        "checks, and what was recorded of children, allow.",
        "What was executed lies within the effects that were declared.",
    ),
    "0.2": (
        _WHOLE,
        "The order of the events is one that a run can have, every answer follows its request, and "
        "the outcome is the one that the work, the checks, the gates and what was recorded of "
        "children give.",
        "A step that a human or a gate did not let begin did not begin; and if effects were declared, "
        "all that was asked for lies within them, and is what the recorded rules of the policy allow.",
        "The money adds up: what was reserved was granted within the ceiling, and what was spent is the "
        "sum of what was settled.",
    ),
}


def explain_verdict(verdict: Verdict) -> list[str]:
    """Returns the verdict on a bundle as sentences."""
    if verdict.ok:
        return [*_passed(verdict), *_open(verdict)]
    return [*_failed(verdict), *_open(verdict)]


def _passed(verdict: Verdict) -> Iterator[str]:
    version = str(verdict.bundle_version)
    digest = verdict.proof_digest
    yield f"The bundle is whole: PASS, by format {version}, with the proof digest {digest}."
    for sentence in _PROVES[version]:
        yield f"This proves: {sentence}"


def _failed(verdict: Verdict) -> Iterator[str]:
    count = len(verdict.failures)
    things = "one thing is" if count == 1 else f"{count} things are"
    if verdict.undecided:
        yield f"The bundle cannot be judged, and nothing in it is proven bad: {things} in the way."
    else:
        yield f"The bundle is not what was sealed: FAIL, {things} wrong."
    for finding in verdict.failures[:MAX_TOLD_FINDINGS]:
        yield _told(finding)
    if count > MAX_TOLD_FINDINGS:
        yield f"{count - MAX_TOLD_FINDINGS} more findings are not told here."


def _told(finding: Finding) -> str:
    seen = [
        f"{name} {value}"
        for name, value in (("expected", finding.expected), ("found", finding.actual))
        if value is not None
    ]
    against = f" ({', '.join(seen)})" if seen else ""
    return f"{_place(finding)}: {finding.message}{against}. That is {finding.code}, rule {finding.rule}."


def _place(finding: Finding) -> str:
    whole = "In the bundle" if finding.path == "." else f"In {finding.path}"
    line = "" if finding.line is None else f", line {finding.line}"
    pointer = f", at {finding.pointer}" if finding.pointer else ""
    return f"{whole}{line}{pointer}"


def _open(verdict: Verdict) -> Iterator[str]:
    for text in verdict.not_checked:
        yield f"Not proven: {text}."
    for note in verdict.notes:
        yield f"Note: {note}."
