"""Types as people write them, the way ``type_text`` shows them, and as JSON.

Grammar: kinds by name (``Any Bool Bytes Null Number Text``), ``List<T>``, ``Map<T, T>``, records
``{name: T, other?: T}``, unions ``T | T``, parentheses, and literals (JSON strings, numbers, ``true``,
``false``). Refinements by bounds are written as JSON alone.

>>> type_of_text("List<{name: Text, age?: Number}> | Null") == union(
...     [Null(), List(Record({"name": Text(), "age": Number()}, frozenset({"age"})))]
... )
True
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.values import Json
from workc.stages.stage.refinements import StageError
from workc.stages.stage.types import (
    MAX_DEPTH,
    Any,
    Bool,
    Bytes,
    List,
    Map,
    NType,
    Null,
    Number,
    Record,
    Text,
    literal,
    type_of_json,
    union,
)

_TOKEN = re.compile(r'\s*([<>{}(),:|?]|"(?:[^"\\]|\\.)*"|[^\s<>{}(),:|?"]+)')
_PLAIN: Mapping[str, NType] = {kind.kind: kind() for kind in (Any, Bool, Bytes, Null, Number, Text)}
_NAMES = (*_PLAIN, "List", "Map")


def type_of_text(text: str) -> NType:
    """Returns the type that a text says.

    Raises:
        StageError: it says none; the sentence says where it stopped making sense.
    """
    value = _json(text)
    if isinstance(value, dict) and "kind" in value:
        return type_of_json(value)
    reading = _Reading(text)
    found = reading.union(0)
    reading.end()
    return found


def _json(text: str) -> Json:
    try:
        return jcs.parse(text)
    except CanonicalError:
        return None


class _Reading:
    """Reads the words of a type one after the other."""

    def __init__(self, text: str) -> None:
        self._words = _words(text.strip())
        self._at = 0

    def end(self) -> None:
        """Refuses what stands behind the type."""
        if self._word():
            raise StageError(f"{self._word()!r:.60} was not expected behind the type")

    def union(self, depth: int) -> NType:
        """Returns a type, or several between bars."""
        if depth > MAX_DEPTH:
            raise StageError(f"a type nests at most {MAX_DEPTH} deep")
        found = [self._single(depth + 1)]
        while self._word() == "|":
            self._at += 1
            found.append(self._single(depth + 1))
        return union(found)

    def _single(self, depth: int) -> NType:
        word = self._take()
        if word == "(":
            found = self.union(depth)
            self._expect(")")
            return found
        if word == "{":
            return self._record(depth)
        if word in ("List", "Map"):
            return self._of_types(word, depth)
        plain = _PLAIN.get(word)
        return _literal(word) if plain is None else plain

    def _of_types(self, word: str, depth: int) -> NType:
        self._expect("<")
        first = self.union(depth)
        if word == "Map":
            self._expect(",")
        found = List(first) if word == "List" else Map(first, self.union(depth))
        self._expect(">")
        return found

    def _record(self, depth: int) -> NType:
        fields: dict[str, NType] = {}
        absent: set[str] = set()
        while self._word() != "}":
            if fields:
                self._expect(",")
            name = _name(self._take())
            if name in fields:
                raise StageError(f"{name!r:.60} stands in the record twice")
            if self._word() == "?":
                self._at += 1
                absent.add(name)
            self._expect(":")
            fields[name] = self.union(depth)
        self._at += 1
        return Record(fields, frozenset(absent))

    def _word(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _take(self) -> str:
        word = self._word()
        if not word:
            raise StageError("the type ends too early")
        self._at += 1
        return word

    def _expect(self, word: str) -> None:
        found = self._take()
        if found != word:
            raise StageError(f"{word!r} was expected, not {found!r:.60}")


def _words(text: str) -> list[str]:
    words: list[str] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise StageError(f"{text[position:]!r:.60} is no part of a type")
        words.append(found[1])
        position = found.end()
    return words


def _name(word: str) -> str:
    if word in set("<>{}(),:|?"):
        raise StageError(f"the name of a member was expected, not {word!r}")
    value = _json(word) if word.startswith('"') else word
    if not isinstance(value, str):
        raise StageError(f"{word!r:.60} is no name")
    return value


def _literal(word: str) -> NType:
    value = _json(word)
    if isinstance(value, str | int | float):
        return literal(value)
    near = get_close_matches(word[:60], _NAMES, n=1)
    meant = f"; did you mean {near[0]}?" if near else f"; there is {', '.join(_NAMES)}"
    raise StageError(f"{word!r:.60} is no type{meant}")
