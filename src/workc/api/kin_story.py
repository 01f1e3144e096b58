"""What let a run go on, and what it started: gates and children, as its story tells them."""

from __future__ import annotations

import msgspec

from workc.kernel.children import ChildJoined, ChildSpawned
from workc.kernel.gates import ApprovalAnswered, GateEvaluated
from workc.runtime.failed_gate import what_it_gave


class GateStory(msgspec.Struct, frozen=True, kw_only=True):
    """One gate: a human's (``kind`` human, ``by`` whom, with a ``note``) or an evaluated one.

    The ``note`` of an evaluated one is what it asks, and ``gave`` what came of it.
    """

    gate: str
    kind: str
    when: str
    passed: bool
    step: str | None = None
    by: str | None = None
    note: str = ""
    gave: str = ""


class WaitingStory(msgspec.Struct, frozen=True, kw_only=True):
    """A question that nobody has answered, of the run or of a child.

    At ``deadline_ms`` its time is over, if it has one.
    """

    step: str
    question: str
    deadline_ms: int | None
    run_id: str

    def is_over(self, now_ms: int) -> bool:
        """Returns whether it can be answered no more."""
        return self.deadline_ms is not None and now_ms >= self.deadline_ms


class ChildStory(msgspec.Struct, kw_only=True):
    """One child; without an ``outcome`` it never joined. Amounts are micro-cents."""

    run_id: str
    step: str
    critical: bool
    ceiling_micro_cents: int
    spent_micro_cents: int = 0
    outcome: str | None = None
    proof_digest: str | None = None


def gate_story(payload: GateEvaluated | ApprovalAnswered) -> GateStory:
    """Returns what was said of a gate; of a human the note says ``timed_out`` if nobody answered."""
    if isinstance(payload, GateEvaluated):
        return GateStory(
            gate=payload.gate,
            kind=payload.kind,
            when=payload.when,
            passed=payload.passed,
            step=payload.step or None,
            note=payload.that,
            gave=what_it_gave(payload),
        )
    return GateStory(
        gate=payload.gate,
        kind="human",
        when="pre_step",
        passed=payload.decision == "approved",
        step=payload.step,
        by=payload.by or None,
        note=payload.note or payload.decision,
    )


def tell_child(children: list[ChildStory], payload: ChildSpawned | ChildJoined) -> None:
    """Adds a child, or how one that was added before has ended."""
    if isinstance(payload, ChildSpawned):
        children.append(
            ChildStory(
                run_id=payload.child_run_id,
                step=payload.step,
                critical=payload.critical,
                ceiling_micro_cents=payload.ceiling_micro_cents,
            )
        )
        return
    for child in children:
        if child.run_id == payload.child_run_id:
            child.outcome, child.proof_digest = payload.outcome, payload.proof_digest
            child.spent_micro_cents = payload.spent_micro_cents
