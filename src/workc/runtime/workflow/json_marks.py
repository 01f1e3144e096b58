"""Finds where the values of a JSON text stand. The text must already be known to be JSON."""

from __future__ import annotations

import json
import re

from workc.runtime.workflow.place import Place
from workc.runtime.workflow.source import MAX_DEPTH, Places

#: A string, a bracket, a comma, or a run of anything else (numbers and words).
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|[^\s{}\[\]:,"]+')

_CLOSING = ("}", "]")
#: What an opening bracket makes its container wait for: a key, or the item with index 0.
_OPENING: dict[str, int | None] = {"{": None, "[": 0}


class JsonPlaces:
    """What one pass over a JSON text finds.

    ``repeated`` is the offset of the first key that its object already has; ``too_deep`` that of
    the first container more than :data:`~workc.runtime.workflow.source.MAX_DEPTH` deep.
    """

    def __init__(self, text: str) -> None:
        """Walks over the tokens of ``text``."""
        self.places = Places({}, {})
        self.repeated: int | None = None
        self.too_deep: int | None = None
        # One entry an open container: None in an object until its key is read, else key or index.
        self._steps: list[str | int | None] = []
        for found in _TOKEN.finditer(text):
            if not self._take(found[0], found.start()):
                self.too_deep = found.start()
                return

    def _take(self, word: str, offset: int) -> bool:
        """Takes one token; returns False if it opens one container too many."""
        if word in _CLOSING:
            self._steps.pop()
        elif word == ",":
            last = self._steps[-1]
            self._steps[-1] = last + 1 if isinstance(last, int) else None
        elif self._steps and self._steps[-1] is None:
            self._key(word, offset)
        else:
            self.places.values.setdefault(self._here(), offset)
            if word in _OPENING:
                self._steps.append(_OPENING[word])
        return len(self._steps) <= MAX_DEPTH

    def _key(self, word: str, offset: int) -> None:
        self._steps[-1] = str(json.loads(word))
        first = self.places.keys.setdefault(self._here(), offset)
        if first != offset and self.repeated is None:
            self.repeated = offset

    def _here(self) -> Place:
        return tuple(step for step in self._steps if step is not None)
