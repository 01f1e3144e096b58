"""A quick yes: closures that accept a value only if the evaluator would find nothing wrong.

Most values fit, and to know that takes a few type tests. A closure never explains: what it does
not accept goes to the evaluator (``workc.stages.evaluation``), which is the authority. A schema
with a keyword that has no closure here has no quick answer. Values must be in normal form
(``workc.kernel.jcs.normalise``): what is not JSON, cyclic or endless is not looked for here.

>>> fits = compile_acceptance({"type": "object", "properties": {"x": {"type": "integer"}}})
>>> fits is not None and fits({"x": 1}), fits is not None and fits({"x": "1"})
(True, False)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

from workc.kernel.values import Json, JsonObject

Accept: TypeAlias = Callable[[Json], bool]

_WORDLESS = frozenset({"title", "description", "default", "examples", "format", "$defs"})
#: type -> the Python types of its values in normal form, in which no float is an integer.
_EXACT: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
}


def compile_acceptance(schema: Json) -> Accept | None:
    """Returns the closure of a checked schema, or None if it has no quick answer."""
    if not isinstance(schema, dict):
        return None
    words = schema.keys() - _WORDLESS
    if not words:
        return _anything
    kind = schema.get("type")
    if isinstance(kind, str) and kind in _EXACT and words == {"type"}:
        return _exactly(_EXACT[kind])
    if kind == "array" and words <= {"type", "items"}:
        return _array(schema.get("items", {}))
    if kind == "object" and words <= {"type", "properties", "required", "additionalProperties"}:
        return _object(schema)
    return None


def _exactly(types: tuple[type, ...]) -> Accept:
    return lambda value: type(value) in types


def _array(items: Json) -> Accept | None:
    member = compile_acceptance(items)
    if member is None:
        return None
    return lambda value: type(value) is list and all(map(member, value))


def _object(schema: JsonObject) -> Accept | None:
    properties = cast("JsonObject", schema.get("properties", {}))
    compiled = {name: compile_acceptance(each) for name, each in properties.items()}
    rest = _rest(schema.get("additionalProperties", True))
    required = frozenset(cast("list[str]", schema.get("required", [])))
    if None in compiled.values() or rest is None:
        return None
    members = cast("dict[str, Accept]", compiled)

    def accept(value: Json) -> bool:
        return (
            type(value) is dict
            and required <= value.keys()
            and all(members.get(name, rest)(item) for name, item in value.items())
        )

    return accept


def _rest(schema: Json) -> Accept | None:
    if isinstance(schema, bool):
        return _anything if schema else _nothing
    return compile_acceptance(schema)


def _anything(_value: Json) -> bool:
    return True


def _nothing(_value: Json) -> bool:
    return False
