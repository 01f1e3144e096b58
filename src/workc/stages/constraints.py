"""Reads what stands beside a type in ``Annotated[T, ...]``: a description and simple bounds.

A string describes. Bounds are read by their names (``ge``, ``gt``, ``le``, ``lt``,
``min_length``, ``max_length``, ``pattern``), as ``msgspec.Meta``, ``annotated_types`` and
pydantic's ``Field`` spell them, without importing any of these. A bound that cannot be kept
(``multiple_of``, the length of an object) is refused: it must not silently check nothing.
Anything else beside the type is for other readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from workc.kernel.arguments import a
from workc.kernel.failure import Misuse
from workc.kernel.values import Json, JsonObject

_NUMBERS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}
_LENGTHS = {
    "min_length": {"string": "minLength", "array": "minItems"},
    "max_length": {"string": "maxLength", "array": "maxItems"},
}


def constrained(schema: JsonObject, metadata: tuple[object, ...]) -> JsonObject:
    """Returns a schema with what the metadata says; later metadata wins.

    Raises:
        Misuse: for a bound that the schema cannot express.
    """
    made = dict(schema)
    for item in _flat(metadata):
        if isinstance(item, str):
            made["description"] = item
        else:
            made.update(_bounds(item, made))
    return made


def _flat(metadata: tuple[object, ...]) -> Iterator[object]:
    for item in metadata:
        yield item
        # A pydantic Field keeps its bounds as a list of smaller ones.
        inner: object = getattr(item, "metadata", None)
        if isinstance(inner, list):
            yield from cast("list[object]", inner)


def _bounds(item: object, schema: JsonObject) -> JsonObject:
    if _asked(item, "multiple_of") is not None:
        raise Misuse("multiple_of is not in workc's schemas; check it in the skill")
    found: JsonObject = {}
    for name, word in _NUMBERS.items():
        if (bound := _asked(item, name)) is not None:
            found[word] = _number(name, bound)
    for name, words in _LENGTHS.items():
        if (bound := _asked(item, name)) is not None:
            found[_length_word(words, name, schema)] = cast("int", bound)
    return {**found, **_texts(item)}


def _texts(item: object) -> JsonObject:
    found: JsonObject = {}
    for name in ("title", "description", "pattern"):
        asked = _asked(item, name)
        # A pattern may be compiled already.
        text = _asked(asked, "pattern") if name == "pattern" and asked is not None else None
        if isinstance(text or asked, str):
            found[name] = cast("str", text or asked)
    return found


def _asked(item: object, name: str) -> object:
    # Classes and functions have attributes of such names that are no bounds.
    value: object = None if callable(item) else getattr(item, name, None)
    return None if callable(value) else value


def _number(name: str, bound: object) -> Json:
    if isinstance(bound, (int, float)) and not isinstance(bound, bool):
        return bound
    raise Misuse(f"the bound {name} is {a(bound)}; JSON compares numbers only")


def _length_word(words: dict[str, str], name: str, schema: JsonObject) -> str:
    word = words.get(str(schema.get("type")))
    if word is None:
        raise Misuse(f"{name} bounds strings and lists; put it beside str or list[...]")
    return word
