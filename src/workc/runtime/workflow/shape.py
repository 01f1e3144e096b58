"""Holds a document against the file's schema: keys, types and bounds, each with its place.

It knows the keywords that :data:`~workc.runtime.workflow.json_schema.FILE_SCHEMA` uses and answers
in terms of the file, which a general validator could not: what a misspelt key was meant to be,
which keys are missing and what they are for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import cast

from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.facts import Facts, members, texts
from workc.runtime.workflow.place import Place, quoted
from workc.runtime.workflow.problems import suggest

_TYPE_NAMES: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_IN_WORDS = {
    "null": "nothing (null)",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "array": "a list",
    "object": "a mapping",
}


def check_shape(facts: Facts, schema: JsonObject) -> None:
    """Reports where the document does not fit ``schema``."""
    _check(facts, (), schema, facts.document.value)


def type_name(value: Json) -> str:
    """Returns the JSON Schema type of a value; ``integer`` for whole numbers."""
    return _TYPE_NAMES[type(value)]


def in_words(value: Json) -> str:
    """Returns what kind of value this is, for a message."""
    if isinstance(value, float):
        return "one with a fraction" if not value.is_integer() else "one past 2^53"
    return _IN_WORDS[type_name(value)]


def _check(facts: Facts, place: Place, schema: JsonObject, value: Json) -> None:
    wanted = _types(schema)
    if wanted and not _fits(value, wanted):
        words = " or ".join(_IN_WORDS[name] for name in wanted)
        description = str(schema["description"])
        facts.refuse(place, f"this must be {words}, not {in_words(value)}", description)
        return
    for keyword, check in _KEYWORDS.items():
        if keyword in schema:
            check(facts, place, schema, value)


def _types(schema: JsonObject) -> list[str]:
    wanted = schema.get("type", [])
    return [wanted] if isinstance(wanted, str) else texts(wanted)


def _fits(value: Json, wanted: Iterable[str]) -> bool:
    found = type_name(value)
    return found in wanted or (found == "integer" and "number" in wanted)


def _const(facts: Facts, place: Place, schema: JsonObject, value: Json) -> None:
    wanted = schema["const"]
    if type(value) is not type(wanted) or value != wanted:
        facts.refuse(place, f"this must be {wanted}", f"write {place[-1]}: {wanted}")


def _enum(facts: Facts, place: Place, schema: JsonObject, value: Json) -> None:
    allowed = texts(schema["enum"])
    text = cast("str", value)
    if text not in allowed:
        fix = suggest(text, allowed, f"write one of {', '.join(allowed)}")
        facts.refuse(place, f"{quoted(text)} is not one of {', '.join(allowed)}", fix)


def _bounds(facts: Facts, place: Place, schema: JsonObject, value: Json) -> None:
    number, least, most = (cast("int", n) for n in (value, schema["minimum"], schema["maximum"]))
    if number < least:
        facts.refuse(place, f"{value} is less than {least}", f"write {least} or more")
    if number > most:
        facts.refuse(place, f"{value} is more than {most}", f"write {most} or less")


def _lengths(facts: Facts, place: Place, schema: JsonObject, value: Json) -> None:
    text = cast("str", value)
    if "minLength" in schema and not text:
        facts.refuse(place, "this text is empty", str(schema["description"]))
    if len(text) > cast("int", schema.get("maxLength", len(text))):
        most = schema["maxLength"]
        facts.refuse(place, f"this text has more than {most} characters", "shorten it")


def _pattern(facts: Facts, place: Place, schema: JsonObject, value: Json) -> None:
    pattern, text = str(schema["pattern"]), cast("str", value)
    # Python's $ also matches before a last line break; JSON Schema's does not.
    if not re.search(pattern, text) or text.endswith("\n"):
        facts.refuse(place, f"{quoted(text)} does not match {pattern}", str(schema["description"]))


def _min_items(facts: Facts, place: Place, schema: JsonObject, value: Json) -> None:
    if not value:
        facts.refuse(place, "this list is empty", str(schema["description"]))


def _required(facts: Facts, place: Place, schema: JsonObject, value: Json) -> None:
    missing = [key for key in texts(schema["required"]) if key not in members(value)]
    if not missing:
        return
    properties = members(schema["properties"])
    first = f"{missing[0]}: {members(properties[missing[0]])['description']}"
    names = ", ".join(missing)
    facts.refuse_key(place, f"missing here: {names}", f"add {first}")


def _properties(facts: Facts, place: Place, schema: JsonObject, value: Json) -> None:
    known = members(schema["properties"])
    for key, item in members(value).items():
        if key in known:
            _check(facts, (*place, key), members(known[key]), item)
        else:
            fix = suggest(key, known, f"write one of {', '.join(known)}")
            facts.refuse_key((*place, key), f"there is no key {quoted(key)} here", fix)


def _additional(facts: Facts, place: Place, schema: JsonObject, value: Json) -> None:
    rest = schema["additionalProperties"]
    if isinstance(rest, dict):
        for key, item in members(value).items():
            _check(facts, (*place, key), rest, item)


def _items(facts: Facts, place: Place, schema: JsonObject, value: Json) -> None:
    for index, item in enumerate(cast("list[Json]", value)):
        _check(facts, (*place, index), members(schema["items"]), item)


#: What each keyword does to a value that has the type of its schema. A number has both bounds; an
#: enum, a length or a pattern stands only beside the type string, minItems and items beside array.
_KEYWORDS: dict[str, Callable[[Facts, Place, JsonObject, Json], None]] = {
    "const": _const,
    "enum": _enum,
    "minimum": _bounds,
    "minLength": _lengths,
    "maxLength": _lengths,
    "pattern": _pattern,
    "minItems": _min_items,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
}
