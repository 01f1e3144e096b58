"""Properties: what a stage claims of every pair of input and output, as values and as JSON.

A field is a path of names parted by dots, the first of which is ``input`` or ``output``:
``output.items.0.id``. Values are compared by canonical bytes. A property whose field is not there
does not hold; what is misspelt is refused when it is read, and never a check that does nothing.

>>> is_broken(property_of_json({"kind": "range", "field": "output", "min": 0}), 1, -1, no_run)
'output is -1, below 0'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, Literal, TypeAlias, cast

import msgspec

from workc.kernel.values import Json, JsonObject
from workc.stages.problem import show
from workc.stages.stage.refinements import StageError, canonical

JsonKind: TypeAlias = Literal["null", "bool", "number", "string", "array", "object"]
#: Runs a stage on an input and gives its output: the stage itself for "", else that of an id.
Run: TypeAlias = Callable[[str, Json], Json]


class _Property(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
):
    """A property; its kind is the name of the class in snake case."""


class SetMember(_Property, frozen=True, kw_only=True, tag="set_member"):
    """The field is one of these values."""

    field: str
    # Any JSON: msgspec does not know how to read the recursive type.
    set: list[Any]


class Range(_Property, frozen=True, kw_only=True, tag="range"):
    """The field is a number from ``min`` to ``max``; an end that is left out is open."""

    field: str
    min: float | int | None = None
    max: float | int | None = None


class FieldLengthEq(_Property, frozen=True, kw_only=True, tag="field_length_eq"):
    """Both fields have as many characters (code points), items or members."""

    left_field: str
    right_field: str


class FieldLengthMax(_Property, frozen=True, kw_only=True, tag="field_length_max"):
    """The subject is at most as long as the bound."""

    subject_field: str
    bound_field: str


class SubsetOf(_Property, frozen=True, kw_only=True, tag="subset_of"):
    """Every item, or member with its value, is in the other; of texts, one is a part of the other."""

    subject_field: str
    super_field: str


class Equals(_Property, frozen=True, kw_only=True, tag="equals"):
    """Both fields are the same value."""

    left_field: str
    right_field: str


class FieldTypeIn(_Property, frozen=True, kw_only=True, tag="field_type_in"):
    """The field is a value of one of these kinds."""

    field: str
    allowed: list[JsonKind]


class Unique(_Property, frozen=True, kw_only=True, tag="unique"):
    """The field is a list in which no value stands twice."""

    field: str


class Sorted(_Property, frozen=True, kw_only=True, tag="sorted"):
    """The field is a list of numbers, or of texts by code points, in rising order, or falling."""

    field: str
    descending: bool = False


class Idempotent(_Property, frozen=True, kw_only=True, tag="idempotent"):
    """The stage, given its own output, gives it again."""


class RoundTrip(_Property, frozen=True, kw_only=True, tag="round_trip"):
    """The stage ``by``, given the output, gives the input."""

    by: str


class Not(_Property, frozen=True, kw_only=True, tag="not"):
    """The other property does not hold, though its fields are there."""

    property: Property


class Implies(_Property, frozen=True, kw_only=True, tag="implies"):
    """Where the first property holds the second does."""

    condition: Property = msgspec.field(name="if")
    then: Property


Property: TypeAlias = (
    SetMember
    | Range
    | FieldLengthEq
    | FieldLengthMax
    | SubsetOf
    | Equals
    | FieldTypeIn
    | Unique
    | Sorted
    | Idempotent
    | RoundTrip
    | Not
    | Implies
)
KINDS = (
    "set_member",
    "range",
    "field_length_eq",
    "field_length_max",
    "subset_of",
    "equals",
    "field_type_in",
    "unique",
    "sorted",
    "idempotent",
    "round_trip",
    "not",
    "implies",
)


class _Absent(Exception):
    """A field is not there, or not of the kind that the property is about."""


def property_of_json(value: object) -> Property:
    """Returns the property that a JSON value says.

    Raises:
        StageError: it says none; the sentence says what may have been meant.
    """
    kind = cast("dict[str, object]", value).get("kind") if isinstance(value, dict) else None
    if kind not in KINDS:
        near = get_close_matches(str(kind)[:60], KINDS, n=1)
        meant = f"; did you mean {near[0]}?" if near else f"; there is {', '.join(KINDS)}"
        raise StageError(f"{kind!r:.60} is no kind of property{meant}")
    try:
        found = cast("Property", msgspec.convert(value, Property))
    except (msgspec.ValidationError, RecursionError) as error:
        raise StageError(f"the property {kind}: {error}") from None
    _check(found)
    return found


def property_json(of: Property) -> JsonObject:
    """Returns a property as JSON; what is as it is without being said is left out."""
    said: JsonObject = msgspec.to_builtins(of)
    return said


def no_run(stage: str, value: Json) -> Json:
    """Runs nothing: for properties that are about one pair of input and output.

    Raises:
        StageError: always.
    """
    raise StageError(f"nobody runs {stage or 'the stage'} on {show(value)}")


def is_broken(of: Property, given: Json, made: Json, run: Run) -> str | None:
    """Returns why a property does not hold of an input and its output, or None if it does.

    Raises:
        What ``run`` raises.
    """
    try:
        return _JUDGES[type(of)](of, {"input": given, "output": made}, run)
    except _Absent as absent:
        return str(absent)


def _check(of: Property) -> None:
    """Refuses fields that are no paths, ends that let nothing through, and empty choices."""
    for name in of.__struct_fields__:
        value = getattr(of, name)
        if name.endswith("field") and str(value).partition(".")[0] not in ("input", "output"):
            raise StageError(
                f"{name} is a path that begins with input or output, not {value!r:.80}"
            )
        if name in ("set", "allowed") and not value:
            raise StageError(f"{name} of {_kind(of)} is empty: nothing would hold")
        if isinstance(value, _Property):
            _check(cast("Property", value))
    if isinstance(of, Range) and of.min is not None and of.max is not None and of.min > of.max:
        raise StageError("min of range is above max: nothing would hold")


def _kind(of: Property) -> str:
    return str(type(of).__struct_config__.tag)


def _field(path: str, pair: Mapping[str, Json]) -> Json:
    value: Json = {**pair}
    for part in path.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise _Absent(f"{path} is not there")
    return value


def _set_member(of: SetMember, pair: Mapping[str, Json], _run: Run) -> str | None:
    value = _field(of.field, pair)
    found = canonical(value) in {canonical(each) for each in of.set}
    return None if found else f"{of.field} is {show(value)}, none of the set"


def _range(of: Range, pair: Mapping[str, Json], _run: Run) -> str | None:
    value = _field(of.field, pair)
    if kind_of(value) != "number":
        return f"{of.field} is {show(value)}, no number"
    number = cast("float", value)
    if of.min is not None and number < of.min:
        return f"{of.field} is {number}, below {of.min}"
    if of.max is not None and number > of.max:
        return f"{of.field} is {number}, above {of.max}"
    return None


def _length_eq(of: FieldLengthEq, pair: Mapping[str, Json], _run: Run) -> str | None:
    left, right = _length(of.left_field, pair), _length(of.right_field, pair)
    same = f"{of.left_field} has length {left}, {of.right_field} {right}"
    return None if left == right else same


def _length_max(of: FieldLengthMax, pair: Mapping[str, Json], _run: Run) -> str | None:
    subject, bound = _length(of.subject_field, pair), _length(of.bound_field, pair)
    longer = f"{of.subject_field} has length {subject}, more than {of.bound_field} with {bound}"
    return None if subject <= bound else longer


def _length(path: str, pair: Mapping[str, Json]) -> int:
    value = _field(path, pair)
    if not isinstance(value, str | list | dict):
        raise _Absent(f"{path} is {show(value)}, which has no length")
    return len(value)


def _subset(of: SubsetOf, pair: Mapping[str, Json], _run: Run) -> str | None:
    subject, whole = _field(of.subject_field, pair), _field(of.super_field, pair)
    if isinstance(subject, str) and isinstance(whole, str):
        fits = subject in whole
    elif kind_of(subject) == kind_of(whole) and isinstance(subject, list | dict):
        fits = _parts(subject) <= _parts(whole)
    else:
        return f"{of.subject_field} and {of.super_field} are not two lists, objects or texts"
    return None if fits else f"{of.subject_field} has what {of.super_field} has not"


def _parts(value: Json) -> set[bytes]:
    parts = value.items() if isinstance(value, dict) else cast("list[Json]", value)
    return {canonical(list(part) if isinstance(part, tuple) else part) for part in parts}


def _equals(of: Equals, pair: Mapping[str, Json], _run: Run) -> str | None:
    left, right = _field(of.left_field, pair), _field(of.right_field, pair)
    if canonical(left) == canonical(right):
        return None
    return f"{of.left_field} is {show(left)}, {of.right_field} {show(right)}"


def _type_in(of: FieldTypeIn, pair: Mapping[str, Json], _run: Run) -> str | None:
    value = _field(of.field, pair)
    found = kind_of(value)
    return None if found in of.allowed else f"{of.field} is of kind {found}"


def _unique(of: Unique, pair: Mapping[str, Json], _run: Run) -> str | None:
    items = _items(of.field, pair)
    if len({canonical(item) for item in items}) == len(items):
        return None
    return f"{of.field} has a value twice"


def _sorted(of: Sorted, pair: Mapping[str, Json], _run: Run) -> str | None:
    items = _items(of.field, pair)
    kinds = {kind_of(item) for item in items}
    if len(kinds) > 1 or not kinds <= {"number", "string"}:
        return f"{of.field} is no list of numbers, or of texts"
    # They are of one kind, numbers or texts.
    rising = cast("list[float]", items[::-1] if of.descending else items)
    is_sorted = all(one <= other for one, other in pairwise(rising))
    return None if is_sorted else f"{of.field} is not in order"


def _items(path: str, pair: Mapping[str, Json]) -> list[Json]:
    value = _field(path, pair)
    if not isinstance(value, list):
        raise _Absent(f"{path} is {show(value)}, no list")
    return value


def _idempotent(_of: Idempotent, pair: Mapping[str, Json], run: Run) -> str | None:
    again = run("", pair["output"])
    if canonical(again) == canonical(pair["output"]):
        return None
    return f"given its own output the stage gives {show(again)}"


def _round_trip(of: RoundTrip, pair: Mapping[str, Json], run: Run) -> str | None:
    back = run(of.by, pair["output"])
    if canonical(back) == canonical(pair["input"]):
        return None
    return f"{of.by} gives {show(back)} back, not the input"


def _not(of: Not, pair: Mapping[str, Json], run: Run) -> str | None:
    why = _JUDGES[type(of.property)](of.property, pair, run)
    return f"{_kind(of.property)} holds" if why is None else None


def _implies(of: Implies, pair: Mapping[str, Json], run: Run) -> str | None:
    if _JUDGES[type(of.condition)](of.condition, pair, run) is not None:
        return None
    return _JUDGES[type(of.then)](of.then, pair, run)


def kind_of(value: Json) -> JsonKind:
    """Returns the kind of a JSON value."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "number"


_Judge: TypeAlias = Callable[..., str | None]
_JUDGES: Mapping[type, _Judge] = {
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
