"""Checks the steps: their names, skills, parameters, retries and what they wait for."""

from __future__ import annotations

from collections.abc import Iterator

from workc.kernel.failure import Refusal
from workc.kernel.values import Json, JsonObject
from workc.runtime.expressions import compile_expression
from workc.runtime.workflow.check_inputs import check_names, place_of
from workc.runtime.workflow.check_resources import check_resources
from workc.runtime.workflow.facts import (
    CHILD_PREFIX,
    UNRESOLVED,
    Facts,
    gates_of,
    members,
    skill_of,
)
from workc.runtime.workflow.graph import find_cycles
from workc.runtime.workflow.json_schema import STEP_OF_WORKFLOW, STEP_WAYS
from workc.runtime.workflow.model import SkillInfo
from workc.runtime.workflow.place import Place, quoted
from workc.runtime.workflow.problems import suggest
from workc.runtime.workflow.references import MalformedReference, parse_template, texts_of
from workc.stages.schema import Schema

#: The most steps of a workflow.
MAX_STEPS = 100_000


#: What of a step may refer to the output of others, beside its gates.
_TAKING = ("with", "approval", "on_failure")


def check_steps(facts: Facts) -> None:
    """Reports what is wrong with each step by itself."""
    check_names(facts, "steps")
    if facts.section("steps") == {} and "steps" in members(facts.document.value):
        facts.refuse(("steps",), "there are no steps", "add at least one step")
    for step_id, step in facts.steps():
        _check_ways(facts, ("steps", step_id), step)
        check_resources(facts, ("steps", step_id), step)
    for place, use in facts.uses():
        _check_retry(facts, place, members(use.get("retry")))
        _check_skill(facts, place, use)


def _check_ways(facts: Facts, place: Place, step: JsonObject) -> None:
    """Reports a step that does nothing, or two things, and what is said of a child that is none."""
    there = [key for key in STEP_WAYS if key in step]
    if not there:
        message = "missing here: skill"
        facts.refuse_key(place, message, "add skill: The name of the skill.")
    if len(there) > 1:
        message = "there is skill and workflow here, and only one of them may be"
        facts.refuse_key(place, message, "keep one of skill and workflow")
    for key in (key for key in STEP_OF_WORKFLOW if key in step and "workflow" not in step):
        message = f"{key} is said of a workflow, and there is none here"
        facts.refuse_key((*place, key), message, "add workflow, or leave it out")


def _check_retry(facts: Facts, place: Place, retry: JsonObject) -> None:
    base, most = retry.get("base_delay_ms"), retry.get("max_delay_ms")
    if isinstance(base, int) and isinstance(most, int) and base > most:
        message = f"base_delay_ms ({base}) is more than max_delay_ms ({most})"
        facts.refuse((*place, "retry", "base_delay_ms"), message, "swap or mend them")


def _check_skill(facts: Facts, place: Place, use: JsonObject) -> None:
    name = skill_of(use)
    if not isinstance(name, str) or not name:
        return
    if name.startswith(CHILD_PREFIX) and "workflow" in use:
        _check_child(facts, place, use, name)
        return
    if name not in facts.known and facts.unloaded:
        # It may be in what could not be loaded, and that is a problem of its own.
        return
    if name not in facts.known:
        fix = suggest(name, facts.known, "list its Python file under skills")
        message = f"there is no skill {quoted(name)}"
        facts.refuse((*place, "skill"), message, fix, "SKILL_NOT_FOUND")
        return
    given = use.get("with", {})
    if isinstance(given, dict):
        check_params(facts, place, given, facts.known[name])


def _check_child(facts: Facts, place: Place, use: JsonObject, name: str) -> None:
    """Reports a child that cannot be run, and inputs that it does not take."""
    why = facts.unfit.get(name.removeprefix(CHILD_PREFIX))
    if why is not None:
        facts.refuse((*place, "workflow"), why, "mend it, or name another")
    elif name in facts.known:
        given = use.get("with", {})
        if isinstance(given, dict):
            check_params(facts, place, given, facts.known[name])


def check_params(facts: Facts, use: Place, given: JsonObject, skill: SkillInfo) -> None:
    """Reports unknown, missing and wrongly typed parameters; those with references only by name."""
    known = members(skill.input_schema.get("properties"))
    place: Place = (*use, "with")
    if skill.input_schema.get("additionalProperties") is False:
        for name in [name for name in given if name not in known]:
            fix = suggest(name, known, f"it takes {', '.join(known) or 'no parameters'}")
            facts.refuse_key((*place, name), f"there is no parameter {quoted(name)}", fix)
    _check_missing(facts, use, given, skill)
    for name, value in given.items():
        if name in known and not any(texts_of(value)):
            _check_literal(facts, (*place, name), skill.schema_of(name), value)


