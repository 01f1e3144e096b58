"""Payloads of gates: what a human was asked before a step, and what was evaluated on the way.

A gate lets work go on or not. A human's is asked and answered; any other one is evaluated, before
or after the whole run or one step (``docs/spec/bundle-0.2.md``, sections 5 and 6).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import UNSET, UnsetType

from workc.kernel.payloads import Body, Count, EffectBound, FailureRecord, PayloadBase

Decision = Literal["approved", "denied", "timed_out"]
GateKind = Literal["check", "command", "function", "policy"]
When = Literal["pre_run", "pre_step", "post_step", "post_run"]

#: The code of a failed gate: of the run, or of the step that it kept from beginning.
GATE_FAILED = "GATE_FAILED"
#: With these codes the program of a gate may have been kept from running, and so have no effect.
NOT_RUN = frozenset({"EFFECT_NOT_DECLARED", "HALTED", "INVALID_INPUT", "POLICY_VIOLATION"})
#: Gates whose failure keeps what stands behind them from happening.
BARRING: tuple[When, ...] = ("pre_run", "pre_step")
#: Gates of one step.
OF_STEP: tuple[When, ...] = ("pre_step", "post_step")


class ApprovalAsked(PayloadBase, frozen=True, kw_only=True):
    """Written before a human is asked whether a step may begin."""

    gate: str
    question: Body
    step: str
    timeout_ms: Count | UnsetType = UNSET

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the question."""
        return (self.question,)


class ApprovalAnswered(PayloadBase, frozen=True, kw_only=True):
    """What was decided, and who did; ``by`` is not set if nobody did in time."""

    by: str | UnsetType = UNSET
    decision: Decision
    gate: str
    note: str
    step: str


class GateEvaluated(PayloadBase, frozen=True, kw_only=True):
    """One evaluation of a gate. ``value`` is what it gave; ``failure`` is set if it gave nothing.

    ``effect`` is what its program does, by name, where effects are bounded.
    """

    effect: EffectBound | UnsetType = UNSET
    failure: FailureRecord | UnsetType = UNSET
    gate: str
    kind: GateKind
    passed: bool
    step: str | UnsetType = UNSET
    that: str
    value: Body | UnsetType = UNSET
    when: When

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the bodies of failure and value."""
        return (UNSET if self.failure is UNSET else self.failure.details, self.value)
