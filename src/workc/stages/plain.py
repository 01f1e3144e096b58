"""Turns what code returned into plain JSON values, in the normal form of ``workc.kernel.jcs``.

Dataclasses, structs and pydantic models become objects, enums their values, tuples lists;
subclasses of ``str``, ``int``, ``float``, ``list`` and ``dict`` lose what they add. A set is
refused (it has no order), and so are bytes, secrets and every other object. The one error is
:class:`Unfit`; cycles end at the depth that canonical values may have.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from enum import Enum
from typing import cast

import msgspec

from workc.kernel.arguments import a
from workc.kernel.canonical import CanonicalError
from workc.kernel.jcs import normalise
from workc.kernel.values import Json
from workc.stages.effects import SecretText
from workc.stages.exception import words_of
from workc.stages.problem import MAX_DEPTH, MAX_NODES, Problem, below, foreign

#: What is wrong with a value when the caller left too little stack for it.
TOO_DEEP = Problem("", "a value that fits on the stack", "one too deep")


class Unfit(Exception):
    """A value could not be turned into what was asked for; says where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def plain(value: object) -> Json:
    """Returns a value as JSON in normal form.

    Raises:
        Unfit: for a value that has none.
    """
    try:
        made = _Walk().turned(value, "", 0)
    except RecursionError:
        raise Unfit(TOO_DEEP) from None
    try:
        return normalise(made)
    except CanonicalError as error:
        raise Unfit(foreign(made) or unkept(error)) from None


def unkept(error: CanonicalError, place: str = "") -> Problem:
    """Returns the problem of a value that JSON cannot keep, such as a number that is too large."""
    return Problem(place, "a value that JSON can hold", str(error).removesuffix(", at ''"))


class _Walk:
    """One walk over a value; counts what it makes, because a value may contain itself twice."""

    def __init__(self) -> None:
        self._left = MAX_NODES

    def turned(self, value: object, pointer: str, depth: int) -> object:
        """Returns the value as JSON; strings and numbers are still to be checked for range."""
        if type(value) in _EXACT:
            return value
        if depth > MAX_DEPTH:
            raise Unfit(Problem(pointer, f"at most {MAX_DEPTH} levels", "more, or a cycle"))
        if isinstance(value, (list, tuple)):
            return self._array(cast("list[object]", value), pointer, depth)
        if isinstance(value, dict):
            return self._object(cast("dict[object, object]", value), pointer, depth)
        return self._rest(value, pointer, depth)

    def _rest(self, value: object, pointer: str, depth: int) -> object:
        for is_kind, members in _OBJECTS:
            if is_kind(value):
                found = _asked(members, value, pointer)
                # What stands for the value is walked like any; an object takes its very place.
                return self.turned(found, pointer, depth + (not isinstance(found, dict)))
        for base, read in _SCALARS.items():
            if isinstance(value, base):
                return read(value)
        raise Unfit(Problem(pointer, "a JSON value", _named(value)))

    def _array(self, items: list[object], pointer: str, depth: int) -> object:
        return [
            m if type(m) in _EXACT else self.turned(m, below(pointer, i), depth + 1)
            for i, m in enumerate(self._counted(_items(items), pointer))
        ]

    def _object(self, value: dict[object, object], pointer: str, depth: int) -> object:
        made: dict[str, object] = {}
        # As for lists, the base class is asked.
        for key in self._counted(dict[object, object].__iter__(value), pointer):
            name = _name(key, pointer)
            member = dict[object, object].__getitem__(value, key)
            made[name] = self.turned(member, below(pointer, name), depth + 1)
        return made

    def _counted(self, items: Iterator[object], pointer: str) -> Iterator[object]:
        for item in items:
            self._left -= 1
            if self._left < 0:
                raise Unfit(Problem(pointer, f"at most {MAX_NODES} values in all", "more"))
            yield item


_EXACT = frozenset({type(None), bool, int, float, str})


def _items(items: list[object] | tuple[object, ...]) -> Iterator[object]:
    # Asked of the base class: a subclass may say something else, or raise.
    if isinstance(items, list):
        return list[object].__iter__(items)
    return tuple[object, ...].__iter__(items)


def _name(key: object, pointer: str) -> str:
    inner: object = key.value if isinstance(key, Enum) else key
    if isinstance(inner, str):
        return str.__str__(inner)
    raise Unfit(Problem(pointer, "strings as names", f"a name of type {type(key).__name__}"))


def _asked(members: Callable[[object], object], value: object, pointer: str) -> object:
    try:
        return members(value)
    # Properties, validators and serialisers are somebody else's code.
    except Exception as error:  # noqa: BLE001 - see above
        raise Unfit(Problem(pointer, "a value that can be read", words_of(error))) from None


def _named(value: object) -> str:
    if isinstance(value, (set, frozenset)):
        return "a set, which has no order (return sorted(...) of it)"
    if isinstance(value, (bytes, bytearray)):
        return "bytes (return text, for instance base64)"
    return "a secret" if isinstance(value, SecretText) else a(value)


def _is_enum(value: object) -> bool:
    return isinstance(value, Enum)


def _is_model(value: object) -> bool:
    return callable(getattr(type(value), "model_dump", None))


def _is_struct(value: object) -> bool:
    return isinstance(value, msgspec.Struct) and not isinstance(value, SecretText)


def _is_dataclass(value: object) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _enum_value(value: object) -> object:
    return cast("Enum", value).value


def _model_members(value: object) -> object:
    dump: Callable[..., object] = getattr(value, "model_dump")  # noqa: B009 - known by duck typing
    return dump(mode="json", by_alias=True)


def _struct_members(value: object) -> object:
    struct = cast("msgspec.Struct", value)
    config = struct.__struct_config__
    tag = {} if config.tag_field is None else {config.tag_field: config.tag}
    fields = msgspec.structs.fields(struct)
    return {**tag, **{field.encode_name: getattr(struct, field.name) for field in fields}}


def _dataclass_members(value: object) -> object:
    fields = dataclasses.fields(value)  # type: ignore[arg-type]  # asked for in _is_dataclass
    return {field.name: getattr(value, field.name) for field in fields}


#: What is no JSON value but has members or a value to take its place.
_OBJECTS: list[tuple[Callable[[object], bool], Callable[[object], object]]] = [
    (_is_enum, _enum_value),
    (_is_model, _model_members),
    (_is_struct, _struct_members),
    (_is_dataclass, _dataclass_members),
]

#: Subclasses of these lose what they add; asked of the base, which runs no other code.
_SCALARS: dict[type, Callable[..., object]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
}
