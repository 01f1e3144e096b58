"""Pairs of calls, effects, gates, retries and fallbacks: what an event must say after the one before it in its lane.

Each rule looks at two payloads (docs/spec/bundle-0.2.md, section 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec import UNSET

from workc.kernel.fallbacks import NEVER_TOLERATED, FallbackTaken
from workc.kernel.gates import (
    GATE_FAILED,
    ApprovalAnswered,
    ApprovalAsked,
    Decision,
    GateEvaluated,
)
from workc.kernel.kinds import Payload
from workc.kernel.payloads import (
    RESPONDING,
    EffectAnswered,
    EffectAsked,
    RetryScheduled,
    SkillAsked,
    SkillExecuted,
    StepSkipped,
)
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
        case EffectAsked() as asked, EffectAnswered() as answer:
            yield from _of_effect(asked, answer)
        case ApprovalAsked() as asked, ApprovalAnswered() as answer:
            yield from _of_answer(asked, answer)
        case _, StepSkipped():
            code = _refusal(before)
            if code is not None and payload.code != code:
                yield Difference(rules.REFUSAL_IS_SAID, "code", code, payload.code)
        case SkillExecuted() as executed, FallbackTaken():
            yield from _of_fallback(executed, payload)
        case SkillExecuted() as executed, RetryScheduled():
            yield from _of_retry(executed, payload)
        case SkillAsked() as call, SkillExecuted():
            yield from _of_call(call, payload)
        case _:
            pass


def _of_effect(asked: EffectAsked, answer: EffectAnswered) -> Iterator[Difference]:
    if answer.request != asked.digest:
        yield Difference(rules.ANSWER_FITS_ASK, "request", asked.digest, answer.request)
    responds = asked.port in RESPONDING
    if answer.response is not UNSET and not responds:
        yield Difference(rules.ANSWER_FITS_PORT, "response", "result", "response")
    if answer.result is not UNSET and responds:
        yield Difference(rules.ANSWER_FITS_PORT, "result", "response", "result")


def _of_answer(asked: ApprovalAsked, answer: ApprovalAnswered) -> Iterator[Difference]:
    if answer.gate != asked.gate:
        yield Difference(rules.APPROVAL_FITS_ASK, "gate", asked.gate, answer.gate)
    if answer.decision == "timed_out" and asked.timeout_ms is UNSET:
        yield Difference(rules.APPROVAL_FITS_ASK, "decision", "in time", answer.decision)


def _of_call(call: SkillAsked, executed: SkillExecuted) -> Iterator[Difference]:
    if executed.request != call.request:
        yield Difference(rules.CALL_FITS_ASK, "request", call.request, executed.request)
    if executed.mode != "opaque":
        yield Difference(rules.CALL_FITS_ASK, "mode", "opaque", executed.mode)


def _of_retry(executed: SkillExecuted, retry: RetryScheduled) -> Iterator[Difference]:
    code = None if executed.failure is UNSET else executed.failure.code
    if retry.code != code:
        yield Difference(rules.RETRY_FITS, "code", code, retry.code)
    if retry.attempt != executed.attempt:
        yield Difference(rules.RETRY_FITS, "attempt", executed.attempt, retry.attempt)


def _of_fallback(executed: SkillExecuted, taken: FallbackTaken) -> Iterator[Difference]:
    code = None if executed.failure is UNSET else executed.failure.code
    if taken.code != code:
        yield Difference(rules.FALLBACK_FITS, "code", code, taken.code)
    if taken.attempt != executed.attempt:
        yield Difference(rules.FALLBACK_FITS, "attempt", executed.attempt, taken.attempt)
    if taken.action != "abort" and taken.code in NEVER_TOLERATED:
        yield Difference(rules.FALLBACK_IS_ALLOWED, "action", "abort", taken.action)


def _refusal(before: Payload | None) -> str | None:
    """Returns the code of what kept a step from beginning, or None."""
    match before:
        case ApprovalAnswered():
            return _CODE_OF[before.decision]
        case GateEvaluated(passed=False):
            return GATE_FAILED
        case _:
            return None
