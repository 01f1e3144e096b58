"""The options of a call in code: each is of its kind, or refused with what to change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import cast

import msgspec

from workc.kernel.arguments import a, instance, text, whole
from workc.kernel.failure import Misuse
from workc.kernel.ledger import MAX_CENTS
from workc.kernel.resources import claim_problem
from workc.kernel.values import JsonObject
from workc.runtime.literals import given
from workc.runtime.workflow.facts import CHILD_PREFIX
from workc.runtime.workflow.model import ApprovalSpec

#: A step's name in code: what a workflow file allows, and the dots of places.
_STEP_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
#: Steps without a name are named after their place, so that no other can have the same name.
_PLACE_AT_END = re.compile(r"-[0-9]+\.[0-9]+\Z")
#: What may not stand in the name of a step.
_UNNAMED = re.compile(r"[^A-Za-z0-9_.:-]")


def step_name(skill: str) -> str:
    """Returns how a step is called that nobody named: as its skill, or the workflow of its child."""
    return _UNNAMED.sub("_", skill.removeprefix(CHILD_PREFIX))


def inputs_of(inputs: Mapping[str, object] | None, skill: str) -> JsonObject:
    """Returns the inputs of a child, none for None.

    Raises:
        Misuse: they are no mapping of names.
        Refusal: ``INVALID_INPUT`` for one that is no JSON value.
    """
    found = cast(
        "Mapping[object, object]",
        instance("inputs", {} if inputs is None else inputs, Mapping, "a mapping of inputs"),
    )
    named = {text("the name of an input", name): value for name, value in found.items()}
    child = skill.removeprefix(CHILD_PREFIX)
    return {name: given(value, "the input", name, "of", child) for name, value in named.items()}


def check_options(step: object, timeout_ms: object, budget_cents: object) -> None:
    """Refuses options that a record could not hold."""
    if step is not None and not (isinstance(step, str) and _STEP_NAME.fullmatch(step)):
        raise Misuse(f"the name of a step matches {_STEP_NAME.pattern}, not {step!r:.100}")
    if isinstance(step, str) and _PLACE_AT_END.search(step):
        raise Misuse(f"a step may not be named like a place, as {step!r} is: change its end")
    if timeout_ms is not None:
        whole("timeout_ms", timeout_ms)
    if budget_cents is not None:
        whole("budget_cents", budget_cents, most=MAX_CENTS)


def resources_of(given: object) -> tuple[str, ...]:
    """Returns the resources of a call; refuses what no record could hold."""
    names = cast("Iterable[object]", instance("resources", given, Iterable, "a list of names"))
    if isinstance(given, str | bytes):
        raise Misuse(f"resources are a list of names, not {a(given)}")
    found = tuple(text("the name of a resource", name) for name in names)
    problem = claim_problem(sorted(found)) if found else None
    if problem is not None:
        raise Misuse(f"{problem}; give each once")
    return found


def wait_of(given: object) -> int | None:
    """Returns how long a call waits for its resources; None: as long as one that says nothing."""
    return None if given is None else whole("resources_wait_ms", given)


def approval_of(asked: object) -> ApprovalSpec | None:
    """Returns what a human is asked before a call, or None."""
    return None if asked is None else asked_of(asked)


def asked_of(asked: object) -> ApprovalSpec:
    """Returns what is asked, its ``${`` escaped: texts of a function are no templates."""
    spec = ApprovalSpec(question=asked) if isinstance(asked, str) else asked
    if not isinstance(spec, ApprovalSpec):
        raise Misuse(f"approval is a question or an ApprovalSpec, not {a(asked)}")
    if not spec.question:
        raise Misuse("the question of an approval is empty")
    if spec.timeout_ms is not None:
        whole("timeout_ms", spec.timeout_ms)
    return msgspec.structs.replace(spec, question=spec.question.replace("${", "$${"))