def _check_missing(facts: Facts, use: Place, given: JsonObject, skill: SkillInfo) -> None:
    required = skill.input_schema.get("required", [])
    missing = [str(n) for n in (required if isinstance(required, list) else []) if n not in given]
    if missing:
        place: Place = (*use, "with") if given else use
        message = f"missing parameters: {', '.join(missing)}"
        facts.refuse_key(place, message, f"add {missing[0]} under with")


def _check_literal(facts: Facts, place: Place, wanted: Schema, value: Json) -> None:
    for problem in wanted.misfits(value):
        fault = (*place, *place_of(problem.pointer, value))
        message = f"expected {problem.expected}, got {problem.actual}"
        facts.refuse(fault, message, _what_it_is(wanted.document), "INVALID_INPUT")


def _what_it_is(wanted: JsonObject) -> str:
    return str(wanted.get("description") or "compare with the skill's parameters")


def check_graph(facts: Facts) -> None:
    """Reports steps that wait for unknown ones, for themselves, or for each other."""
    needs = {step_id: dict(_needs(step_id, step)) for step_id, step in facts.steps()}
    for step_id, found in needs.items():
        _check_depends_on(facts, step_id, found)
    others = {
        step_id: [need for need in found if need != step_id] for step_id, found in needs.items()
    }
    for cycle in find_cycles(others):
        place = needs[cycle[0]][cycle[1]]
        message = f"these steps wait for each other: {' -> '.join(_shortened(cycle))}"
        facts.refuse(place, message, "remove one of these needs")


def _check_depends_on(facts: Facts, step_id: str, needs: dict[str, Place]) -> None:
    """Reports unknown names in ``depends_on`` and a step that needs itself."""
    steps = facts.section("steps")
    for need, place in needs.items():
        if need == step_id:
            facts.refuse(place, f"the step {quoted(step_id)} waits for itself", "remove this")
        elif need not in steps and place[2] == "depends_on":
            fix = suggest(need, steps, "write the id of a step")
            facts.refuse(place, f"there is no step {quoted(need)}", fix, UNRESOLVED)


def _shortened(cycle: tuple[str, ...]) -> list[str]:
    """Returns the names of a cycle, the middle left out of a long one."""
    names = [name[:64] for name in cycle]
    return names if len(names) <= 12 else [*names[:6], "...", *names[-5:]]


def _needs(step_id: str, step: JsonObject) -> Iterator[tuple[str, Place]]:
    """Yields each step that a step names, with the place where it does, references first."""
    explicit = step.get("depends_on")
    for index, need in enumerate(explicit if isinstance(explicit, list) else ()):
        if isinstance(need, str):
            yield need, ("steps", step_id, "depends_on", index)
    for section in _TAKING:
        for place, text in texts_of(step.get(section)):
            for need in _steps_in(text):
                yield need, ("steps", step_id, section, *place)
    yield from _needs_of_gates(step_id, step)


def _needs_of_gates(step_id: str, step: JsonObject) -> Iterator[tuple[str, Place]]:
    for below, gate in gates_of(step):
        place = ("steps", step_id, *below)
        for need in _named_in(gate.get("check")):
            # Its own value is none that it could wait for; that is a problem of the gate.
            if need != step_id:
                yield need, (*place, "check")
        for _, text in texts_of(members(gate.get("approval")).get("question")):
            for need in _steps_in(text):
                yield need, (*place, "approval", "question")


def _named_in(expression: Json) -> list[str]:
    """Returns the steps that an expression names; none of one that is wrong."""
    if not isinstance(expression, str):
        return []
    try:
        chains = compile_expression(expression).chains
    except Refusal:
        return []
    return [chain[1] for chain in chains if chain[0] == "steps" and len(chain) > 1]


def _steps_in(text: str) -> list[str]:
    try:
        references = parse_template(text).references
    except MalformedReference:
        return []
    return [reference.name for reference in references if reference.root == "steps"]


def needs_of(step: JsonObject) -> set[str]:
    """Returns every step that a step names: in ``depends_on``, in a reference, or in a gate."""
    return {need for need, _ in _needs("", step)}


def takes_of(step: JsonObject) -> set[str]:
    """Returns every step whose output a step refers to; what a gate looks at may be missing."""
    return {
        need for need, place in _needs("", step) if place[2] in _TAKING or place[-1] == "question"
    }
