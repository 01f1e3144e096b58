"""What kinds of values may stand at a field of a property, as far as the types of a stage say.

A path that the types do not have is a typo, and so is a property of a field that it never holds of:
both are found before anything is run.

>>> from workc.stages.stage.types import List, Number, Record
>>> types = Types(Record({"items": List(Number())}), Number())
>>> field_problem(property_of_json({"kind": "unique", "field": "input.itmes"}), types)
'input.itmes: {items: List<Number>} has no itmes; did you mean items?'
>>> field_problem(property_of_json({"kind": "sorted", "field": "output"}), types)
'output: sorted is about array, and it is Number'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import cast

import msgspec

from workc.stages.stage.properties import (
    FieldLengthEq,
    FieldLengthMax,
    Implies,
    JsonKind,
    Not,
    Property,
    Range,
    Sorted,
    SubsetOf,
    Unique,
    property_of_json,
)
from workc.stages.stage.refinements import StageError
from workc.stages.stage.types import (
    Any,
    List,
    Map,
    NType,
    Record,
    Refined,
    Union,
    type_text,
    union,
)

__all__ = ["Types", "field_problem", "property_of_json", "type_at"]

_SIZED = frozenset[JsonKind]({"string", "array", "object"})
#: Of each property whose fields must be of some kind, the kinds.
_ABOUT: Mapping[type, frozenset[JsonKind]] = {
    Range: frozenset({"number"}),
    FieldLengthEq: _SIZED,
    FieldLengthMax: _SIZED,
    SubsetOf: _SIZED,
    Unique: frozenset({"array"}),
    Sorted: frozenset({"array"}),
}
_KINDS: Mapping[str, JsonKind] = {
    "Bool": "bool",
    "Bytes": "string",
    "List": "array",
    "Map": "object",
    "Null": "null",
    "Number": "number",
    "Record": "object",
    "Text": "string",
}


class Types(msgspec.Struct, frozen=True):
    """What a stage takes and gives."""

    input: NType
    output: NType


def field_problem(of: Property, types: Types) -> str | None:
    """Returns why a property can hold of no value of the types, or None if it can."""
    inner = _inner(of)
    if inner:
        return next((why for each in inner if (why := field_problem(each, types))), None)
    about = _ABOUT.get(type(of))
    for path in _paths(of):
        try:
            found = type_at(path, types)
        except StageError as error:
            return f"{path}: {error}"
        kinds = _kinds(found)
        if about is not None and kinds is not None and not kinds & about:
            name = type(of).__struct_config__.tag
            return f"{path}: {name} is about {' or '.join(sorted(about))}, and it is {type_text(found)}"
    return None


def type_at(path: str, types: Types) -> NType:
    """Returns the type of what stands at a path that begins with ``input`` or ``output``.

    Raises:
        StageError: nothing can stand there.
    """
    first, *rest = path.split(".")
    found = types.input if first == "input" else types.output
    for part in rest:
        found = _below(found, part)
    return found


def _inner(of: Property) -> tuple[Property, ...]:
    match of:
        case Not():
            return (of.property,)
        case Implies():
            return (of.condition, of.then)
        case _:
            return ()


def _paths(of: Property) -> Iterator[str]:
    names = (name for name in of.__struct_fields__ if name.endswith("field"))
    return (str(getattr(of, name)) for name in names)


def _below(of: NType, part: str) -> NType:
    match of:
        case Any():
            return of
        case Refined():
            return _below(of.base, part)
        case Union():
            return _of_any(of, part)
        case List() if part.isdecimal():
            return of.item
        case Map():
            return of.value
        case Record() if part in of.fields:
            return of.fields[part]
        case _:
            raise StageError(_lacks(of, part))


def _of_any(of: Union, part: str) -> NType:
    found: list[NType] = []
    for member in of.members:
        try:
            found.append(_below(member, part))
        except StageError:
            continue
    if not found:
        raise StageError(_lacks(of, part))
    return union(found)


def _lacks(of: NType, part: str) -> str:
    names = of.fields if isinstance(of, Record) else ()
    near = get_close_matches(part[:60], names, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"{type_text(of):.200} has no {part:.60}{meant}"


def _kinds(of: NType) -> frozenset[JsonKind] | None:
    """Returns the kinds of a type's values, None for any."""
    match of:
        case Any():
            return None
        case Refined():
            return _kinds(of.base)
        case Union():
            each = [_kinds(member) for member in of.members]
            if None in each:
                return None
            return frozenset[JsonKind]().union(*cast("list[frozenset[JsonKind]]", each))
        case _:
            return frozenset({_KINDS[of.kind]})
