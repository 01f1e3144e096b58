"""Compiles annotations: each becomes a shape, its schema and the function that builds a value.

A shape's ``build`` is given values that fit its schema, so that it only builds. Classes are
compiled once and referred to by name, which is what lets them contain themselves.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, ForwardRef, Literal, TypeAlias, Union, cast

import msgspec

from workc.kernel import values
from workc.kernel.failure import Misuse
from workc.kernel.values import Json, JsonObject
from workc.stages.constraints import constrained
from workc.stages.evaluation import Part, Run, Spent
from workc.stages.exception import words_of
from workc.stages.models import Direction, Unresolved, built, hoisted, is_model, model_schema
from workc.stages.plain import Unfit
from workc.stages.problem import Problem, below, foreign, identity, show

__all__ = ["Direction", "Shape", "Shapes", "Unfit", "Unresolved", "hints_of"]

Build: TypeAlias = Callable[[Json, str], object]


class Shape(msgspec.Struct, frozen=True):
    """What an annotation means: its schema, and how its value is built (value, pointer).

    ``exact`` is the Python type of a scalar: in a union it wins over others that fit as well.
    """

    schema: JsonObject
    build: Build
    exact: type | None = None


class Field(msgspec.Struct, frozen=True):
    """A member of an object: what the class calls it, its shape, and whether it may be left out."""

    attribute: str
    shape: Shape
    required: bool


def hints_of(owner: Callable[..., object], without: str | None = None) -> dict[str, object]:
    """Returns the resolved annotations of a function or class, ``Annotated`` kept.

    The annotation of the parameter ``without`` is not looked at.

    Raises:
        Unresolved: when a name does not exist (yet).
        Misuse: when an annotation cannot be evaluated.
    """
    named = _recursive_aliases(owner)
    local = {**vars(owner), **named} if named and isinstance(owner, type) else named or None
    try:
        asked = owner if without is None else _bare(owner, without)
        return typing.get_type_hints(asked, localns=local, include_extras=True)
    except NameError as error:
        raise Unresolved(f"an annotation of {_name(owner)} does not resolve: {error}") from None
    # Annotations are evaluated, and an expression can raise whatever it likes.
    except Exception as error:  # noqa: BLE001 - see above
        raise Misuse(f"an annotation of {_name(owner)} fails: {words_of(error)}") from None


def _bare(owner: Callable[..., object], without: str) -> Callable[..., object]:
    function = cast("types.FunctionType", inspect.unwrap(owner))
    bare = types.FunctionType(function.__code__, function.__globals__, closure=function.__closure__)
    bare.__annotations__ = {n: a for n, a in owner.__annotations__.items() if n != without}
    return bare


def _recursive_aliases(owner: object) -> dict[str, object]:
    # Json is a string that names itself, which get_type_hints does not follow to the end.
    module = sys.modules.get(getattr(owner, "__module__", ""))
    scope: dict[str, object] = getattr(owner, "__globals__", None) or vars(module or types)
    meant: dict[str, object] = {values.Json: object, values.JsonObject: dict[str, object]}  # type: ignore[dict-item]  # at run time both are strings
    return {n: meant[v] for n, v in scope.items() if isinstance(v, str) and v in meant}


def _name(owner: object) -> str:
    return str(getattr(owner, "__qualname__", owner))


class Shapes:
    """Compiles annotations that share their definitions, for one direction."""

    def __init__(self, direction: Direction) -> None:
        self._direction: Direction = direction
        self._definitions: dict[str, JsonObject] = {}
        self._origins: dict[str, JsonObject] = {}
        self._classes: dict[type, Shape] = {}
        self._aliases: list[object] = []

    def document(self, schema: JsonObject) -> JsonObject:
        """Returns a schema with the definitions it may refer to."""
        return {**schema, "$defs": dict(self._definitions)} if self._definitions else schema

    def of(self, annotation: object) -> Shape:
        """Returns the shape of an annotation.

        Raises:
            Misuse: for an annotation that has no JSON form.
        """
        scalar = next((s for known, s in _SCALARS if annotation is known), None)
        if scalar is not None:
            return scalar
        annotation = next((bare for known, bare in _BARE if annotation is known), annotation)
        origin = typing.get_origin(annotation)
        if origin is not None:
            return self._generic(annotation, origin)
        return self._plain(annotation)

    def _generic(self, annotation: object, origin: object) -> Shape:
        arguments = typing.get_args(annotation)
        for known, compile_ in _GENERICS:
            if origin is known:
                return compile_(self, arguments)
        raise _unsupported(annotation)

    def _plain(self, annotation: object) -> Shape:
        if isinstance(annotation, (str, ForwardRef)):
            raise Unresolved(f"the annotation {annotation!r} does not resolve; import its name")
        meant: object = getattr(annotation, "__supertype__", getattr(annotation, "__value__", None))
        if meant is not None and not isinstance(annotation, type):
            return self._alias(annotation, meant)
        if isinstance(annotation, type):
            return self._class(annotation)
        raise _unsupported(annotation)

    def _alias(self, annotation: object, meant: object) -> Shape:
        if any(annotation is each for each in self._aliases):
            raise Misuse(f"the type {annotation} names itself; use a class, or Any")
        self._aliases.append(annotation)
        shape = self.of(meant)
        self._aliases.pop()
        return shape

    def _class(self, cls: type) -> Shape:
        for is_kind, compile_ in _CLASSES:
            if is_kind(cls):
                return self._classes.get(cls) or compile_(self, cls)
        raise _unsupported(cls)

    def array(self, arguments: tuple[object, ...]) -> Shape:
        """Returns the shape of ``list[T]``."""
        return self._array(arguments[0], list)

    def _array(self, annotation: object, make: Callable[[list[object]], object]) -> Shape:
        inner = self.of(annotation)

        def build(value: Json, pointer: str) -> object:
            items = enumerate(cast("list[Json]", value))
            return make([inner.build(item, below(pointer, i)) for i, item in items])

        schema: JsonObject = {"type": "array"}
        return Shape({**schema, "items": inner.schema} if inner.schema else schema, build)

    def fixed(self, arguments: tuple[object, ...]) -> Shape:
        """Returns the shape of ``tuple[A, B]`` or ``tuple[T, ...]``."""
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return self._array(arguments[0], tuple)
        inner = [self.of(argument) for argument in arguments]

        def build(value: Json, pointer: str) -> object:
            pairs = enumerate(zip(inner, cast("list[Json]", value), strict=True))
            return tuple(shape.build(item, below(pointer, i)) for i, (shape, item) in pairs)

        schema: JsonObject = {"type": "array", "minItems": len(inner), "maxItems": len(inner)}
        prefix: list[Json] = [shape.schema for shape in inner]
        return Shape({**schema, "prefixItems": prefix} if prefix else schema, build)

    def mapping(self, arguments: tuple[object, ...]) -> Shape:
        """Returns the shape of ``dict[str, T]``."""
        if not any(arguments[0] is known for known in (str, Any)):
            raise Misuse("the names of a JSON object are strings: write dict[str, ...]")
        inner = self.of(arguments[1])

        def build(value: Json, pointer: str) -> object:
            members = cast("JsonObject", value)
            return {name: inner.build(m, below(pointer, name)) for name, m in members.items()}

        schema: JsonObject = {"type": "object"}
        closed: JsonObject = {**schema, "additionalProperties": inner.schema}
        return Shape(closed if inner.schema else schema, build)

    def literal(self, arguments: tuple[object, ...]) -> Shape:
        """Returns the shape of ``Literal[...]``."""
        return _one_of({identity(_constant(a)): a for a in arguments}, list(arguments))

    def annotated(self, arguments: tuple[object, ...]) -> Shape:
        """Returns the shape of ``Annotated[T, ...]``: that of T, with what the rest says of it."""
        inner = self.of(arguments[0])
        return Shape(constrained(inner.schema, arguments[1:]), inner.build, inner.exact)

    def union(self, arguments: tuple[object, ...]) -> Shape:
        """Returns the shape of ``A | B``: the first that fits builds, an exact scalar first."""
        inner = [self.of(argument) for argument in arguments]
        # Of which nothing is asked but the type.
        bare = {each.exact: each for each in inner if each.exact and each.schema.keys() == {"type"}}

        def build(value: Json, pointer: str) -> object:
            if type(value) in bare:
                return bare[type(value)].build(value, pointer)
            exact = [shape for shape in inner if shape.exact is type(value)]
            for shape in exact + inner:
                if self._fits(shape, value):
                    return shape.build(value, pointer)
            raise Unfit(Problem(pointer, "one of the alternatives", show(value)))

        return Shape({"anyOf": [shape.schema for shape in inner]}, build)

    def _fits(self, shape: Shape, value: Json) -> bool:
        named = {f"#{below('/$defs', name)}": s for name, s in self._definitions.items()}
        try:
            return not Run(named).problems(Part(shape.schema, value, ""), limit=1)
        except Spent:
            return False

    def model(self, cls: type) -> Shape:
        """Returns the shape of a pydantic model."""
        own = model_schema(cls, self._direction)
        schema = hoisted(own, self._definitions, self._origins)
        return Shape(schema, lambda value, pointer: built(cls, value, pointer))

    def enum(self, cls: type) -> Shape:
        """Returns the shape of an ``Enum`` whose values are JSON."""
        members = list(cast("type[Enum]", cls))
        if not members:
            raise Misuse(f"the enum {cls.__name__} has no members, so nothing fits it")
        by_value = {identity(_constant(member.value)): member for member in members}
        return _one_of(cast("dict[object, object]", by_value), [m.value for m in members])

    def typed_dict(self, cls: type) -> Shape:
        """Returns the shape of a ``TypedDict``; builds a dict."""
        return self._named(cls, _typed_dict_members, dict)

    def dataclass(self, cls: type) -> Shape:
        """Returns the shape of a dataclass; builds one."""
        return self._named(cls, _dataclass_members, cls)

    def struct(self, cls: type) -> Shape:
        """Returns the shape of a ``msgspec.Struct``; builds one. A tag is a member like others."""
        config = cast("type[msgspec.Struct]", cls).__struct_config__
        if config.array_like:
            raise Misuse(f"{cls.__name__} is array_like; workc writes structs as objects")
        tag = {} if config.tag_field is None else {config.tag_field: config.tag}
        return self._named(cls, _struct_members, cls, cast("dict[str, Json]", tag))

    def _named(
        self,
        cls: type,
        members: Callable[[type], dict[str, tuple[str, object, bool]]],
        make: Callable[..., object],
        tag: Mapping[str, Json] | None = None,
    ) -> Shape:
        name = self._free_name(cls.__name__)
        fields: dict[str, Field] = {}

        def build(value: Json, pointer: str) -> object:
            return _made(make, cls, _arguments(fields, cast("JsonObject", value), pointer), pointer)

        # Known before its members are, so that they may name it.
        self._definitions[name] = {}
        self._classes[cls] = Shape({"$ref": f"#{below('/$defs', name)}"}, build)
        for member, (attribute, annotation, required) in members(cls).items():
            fields[member] = Field(attribute, self.of(annotation), required)
        self._definitions[name] = _object_schema(cls.__name__, fields, tag or {})
        return self._classes[cls]

    def _free_name(self, name: str) -> str:
        free, number = name, 1
        while free in self._definitions:
            number += 1
            free = f"{name}_{number}"
        return free


def _unsupported(annotation: object) -> Misuse:
    shown = annotation.__qualname__ if isinstance(annotation, type) else repr(annotation)
    hint = next((h for known, h in _HINTS.items() if annotation is known), _OTHERWISE)
    return Misuse(f"{shown} has no JSON form: {hint}")


def _constant(value: object) -> Json:
    if isinstance(value, Enum) or foreign(value) is not None:
        raise Misuse(f"{show(value)} is no JSON value; Literal and Enum hold JSON values only")
    return cast("Json", value)


def _one_of(by_value: dict[object, object], constants: list[object]) -> Shape:
    listed = cast("list[Json]", constants)
    schema: JsonObject = {"enum": listed} if len(listed) > 1 else {"const": listed[0]}

    def build(value: Json, pointer: str) -> object:
        found = by_value.get(identity(value), value)
        return found

    return Shape(schema, build)


def _object_schema(title: str, fields: dict[str, Field], tag: Mapping[str, Json]) -> JsonObject:
    constants: JsonObject = {name: {"const": value} for name, value in tag.items()}
    properties: JsonObject = {name: field.shape.schema for name, field in fields.items()}
    required = [*tag, *(name for name, field in fields.items() if field.required)]
    return {
        "type": "object",
        "title": title,
        "properties": {**constants, **properties},
        "required": cast("list[Json]", required),
        "additionalProperties": False,
    }


def _arguments(fields: dict[str, Field], value: JsonObject, pointer: str) -> dict[str, object]:
    return {
        field.attribute: field.shape.build(value[name], below(pointer, name))
        for name, field in fields.items()
        if name in value
    }


def _made(
    make: Callable[..., object], cls: type, arguments: dict[str, object], pointer: str
) -> object:
    try:
        return make(**arguments)
    # A constructor (__post_init__) is somebody else's code and may raise whatever it likes.
    except Exception as error:  # noqa: BLE001 - see above
        raise Unfit(Problem(pointer, f"a {cls.__name__}", words_of(error))) from None


def _typed_dict_members(cls: type) -> dict[str, tuple[str, object, bool]]:
    required: frozenset[str] = getattr(cls, "__required_keys__", frozenset())
    return {
        name: (name, *_unqualified(hint, required=name in required))
        for name, hint in hints_of(cls).items()
    }


def _unqualified(hint: object, *, required: bool) -> tuple[object, bool]:
    # Annotations kept as text hide Required and NotRequired from __required_keys__.
    word = str(typing.get_origin(hint)).rpartition(".")[2]
    if word not in ("Required", "NotRequired", "ReadOnly"):
        return hint, required
    stated = required if word == "ReadOnly" else word == "Required"
    return _unqualified(typing.get_args(hint)[0], required=stated)


def _dataclass_members(cls: type) -> dict[str, tuple[str, object, bool]]:
    hints = hints_of(cls)
    fields = dataclasses.fields(cls)
    odd = [field.name for field in fields if not field.init]
    odd += [name for name, hint in hints.items() if isinstance(hint, dataclasses.InitVar)]
    if odd:
        raise Misuse(
            f"{cls.__name__}.{odd[0]} is not in both the constructor and the object "
            "(init=False, InitVar), so JSON cannot hold it; make it an ordinary field"
        )
    return {field.name: (field.name, hints[field.name], _is_bare(field)) for field in fields}


def _is_bare(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def _struct_members(cls: type) -> dict[str, tuple[str, object, bool]]:
    hints = hints_of(cls)
    fields = msgspec.structs.fields(cast("type[msgspec.Struct]", cls))
    return {f.encode_name: (f.name, hints[f.name], f.required) for f in fields}


def _as_is(value: Json, _: str) -> object:
    return value


def _as_integer(value: Json, _: str) -> object:
    return int(cast("float", value))


def _as_float(value: Json, pointer: str) -> object:
    try:
        return float(cast("float", value))
    except OverflowError:
        raise Unfit(Problem(pointer, "a number that a float can hold", show(value))) from None


_ANY = Shape({}, _as_is)
_NULL = Shape({"type": "null"}, _as_is)

#: What means a scalar or anything; compared by identity, as annotations may have no hash.
_SCALARS: list[tuple[object, Shape]] = [
    (str, Shape({"type": "string"}, _as_is, str)),
    (int, Shape({"type": "integer"}, _as_integer, int)),
    (float, Shape({"type": "number"}, _as_float, float)),
    (bool, Shape({"type": "boolean"}, _as_is, bool)),
    (None, _NULL),
    (type(None), _NULL),
    (Any, _ANY),
    (object, _ANY),
    (inspect.Parameter.empty, _ANY),
]

_GENERICS: list[tuple[object, Callable[[Shapes, tuple[object, ...]], Shape]]] = [
    (list, Shapes.array),
    (Sequence, Shapes.array),
    (tuple, Shapes.fixed),
    (dict, Shapes.mapping),
    (Mapping, Shapes.mapping),
    (Literal, Shapes.literal),
    (Union, Shapes.union),
    (types.UnionType, Shapes.union),
    (Annotated, Shapes.annotated),
]

#: Containers without arguments hold anything.
_BARE: list[tuple[object, object]] = [
    (list, list[object]),
    (tuple, tuple[object, ...]),
    (dict, dict[str, object]),
    (typing.List, list[object]),  # noqa: UP006 - users may still write it
    (typing.Tuple, tuple[object, ...]),  # noqa: UP006 - users may still write it
    (typing.Dict, dict[str, object]),  # noqa: UP006 - users may still write it
]


def _is_enum(cls: type) -> bool:
    return issubclass(cls, Enum)


def _is_typed_dict(cls: type) -> bool:
    # Also those of typing_extensions, which typing.is_typeddict does not know.
    return hasattr(cls, "__required_keys__") and hasattr(cls, "__optional_keys__")


def _is_dataclass(cls: type) -> bool:
    return dataclasses.is_dataclass(cls)


def _is_struct(cls: type) -> bool:
    return issubclass(cls, msgspec.Struct)


_CLASSES: list[tuple[Callable[[type], bool], Callable[[Shapes, type], Shape]]] = [
    (is_model, Shapes.model),
    (_is_enum, Shapes.enum),
    (_is_typed_dict, Shapes.typed_dict),
    (_is_dataclass, Shapes.dataclass),
    (_is_struct, Shapes.struct),
]

_OTHERWISE = "use a JSON type, a dataclass, a TypedDict, an Enum or a model"
_HINTS: dict[type, str] = {
    bytes: "take a str, for instance base64, and decode it",
    bytearray: "take a str, for instance base64, and decode it",
    set: "a set has no order; take a list",
    frozenset: "a set has no order; take a list",
}
