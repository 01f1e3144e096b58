"""Makes a function a planner: a pure skill that takes what a planner is told, and gives a plan.

>>> @planner
... def fixed(intent: str) -> dict[str, object]:
...     return {"steps": [{"id": "call", "skill": "http_call", "with": {"url": "http://h/"}}]}
>>> fixed("fetch")["steps"][0]["id"]
'call'

It runs again in a replay, and what it gives is compared. A workflow file names it: ``plan: {function:
fixed, allow: [http_call]}``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast, overload

from workc.kernel.failure import Misuse
from workc.stages.contract import signature_of
from workc.stages.skill import Decorator, Skill, check_function, skill

P = ParamSpec("P")
R = TypeVar("R")

#: What a planner is told, by name: of a file ``${planning.prompt}``, of a function its parameters.
TOLD = (
    "attempt",
    "budget_micro_cents",
    "catalog",
    "feedback",
    "inputs",
    "intent",
    "limits",
    "problems",
    "prompt",
    "schema",
)


@overload
def planner(function: Callable[P, R], /) -> Skill[P, R]: ...


@overload
def planner(*, name: str | None = None, description: str | None = None) -> Decorator: ...


def planner(
    function: Callable[P, R] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
) -> Skill[P, R] | Decorator:
    """Returns the planner of a function, as ``@planner`` or ``@planner(...)``; see the module.

    Its parameters are some of ``attempt``, ``budget_micro_cents``, ``catalog``, ``feedback``,
    ``inputs``, ``intent``, ``limits``, ``problems``, ``prompt`` and ``schema``. It gives ``{"steps":
    [...], "output", "rationale", "alternatives"}``, of which all but the steps may be left out.

    Raises:
        Misuse: the function has another form; says what to change.
    """

    def decorate(wrapped: Callable[P, R]) -> Skill[P, R]:
        check_function(wrapped, "planner", "plain functions (def)")
        made = skill(pure=True, name=name, description=description)(wrapped)
        if made.kind != "function":
            raise Misuse(f"{made.name}: a planner is a plain def, without ctx: it only thinks")
        unknown = [each for each in signature_of(made.function) if each not in TOLD]
        if unknown:
            known = ", ".join(TOLD)
            raise Misuse(f"{made.name} takes {unknown[0]!r}; a planner takes some of {known}")
        return made

    return cast("Decorator", decorate) if function is None else decorate(function)
