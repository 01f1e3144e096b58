"""Where two types differ, and how: at each place by subtyping, in both directions.

Places are JSON pointers; ``*`` stands for the items of a list and the values of a map. A change is
``widened`` (every old value is a new one), ``narrowed`` (every new value is an old one), ``same``
(both: only the spelling differs) or ``changed`` (neither).

>>> from workc.stages.stage.types import Any, Number
>>> [(c.at, c.relation) for c in type_changes(List(Number()), List(Any()))]
[('/*', 'widened')]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

import msgspec

from workc.stages.problem import below
from workc.stages.stage.subtyping import misfit
from workc.stages.stage.types import List, Map, NType, Null, Record, type_text

Relation: TypeAlias = Literal["widened", "narrowed", "same", "changed"]


class TypeChange(msgspec.Struct, frozen=True, kw_only=True):
    """One place where the types differ; ``old`` and ``new`` are types as people read them."""

    at: str
    relation: Relation
    old: str
    new: str


def type_changes(old: NType, new: NType, at: str = "") -> Iterator[TypeChange]:
    """Yields where two types differ, as deep as both are built alike.

    That the new type takes all that the old one does is so exactly if no change is ``narrowed`` or
    ``changed``.
    """
    match old, new:
        case _ if old == new:
            return
        case List(), List():
            yield from type_changes(old.item, new.item, below(at, "*"))
        case Map(), Map():
            yield from type_changes(old.key, new.key, below(at, "(name)"))
            yield from type_changes(old.value, new.value, below(at, "*"))
        case Record(), Record():
            for name in sorted({*old.fields, *new.fields}):
                yield from _of_field(name, old, new, below(at, name))
        case _:
            relation = _relation(old, new)
            yield TypeChange(at=at, relation=relation, old=type_text(old), new=type_text(new))


def _of_field(name: str, old: Record, new: Record, at: str) -> Iterator[TypeChange]:
    if name in old.fields and name in new.fields:
        yield from type_changes(old.fields[name], new.fields[name], at)
    before, after = _presence(name, old), _presence(name, new)
    if before != after:
        # Whatever its type is: whether a member is there is compared for one that both could have.
        one, other = _PRESENT[before], _PRESENT[after]
        yield TypeChange(
            at=at,
            relation=_relation(one, other),
            old=_field_text(name, old, before),
            new=_field_text(name, new, after),
        )


Presence: TypeAlias = Literal["no member", "optional", "required"]
_PRESENT: Mapping[Presence, Record] = {
    "no member": Record({}),
    "optional": Record({"member": Null()}, frozenset({"member"})),
    "required": Record({"member": Null()}),
}


def _presence(name: str, of: Record) -> Presence:
    if name not in of.fields:
        return "no member"
    return "optional" if name in of.optional else "required"


def _field_text(name: str, of: Record, presence: Presence) -> str:
    return presence if name not in of.fields else f"{presence} {type_text(of.fields[name])}"


def _relation(old: NType, new: NType) -> Relation:
    is_wider, is_narrower = misfit(old, new) is None, misfit(new, old) is None
    if is_wider and is_narrower:
        return "same"
    if is_wider:
        return "widened"
    return "narrowed" if is_narrower else "changed"
