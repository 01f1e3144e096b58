"""A quick yes: closures that accept a value only if the evaluator would find nothing wrong.

Most values fit, and to know that takes a few type tests. A closure never explains: what it does
not accept goes to the evaluator (``workc.stages.evaluation``), which is the authority. A schema
with a keyword that has no closure here, or one that is large or leads back to itself, has no quick
answer. Values must be in normal form (``workc.kernel.jcs.normalise``): what is not JSON, cyclic or
endless is not looked for here. A secret is left to the evaluator wherever a type is asked for.

>>> fits = compile_acceptance({"type": "object", "properties": {"x": {"type": "integer"}}})
>>> fits is not None and fits({"x": 1}), fits is not None and fits({"x": "1"})
(True, False)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias, cast

from workc.kernel.values import Json, JsonObject
from workc.stages.problem import below

Accept: TypeAlias = Callable[[Json], bool]

_WORDLESS = frozenset({"title", "description", "default", "examples", "format", "$defs"})
#: How many parts of a schema are looked at, those behind references each time they are met: who
#: leads to the same part by very many ways has no quick answer.
_MAX_PARTS = 256
#: type -> the Python types of its values in normal form, in which no float is an integer.
_EXACT: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
}
#: The keywords that are taken together, because each needs the others.
_OBJECT = frozenset({"type", "properties", "required", "additionalProperties"})
_ARRAY = frozenset({"type", "items"})


class _NoQuickAnswer(Exception):
    """Something has no closure here."""


def compile_acceptance(schema: Json) -> Accept | None:
    """Returns the closure of a checked schema, or None if it has no quick answer."""
    try:
        return _Compiler(schema).part(schema)
    except (_NoQuickAnswer, RecursionError):
        return None


class _Compiler:
    """Makes the closures of one schema: its definitions, and how many parts it may still look at."""

    def __init__(self, schema: Json) -> None:
        whole: JsonObject = schema if isinstance(schema, dict) else {}
        definitions = cast("JsonObject", whole.get("$defs", {}))
        self._definitions = {f"#{below('/$defs', name)}": definitions[name] for name in definitions}
        self._left = _MAX_PARTS
        self._open: set[str] = set()

    def part(self, schema: Json) -> Accept:
        """Returns the closure of one part.

        Raises:
            _NoQuickAnswer: it has none.
        """
        self._left -= 1
        if not isinstance(schema, dict) or self._left < 0:
            raise _NoQuickAnswer
        words = schema.keys() - _WORDLESS
        taken, found = self._typed(schema) if "type" in words else (frozenset[str](), [])
        for word in sorted(words - taken):
            if word not in _KEYWORDS:
                raise _NoQuickAnswer
            found.append(_KEYWORDS[word](self, schema[word]))
        return _all(found)

    def _typed(self, schema: JsonObject) -> tuple[frozenset[str], list[Accept]]:
        """Returns the closure of a type, and which keywords it takes with it."""
        kind = schema["type"]
        if kind == "object":
            return _OBJECT, [self._object(schema)]
        if kind == "array":
            return _ARRAY, [self._array(schema)]
        names = kind if isinstance(kind, list) else [kind]
        if not all(name in _EXACT for name in names):
            raise _NoQuickAnswer
        types = [each for name in names for each in _EXACT[cast("str", name)]]
        return frozenset({"type"}), [_exactly(tuple(types))]

    def _array(self, schema: JsonObject) -> Accept:
        member = self.part(schema.get("items", {}))
        return lambda value: type(value) is list and all(map(member, value))

    def _object(self, schema: JsonObject) -> Accept:
        properties = cast("JsonObject", schema.get("properties", {}))
        members = {name: self.part(each) for name, each in properties.items()}
        rest = self._rest(schema.get("additionalProperties", True))
        required = frozenset(cast("list[str]", schema.get("required", [])))

        def accept(value: Json) -> bool:
            return (
                type(value) is dict
                and required <= value.keys()
                and all(members.get(name, rest)(item) for name, item in value.items())
            )

        return accept

    def _rest(self, schema: Json) -> Accept:
        if isinstance(schema, bool):
            return _anything if schema else _nothing
        return self.part(schema)

    def reference(self, name: Json) -> Accept:
        """Returns the closure of a definition that does not lead back to itself."""
        definition = cast("str", name)
        if definition in self._open:
            raise _NoQuickAnswer
        self._open.add(definition)
        found = self.part(self._definitions[definition])
        self._open.remove(definition)
        return found

    def any_of(self, schemas: Json) -> Accept:
        """Returns the closure of alternatives."""
        each = [self.part(schema) for schema in cast("list[Json]", schemas)]
        return lambda value: any(accept(value) for accept in each)

    def all_of(self, schemas: Json) -> Accept:
        """Returns the closure of parts that hold together."""
        return _all([self.part(schema) for schema in cast("list[Json]", schemas)])


def _all(found: list[Accept]) -> Accept:
    if len(found) == 1:
        return found[0]
    return (lambda value: all(accept(value) for accept in found)) if found else _anything


def _exactly(types: tuple[type, ...]) -> Accept:
    return lambda value: type(value) in types


def _anything(_value: Json) -> bool:
    return True


def _nothing(_value: Json) -> bool:
    return False


def _enum(_: _Compiler, allowed: Json) -> Accept:
    values = cast("list[Json]", allowed)
    if not all(value is None or isinstance(value, (str, int, float)) for value in values):
        raise _NoQuickAnswer
    # With the type, as True equals 1 in Python.
    known = {(type(value), value) for value in values}
    return lambda value: not isinstance(value, (list, dict)) and (type(value), value) in known


def _const(compiler: _Compiler, wanted: Json) -> Accept:
    return _enum(compiler, [wanted])


def _minimum(_: _Compiler, bound: Json) -> Accept:
    least = cast("float", bound)
    return lambda value: type(value) not in (int, float) or cast("float", value) >= least


def _maximum(_: _Compiler, bound: Json) -> Accept:
    most = cast("float", bound)
    return lambda value: type(value) not in (int, float) or cast("float", value) <= most


def _min_length(_: _Compiler, bound: Json) -> Accept:
    least = cast("int", bound)
    return lambda value: not isinstance(value, str) or len(value) >= least


def _max_length(_: _Compiler, bound: Json) -> Accept:
    most = cast("int", bound)
    return lambda value: not isinstance(value, str) or len(value) <= most


def _pattern(_: _Compiler, pattern: Json) -> Accept:
    search = re.compile(cast("str", pattern)).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _min_items(_: _Compiler, bound: Json) -> Accept:
    least = cast("int", bound)
    return lambda value: not isinstance(value, list) or len(value) >= least


def _max_items(_: _Compiler, bound: Json) -> Accept:
    most = cast("int", bound)
    return lambda value: not isinstance(value, list) or len(value) <= most


#: The keywords that have a closure of their own.
_KEYWORDS: dict[str, Callable[[_Compiler, Json], Accept]] = {
    "$ref": _Compiler.reference,
    "allOf": _Compiler.all_of,
    "anyOf": _Compiler.any_of,
    "const": _const,
    "enum": _enum,
    "maxItems": _max_items,
    "maxLength": _max_length,
    "maximum": _maximum,
    "minItems": _min_items,
    "minLength": _min_length,
    "minimum": _minimum,
    "pattern": _pattern,
}
