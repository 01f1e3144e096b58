"""Holds JSON values against schemas: a closed subset of JSON Schema 2020-12.

The subset: ``type`` (a name or a list), ``properties``, ``required``, ``additionalProperties``,
``items``, ``prefixItems``, ``enum``, ``const``, the four bounds of numbers, ``minLength``,
``maxLength``, ``pattern``, ``minItems``, ``maxItems``, ``uniqueItems``, ``anyOf``, ``oneOf``,
``allOf``, ``$defs`` (at the top) with ``$ref`` into it, and as annotations ``title``,
``description``, ``default``, ``examples`` and ``format``. Any other word is a problem of the
schema: a misspelt keyword must never be a check that silently does nothing.

>>> [str(p) for p in problems({"type": "object", "properties": {"n": {"minimum": 1}}}, {"n": 0})]
['/n: expected at least 1, got integer 0']

What it does not do: fetch anything, follow ``format``, or bound the time of a ``pattern``, which
is a Python ``re`` written by the author of the schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from typing import TypeAlias, cast

from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Misuse
from workc.kernel.jcs import normalise
from workc.kernel.values import Json, JsonObject
from workc.stages.acceptance import Accept, compile_acceptance
from workc.stages.evaluation import MAX_PROBLEMS, Part, Run, Spent
from workc.stages.problem import Problem, below, foreign, identity, listed, quoted, show

__all__ = ["MAX_PROBLEMS", "Problem", "Schema", "check_schema", "problems"]

_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
_REFERENCE = re.compile(r"#/\$defs/([^/%]+)")

Found: TypeAlias = Iterator[Problem]


class Schema:
    """A schema that is known to be in the subset; hold any number of values against it."""

    def __init__(self, schema: JsonObject) -> None:
        """Checks the schema.

        Raises:
            Misuse: if it is not in the subset; names the first place.
        """
        wrong = check_schema(schema)
        if wrong:
            raise Misuse(f"this is not a schema workc can check: {wrong[0]}")
        # A copy, because the caller may change theirs.
        self.document = cast("JsonObject", normalise(schema))
        self._definitions = _definitions(self.document)
        self._accepts = compile_acceptance(self.document)
        self._members: dict[str, Schema] = {}

    def member(self, name: str) -> Schema:
        """Returns the schema of a property, which is compiled once.

        Raises:
            LookupError: there is no such property.
        """
        if name not in self._members:
            own = cast("JsonObject", cast("JsonObject", self.document["properties"])[name])
            definitions = {key: value for key, value in self.document.items() if key == "$defs"}
            self._members[name] = Schema({**own, **definitions})
        return self._members[name]

    def misfits(self, value: Json) -> list[Problem]:
        """Returns what :meth:`problems` does, quicker, for a value in normal form that fits."""
        if self._accepts is not None and _fits(self._accepts, value):
            return []
        return self.problems(value)

    def problems(self, value: Json) -> list[Problem]:
        """Returns what is wrong with a value: at most :data:`MAX_PROBLEMS`, always in one order.

        Accepts any object: what is not JSON, too deep, cyclic or too much is a problem.
        """
        wrong = foreign(value)
        if wrong is not None:
            return [wrong]
        try:
            return Run(self._definitions).problems(Part(self.document, value, ""))
        except Spent as spent:
            return [Problem(spent.pointer, "a value that can be checked in bounded time", "more")]


def _fits(accepts: Accept, value: Json) -> bool:
    try:
        return accepts(value)
    except RecursionError:
        # Where the stack is almost full; the evaluator needs little.
        return False


def problems(schema: JsonObject, value: Json) -> list[Problem]:
    """Returns what is wrong with a value; checks the schema first.

    Raises:
        Misuse: if the schema is not in the subset.
    """
    return Schema(schema).problems(value)


def check_schema(schema: JsonObject) -> list[Problem]:
    """Returns why a schema is not in the subset; an empty list for one that is.

    Accepts any object. Pointers lead into the schema.
    """
    wrong = foreign(schema) or _unkept(schema)
    if wrong is not None:
        return [wrong]
    names = _definitions(schema) if isinstance(cast("object", schema), dict) else {}
    found = list(islice(_check(schema, "", frozenset(names)), MAX_PROBLEMS))
    return found or list(islice(_endless(names), MAX_PROBLEMS))


def _unkept(schema: JsonObject) -> Problem | None:
    try:
        normalise(schema)
    except CanonicalError as error:
        return Problem("", "a value with a canonical form", str(error))
    return None


def _definitions(schema: JsonObject) -> dict[str, JsonObject]:
    defs = schema.get("$defs")
    named = cast("dict[str, JsonObject]", defs) if isinstance(defs, dict) else {}
    return {f"#{below('/$defs', name)}": definition for name, definition in named.items()}


def _check(schema: Json, pointer: str, references: frozenset[str]) -> Found:
    if not isinstance(schema, dict):
        yield Problem(pointer, "a schema (an object)", show(schema))
        return
    for word in sorted(schema):
        place = below(pointer, word)
        if word not in _FORMS:
            yield Problem(place, f"a keyword of the subset{_meant(word)}", quoted(word))
        elif word == "$defs" and pointer:
            yield Problem(place, "$defs at the top of the schema only", "$defs inside")
        elif word == "$ref" and not _is_one_of(references, schema[word]):
            yield Problem(place, f"one of {listed(sorted(references))}", show(schema[word]))
        else:
            yield from _form(word, schema[word], place)
            yield from _parts(word, schema[word], place, references)


def _is_one_of(references: frozenset[str], value: Json) -> bool:
    return isinstance(value, str) and value in references


def _meant(word: str) -> str:
    close = get_close_matches(word, _FORMS, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _form(word: str, value: Json, place: str) -> Found:
    expected, accepts = _FORMS[word]
    if not accepts(value):
        yield Problem(place, expected, show(value))


def _parts(word: str, value: Json, place: str, references: frozenset[str]) -> Found:
    for token, schema in _subschemas(word, value):
        yield from _check(schema, place if token is None else below(place, token), references)


def _subschemas(word: str, value: Json) -> list[tuple[str | int | None, Json]]:
    if word in _ONE and not isinstance(value, bool):
        return [(None, value)]
    if word in _MANY and isinstance(value, list):
        return list(enumerate(value))
    if word in _NAMED and isinstance(value, dict):
        return [(name, value[name]) for name in sorted(value)]
    return []


_ONE = frozenset({"items", "additionalProperties"})
_MANY = frozenset({"prefixItems", "anyOf", "oneOf", "allOf"})
_NAMED = frozenset({"properties", "$defs"})


def _endless(definitions: dict[str, JsonObject]) -> Found:
    # A reference that comes back to itself at the same value would be followed for ever.
    graph = {name: sorted(_same_place(definitions[name])) for name in sorted(definitions)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        for name in sorted(set(cast("list[str]", error.args[1]))):
            yield Problem(name[1:], "a definition that does not consist of itself", quoted(name))


def _same_place(schema: JsonObject) -> set[str]:
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        current = waiting.pop()
        if "$ref" in current:
            found.add(cast("str", current["$ref"]))
        for word in ("anyOf", "oneOf", "allOf"):
            waiting.extend(cast("list[JsonObject]", current.get(word, [])))
    return found


def _is_type(value: Json) -> bool:
    names: Json = value if isinstance(value, list) else [cast("Json", value)]
    return bool(names) and _are_names(names) and set(cast("list[str]", names)) <= _TYPES


def _are_names(value: Json) -> bool:
    if not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
        return False
    return len(set(cast("list[str]", value))) == len(value)


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_enum(value: Json) -> bool:
    return isinstance(value, list) and 0 < len(value) == len({identity(v) for v in value})


def _is_pattern(value: Json) -> bool:
    if not isinstance(value, str):
        return False
    try:
        re.compile(value)
    # What the compiler raises for odd patterns; FutureWarning where warnings are errors.
    except (re.error, RecursionError, OverflowError, FutureWarning):
        return False
    return True


def _is_reference(value: Json) -> bool:
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


def _is_object(value: Json) -> bool:
    return isinstance(value, dict)


def _is_list(value: Json) -> bool:
    return isinstance(value, list)


def _is_choice(value: Json) -> bool:
    return isinstance(value, list) and len(value) > 0


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_flag(value: Json) -> bool:
    return isinstance(value, bool)


def _is_schema_or_flag(value: Json) -> bool:
    return isinstance(value, (bool, dict))


def _is_anything(_: Json) -> bool:
    return True


#: Every keyword of the subset: the form its value must have, in words and as a check.
_FORMS: dict[str, tuple[str, Callable[[Json], bool]]] = {
    "type": (f"a type or a list of different ones ({listed(sorted(_TYPES))})", _is_type),
    "properties": ("an object of schemas", _is_object),
    "required": ("a list of different names", _are_names),
    "additionalProperties": ("true, false or a schema", _is_schema_or_flag),
    "items": ("a schema", _is_object),
    "prefixItems": ("a list of schemas, not empty", _is_choice),
    "enum": ("a list of different values, not empty", _is_enum),
    "const": ("a value", _is_anything),
    "minimum": ("a number", _is_number),
    "maximum": ("a number", _is_number),
    "exclusiveMinimum": ("a number", _is_number),
    "exclusiveMaximum": ("a number", _is_number),
    "minLength": ("a whole number, 0 or more", _is_count),
    "maxLength": ("a whole number, 0 or more", _is_count),
    "pattern": ("a regular expression that Python can compile", _is_pattern),
    "minItems": ("a whole number, 0 or more", _is_count),
    "maxItems": ("a whole number, 0 or more", _is_count),
    "uniqueItems": ("true or false", _is_flag),
    "anyOf": ("a list of schemas, not empty", _is_choice),
    "oneOf": ("a list of schemas, not empty", _is_choice),
    "allOf": ("a list of schemas, not empty", _is_choice),
    "$defs": ("an object of schemas", _is_object),
    "$ref": ("#/$defs/ and a name of it", _is_reference),
    "title": ("a text", _is_text),
    "description": ("a text", _is_text),
    "default": ("a value", _is_anything),
    "examples": ("a list of values", _is_list),
    "format": ("a text", _is_text),
}
