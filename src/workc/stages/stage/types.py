"""The types of stages: structural, closed, and written in one way.

Their JSON is ``{"kind": ..., "value": ...}``, without ``value`` where a kind has none:

>>> type_json(List(Text()))
{'kind': 'List', 'value': {'kind': 'Text'}}
>>> type_of_json({"kind": "Union", "value": [{"kind": "Text"}, {"kind": "Null"}, {"kind": "Text"}]})
Union(members=(Null(), Text()))

A number is any JSON number; that an integer beyond 2**53 is none that JSON keeps is the business of
canonical JSON (``workc.kernel.jcs``), and such a value fits no type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, cast

import msgspec

from workc.kernel import jcs
from workc.kernel.values import Json, JsonObject
from workc.stages.stage.refinements import (
    Refinement,
    StageError,
    members_of,
    one_of,
    refinement_json,
    refinement_of_json,
    refinement_text,
)

#: How deep a type may nest.
MAX_DEPTH = 64


class NType(msgspec.Struct, frozen=True):
    """A type of values; its subclasses are the kinds."""

    kind: ClassVar[str] = ""


class Any(NType, frozen=True):
    """Every value."""

    kind = "Any"


class Bool(NType, frozen=True):
    """``true`` and ``false``."""

    kind = "Bool"


class Bytes(NType, frozen=True):
    """Bytes, which in JSON are Base64 text."""

    kind = "Bytes"


class List(NType, frozen=True):
    """Lists of items of one type."""

    kind = "List"
    item: NType


class Map(NType, frozen=True):
    """Objects of any names, whose values are of one type; ``key`` is that of the names."""

    kind = "Map"
    key: NType
    value: NType


class Null(NType, frozen=True):
    """``null``."""

    kind = "Null"


class Number(NType, frozen=True):
    """Every number."""

    kind = "Number"


class Record(NType, frozen=True):
    """Objects with these members and no others; those in ``optional`` may be absent."""

    kind = "Record"
    fields: Mapping[str, NType]
    optional: frozenset[str] = frozenset()

    def __hash__(self) -> int:
        """Returns the hash of its names: fields are a mapping."""
        return hash((tuple(sorted(self.fields)), self.optional))


class Text(NType, frozen=True):
    """Every string."""

    kind = "Text"


class Union(NType, frozen=True):
    """Values of one of these types; made by :func:`union`, which writes it in one way."""

    kind = "Union"
    members: tuple[NType, ...]


class Refined(NType, frozen=True):
    """Values of ``base`` that the refinement lets through."""

    kind = "Refined"
    base: NType
    refinement: Refinement


#: The order of kinds within a union: that of the alphabet.
KINDS: Mapping[str, type[NType]] = {
    kind.kind: kind
    for kind in (Any, Bool, Bytes, List, Map, Null, Number, Record, Refined, Text, Union)
}


def union(members: Iterable[NType]) -> NType:
    """Returns the union of types: nested ones opened, each once, in order of their JSON.

    Of one it is that, of none ``Null``.
    """
    opened: dict[bytes, NType] = {}
    for member in members:
        for each in member.members if isinstance(member, Union) else (member,):
            opened[_order(each)] = each
    found = [opened[key] for key in sorted(opened)]
    match found:
        case []:
            return Null()
        case [single]:
            return single
        case _:
            return Union(tuple(found))


def optional(item: NType) -> NType:
    """Returns the type of an item or ``null``."""
    return union((item, Null()))


def literal(*values: Json) -> NType:
    """Returns the type of exactly these values, at least one."""
    return Refined(union(base_of(value) for value in values), one_of(values))


def base_of(value: Json) -> NType:
    """Returns the widest type of values like this one."""
    match value:
        case None:
            return Null()
        case bool():
            return Bool()
        case int() | float():
            return Number()
        case str():
            return Text()
        case list():
            return List(Any())
        case dict():
            return Map(Text(), Any())


def _order(item: NType) -> bytes:
    return item.kind.encode() + b"\0" + jcs.encode(type_json(item))


def type_json(item: NType) -> JsonObject:
    """Returns a type as JSON."""
    match item:
        case List():
            return {"kind": item.kind, "value": type_json(item.item)}
        case Map():
            ends: JsonObject = {"key": type_json(item.key), "value": type_json(item.value)}
            return {"kind": item.kind, "value": ends}
        case Record():
            fields: JsonObject = {
                name: type_json(item.fields[name]) for name in sorted(item.fields)
            }
            names: list[Json] = [*sorted(item.optional)]
            rest: JsonObject = {"optional": names} if names else {}
            return {"kind": item.kind, "value": fields, **rest}
        case Union():
            return {"kind": item.kind, "value": [type_json(each) for each in item.members]}
        case Refined():
            inner: JsonObject = {
                "base": type_json(item.base),
                "refinement": refinement_json(item.refinement),
            }
            return {"kind": item.kind, "value": inner}
        case _:
            return {"kind": item.kind}


def type_of_json(value: object, depth: int = 0) -> NType:
    """Returns the type that a JSON value says.

    Raises:
        StageError: it says none; the sentence names the kinds.
    """
    if depth > MAX_DEPTH:
        raise StageError(f"a type nests at most {MAX_DEPTH} deep")
    said = members_of("a type", value, ("kind",), ("value", "optional"))
    read = _READERS.get(str(said["kind"]))
    if read is None:
        raise StageError(f"{said['kind']!r:.60} is no kind of type; there is {', '.join(KINDS)}")
    if "optional" in said and said["kind"] != "Record":
        raise StageError("optional is of a Record alone")
    return read(said, depth + 1)


def _plain(kind: type[NType]) -> Callable[[Mapping[str, object], int], NType]:
    def read(said: Mapping[str, object], _depth: int) -> NType:
        if "value" in said:
            raise StageError(f"{kind.kind} has no value")
        return kind()

    return read


def _list(said: Mapping[str, object], depth: int) -> NType:
    return List(type_of_json(_value(said), depth))


def _map(said: Mapping[str, object], depth: int) -> NType:
    ends = members_of("the value of a Map", _value(said), ("key", "value"))
    return Map(type_of_json(ends["key"], depth), type_of_json(ends["value"], depth))


def _record(said: Mapping[str, object], depth: int) -> NType:
    fields = _value(said)
    if not isinstance(fields, dict):
        raise StageError("the value of a Record is an object of types")
    named = cast("dict[str, object]", fields)
    absent = said.get("optional", [])
    if not isinstance(absent, list) or not all(name in named for name in cast("list[str]", absent)):
        raise StageError("optional lists names of the Record")
    return Record(
        {name: type_of_json(named[name], depth) for name in sorted(named)},
        frozenset(cast("list[str]", absent)),
    )


def _union(said: Mapping[str, object], depth: int) -> NType:
    members = _value(said)
    if not isinstance(members, list) or not members:
        raise StageError("the value of a Union is a list of types, at least one")
    return union(type_of_json(each, depth) for each in cast("list[object]", members))


def _refined(said: Mapping[str, object], depth: int) -> NType:
    parts = members_of("the value of a Refined", _value(said), ("base", "refinement"))
    return Refined(type_of_json(parts["base"], depth), refinement_of_json(parts["refinement"]))


def _value(said: Mapping[str, object]) -> object:
    if "value" not in said:
        raise StageError(f"{said['kind']} lacks its value")
    return said["value"]


_READERS: Mapping[str, Callable[[Mapping[str, object], int], NType]] = {
    **{kind.kind: _plain(kind) for kind in (Any, Bool, Bytes, Null, Number, Text)},
    "List": _list,
    "Map": _map,
    "Record": _record,
    "Union": _union,
    "Refined": _refined,
}


def type_text(item: NType) -> str:
    """Returns a type as people read it: ``List<Text>``, ``{age: Number, name?: Text}``, ``Null | Text``."""
    match item:
        case List():
            return f"List<{type_text(item.item)}>"
        case Map():
            return f"Map<{type_text(item.key)}, {type_text(item.value)}>"
        case Record():
            marks = {name: "?" if name in item.optional else "" for name in item.fields}
            fields = (f"{n}{marks[n]}: {type_text(item.fields[n])}" for n in sorted(item.fields))
            return "{" + ", ".join(fields) + "}"
        case Union():
            return " | ".join(map(type_text, item.members))
        case Refined():
            return refinement_text(type_text(item.base), item.refinement)
        case _:
            return item.kind
