"""Types as JSON Schema and back, over the closed subset of ``workc.stages.schema``.

>>> to_schema(List(Text()))
{'type': 'array', 'items': {'type': 'string'}}
>>> of_schema({"type": "object", "additionalProperties": {"type": "integer"}})
Converted(type=Map(key=Text(), value=Number()), lost=('/additionalProperties: integer is a Number',))

A type says less than a schema can: what is lost on the way is said, never dropped silently. So is
what cannot be said: a schema whose values no type has is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from workc.kernel.values import Json, JsonObject
from workc.stages.problem import below
from workc.stages.stage.refinements import (
    Length,
    NonEmpty,
    OneOf,
    Range,
    Refinement,
    StageError,
    one_of,
)
from workc.stages.stage.types import (
    Any,
    Bool,
    Bytes,
    List,
    Map,
    NType,
    Null,
    Number,
    Record,
    Refined,
    Text,
    Union,
    base_of,
    literal,
    union,
)

#: How often a schema may refer to a definition within one.
_MAX_DEPTH = 64
#: Words that say nothing of values.
_NOTES = frozenset(
    {"title", "description", "default", "examples", "format", "$defs", "$schema", "$comment"}
)


class Converted(msgspec.Struct, frozen=True):
    """The type of a schema, and what of the schema it does not say, a sentence each."""

    type: NType
    lost: tuple[str, ...] = ()


def to_schema(item: NType) -> JsonObject:
    """Returns the schema of exactly the values of a type; of ``Bytes``, of every text.

    Raises:
        StageError: the subset of JSON Schema cannot say it.
    """
    match item:
        case List():
            return {"type": "array", "items": to_schema(item.item)}
        case Map(key=Text()):
            return {"type": "object", "additionalProperties": to_schema(item.value)}
        case Record():
            return _record_schema(item)
        case Union():
            return {"anyOf": [to_schema(member) for member in item.members]}
        case Refined():
            return _refined_schema(item)
        case _ if item.kind in _PLAIN:
            return dict(_PLAIN[item.kind])
        case _:
            raise StageError("a Map whose names are not any Text has no schema")


def _record_schema(item: Record) -> JsonObject:
    names: list[Json] = [name for name in sorted(item.fields) if name not in item.optional]
    return {
        "type": "object",
        "properties": {name: to_schema(item.fields[name]) for name in sorted(item.fields)},
        "required": names,
        "additionalProperties": False,
    }


def _refined_schema(item: Refined) -> JsonObject:
    if isinstance(item.refinement, OneOf):
        return {"enum": list(item.refinement.options)}
    base = to_schema(item.base)
    words = _WORDS.get(str(base.get("type")))
    if words is None:
        raise StageError(f"a {item.refinement.kind} of {item.base.kind} has no schema")
    low, high = _ends(item.refinement)
    said = {word: end for word, end in zip(words, (low, high), strict=True) if end is not None}
    return {**base, **cast("JsonObject", said)}


def _ends(refinement: Refinement) -> tuple[float | int | None, float | int | None]:
    if isinstance(refinement, NonEmpty):
        return 1, None
    ends = cast("Range | Length", refinement)
    return ends.min, ends.max


_PLAIN: Mapping[str, JsonObject] = {
    "Any": {},
    "Null": {"type": "null"},
    "Bool": {"type": "boolean"},
    "Number": {"type": "number"},
    "Text": {"type": "string"},
    "Bytes": {"type": "string", "format": "byte"},
}
#: Of each type the words for the least and the most that it may be, or hold.
_WORDS: Mapping[str, tuple[str, str]] = {
    "number": ("minimum", "maximum"),
    "integer": ("minimum", "maximum"),
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
}


def of_schema(schema: JsonObject) -> Converted:
    """Returns the type of the values that a schema accepts.

    Raises:
        StageError: no type has them: an object that takes more members than it names, a union by
            ``oneOf`` or ``allOf``, lists that are tuples, definitions that refer to themselves.
    """
    definitions = schema.get("$defs", {})
    reading = _Reading(cast("Mapping[str, Json]", definitions))
    found = reading.type_of(schema, "", 0)
    return Converted(found, tuple(reading.lost))


class _Reading:
    """One reading of a schema; collects what is lost."""

    def __init__(self, definitions: Mapping[str, Json]) -> None:
        self._definitions = definitions
        self.lost: list[str] = []

    def type_of(self, schema: Json, at: str, depth: int) -> NType:
        """Returns the type of a part of the schema."""
        if not isinstance(schema, dict):
            raise StageError(f"{at or '/'}: a schema is an object")
        if depth > _MAX_DEPTH:
            raise StageError(f"{at or '/'}: it nests more than {_MAX_DEPTH} deep, or in itself")
        if "$ref" in schema:
            name = str(schema["$ref"]).removeprefix("#/$defs/")
            return self.type_of(self._definitions.get(name), at, depth + 1)
        return self._type_of(schema, at, depth + 1)

    def _type_of(self, schema: JsonObject, at: str, depth: int) -> NType:
        said = schema.keys() - _NOTES
        if not said:
            return Bytes() if schema.get("format") == "byte" else Any()
        if "enum" in said or "const" in said:
            return self._literal(schema, said, at)
        if "anyOf" in said:
            self._only(said, {"anyOf"}, at)
            members = cast("list[Json]", schema["anyOf"])
            return union(
                self.type_of(each, below(below(at, "anyOf"), index), depth)
                for index, each in enumerate(members)
            )
        names = schema.get("type")
        if names is None:
            raise StageError(f"{at or '/'}: {', '.join(sorted(said))} without a type has no type")
        listed = names if isinstance(names, list) else [names]
        return union(self._of_name(str(name), schema, at, depth) for name in listed)

    def _literal(self, schema: JsonObject, said: set[str], at: str) -> NType:
        """Returns the type of the values that are listed, as far as the type beside lets them in."""
        self._only(said, {"enum", "const", "type"}, at)
        values = cast("list[Json]", schema.get("enum", [schema.get("const")]))
        if "enum" in said and "const" in said:
            values = [each for each in values if one_of([each]) == one_of([schema["const"]])]
        names = schema.get("type")
        if names is not None:
            kinds = [str(name) for name in (names if isinstance(names, list) else [names])]
            values = [each for each in values if _is_of(each, kinds)]
        if not values:
            raise StageError(f"{at or '/'}: nothing is let through")
        return literal(*values)

    def _of_name(self, name: str, schema: JsonObject, at: str, depth: int) -> NType:
        read = {"array": self._array, "object": self._object}.get(name)
        if read is not None:
            return read(schema, at, depth)
        base = _NAMED.get(name)
        if base is None:
            raise StageError(f"{at or '/'}: {name!r:.60} is no type")
        if name == "integer":
            self.lost.append(f"{at or '/'}: integer is a Number")
        if name == "string" and schema.get("format") == "byte":
            return Bytes()
        return self._refined(base, name, schema, at)

    def _array(self, schema: JsonObject, at: str, depth: int) -> NType:
        if "prefixItems" in schema:
            raise StageError(f"{at or '/'}: a list of parts that differ has no type")
        item = self.type_of(schema.get("items", {}), below(at, "items"), depth)
        return self._refined(List(item), "array", schema, at)

    def _object(self, schema: JsonObject, at: str, depth: int) -> NType:
        more = schema.get("additionalProperties", True)
        fields = cast("JsonObject", schema.get("properties", {}))
        if not fields and more is not False:
            value = {} if more is True else more
            found = self.type_of(value, below(at, "additionalProperties"), depth)
            return self._refined(Map(Text(), found), "object", schema, at)
        if more is not False:
            raise StageError(f"{at or '/'}: an object that takes more than it names has no type")
        place = below(at, "properties")
        named = {n: self.type_of(fields[n], below(place, n), depth) for n in sorted(fields)}
        required = set(cast("list[str]", schema.get("required", [])))
        if not required <= named.keys():
            raise StageError(f"{at or '/'}: it requires what it does not let through")
        made = Record(named, frozenset(named.keys() - required))
        return self._refined(made, "object", schema, at)

    def _refined(self, base: NType, name: str, schema: JsonObject, at: str) -> NType:
        """Returns the type with its bounds; says which words of the type are lost."""
        low, high = _WORDS.get(name, ("", ""))
        known = {"type", low, high, *_MEMBERS.get(name, ())}
        others = {word for words in _OF_TYPES.values() for word in words} - _OF_TYPES.get(
            name, set()
        )
        for word in sorted(schema.keys() - known - _NOTES - others):
            self.lost.append(f"{below(at, word)}: a type does not say it")
        ends = schema.get(low), schema.get(high)
        if ends == (None, None):
            return base
        least, most = cast("tuple[int | None, int | None]", ends)
        kind = Range if name in ("number", "integer") else Length
        return Refined(base, kind(least, most))

    def _only(self, said: set[str], known: set[str], at: str) -> None:
        if said - known:
            beside = ", ".join(sorted(said - known))
            raise StageError(f"{at or '/'}: {beside} beside {sorted(said & known)[0]} has no type")


_NAMED: Mapping[str, NType] = {
    "null": Null(),
    "boolean": Bool(),
    "number": Number(),
    "integer": Number(),
    "string": Text(),
}
_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "array": ("items",),
    "object": ("properties", "required", "additionalProperties"),
}
#: Words that are of one type and say nothing of values of another.
_NUMBERS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
_OF_TYPES: Mapping[str, set[str]] = {
    "number": _NUMBERS,
    "integer": _NUMBERS,
    "string": {"minLength", "maxLength", "pattern"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"},
    "object": {"properties", "required", "additionalProperties"},
}


#: Of the kind of a value the name that JSON Schema has for it.
_OF_VALUES: Mapping[str, str] = {
    "Null": "null",
    "Bool": "boolean",
    "Number": "number",
    "Text": "string",
    "List": "array",
    "Map": "object",
}


def _is_of(value: Json, names: list[str]) -> bool:
    name = _OF_VALUES[base_of(value).kind]
    is_whole = name == "number" and float(cast("float", value)).is_integer()
    return name in names or (is_whole and "integer" in names)
