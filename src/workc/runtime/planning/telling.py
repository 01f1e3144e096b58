"""What a planner is told: the work, the skills that it may plan with, and what a plan is.

All of it follows from the program, its inputs and the records of the run, so that a replay tells the
same. ``prompt`` holds the rest as a text for a model.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from workc.kernel import jcs
from workc.kernel.failure import Refusal
from workc.kernel.values import Json, JsonObject
from workc.runtime.child_step import ChildSkill
from workc.runtime.plan_problem import PlanProblem
from workc.runtime.planning.answer_schema import PLAN_SCHEMA
from workc.runtime.run import Run
from workc.runtime.spawning import child_ceiling
from workc.runtime.workflow.facts import CHILD_PREFIX
from workc.runtime.workflow.model import NO_FEEDBACK, ChildSpec, PlanSpec
from workc.stages.skill import Skill

_HEAD = """\
Plan the work of a run. Answer with one JSON object that fits the JSON Schema below, and with \
nothing else.
- A step uses one of the skills below, with their parameters under "with". A step that needs another \
names it in "depends_on", or refers to its value: ${steps.ID}, ${steps.ID.member}. ${inputs.NAME} is an \
input.
- Each step that may cost money says "budget": {"ceiling_cents": N}, or a child "budget_cents": N; all \
steps together may cost no more than the budget.
- In "rationale" say why this plan, in "alternatives" what you rejected and why."""


def told(run: Run, spec: PlanSpec, attempt: int, problems: Sequence[PlanProblem]) -> JsonObject:
    """Returns what a planner is told in this pass, by the names of ``stages.planner.TOLD``."""
    program = run.program
    parts: JsonObject = {
        "attempt": attempt,
        "budget_micro_cents": run.left_micro_cents,
        "catalog": [_offered(name, program.skills[name]) for name in spec.allow],
        "feedback": run.feedback,
        "inputs": run.inputs,
        "intent": program.description or program.name,
        "limits": {"max_children": spec.max_children, "max_steps": spec.max_steps},
        "problems": [msgspec.to_builtins(problem) for problem in problems],
        "schema": PLAN_SCHEMA,
    }
    return {**parts, "prompt": _prompt(parts)}


def _prompt(parts: JsonObject) -> str:
    titles = {
        "intent": "What the work is for",
        "inputs": "Inputs",
        "catalog": "Skills",
        "limits": "Limits",
        "budget_micro_cents": "Budget that is left, in millionths of a cent",
        "feedback": "Why the pass before was not enough",
        "problems": "What was wrong with your last plan",
        "schema": "JSON Schema of a plan",
    }
    is_first = parts["feedback"] == {"pass": 1, **NO_FEEDBACK}
    silent = {"feedback": is_first, "problems": not parts["problems"]}
    left_out = {name for name, is_silent in silent.items() if is_silent}
    shown = [name for name in titles if name not in left_out]
    return (
        "\n\n".join([_HEAD, *(f"{titles[name]}:\n{_text(parts[name])}" for name in shown)]) + "\n"
    )


def _text(value: Json) -> str:
    return value if isinstance(value, str) else jcs.encode(value).decode()


def _offered(name: str, skill: Skill[..., object]) -> JsonObject:
    """Returns what a planner must know of a skill, or of a workflow that it may run."""
    inputs, words = skill.input_schema, skill.description
    if isinstance(skill, ChildSkill):
        return {
            "cost_micro_cents": child_ceiling(skill.child, ChildSpec()),
            "description": words,
            "input": inputs,
            "workflow": name.removeprefix(CHILD_PREFIX),
        }
    effects = ("Unknown",) if skill.effects is None else skill.effects
    return {
        # What a call costs depends on its parameters; nothing is known to cost nothing.
        "cost_micro_cents": None if {"Cost", "Llm"} & {*effects} else 0,
        "description": words,
        "effects": list[Json](effects),
        "input": inputs,
        "output": _output(skill),
        "skill": name,
    }


def _output(skill: Skill[..., object]) -> Json:
    try:
        return skill.output_schema
    except Refusal:
        return {}
