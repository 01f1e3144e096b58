"""Checks what the top of a file declares: inputs, secrets, skills and policy."""

from __future__ import annotations

import re

from workc.kernel.failure import Refusal
from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.facts import Facts, members, texts
from workc.runtime.workflow.json_schema import NAME_PATTERN
from workc.runtime.workflow.place import Place, quoted
from workc.stages import schema
from workc.stages.network import NetworkPolicy
from workc.stages.problem import tokens_of

_NAME = re.compile(NAME_PATTERN)
_NAME_FIX = "start with a letter or _; then letters, digits, _ and -; at most 64 in all"


def check_names(facts: Facts, section: str) -> None:
    """Reports names in a section that references could not name."""
    for name in facts.section(section):
        if not _NAME.fullmatch(name):
            facts.refuse_key((section, name), f"{quoted(name)} is not a name", _NAME_FIX)


def check_inputs(facts: Facts) -> None:
    """Reports bad names and schemas of inputs, and defaults that do not fit them."""
    check_names(facts, "inputs")
    for name, declared in facts.section("inputs").items():
        if isinstance(declared, dict) and "type" in declared:
            _check_input(facts, ("inputs", name), declared)


def _check_input(facts: Facts, place: Place, declared: JsonObject) -> None:
    found = schema.check_schema(declared)
    for problem in found:
        fault = (*place, *place_of(problem.pointer, declared))
        marks = (facts.document.value_mark(fault), facts.document.key_mark(fault))
        if any(map(facts.report.has, marks)):
            # The shape of the file told of it, at the value or at its key.
            continue
        facts.refuse(fault, f"expected {problem.expected}, got {problem.actual}", _SCHEMA_FIX)
    if found or "default" not in declared:
        return
    for problem in schema.problems(without_default(declared), declared["default"]):
        fault = (*place, "default", *place_of(problem.pointer, declared["default"]))
        message = f"the default does not fit: expected {problem.expected}, got {problem.actual}"
        facts.refuse(fault, message, "change the default or the type", "INVALID_INPUT")


_UNLOADED_FIX = "mend the file, or its name here: a path below the folder of this file, or a module"
_SCHEMA_FIX = "compare with the schema of an input in the reference"


def without_default(declared: JsonObject) -> JsonObject:
    """Returns the schema of an input without its default."""
    return {key: value for key, value in declared.items() if key != "default"}


def place_of(pointer: str, value: Json) -> Place:
    """Returns the place that a JSON Pointer (RFC 6901) names in ``value``."""
    place: list[str | int] = []
    for key in tokens_of(pointer):
        if isinstance(value, list):
            place.append(int(key))
            value = value[int(key)]
        else:
            place.append(key)
            value = members(value).get(key)
    return tuple(place)


def check_lists(facts: Facts) -> None:
    """Reports secrets and skills that are declared twice, and skills that did not load."""
    for section in ("secrets", "skills"):
        seen: set[str] = set()
        for index, name in enumerate(facts.items(section)):
            if isinstance(name, str) and name in seen:
                facts.refuse((section, index), f"{quoted(name)} stands here twice", "remove one")
            seen.add(str(name))
    for index, name in enumerate(facts.items("skills")):
        if isinstance(name, str) and name in facts.unloaded:
            place: Place = ("skills", index)
            facts.refuse(place, facts.unloaded[name], _UNLOADED_FIX, "SKILL_NOT_FOUND")


def check_policy(facts: Facts) -> None:
    """Reports hosts in the policy that could never match."""
    network = members(facts.section("policy").get("network"))
    for key in ("allow_hosts", "deny_hosts"):
        for index, host in enumerate(texts(network.get(key))):
            try:
                NetworkPolicy(deny_hosts=(host,))
            except Refusal as refusal:
                fix = "write a host name, an address, or *. and a suffix"
                facts.refuse(("policy", "network", key, index), refusal.failure.message, fix)
