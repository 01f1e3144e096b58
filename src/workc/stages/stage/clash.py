"""Types that have no value in common, and the types of the parts of a value.

That a type does not fit another (``workc.stages.stage.subtyping``) does not say that no value of it does.
Here only what no value can be is found, so that what is refused for it would have failed.

>>> from workc.stages.stage.types import Null, Number, Text
>>> clash(Text(), union((Number(), Null()))), clash(Any(), Number())
('/: expected Null | Number, got Text', None)
>>> part_of(Record({"a": Text()}), "b")
'there is no b; there is a'
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from workc.stages.problem import below
from workc.stages.stage.refinements import OneOf
from workc.stages.stage.subtyping import value_misfit
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
from workc.stages.stage.value_kinds import kinds_of

#: So many members of a record are named.
_MAX_NAMES = 10


def clash(given: NType, needed: NType, at: str = "") -> str | None:
    """Returns why no value of ``given`` is one of ``needed``, with a JSON pointer, or None."""
    if isinstance(given, Union):
        return _all(clash(each, needed, at) for each in given.members)
    if isinstance(needed, Union):
        found = _all(clash(given, each, at) for each in needed.members)
        return None if found is None else _not(at, needed, given)
    if isinstance(given, Refined) and isinstance(given.refinement, OneOf):
        options = given.refinement.options
        return _all(value_misfit(each, needed, at) for each in options)
    if isinstance(needed, Refined) and isinstance(needed.refinement, OneOf):
        found = _all(value_misfit(each, given, at) for each in needed.refinement.options)
        return None if found is None else _not(at, needed, given)
    if not kinds_of(given) & kinds_of(needed):
        return _not(at, needed, given)
    one, other = _base(given), _base(needed)
    return (
        _of_records(one, other, at)
        if isinstance(one, Record) and isinstance(other, Record)
        else None
    )


def part_of(of: NType, part: str | int) -> NType | str:
    """Returns the type of a member or item, or why no value of the type has it.

    ``Any`` where nobody knows: the part may be there.
    """
    base = _base(of)
    match base:
        case Union():
            return _of_union(base, part)
        case Record() if isinstance(part, str):
            return base.fields[part] if part in base.fields else _no_member(part, base)
        case Map() if isinstance(part, str):
            return base.value
        case List() if isinstance(part, int):
            return base.item
        case Any():
            return Any()
        case _:
            what = "members" if isinstance(part, str) else "items"
            return f"{type_text(base)} has no {what}"


def _of_union(of: Union, part: str | int) -> NType | str:
    found = [part_of(each, part) for each in of.members]
    types = [each for each in found if not isinstance(each, str)]
    return union(types) if types else "; ".join(str(each) for each in found)


def _base(of: NType) -> NType:
    # Of listed values only their kind is known here, which has any parts that it may have.
    if isinstance(of, Refined) and isinstance(of.refinement, OneOf):
        return Any()
    return _base(of.base) if isinstance(of, Refined) else of


def _of_records(given: Record, needed: Record, at: str) -> str | None:
    """Returns why no record is both: a member that one must have and the other may not, or that clashes."""
    for name in sorted(needed.fields.keys() - needed.optional - given.fields.keys()):
        return f"{below(at, name)}: expected {type_text(needed.fields[name])}, got nothing"
    for name in sorted(given.fields.keys() - given.optional):
        if name not in needed.fields:
            return f"{below(at, name)}: a member that is not expected"
        why = clash(given.fields[name], needed.fields[name], below(at, name))
        if why is not None:
            return why
    return None


def _all(reasons: Iterable[str | None]) -> str | None:
    """Returns the first of the reasons if there is one everywhere."""
    found = [*reasons]
    return None if None in found or not found else found[0]


def _not(at: str, needed: NType, given: NType) -> str:
    return f"{at or '/'}: expected {type_text(needed)}, got {type_text(given)}"


def _no_member(part: str, of: Record) -> str:
    names = sorted(of.fields)
    near = get_close_matches(part[:60], names, n=1)
    if near:
        return f"there is no {part}; did you mean {near[0]}?"
    there = ", ".join(names[:_MAX_NAMES]) or "nothing"
    return f"there is no {part}; there is {there}"
