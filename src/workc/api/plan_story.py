"""What a run says of plans that were asked for: who was asked, what came of it, and why."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from workc.api.published_shapes import FLAG, TEXT, TEXT_OR_NULL, list_of, record
from workc.kernel.kinds import Payload
from workc.kernel.payloads import Body
from workc.kernel.plans import PlanAsked, PlanChosen, PlanRefused
from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.facts import listed, members


class ProblemStory(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was wrong with a plan."""

    code: str
    message: str
    path: str


class AlternativeStory(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that was not chosen, and why."""

    what: str
    rejected: str


class PlanStory(msgspec.Struct, kw_only=True):
    """One ask for a plan. ``chosen`` says that its plan was; ``code`` is why it was refused, if it was."""

    step: str
    planner: str
    skill: str
    chosen: bool = False
    code: str | None = None
    problems: list[ProblemStory] = []
    rationale: str = ""
    alternatives: list[AlternativeStory] = []


#: The published schema of a plan story.
PLAN_STORY: JsonObject = record(
    step=TEXT,
    planner={"enum": ["function", "skill"]},
    skill=TEXT,
    chosen=FLAG,
    code=TEXT_OR_NULL,
    problems=list_of(record(code=TEXT, message=TEXT, path=TEXT)),
    rationale=TEXT,
    alternatives=list_of(record(what=TEXT, rejected=TEXT)),
)


def tell_plan(plans: list[PlanStory], payload: Payload, read: Callable[[Body], Json]) -> None:
    """Adds an ask for a plan, or what came of one that was added before; ``read`` gives a body."""
    match payload:
        case PlanAsked():
            plans.append(PlanStory(step=payload.step, planner=payload.planner, skill=payload.skill))
        case PlanRefused() if plans:
            plans[-1].code = payload.code
            plans[-1].problems = [_problem(each) for each in listed(read(payload.problems))]
        case PlanChosen(decision=Body() as decision) if plans:
            said = members(read(decision))
            plans[-1].chosen = True
            plans[-1].rationale = str(said.get("rationale", ""))
            plans[-1].alternatives = [
                AlternativeStory(what=str(each.get("what")), rejected=str(each.get("rejected")))
                for each in map(members, listed(said.get("alternatives")))
            ]
        case _:
            pass


def _problem(value: Json) -> ProblemStory:
    found = members(value)
    return ProblemStory(**{name: str(found.get(name, "")) for name in ("code", "message", "path")})


def told_plans(plans: list[PlanStory]) -> list[str]:
    """Returns the sentences that an explanation says of plans."""
    return [sentence for plan in plans for sentence in _told(plan)]


def _told(plan: PlanStory) -> list[str]:
    who = f"The {plan.planner} {plan.skill} was asked for a plan (step {plan.step})"
    if plan.code is not None:
        first = plan.problems[0].message if plan.problems else "nothing is said of it"
        return [f"{who}; it was refused with {plan.code}: {first.rstrip('.')}."]
    if not plan.chosen:
        return [f"{who}, and there is none."]
    why = f", because: {plan.rationale.rstrip('.')}" if plan.rationale else ""
    others = [
        f"It was preferred to this: {each.what.rstrip('.')}. That was rejected: "
        f"{each.rejected.rstrip('.')}."
        for each in plan.alternatives
    ]
    return [f"{who}, and its plan was chosen{why}.", *others]
