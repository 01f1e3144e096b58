"""Plans as lines: while they are asked for, and when they are shown."""

from __future__ import annotations

import msgspec

from workc.api.plan_story import PlanStory, ProblemStory
from workc.api.story import RunStory
from workc.cli.console import Console
from workc.cli.story_text import symbol
from workc.cli.text import count, printable
from workc.kernel.payloads import given
from workc.kernel.plans import PlanChosen, PlanRefused
from workc.runtime.lane_times import planned_steps
from workc.runtime.plan_problem import PlanProblem

#: So many steps of a plan are told as it is accepted.
MAX_TOLD_STEPS = 50


def plan_lines(console: Console, story: RunStory) -> list[str]:
    """Returns each ask for a plan: who was asked, what came of it, and what was rejected."""
    return [line for plan in story.plans for line in _lines_of(console, plan)]


def _lines_of(console: Console, plan: PlanStory) -> list[str]:
    sign = symbol(console, "success" if plan.chosen else "failure")
    head = f"  {sign} {printable(plan.step, 60)}  {plan.planner} {printable(plan.skill, 60)}"
    if plan.code is not None:
        return [f"{head}  refused  {plan.code}", *map(_problem, plan.problems)]
    if not plan.chosen:
        return [f"{head}  none"]
    why = f"  {printable(plan.rationale, 160)}" if plan.rationale else ""
    rejected = [
        f"      not: {printable(each.what, 160)} ({printable(each.rejected, 160)})"
        for each in plan.alternatives
    ]
    return [f"{head}  chosen{why}", *rejected]


def _problem(problem: PlanProblem | ProblemStory) -> str:
    where = f"{printable(problem.path, 100)}: " if problem.path else ""
    return f"      {where}{printable(problem.message, 300)}"


def refused_lines(console: Console, refused: PlanRefused) -> list[str]:
    """Returns what was wrong with a plan, as it is refused."""
    head = f"{symbol(console, 'failure', err=True)} the plan was refused  {refused.code}"
    return [head, *map(_problem, _problems(given(refused.problems.inline)))]


def _problems(inline: str | None) -> list[PlanProblem]:
    try:
        return msgspec.json.decode(inline or "[]", type=list[PlanProblem])
    except msgspec.MsgspecError:
        return []


def chosen_lines(chosen: PlanChosen) -> list[str]:
    """Returns the plan of a planner, as it is accepted; none for that of a program."""
    inline = given(chosen.plan.inline)
    if not chosen.planner or inline is None:
        return []
    steps = planned_steps(inline)
    lines = [
        f"    {printable(step.id, 60)}  {printable(step.skill, 60)}"
        + (f"  after {printable(', '.join(step.needs), 100)}" if step.needs else "")
        for step in steps[:MAX_TOLD_STEPS]
    ]
    left = len(steps) - len(lines)
    more = [f"    and {count(left, 'step')} more"] if left else []
    return [f"  plan of {count(chosen.steps, 'step')}", *lines, *more]
