"""Payloads of plans: what a planner was asked, what was refused of its answer, and what was chosen.

A program that names its steps has a plan of its own. Another asks a planner for one, in a lane that
stands between PlanAsked and what became of its answer (``docs/spec/bundle-0.2.md``, section 16).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import UNSET, UnsetType

from workc.kernel.payloads import Body, Compression, Count, EffectBound, PayloadBase

#: Who makes a plan, if it is not the program itself.
Planner = Literal["function", "skill"]


class PlanAsked(PayloadBase, frozen=True, kw_only=True):
    """Written before a planner is asked; its call is the one lane that stands behind this.

    ``attempt`` counts from 1 in each pass that asks. ``effects`` bound those of the planner as those
    of a plan bound its own.
    """

    attempt: Count
    compression: Compression | UnsetType = UNSET
    effects: list[EffectBound] | UnsetType = UNSET
    planner: Planner
    skill: str
    step: str


class PlanRefused(PayloadBase, frozen=True, kw_only=True):
    """The planner's answer is no plan that may be carried out: a JSON list of what is wrong with it.

    ``code`` is that of the first problem.
    """

    attempt: Count
    code: str
    problems: Body

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the problems."""
        return (self.problems,)


class PlanChosen(PayloadBase, frozen=True, kw_only=True):
    """The plan: a JSON list of ``{id, needs, skill}`` in plan order, or ``[]`` for a function.

    ``effects`` are declared: if they are set, every effect names itself and is covered by one. The
    others are set if a planner made the plan: ``document`` is the plan as it was accepted, ``decision``
    its ``rationale`` and the ``alternatives`` that were rejected.
    """

    compression: Compression | UnsetType = UNSET
    decision: Body | UnsetType = UNSET
    document: Body | UnsetType = UNSET
    effects: list[EffectBound] | UnsetType = UNSET
    plan: Body
    planner: Planner | UnsetType = UNSET
    steps: Count

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns decision, document and plan."""
        return (self.decision, self.document, self.plan)
