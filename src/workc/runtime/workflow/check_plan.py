"""Checks ``plan``: that it names one planner that there is, and a plan that there could be."""

from __future__ import annotations

from workc.kernel.values import JsonObject
from workc.runtime.workflow.facts import CHILD_PREFIX, Facts, listed, members
from workc.runtime.workflow.json_schema import FILE_WAYS
from workc.runtime.workflow.place import Place, quoted
from workc.runtime.workflow.plan_keys import PLAN_OF_SKILL, PLAN_WAYS
from workc.runtime.workflow.problems import not_one, suggest
from workc.stages.planner import TOLD

_PLACE: Place = ("plan",)
_MISSING = "list its Python file under skills"


def check_plan(facts: Facts) -> None:
    """Reports what is wrong with the planner, but for the parameters of its skill."""
    file = members(facts.document.value)
    if all(way in file for way in FILE_WAYS):
        facts.refuse_key(_PLACE, "there are steps and a plan here", "keep one of steps and plan")
    plan = facts.plan
    if plan is None:
        return
    there = [way for way in PLAN_WAYS if way in plan]
    if len(there) != 1:
        facts.refuse_key(_PLACE, *not_one(there, PLAN_WAYS))
    for key in (key for key in PLAN_OF_SKILL if key in plan and "skill" not in plan):
        message = f"{key} is said of a skill, and there is none here"
        facts.refuse_key((*_PLACE, key), message, "add skill, or leave it out")
    _check_function(facts, plan)
    _check_allowed(facts, plan)


def _check_function(facts: Facts, plan: JsonObject) -> None:
    name = plan.get("function")
    if not isinstance(name, str) or not name:
        return
    place: Place = (*_PLACE, "function")
    found = facts.known.get(name)
    if found is None:
        if not facts.unloaded:
            fix = suggest(name, facts.known, _MISSING)
            facts.refuse(place, f"there is no function {quoted(name)}", fix, "SKILL_NOT_FOUND")
        return
    if found.gate_params is None:
        facts.refuse(place, f"{name} is not a pure function", "decorate it with @workc.planner")
        return
    for unknown in [each for each in found.gate_params if each not in TOLD]:
        message = f"{name} takes {unknown}, and a planner is not told that"
        facts.refuse(place, message, f"let it take some of {', '.join(TOLD)}")


def _check_allowed(facts: Facts, plan: JsonObject) -> None:
    seen: set[str] = set()
    for index, name in enumerate(listed(plan.get("allow"))):
        if not isinstance(name, str) or not name:
            continue
        place: Place = (*_PLACE, "allow", index)
        if name in seen:
            facts.refuse(place, f"{quoted(name)} stands here twice", "remove one")
        seen.add(name)
        if name in facts.unfit:
            facts.refuse(place, facts.unfit[name], "mend it, or name another")
        elif not {name, CHILD_PREFIX + name} & facts.known.keys() and not facts.unloaded:
            message = f"there is no skill {quoted(name)}"
            facts.refuse(place, message, suggest(name, facts.known, _MISSING), "SKILL_NOT_FOUND")
