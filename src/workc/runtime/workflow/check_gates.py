"""Checks ``gates``: that each asks one thing, of what there is, and can be told from the others."""

from __future__ import annotations

from workc.kernel.gates import OF_STEP, When
from workc.kernel.values import JsonObject
from workc.runtime.workflow.check_references import check_chains
from workc.runtime.workflow.facts import Facts, gates_of, members, texts
from workc.runtime.workflow.json_schema import CHECK_WAYS, GATE_OF_COMMAND, GATE_WAYS
from workc.runtime.workflow.model import APPROVAL
from workc.runtime.workflow.place import Place, quoted
from workc.runtime.workflow.problems import not_one, suggest
from workc.stages.gate import SEEN, unseen_problem

#: When gates are evaluated, by the key of their list: those of a run, and those of a step.
_OF_RUN: dict[str, When] = {"pre": "pre_run", "post": "post_run"}
_OF_STEP: dict[str, When] = {"pre": "pre_step", "post": "post_step"}


def check_gates(facts: Facts) -> None:
    """Reports what is wrong with the gates of the run and of each step."""
    _check_ids(facts, (), members(facts.document.value), set())
    for below, gate in gates_of(members(facts.document.value)):
        _check_gate(facts, below, _OF_RUN[str(below[1])], gate)
    for step_id, step in facts.steps():
        taken = {APPROVAL} if "approval" in step else set[str]()
        _check_ids(facts, ("steps", step_id), step, taken)
        for below, gate in gates_of(step):
            _check_gate(facts, ("steps", step_id, *below), _OF_STEP[str(below[1])], gate)


def check_asks(facts: Facts) -> None:
    """Reports what is wrong with checks that ask a function or a program."""
    gates = [gate.get("id") for _, gate in gates_of(members(facts.document.value))]
    for index, item in enumerate(facts.items("verify")):
        place, check = ("verify", index), members(item)
        there = [key for key in CHECK_WAYS if key in check]
        if len(there) != 1:
            facts.refuse(place, *not_one(there, CHECK_WAYS))
        if "command" in check and check.get("id") in gates:
            message = f"there is already a gate {quoted(str(check.get('id')))}"
            facts.refuse((*place, "id"), message, "rename one")
        _check_command(facts, place, check)
        _check_function(facts, place, "post_run", check)


def _check_ids(facts: Facts, where: Place, owner: JsonObject, taken: set[str]) -> None:
    for below, gate in gates_of(owner):
        name = gate.get("id")
        if isinstance(name, str) and name in taken:
            message = f"there is already a gate {quoted(name)}"
            facts.refuse((*where, *below, "id"), message, "rename one")
        taken.add(str(name))


def _check_gate(facts: Facts, place: Place, when: When, gate: JsonObject) -> None:
    _check_way(facts, place, gate)
    _check_on_fail(facts, place, gate)
    _check_command(facts, place, gate)
    _check_function(facts, place, when, gate)
    _check_expression(facts, place, when, gate)


def _check_way(facts: Facts, place: Place, gate: JsonObject) -> None:
    there = [key for key in GATE_WAYS if key in gate]
    # A key that is not known is told as such, with what it was meant to be.
    if len(there) > 1 or not gate.keys() - {"id"}:
        facts.refuse(place, *not_one(there, GATE_WAYS))


def _check_on_fail(facts: Facts, place: Place, gate: JsonObject) -> None:
    if APPROVAL in gate and "on_fail" in gate:
        message = "a human who says no sends no run back by itself"
        facts.refuse_key((*place, "on_fail"), message, "leave it out, or write recovery")


def _check_command(facts: Facts, place: Place, gate: JsonObject) -> None:
    for key in (key for key in GATE_OF_COMMAND if key in gate and "command" not in gate):
        message = f"{key} is said of a command, and there is none here"
        facts.refuse_key((*place, key), message, "add command, or leave it out")
    for index, word in enumerate(texts(gate.get("command"))):
        if "${" in word:
            message = "a command holds no references"
            fix = "let it read what the gate sees, as JSON, from its standard input"
            facts.refuse((*place, "command", index), message, fix)


def _check_function(facts: Facts, place: Place, when: When, gate: JsonObject) -> None:
    name = gate.get("function")
    if not isinstance(name, str) or not name:
        return
    found = facts.known.get(name)
    if found is None:
        if not facts.unloaded:
            fix = suggest(name, facts.known, "list its Python file under skills")
            message = f"there is no function {quoted(name)}"
            facts.refuse((*place, "function"), message, fix, "SKILL_NOT_FOUND")
        return
    problem = unseen_problem(name, found.gate_params, when)
    if problem is not None:
        fix = f"decorate it with @workc.gate, and let it take some of {', '.join(SEEN[when])}"
        facts.refuse((*place, "function"), problem, fix)


def _check_expression(facts: Facts, place: Place, when: When, gate: JsonObject) -> None:
    text = gate.get("check")
    if not isinstance(text, str) or not text:
        return
    for chain in check_chains(facts, (*place, "check"), text, SEEN[when]):
        if when in OF_STEP and chain[:2] == place[:2]:
            fix = "write value" if when == "post_step" else "leave it out"
            message = f"the step {quoted(chain[1])} is not over when this is evaluated"
            facts.refuse((*place, "check"), message, fix)
