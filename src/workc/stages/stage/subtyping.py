"""Structural subtyping, and values held against types; each with the reason where it is not so.

A type fits another if every value of it is one of the other. What cannot be shown to fit does not:
``Any`` takes every type, and fits nothing but itself.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from workc.kernel.values import Json
from workc.stages.problem import below, show
from workc.stages.stage.refinements import (
    Length,
    OneOf,
    Range,
    StageError,
    canonical,
    implies,
    is_let_through,
    is_open,
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
    literal,
    type_text,
    union,
)


def misfit(narrow: NType, wide: NType, at: str = "") -> str | None:
    """Returns why ``narrow`` does not fit ``wide``, with a JSON pointer, or None if it does."""
    if isinstance(wide, Any) or narrow == wide:
        return None
    if isinstance(narrow, Union):
        return next((why for each in narrow.members if (why := misfit(each, wide, at))), None)
    if isinstance(wide, Union):
        return _of_union(narrow, wide, at)
    if isinstance(wide, Refined):
        return misfit(narrow, wide.base, at) or _of_refinement(narrow, wide, at)
    if isinstance(narrow, Refined):
        return misfit(narrow.base, wide, at)
    return _of_kind(narrow, wide, at)


def _of_union(narrow: NType, wide: Union, at: str) -> str | None:
    # Most that fit a union are one of its members as they stand.
    if narrow in wide.members or any(misfit(narrow, each, at) is None for each in wide.members):
        return None
    if isinstance(narrow, Refined) and isinstance(narrow.refinement, OneOf):
        loose = [o for o in narrow.refinement.options if value_misfit(o, wide)]
        return _not(at, wide, f"the literal {show(loose[0])}") if loose else None
    return _not(at, wide, type_text(narrow))


def _of_refinement(narrow: NType, wide: Refined, at: str) -> str | None:
    if isinstance(narrow, Refined) and implies(narrow.refinement, wide.refinement):
        return None
    if isinstance(wide.refinement, Range | Length) and is_open(wide.refinement):
        return misfit(narrow, _MEASURED[type(wide.refinement)], at)
    if isinstance(narrow, Bool | Null):
        # Of these there are so few values that each can be tried.
        each = (True, False) if isinstance(narrow, Bool) else (None,)
        if all(is_let_through(wide.refinement, value) for value in each):
            return None
    return _not(at, wide, type_text(narrow))


#: What a refinement without ends lets through: whatever it can be asked of.
_MEASURED: Mapping[type, NType] = {
    Range: Number(),
    Length: union((Text(), List(Any()), Map(Text(), Any()))),
}


def _of_kind(narrow: NType, wide: NType, at: str) -> str | None:
    match narrow, wide:
        case List(), List():
            return misfit(narrow.item, wide.item, below(at, "*"))
        case Map(), Map():
            return misfit(narrow.key, wide.key, at) or misfit(
                narrow.value, wide.value, below(at, "*")
            )
        case Record(), Record():
            return _of_record(narrow, wide, at)
        case Record(), Map():
            return _of_members(narrow, wide, at)
        case _:
            # Bytes are spelled as text, so whatever takes text takes them.
            fits = narrow.kind == wide.kind or (narrow.kind, wide.kind) == ("Bytes", "Text")
            return None if fits else _not(at, wide, type_text(narrow))


def _of_record(narrow: Record, wide: Record, at: str) -> str | None:
    names = sorted(narrow.fields)
    for name in names if narrow.fields.keys() == wide.fields.keys() else sorted(wide.fields):
        if name not in narrow.fields and name not in wide.optional:
            return _not(below(at, name), wide.fields[name], "nothing")
        if name in narrow.optional and name not in wide.optional:
            return _not(below(at, name), wide.fields[name], "nothing, at times")
    for name in names:
        if name not in wide.fields:
            return _unexpected(below(at, name))
        why = misfit(narrow.fields[name], wide.fields[name], below(at, name))
        if why is not None:
            return why
    return None


def _of_members(narrow: Record, wide: Map, at: str) -> str | None:
    for name in sorted(narrow.fields):
        why = misfit(literal(name), wide.key, below(at, name)) or misfit(
            narrow.fields[name], wide.value, below(at, name)
        )
        if why is not None:
            return why
    return None


def value_misfit(value: Json, of: NType, at: str = "") -> str | None:
    """Returns why a value is none of a type, with a JSON pointer, or None if it is one."""
    try:
        canonical(value)
    except StageError as error:
        return f"{at or '/'}: {error}"
    return _value_misfit(value, of, at)


def _value_misfit(value: Json, of: NType, at: str) -> str | None:
    inner = _INNER.get(type(of))
    if inner is not None:
        return inner(value, of, at)
    return None if _IS_PLAIN[type(of)](value) else _not(at, of, show(value))


def _union_misfit(value: Json, of: NType, at: str) -> str | None:
    members = cast("Union", of).members
    found = any(_value_misfit(value, each, at) is None for each in members)
    return None if found else _not(at, of, show(value))


def _refined_misfit(value: Json, of: NType, at: str) -> str | None:
    refined = cast("Refined", of)
    why = _value_misfit(value, refined.base, at)
    if why is not None or is_let_through(refined.refinement, value):
        return why
    return _not(at, of, show(value))


def _list_misfit(value: Json, of: NType, at: str) -> str | None:
    if not isinstance(value, list):
        return _not(at, of, show(value))
    item = cast("List", of).item
    return _first(_value_misfit(member, item, below(at, i)) for i, member in enumerate(value))


def _map_misfit(value: Json, of: NType, at: str) -> str | None:
    if not isinstance(value, dict):
        return _not(at, of, show(value))
    ends = cast("Map", of)
    return _first(
        _value_misfit(name, ends.key, at) or _value_misfit(member, ends.value, below(at, name))
        for name, member in sorted(value.items())
    )


def _record_misfit(value: Json, of: NType, at: str) -> str | None:
    if not isinstance(value, dict):
        return _not(at, of, show(value))
    record = cast("Record", of)
    for name in sorted(record.fields):
        if name not in value and name not in record.optional:
            return _not(below(at, name), record.fields[name], "nothing")
    unknown = sorted(value.keys() - record.fields.keys())
    if unknown:
        return _unexpected(below(at, unknown[0]))
    return _first(
        _value_misfit(member, record.fields[name], below(at, name))
        for name, member in sorted(value.items())
    )


_INNER: Mapping[type[NType], Callable[[Json, NType, str], str | None]] = {
    Union: _union_misfit,
    Refined: _refined_misfit,
    List: _list_misfit,
    Map: _map_misfit,
    Record: _record_misfit,
}
_IS_PLAIN: Mapping[type[NType], Callable[[Json], bool]] = {
    Any: lambda _value: True,
    Null: lambda value: value is None,
    Bool: lambda value: isinstance(value, bool),
    Number: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    Text: lambda value: isinstance(value, str),
    Bytes: lambda value: isinstance(value, str) and _is_base64(value),
}


def _is_base64(text: str) -> bool:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    # Spelled in the one way: no bits left over at the end.
    return base64.b64encode(data).decode() == text


def _first(reasons: Iterable[str | None]) -> str | None:
    return next((why for why in reasons if why is not None), None)


def _unexpected(at: str) -> str:
    return f"{at}: a member that is not expected"


def _not(at: str, wide: NType, found: str) -> str:
    return f"{at or '/'}: expected {type_text(wide)}, got {found}"
