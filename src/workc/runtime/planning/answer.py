"""Reads what a planner gave: a plan as JSON, or why it is none.

A plan is ``{"steps": [...], "output", "rationale", "alternatives"}``, or the list of steps alone. A
skill may give it as text, as a model does, with or without a fence of three backticks around it; so
may the ``text`` of an object. Whatever was given, the answer is a plan or one :class:`BadPlan`.
"""

from __future__ import annotations

import re

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.values import Json, JsonObject
from workc.runtime.plan_problem import PlanProblem
from workc.runtime.workflow.source import MAX_DEPTH

#: The most bytes of a plan, as it is given.
MAX_PLAN_BYTES = 262_144
#: The most characters of a reason, and the most alternatives.
MAX_WORDS = 10_000
MAX_ALTERNATIVES = 20
#: So many problems a planner is told of, and so much of each.
MAX_PROBLEMS = 20
MAX_MESSAGE_CHARS = 500

_FENCED = re.compile(r"\A\s*```[a-zA-Z]*\n(.*?)\n?```\s*\Z", re.DOTALL)


class BadPlan(ValueError):
    """Carries what is wrong with a plan: at least one problem."""

    def __init__(self, problems: list[PlanProblem]) -> None:
        super().__init__(problems[0].message)
        self.problems = problems


class PlanAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as it was given: nothing of its steps is checked but that they are objects with ids."""

    steps: dict[str, JsonObject]
    output: Json = None
    has_output: bool = False
    rationale: str = ""
    alternatives: list[Json] = []


def bad_plan(code: str, message: str, path: str = "") -> BadPlan:
    """Returns the error of a plan in which one thing is wrong."""
    return BadPlan([PlanProblem(code=code, message=message, path=path)])


def read_answer(value: Json) -> PlanAnswer:
    """Returns the plan that a planner gave.

    Raises:
        BadPlan: it is none.
    """
    found = _plan_in(value)
    unknown = sorted(found.keys() - _KEYS)
    if unknown:
        known = ", ".join(_KEYS)
        raise bad_plan("INVALID_OUTPUT", f"a plan has {known}, and no {unknown[0][:64]!r}")
    rationale = found.get("rationale", "")
    if not isinstance(rationale, str) or len(rationale) > MAX_WORDS:
        message = f"rationale is a text of at most {MAX_WORDS} characters"
        raise bad_plan("INVALID_OUTPUT", message, "rationale")
    return PlanAnswer(
        steps=_steps(found.get("steps")),
        output=found.get("output"),
        has_output="output" in found,
        rationale=rationale,
        alternatives=_alternatives(found.get("alternatives", [])),
    )


_KEYS = ("steps", "output", "rationale", "alternatives")


def _plan_in(value: Json) -> JsonObject:
    """Returns the plan in what a planner gave, however it is wrapped."""
    if isinstance(value, dict) and "steps" not in value and isinstance(value.get("text"), str):
        value = value["text"]
    found = _parsed(value) if isinstance(value, str) else value
    _refuse_large(found)
    if isinstance(found, list):
        return {"steps": found}
    if isinstance(found, dict):
        return found
    raise bad_plan("INVALID_OUTPUT", "a plan is a JSON object with steps, or a list of steps")


def _parsed(text: str) -> Json:
    fenced = _FENCED.match(text)
    data = (fenced[1] if fenced else text).encode("utf-8", "replace")
    if len(data) > MAX_PLAN_BYTES:
        raise _too_large()
    try:
        return jcs.parse(data)
    except CanonicalError as error:
        raise bad_plan("NOT_JSON", f"the plan is {_why(error)}") from None


def _why(error: CanonicalError) -> str:
    text = str(error)
    return text if text.startswith("not JSON") else f"not JSON that is kept: {text}"


def _refuse_large(value: Json) -> None:
    if _depth(value) > MAX_DEPTH:
        raise bad_plan("INVALID_OUTPUT", f"the plan has more than {MAX_DEPTH} levels of nesting")
    if len(jcs.encode(value)) > MAX_PLAN_BYTES:
        raise _too_large()


def _too_large() -> BadPlan:
    return bad_plan("OUTPUT_TOO_LARGE", f"the plan has more than {MAX_PLAN_BYTES} bytes")


def _depth(value: Json) -> int:
    """Returns how deep lists and objects are nested."""
    depth, level = 0, [value]
    while level:
        level = [item for each in level for item in _inside(each)]
        depth += bool(level)
    return depth


def _inside(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _steps(listed: Json) -> dict[str, JsonObject]:
    if not isinstance(listed, list):
        raise bad_plan("INVALID_OUTPUT", "steps is a list", "steps")
    found: dict[str, JsonObject] = {}
    for index, step in enumerate(listed):
        place = f"steps[{index}]"
        if not isinstance(step, dict):
            raise bad_plan("INVALID_OUTPUT", "a step is an object", place)
        name = step.get("id")
        if not isinstance(name, str):
            raise bad_plan("INVALID_OUTPUT", "a step has an id, which is a text", place)
        if name in found:
            raise bad_plan("INVALID_OUTPUT", f"two steps have the id {name[:64]!r}", place)
        found[name] = {key: item for key, item in step.items() if key != "id"}
    return found


def _alternatives(listed: Json) -> list[Json]:
    if not isinstance(listed, list) or len(listed) > MAX_ALTERNATIVES:
        message = f"alternatives is a list of at most {MAX_ALTERNATIVES}"
        raise bad_plan("INVALID_OUTPUT", message, "alternatives")
    for index, each in enumerate(listed):
        if not isinstance(each, dict) or each.keys() != {"what", "rejected"}:
            message = "an alternative has what, and why it was rejected"
            raise bad_plan("INVALID_OUTPUT", message, f"alternatives[{index}]")
        if not all(isinstance(text, str) and len(text) <= MAX_WORDS for text in each.values()):
            message = f"what and rejected are texts of at most {MAX_WORDS} characters"
            raise bad_plan("INVALID_OUTPUT", message, f"alternatives[{index}]")
    return listed
