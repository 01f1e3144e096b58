"""Plain JSON objects of structs: every field under its name, UNSET left out, tuples as lists.

>>> from workc.bundle.v01.records import Choice
>>> as_object(Choice(point="p", choice="a", rationale="", alternatives_rejected=("b",)))
{'point': 'p', 'choice': 'a', 'rationale': '', 'alternatives_rejected': ['b']}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec

from workc.kernel.values import Json, JsonObject


def as_object(record: msgspec.Struct) -> JsonObject:
    """Returns a struct as an object; what JSON does not know stays for the encoder to refuse."""
    return cast("JsonObject", as_json(msgspec.to_builtins(record, builtin_types=(bytes,))))


def as_list(records: Iterable[msgspec.Struct]) -> list[Json]:
    """Returns structs as a list of objects."""
    return [as_object(record) for record in records]


def as_json(value: object) -> Json:
    """Returns ``value`` with lists in place of tuples, at any depth."""
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        return {key: as_json(item) for key, item in pairs}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in cast("list[object]", value)]
    return cast("Json", value)
