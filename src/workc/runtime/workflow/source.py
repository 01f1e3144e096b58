"""The text of a file and where its values stand in it."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable

import msgspec

from workc.kernel.values import Json
from workc.runtime.workflow.place import Mark, Place

#: The most levels of lists and mappings in a file.
MAX_DEPTH = 64

_LINE_END = re.compile("\n")


class Source:
    """A text that can say which line and column an offset is in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]

    @property
    def is_one_line(self) -> bool:
        """Returns whether the text has no line but the first."""
        return len(self._starts) == 1

    def mark(self, offset: int) -> Mark:
        """Returns the line and column, both from 1, of the character at ``offset``."""
        line = bisect.bisect_right(self._starts, offset)
        return Mark(line, offset - self._starts[line - 1] + 1)


class Places(msgspec.Struct, frozen=True):
    """Offsets of the values by their place, and of the keys by the place of their value."""

    values: dict[Place, int]
    keys: dict[Place, int]


def no_places() -> Places:
    """Returns the places of a value that stands in no file."""
    return Places({}, {})


class Document(msgspec.Struct, frozen=True):
    """A value tree whose every place has a line and a column."""

    value: Json
    source: Source
    find_places: Callable[[], Places]

    @property
    def places(self) -> Places:
        """Returns where everything stands."""
        return self.find_places()

    def key_line(self, place: Place) -> int:
        """Returns in which line the key of ``place`` starts."""
        return 1 if self.source.is_one_line else self.key_mark(place).line

    def value_mark(self, place: Place) -> Mark:
        """Returns where the value at ``place`` starts; for an absent one, its nearest holder."""
        while place and place not in self.places.values:
            place = place[:-1]
        return self.source.mark(self.places.values.get(place, 0))

    def key_mark(self, place: Place) -> Mark:
        """Returns where the key of ``place`` starts; the value itself if it has no key."""
        offset = self.places.keys.get(place)
        return self.value_mark(place) if offset is None else self.source.mark(offset)
