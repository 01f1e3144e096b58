"""Parts of parsed JSON, for readers that take what is there and let other rules judge the rest.

>>> as_object([1]), as_list({"a": 1}), objects([{"a": 1}, 2])
({}, [], [{'a': 1}])
"""

from __future__ import annotations

from workc.bundle.v01.canonical import encode
from workc.kernel.values import Json, JsonObject


def as_object(value: Json) -> JsonObject:
    """Returns ``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> list[Json]:
    """Returns ``value`` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def objects(value: Json) -> list[JsonObject]:
    """Returns the objects in a list."""
    return [entry for entry in as_list(value) if isinstance(entry, dict)]


def same(one: Json, other: Json) -> bool:
    """Returns whether two values have the same canonical bytes: ``1`` is not ``true``.

    >>> same(1, True), same({"a": 1, "b": []}, {"b": [], "a": 1})
    (False, True)
    """
    return encode(one) == encode(other)
