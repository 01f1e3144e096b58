"""Values of one of several kinds, in JSON as serde tags them from outside.

A kind with fields is an object with one member, named after the kind; a kind without fields is
the name alone:

>>> from workc.sim.scenario.scripts import ActionScript, ConflictResolution
>>> variant_json(ActionScript.ReadFile(path="src/a"))
{'ReadFile': {'path': 'src/a'}}
>>> variant_json(ConflictResolution.ForceReleaseThenAcquire())
'ForceReleaseThenAcquire'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeVar, cast

import msgspec

from workc.kernel.values import Json, JsonObject


class Variant:
    """A kind of value; ``VARIANTS`` of the class above them names all kinds."""

    __slots__ = ()

    VARIANTS: ClassVar[Mapping[str, type[msgspec.Struct]]] = {}


V = TypeVar("V", bound=Variant)


def variant_of(base: type[V], value: object) -> V:
    """Returns the value of one of the kinds of ``base`` that JSON says.

    Raises:
        ValueError: it says none; the sentence names the kinds, or the field.
    """
    name, fields = _said(value)
    kind = base.VARIANTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"{base.__name__} is one of {', '.join(base.VARIANTS)}")
    if isinstance(value, str) and kind.__struct_fields__:
        raise ValueError(f"{name} takes an object of {', '.join(kind.__struct_fields__)}")
    if fields is None and not kind.__struct_fields__:
        # So it may be written, too.
        fields = {}
    try:
        return cast("V", msgspec.convert(fields, kind))
    except msgspec.ValidationError as error:
        # What reads the whole value says where in it this stands.
        raise ValueError(f"{name}: {error}".replace("`$.", f"`.{name}.")) from None


def variant_json(value: Variant) -> Json:
    """Returns the value as JSON."""
    struct = cast("msgspec.Struct", value)
    fields: JsonObject = msgspec.json.decode(msgspec.json.encode(struct))
    return {type(value).__name__: fields} if fields else type(value).__name__


def _said(value: object) -> tuple[object, object]:
    """Returns the name of a kind and its fields; the name is None where there is not one of them."""
    if not isinstance(value, dict):
        return value, {}
    members = cast("dict[object, object]", value)
    return next(iter(members.items())) if len(members) == 1 else (None, members)
