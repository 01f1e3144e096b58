"""Properties in words, as pages of stages and messages have them.

>>> from workc.stages.stage.properties import property_of_json
>>> property_text(property_of_json({"kind": "range", "field": "output.n", "min": 0}))
'output.n is at least 0'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from workc.kernel import jcs
from workc.kernel.values import Json
from workc.stages.stage.properties import (
    Equals,
    FieldLengthEq,
    FieldLengthMax,
    FieldTypeIn,
    Idempotent,
    Implies,
    Not,
    Property,
    Range,
    RoundTrip,
    SetMember,
    Sorted,
    SubsetOf,
    Unique,
)


def property_text(of: Property) -> str:
    """Returns what a property claims, as a clause."""
    return _WORDS[type(of)](of)


def _set_member(of: SetMember) -> str:
    return f"{of.field} is one of {', '.join(map(_spelled, of.set))}"


def _range(of: Range) -> str:
    match of.min, of.max:
        case None, None:
            return f"{of.field} is a number"
        case low, None:
            return f"{of.field} is at least {_spelled(low)}"
        case None, high:
            return f"{of.field} is at most {_spelled(high)}"
        case low, high:
            return f"{of.field} is from {_spelled(low)} to {_spelled(high)}"


def _length_eq(of: FieldLengthEq) -> str:
    return f"{of.left_field} is as long as {of.right_field}"


def _length_max(of: FieldLengthMax) -> str:
    return f"{of.subject_field} is at most as long as {of.bound_field}"


def _subset(of: SubsetOf) -> str:
    return f"{of.subject_field} has nothing that {of.super_field} has not"


def _equals(of: Equals) -> str:
    return f"{of.left_field} is the same as {of.right_field}"


def _type_in(of: FieldTypeIn) -> str:
    return f"{of.field} is of kind {' or '.join(of.allowed)}"


def _unique(of: Unique) -> str:
    return f"{of.field} has no value twice"


def _sorted(of: Sorted) -> str:
    return f"{of.field} is in {'falling' if of.descending else 'rising'} order"


def _idempotent(_of: Idempotent) -> str:
    return "given its own output, it gives it again"


def _round_trip(of: RoundTrip) -> str:
    return f"{of.by} gives the input back from the output"


def _not(of: Not) -> str:
    return f"it is not so that {property_text(of.property)}"


def _implies(of: Implies) -> str:
    return f"if {property_text(of.condition)}, then {property_text(of.then)}"


def _spelled(value: object) -> str:
    return jcs.encode(cast("Json", value)).decode()


_WORDS: Mapping[type, Callable[..., str]] = {
    SetMember: _set_member,
    Range: _range,
    FieldLengthEq: _length_eq,
    FieldLengthMax: _length_max,
    SubsetOf: _subset,
    Equals: _equals,
    FieldTypeIn: _type_in,
    Unique: _unique,
    Sorted: _sorted,
    Idempotent: _idempotent,
    RoundTrip: _round_trip,
    Not: _not,
    Implies: _implies,
}
