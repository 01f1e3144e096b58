"""The rules of plans that are asked for: who is asked, what came of it, and whether it was let begin.

A fold over what the root lane says of plans (docs/spec/bundle-0.2.md, section 16).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

from msgspec import UNSET

from workc.kernel.gates import ApprovalAnswered, ApprovalAsked
from workc.kernel.kinds import Payload
from workc.kernel.payloads import SkillExecuted
from workc.kernel.plans import PlanAsked, PlanChosen, PlanRefused
from workc.verify.v02 import rules
from workc.verify.v02.pair_rules import Difference, differences
from workc.verify.v02.passes import StepFound

OfPlan: TypeAlias = PlanAsked | PlanRefused | PlanChosen
Approval: TypeAlias = ApprovalAsked | ApprovalAnswered


class PlanRules:
    """Takes what one pass says of its plan, in order.

    ``planners`` are the steps of the pass that asked planners; ``is_barred`` says that the plan was
    not let begin.
    """

    def __init__(self) -> None:
        self.planners: set[str] = set()
        self.is_barred = False
        self._asked: PlanAsked | None = None
        self._refused: PlanRefused | None = None
        self._approval: ApprovalAsked | None = None
        self._lanes_before = 0
        # Whether the lane of the planner is not judged yet, and whether its plan was chosen.
        self._is_open = self._is_chosen = False

    def take(
        self, payload: OfPlan, lanes: Mapping[str, StepFound], last: Payload | None
    ) -> Iterator[Difference]:
        """Yields what does not fit; ``lanes`` are those of the pass so far, ``last`` the end of the last."""
        yield from self.close(lanes)
        match payload:
            case PlanAsked():
                yield from self._ask(payload, lanes)
            case PlanRefused():
                yield from self._refuse(payload, last)
            case _:
                yield from self._choose(payload, last)

    def close(self, lanes: Mapping[str, StepFound]) -> Iterator[Difference]:
        """Yields what is wrong with the lane of the planner that was asked last, if it is not judged."""
        if not self._is_open or self._asked is None:
            return
        self._is_open = False
        found = list(lanes)[self._lanes_before :]
        self.planners |= {*found}
        if found != [self._asked.step]:
            yield Difference(rules.PLANNER_HAS_LANE, "step", [self._asked.step], found)
        skill = lanes.get(self._asked.step, StepFound()).skill
        if skill not in {None, self._asked.skill}:
            yield Difference(rules.PLANNER_HAS_LANE, "skill", self._asked.skill, skill)

    def _ask(self, asked: PlanAsked, lanes: Collection[str]) -> Iterator[Difference]:
        number = 1 if self._refused is None else self._refused.attempt + 1
        if asked.attempt != number:
            yield Difference(rules.PLANS_ARE_COUNTED, "attempt", number, asked.attempt)
        self._asked, self._refused, self._lanes_before = asked, None, len(lanes)
        self._is_open, self._is_chosen = True, False

    def _refuse(self, refused: PlanRefused, last: Payload | None) -> Iterator[Difference]:
        number = None if self._asked is None else self._asked.attempt
        if refused.attempt != number:
            yield Difference(rules.PLANS_ARE_COUNTED, "attempt", number, refused.attempt)
        self._refused = refused
        yield from _given(last)

    def _choose(self, chosen: PlanChosen, last: Payload | None) -> Iterator[Difference]:
        planner, self._is_chosen = UNSET if self._asked is None else self._asked.planner, True
        if chosen.planner != planner:
            yield Difference(rules.PLAN_FITS_ASK, "planner", planner, chosen.planner)
        if (chosen.document is UNSET) != (self._asked is None):
            yield Difference(rules.PLAN_FITS_ASK, "document", None, chosen.document)
        if chosen.decision is not UNSET and self._asked is None:
            yield Difference(rules.PLAN_FITS_ASK, "decision", None, chosen.decision)
        if self._asked is not None:
            yield from _given(last)

    def approve(self, payload: Approval, *, in_root: bool) -> Iterator[Difference]:
        """Takes an approval; yields what does not fit if it stands in the root lane."""
        step = None if self._asked is None else self._asked.step
        if self._is_chosen and payload.step == step:
            self.is_barred = (
                not isinstance(payload, ApprovalAnswered) or payload.decision != "approved"
            )
        if not in_root:
            return
        if payload.step != step:
            yield Difference(rules.PLAN_IS_APPROVED, "step", step, payload.step)
        yield from differences(self._approval, payload)
        self._approval = payload if isinstance(payload, ApprovalAsked) else None


def _given(last: Payload | None) -> Iterator[Difference]:
    """Yields a difference if the lane of the planner does not end with what it gave."""
    if not isinstance(last, SkillExecuted) or last.value is UNSET:
        yield Difference(rules.PLAN_WAS_GIVEN, "attempt", "a value", None)
