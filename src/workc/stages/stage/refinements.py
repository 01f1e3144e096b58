"""Refinements: what a value must be beside being of its type.

``OneOf`` is also how literals are said. Values are compared as canonical JSON has them: ``1`` and
``1.0`` are one number, ``1`` and ``true`` are two values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, cast

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.values import Json, JsonObject


class StageError(ValueError):
    """Says in one sentence why something is no stage, or no part of one."""


class Refinement(msgspec.Struct, frozen=True):
    """A condition on values; its subclasses are the kinds."""

    kind: ClassVar[str] = ""


class Range(Refinement, frozen=True):
    """Numbers from ``min`` to ``max``, both included; None leaves an end open."""

    kind = "Range"
    min: float | int | None = None
    max: float | int | None = None


class OneOf(Refinement, frozen=True):
    """Exactly these values."""

    kind = "OneOf"
    options: tuple[Json, ...]

    def __hash__(self) -> int:
        """Returns the hash of the canonical options: those may be lists."""
        return hash(jcs.encode(list(self.options)))


class NonEmpty(Refinement, frozen=True):
    """Strings, lists and objects that hold something."""

    kind = "NonEmpty"


class Length(Refinement, frozen=True):
    """Strings, lists and objects of so many characters (code points), items or members."""

    kind = "Length"
    min: int | None = None
    max: int | None = None


def is_let_through(refinement: Refinement, value: Json) -> bool:
    """Returns whether a value is as the refinement says."""
    match refinement:
        case Range():
            return _is_number(value) and _is_between(cast("float", value), refinement)
        case OneOf():
            spelled = canonical(value)
            return any(spelled == canonical(option) for option in refinement.options)
        case NonEmpty():
            return isinstance(value, str | list | dict) and len(value) > 0
        case Length():
            return isinstance(value, str | list | dict) and _is_between(len(value), refinement)
        case _:
            raise StageError(f"{refinement!r} is no refinement")


def implies(narrow: Refinement, wide: Refinement) -> bool:
    """Returns whether whatever ``narrow`` lets through ``wide`` lets through too, as far as is known."""
    if isinstance(narrow, OneOf):
        return all(is_let_through(wide, option) for option in narrow.options)
    match narrow, wide:
        case Range() as inner, Range() as outer:
            return _is_within(inner, outer)
        case Length() as inner, Length() as outer:
            return _is_within(inner, outer)
        case Length(), NonEmpty():
            return (narrow.min or 0) >= 1
        case NonEmpty(), Length():
            return (wide.min or 0) <= 1 and wide.max is None
        case _:
            return narrow == wide


def is_open(ends: Range | Length) -> bool:
    """Returns whether both ends are open, so that every number, or length, is let through."""
    return ends.max is None and (ends.min is None or (isinstance(ends, Length) and ends.min == 0))


def canonical(value: Json) -> bytes:
    """Returns the canonical bytes of a value.

    Raises:
        StageError: it has none.
    """
    try:
        return jcs.encode(value)
    except CanonicalError as error:
        raise StageError(f"no JSON value: {error}") from None


def one_of(values: Iterable[Json]) -> OneOf:
    """Returns the refinement of exactly these values: each once, in order of their bytes.

    Raises:
        StageError: one of them is no JSON value.
    """
    found = {canonical(value): value for value in values}
    return OneOf(tuple(found[key] for key in sorted(found)))


def refinement_json(refinement: Refinement) -> JsonObject:
    """Returns a refinement as JSON; ends that are open are left out."""
    fields: JsonObject = msgspec.to_builtins(refinement)
    said = {name: value for name, value in fields.items() if value is not None}
    if isinstance(refinement, OneOf):
        said["options"] = list(refinement.options)
    return {"kind": refinement.kind, **said}


def refinement_text(base: str, refinement: Refinement) -> str:
    """Returns a refined type as people read it: ``Number from 0 to 9``, ``"a" | "b"``."""
    if isinstance(refinement, OneOf):
        return " | ".join(canonical(option).decode() for option in refinement.options)
    if isinstance(refinement, NonEmpty):
        return f"{base} not empty"
    ends = {name: getattr(refinement, name) for name in ("min", "max")}
    words = [f"{_WORDS[name]} {end}" for name, end in ends.items() if end is not None]
    what = " of length" if isinstance(refinement, Length) else ""
    return f"{base}{what} {' '.join(words) or 'of any size'}"


def refinement_of_json(value: object) -> Refinement:
    """Returns the refinement that a JSON value says.

    Raises:
        StageError: it says none; the sentence names the kinds.
    """
    said = members_of("a refinement", value, ("kind",), ("min", "max", "options"))
    read = _READERS.get(str(said["kind"]))
    if read is None:
        known = ", ".join(_READERS)
        raise StageError(f"{said['kind']!r:.60} is no kind of refinement; there is {known}")
    return read(said)


def members_of(
    what: str, value: object, required: Sequence[str], others: Sequence[str] = ()
) -> Mapping[str, object]:
    """Returns the members of an object that has these names, those required, and no more.

    Raises:
        StageError: it is none, lacks one or has another.
    """
    if not isinstance(value, dict):
        raise StageError(f"{what} is an object with {', '.join(required)}")
    found = cast("dict[str, object]", value)
    missing = [name for name in required if name not in found]
    if missing:
        raise StageError(f"{what} lacks {', '.join(missing)}")
    unknown = [name for name in found if name not in (*required, *others)]
    if unknown:
        known = ", ".join((*required, *others))
        raise StageError(f"{what} has no {unknown[0]!r:.60}; it has {known}")
    return found


def _bounds(said: Mapping[str, object]) -> tuple[float | int | None, float | int | None]:
    if "options" in said:
        raise StageError(f"{said['kind']} has no options")
    ends = [said.get(name) for name in ("min", "max")]
    if not all(end is None or _is_number(end) for end in ends):
        raise StageError(f"min and max of {said['kind']} are finite numbers")
    low, high = cast("list[float | int | None]", ends)
    if low is not None and high is not None and low > high:
        raise StageError(f"min of {said['kind']} is above max: nothing is let through")
    return low, high


def _range(said: Mapping[str, object]) -> Refinement:
    return Range(*_bounds(said))


def _length(said: Mapping[str, object]) -> Refinement:
    low, high = _bounds(said)
    if any(end is not None and (not isinstance(end, int) or end < 0) for end in (low, high)):
        raise StageError("min and max of Length are whole numbers, not below 0")
    return Length(cast("int | None", low), cast("int | None", high))


def _one_of(said: Mapping[str, object]) -> Refinement:
    options = said.get("options")
    if not isinstance(options, list) or not options or "min" in said or "max" in said:
        raise StageError("OneOf has options, a list of at least one value, and no more")
    return one_of(cast("list[Json]", options))


def _non_empty(said: Mapping[str, object]) -> Refinement:
    if len(said) > 1:
        raise StageError("NonEmpty has no members but its kind")
    return NonEmpty()


_WORDS = {"min": "from", "max": "to"}
_READERS: Mapping[str, Callable[[Mapping[str, object]], Refinement]] = {
    "Range": _range,
    "OneOf": _one_of,
    "NonEmpty": _non_empty,
    "Length": _length,
}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_between(number: float, ends: Range | Length) -> bool:
    return (ends.min is None or number >= ends.min) and (ends.max is None or number <= ends.max)


def _is_within(narrow: Range | Length, wide: Range | Length) -> bool:
    low = wide.min is None or (narrow.min is not None and narrow.min >= wide.min)
    return low and (wide.max is None or (narrow.max is not None and narrow.max <= wide.max))
