"""The plans of a run: how many steps they have, and how often planners were asked for one.

A child that is to resolve a conflict is asked by a step beside all plans.

A plan whose steps a gate or a human kept from beginning has none that count.
"""

from __future__ import annotations

from workc.kernel.gates import ApprovalAnswered, ApprovalAsked
from workc.kernel.kinds import Payload
from workc.kernel.plans import PlanAsked, PlanChosen
from workc.kernel.resolving import ConflictFound


class Plans:
    """Takes what concerns plans, in order. ``chosen`` is the last plan that there was."""

    def __init__(self) -> None:
        self.chosen: PlanChosen | None = None
        self._asked: PlanAsked | None = None
        self._is_asking = self._is_barred = False
        self._before = 0

    def take(self, payload: Payload) -> None:
        """Takes the next ask for a plan or for a child, which is a step of its own, plan, or approval."""
        match payload:
            case ConflictFound():
                self._before += 1
            case PlanAsked():
                self._asked, self._is_asking = payload, True
                self._before += 1
            case PlanChosen():
                self.chosen, self._is_asking = payload, False
            case ApprovalAsked() if self._is_of_plan(payload.step):
                self._is_barred = True
            case ApprovalAnswered() if self._is_of_plan(payload.step):
                self._is_barred = payload.decision != "approved"
            case _:
                pass

    def _is_of_plan(self, step: str) -> bool:
        """Returns whether an approval is one of the plan: it is about the step of its planner."""
        return self._asked is not None and not self._is_asking and step == self._asked.step

    def turn_back(self, *, barred: bool) -> None:
        """Begins another pass; ``barred`` says that a gate kept the steps from beginning."""
        self._before = self.planned(barred=barred)
        self._asked, self._is_asking, self._is_barred = None, False, False

    def planned(self, *, barred: bool) -> int:
        """Returns how many steps all passes have, planners included."""
        is_left_out = self.chosen is None or self._is_asking or self._is_barred or barred
        return self._before + (0 if is_left_out or self.chosen is None else self.chosen.steps)
