"""Checks ``resolve`` of a lens: that there is such a workflow, and that it can be told of conflicts."""

from __future__ import annotations

from msgspec.structs import replace

from workc.kernel.values import JsonObject
from workc.runtime.workflow.check_references import RESOLVER
from workc.runtime.workflow.check_steps import check_params
from workc.runtime.workflow.facts import CHILD_PREFIX, Facts, members, skill_of
from workc.runtime.workflow.model import SkillInfo
from workc.runtime.workflow.resolve_keys import CONFLICTS, RESOLVE_STEP, RESOLVED


def check_resolve(facts: Facts) -> None:
    """Reports what is wrong with the workflow that resolves conflicts, its references left out."""
    said = facts.resolver
    if said is None:
        return
    _check_names(facts)
    if members(facts.document.value).get("max_backtracks") == 0:
        message = "a run goes back to Orient once a conflict was resolved"
        facts.refuse(("max_backtracks",), message, "allow 1 or more, or leave it out")
    name = str(skill_of(said))
    why = facts.unfit.get(name.removeprefix(CHILD_PREFIX))
    if why is not None:
        facts.refuse((*RESOLVER, "workflow"), why, "mend it, or name another")
    elif name in facts.known:
        _check_inputs(facts, said, facts.known[name])


def _check_names(facts: Facts) -> None:
    fix = "name it otherwise"
    if RESOLVED in members(facts.section("lens").get("items")):
        message = f"{RESOLVED} is the name of what a conflict is resolved to"
        facts.refuse_key(("lens", "items", RESOLVED), message, fix)
    if RESOLVE_STEP in facts.section("steps"):
        message = f"{RESOLVE_STEP} is the name of the step that resolves conflicts"
        facts.refuse_key(("steps", RESOLVE_STEP), message, fix)


def _check_inputs(facts: Facts, said: JsonObject, skill: SkillInfo) -> None:
    schema = skill.input_schema
    known, required = members(schema.get("properties")), schema.get("required")
    if CONFLICTS not in known:
        message = f"this workflow takes no input {CONFLICTS}"
        fix = f"declare there, under inputs: {CONFLICTS}: {{type: array}}"
        facts.refuse((*RESOLVER, "workflow"), message, fix)
    others = {name: each for name, each in known.items() if name != CONFLICTS}
    needed = [each for each in required if each != CONFLICTS] if isinstance(required, list) else []
    given = said.get("with", {})
    if isinstance(given, dict):
        own: JsonObject = {**schema, "properties": others, "required": needed}
        check_params(facts, RESOLVER, given, replace(skill, input_schema=own))
