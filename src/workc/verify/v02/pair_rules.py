"""Pairs of gates: what an event must say after the one before it in its lane.

Each rule looks at two payloads (docs/spec/bundle-0.2.md, section 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import UNSET

from workc.kernel.gates import (
    GATE_FAILED,
    ApprovalAnswered,
    ApprovalAsked,
    Decision,
    GateEvaluated,
)
from workc.kernel.kinds import Payload
from workc.kernel.payloads import StepSkipped
from workc.verify.rules import Rule
from workc.verify.v02 import rules

#: With which code a step is skipped that a human did not let begin.
_CODE_OF: Mapping[Decision, str | None] = {
    "approved": None,
    "denied": "APPROVAL_DENIED",
    "timed_out": "APPROVAL_TIMEOUT",
}


class Difference(NamedTuple):
    """A field that does not fit what stands before it."""

    rule: Rule
    field: str
    expected: object
    actual: object


def differences(before: Payload | None, payload: Payload) -> Iterator[Difference]:
    """Yields what does not fit the event before in the lane; None if there is none."""
    match before, payload:
        case ApprovalAsked() as asked, ApprovalAnswered() as answer:
            yield from _of_answer(asked, answer)
        case _, StepSkipped():
            code = _refusal(before)
            if code is not None and payload.code != code:
                yield Difference(rules.REFUSAL_IS_SAID, "code", code, payload.code)
        case _:
            pass


def _of_answer(asked: ApprovalAsked, answer: ApprovalAnswered) -> Iterator[Difference]:
    if answer.gate != asked.gate:
        yield Difference(rules.APPROVAL_FITS_ASK, "gate", asked.gate, answer.gate)
    if answer.decision == "timed_out" and asked.timeout_ms is UNSET:
        yield Difference(rules.APPROVAL_FITS_ASK, "decision", "in time", answer.decision)


def _refusal(before: Payload | None) -> str | None:
    """Returns the code of what kept a step from beginning, or None."""
    match before:
        case ApprovalAnswered():
            return _CODE_OF[before.decision]
        case GateEvaluated(passed=False):
            return GATE_FAILED
        case _:
            return None
