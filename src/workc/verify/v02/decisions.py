"""What steps did about which nobody had decided: a fold over the events (section 22 of the page).

The call of a planner, and a child that is asked what holds, are decisions themselves.
"""

from __future__ import annotations

from collections.abc import Iterable

from workc.kernel.events import Event
from workc.kernel.gates import ApprovalAnswered, GateEvaluated
from workc.kernel.kinds import Payload
from workc.kernel.payloads import EffectAsked, SkillAsked, VerificationRun, WorkEnded
from workc.kernel.plans import PlanAsked, PlanChosen
from workc.kernel.resolving import ConflictFound, ConflictResolved
from workc.kernel.selectors import Effect

#: What may say that something is decided, no longer decided, or done.
_TELLING = frozenset(
    {
        ApprovalAnswered,
        ConflictFound,
        ConflictResolved,
        EffectAsked,
        GateEvaluated,
        PlanAsked,
        PlanChosen,
        SkillAsked,
        VerificationRun,
        WorkEnded,
    }
)


class Decisions:
    """Takes the events in order; ``undecided`` is what was done so, None for what nobody knows."""

    def __init__(self) -> None:
        self.undecided: set[Effect | None] = set()
        # Whether what steps do is decided: of all of the plan, of the pass, of the lane at hand.
        self._of_plan = self._of_pass = self._of_lane = False

    def take(self, events: Iterable[Event]) -> None:
        """Takes the next events."""
        for event in events:
            at, payload = event.at, event.payload
            is_root = len(at) == 1
            if at[-1] == 0 and not is_root:
                self._of_lane = False
            # Nearly all events say nothing of decisions.
            if type(payload) not in _TELLING:
                continue
            if is_root:
                self._in_root(payload)
            else:
                self._in_lane(payload)

    def _in_root(self, payload: Payload) -> None:
        match payload:
            case PlanAsked() | ConflictFound():
                self._of_plan = True
            case PlanChosen():
                self._of_plan = bool(payload.planner)
            case GateEvaluated(when="pre_run", passed=True):
                self._of_pass = True
            case WorkEnded() | VerificationRun() | ConflictResolved() if payload.backtrack:
                self._of_pass = False
            case _:
                pass

    def _in_lane(self, payload: Payload) -> None:
        match payload:
            case GateEvaluated(when="pre_step", passed=True):
                self._of_lane = True
            case ApprovalAnswered(decision="approved"):
                self._of_lane = True
            case EffectAsked() | SkillAsked():
                self._did(payload)
            case _:
                pass

    def _did(self, asked: EffectAsked | SkillAsked) -> None:
        if self._of_plan or self._of_pass or self._of_lane:
            return
        named = asked.effect if isinstance(asked, EffectAsked) else None
        self.undecided.add(Effect(named.op, named.selector) if named else None)
