"""Which kinds of JSON values a type has, as bits: what rules most types out before they are compared.

>>> bin(kinds_of(List(Any())))
'0b10000'
"""

from __future__ import annotations

from collections.abc import Mapping

from workc.stages.stage.refinements import OneOf
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
    union,
)

_NULL, _BOOL, _NUMBER, _TEXT, _LIST, _OBJECT = (1 << bit for bit in range(6))
#: The bits of every kind.
ALL_KINDS = (1 << 6) - 1
_PLAIN: Mapping[type[NType], int] = {
    Any: ALL_KINDS,
    Null: _NULL,
    Bool: _BOOL,
    Number: _NUMBER,
    Text: _TEXT,
    Bytes: _TEXT,
    List: _LIST,
    Map: _OBJECT,
    Record: _OBJECT,
}


def kinds_of(item: NType) -> int:
    """Returns the kinds that the values of a type may be of.

    A type fits none whose kinds lack one of its own.
    """
    if isinstance(item, Refined) and isinstance(item.refinement, OneOf):
        return kinds_of(union(map(base_of, item.refinement.options)))
    if isinstance(item, Refined):
        return kinds_of(item.base)
    if isinstance(item, Union):
        kinds = 0
        for each in item.members:
            kinds |= kinds_of(each)
        return kinds
    return _PLAIN[type(item)]
