"""JSON pointers (RFC 6901): where something stands in a JSON value.

>>> from workc.stages.problem import tokens_of
>>> find({"a": [1, {"b~/c": 2}]}, tokens_of("/a/1/b~0~1c"))
2
>>> [pointer_of(tokens) for tokens, _ in walk({"a": [1], "b": {}})]
['/a', '/a/0', '/b']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from workc.kernel.values import Json

Step: TypeAlias = "str | int"
Tokens: TypeAlias = "tuple[Step, ...]"

_INDEX = re.compile(r"0|[1-9][0-9]*")


class NoSuchPlaceError(LookupError):
    """The value has nothing at the pointer."""


def pointer_of(tokens: Tokens) -> str:
    """Returns the pointer of some tokens."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def find(value: Json, tokens: Tokens) -> Json:
    """Returns what stands at a place.

    Raises:
        NoSuchPlaceError: nothing does.
    """
    for token in tokens:
        value = _inner(value, token)
    return value


def put(value: Json, tokens: Tokens, new: Json) -> Json:
    """Returns the value with something else at a place that is there; ``value`` is changed.

    Raises:
        NoSuchPlaceError: nothing stands there.
    """
    if not tokens:
        return new
    box, last = find(value, tokens[:-1]), tokens[-1]
    _inner(box, last)
    if isinstance(box, dict):
        box[str(last)] = new
    elif isinstance(box, list):
        box[int(last)] = new
    return value


def walk(value: Json, tokens: Tokens = ()) -> Iterator[tuple[Tokens, Json]]:
    """Yields every place below the value, outer ones first, in order."""
    pairs: list[tuple[Step, Json]] = []
    if isinstance(value, dict):
        pairs = [*value.items()]
    elif isinstance(value, list):
        pairs = [*enumerate(value)]
    for token, item in pairs:
        yield (*tokens, token), item
        yield from walk(item, (*tokens, token))


def _inner(value: Json, token: Step) -> Json:
    if isinstance(value, dict) and str(token) in value:
        return value[str(token)]
    if isinstance(value, list) and _INDEX.fullmatch(str(token)) and int(token) < len(value):
        return value[int(token)]
    raise NoSuchPlaceError
