"""Reads Python annotations as JSON Schema, and turns JSON into what they name and back.

Read: ``None``, ``bool``, ``int``, ``float``, ``str``, ``list``, ``tuple``, ``dict`` with string
keys, ``Literal``, ``Enum``, unions, ``Annotated``, ``TypedDict``, dataclasses, ``msgspec.Struct``
and pydantic models (known by their methods: pydantic itself is never imported). ``Any``,
``object`` and no annotation mean any JSON value. Classes become definitions under ``$defs``, so
they may contain themselves, and they are closed: a member of another name is a problem.

Refused, each with what to do instead: sets (no order), ``bytes`` (no JSON), type variables,
whatever else has no JSON form, and names that do not resolve.

>>> schema_of(list[int])
{'type': 'array', 'items': {'type': 'integer'}}
"""

from __future__ import annotations

from typing import Literal

from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import Json, JsonObject
from workc.stages.plain import TOO_DEEP, plain
from workc.stages.problem import Problem
from workc.stages.schema import Schema
from workc.stages.shapes import Direction, Shapes, Unfit, Unresolved

__all__ = [
    "Direction",
    "Shapes",
    "Unfit",
    "Unresolved",
    "misfit",
    "schema_of",
    "to_json",
    "to_python",
]


def schema_of(annotation: object, direction: Direction = "input") -> JsonObject:
    """Returns the schema of an annotation, in the subset of ``workc.stages.schema``.

    ``direction`` matters to pydantic models only, whose output may differ from their input.

    Raises:
        Misuse: for an annotation that has no JSON form; says what to do.
    """
    shapes = Shapes(direction)
    return shapes.document(shapes.of(annotation).schema)


def to_python(annotation: object, value: Json) -> object:
    """Returns the Python value that an annotation makes of a JSON value.

    Raises:
        Refusal: INVALID_INPUT; names the place, what was expected and what stood there.
        Misuse: for an annotation that has no JSON form.
    """
    shapes = Shapes("input")
    shape = shapes.of(annotation)
    problems = Schema(shapes.document(shape.schema)).problems(value)
    if problems:
        raise misfit("INVALID_INPUT", "the value", problems)
    try:
        return shape.build(value, "")
    except Unfit as unfit:
        raise misfit("INVALID_INPUT", "the value", [unfit.problem]) from None
    except RecursionError:
        raise misfit("INVALID_INPUT", "the value", [TOO_DEEP]) from None


def to_json(value: object) -> Json:
    """Returns a Python value as canonical JSON (``workc.kernel.jcs``), sharing nothing with it.

    Raises:
        Refusal: INVALID_OUTPUT for any value that has no JSON form, cyclic ones included.
    """
    try:
        return plain(value)
    except Unfit as unfit:
        raise misfit("INVALID_OUTPUT", "the value", [unfit.problem]) from None


def misfit(
    code: Literal["INVALID_INPUT", "INVALID_OUTPUT"], what: str, problems: list[Problem]
) -> Refusal:
    """Returns the refusal for a value with problems: the first in words, all in the details."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    listed: list[Json] = [
        {"pointer": each.pointer, "expected": each.expected, "actual": each.actual}
        for each in problems
    ]
    return refuse(code, f"{what}: {problems[0]}{more}", problems=listed)
