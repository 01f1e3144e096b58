"""JSON as operations and scenarios may hold it: any value, read strictly, written as it was read.

Unlike canonical JSON this knows floats and tells ``1`` from ``1.0``: an operation may well put what
is not canonical into a receipt. What cannot be written back is refused: a number that no double or
64-bit integer holds, a lone surrogate, a repeated key, containers nested too deep.

>>> read_json('{"a": [1, 1.0]}'), spell_json({"b": 1.0, "a": 1})
({'a': [1, 1.0]}, b'{"a":1,"b":1.0}')
"""

from __future__ import annotations

import json
import math
from typing import cast

import msgspec

from workc.kernel.canonical import is_text
from workc.kernel.values import Json, JsonObject

#: How deep containers may nest: as deep as users' data.
MAX_DEPTH = 128
#: What 64 bits hold, signed or not.
_INTEGERS = range(-(2**63), 2**64)
_ENCODER = msgspec.json.Encoder(order="deterministic")


class JsonTextError(ValueError):
    """Says in one sentence why a text or a value is no JSON that can be written back."""


def read_json(text: str | bytes) -> Json:
    """Returns the value of a JSON text.

    Raises:
        JsonTextError: it is none, or cannot be written back.
    """
    try:
        spelled = text if isinstance(text, str) else text.decode()
        value: Json = json.loads(spelled, object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError:
        raise JsonTextError(f"containers more than {MAX_DEPTH} deep") from None
    except JsonTextError:
        raise
    except ValueError as error:
        raise JsonTextError(f"not JSON: {error}") from None
    check_json(value)
    return value


def check_json(value: object) -> None:
    """Refuses what cannot be written as JSON and read back.

    Raises:
        JsonTextError: it cannot.
    """
    pending: list[tuple[object, int]] = [(value, 0)]
    while pending:
        item, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise JsonTextError(f"containers more than {MAX_DEPTH} deep")
        pending += [(inner, depth + 1) for inner in _parts(item)]


def _parts(item: object) -> list[object]:
    """Returns what a container holds; refuses a value that has no spelling by itself."""
    if isinstance(item, dict):
        return _pairs(cast("dict[object, object]", item))
    if isinstance(item, list):
        return [*cast("list[object]", item)]
    problem = _problem(item)
    if problem is not None:
        raise JsonTextError(problem)
    return []


def _pairs(box: dict[object, object]) -> list[object]:
    if not all(isinstance(key, str) for key in box):
        raise JsonTextError("a key that is no string")
    return [*box, *box.values()]


def spell_json(value: Json) -> bytes:
    """Returns a checked value as JSON, its keys in order: canonical if the value is."""
    return _ENCODER.encode(value)


def _problem(item: object) -> str | None:
    match item:
        case None | bool():
            return None
        case int():
            return None if item in _INTEGERS else "an integer past 64 bits"
        case float():
            return None if math.isfinite(item) else "a number that is not finite"
        case str():
            return None if is_text(item) else "a string with a lone surrogate"
        case _:
            return f"a value of type {type(item).__name__}"


def _object(pairs: list[tuple[str, Json]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonTextError("a key stands there twice")
    return found


def _constant(name: str) -> Json:
    raise JsonTextError(f"{name} is no JSON")
