"""Makes a function a gate: a pure skill that takes what a gate may see, and lets work go on by True.

>>> @gate
... def small(value: list[int]) -> bool:
...     return len(value) < 3
>>> small([1, 2])
True

It runs again in a replay, and what it gives is compared. A workflow names it: ``{id: short, function:
small}``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import ParamSpec, TypeVar, cast, overload

from workc.kernel.failure import Misuse
from workc.kernel.gates import When
from workc.stages.contract import signature_of
from workc.stages.skill import Decorator, Skill, check_function, skill

P = ParamSpec("P")
R = TypeVar("R")

#: What a gate may look at, by when it is evaluated: the names in an expression, or of parameters.
SEEN: Mapping[When, tuple[str, ...]] = {
    "pre_run": ("inputs", "lens"),
    "pre_step": ("inputs", "lens", "steps", "params"),
    "post_step": ("inputs", "lens", "steps", "value"),
    "post_run": ("inputs", "lens", "steps", "output"),
}
_EVER = tuple(dict.fromkeys(name for names in SEEN.values() for name in names))


@overload
def gate(function: Callable[P, R], /) -> Skill[P, R]: ...


@overload
def gate(*, name: str | None = None, description: str | None = None) -> Decorator: ...


def gate(
    function: Callable[P, R] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
) -> Skill[P, R] | Decorator:
    """Returns the gate of a function, as ``@gate`` or ``@gate(...)``; see the module.

    Its parameters are some of ``inputs``, ``lens``, ``steps``, ``params``, ``value`` and ``output``; which of
    them there are depends on where a workflow names it.

    Raises:
        Misuse: the function has another form; says what to change.
    """

    def decorate(wrapped: Callable[P, R]) -> Skill[P, R]:
        check_function(wrapped, "gate", "plain functions (def)")
        made = skill(pure=True, name=name, description=description)(wrapped)
        if made.kind != "function":
            raise Misuse(f"{made.name}: a gate is a plain def, without ctx: it only looks")
        taken = signature_of(made.function)
        unknown = [each for each in taken if each not in _EVER]
        if unknown:
            known = ", ".join(_EVER)
            raise Misuse(f"{made.name} takes {unknown[0]!r}; a gate takes some of {known}")
        return made

    return cast("Decorator", decorate) if function is None else decorate(function)


def unseen_problem(name: str, taken: Collection[str] | None, when: When) -> str | None:
    """Returns why a function can be no gate at that time, or None.

    ``taken`` are the names of its parameters, None if it is no pure function.
    """
    if taken is None:
        return f"{name} is not a pure function, so it can be no gate"
    unknown = [each for each in taken if each not in SEEN[when]]
    if not unknown:
        return None
    return f"{name} takes {unknown[0]}, and a gate {when} sees {', '.join(SEEN[when])}"
