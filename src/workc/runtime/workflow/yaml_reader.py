"""Reads the strict part of YAML: JSON values in block or flow style, with comments.

1. Null is ``null`` or nothing; booleans are ``true`` and ``false``; numbers are those of JSON.
   What other readers take for something else is refused: :mod:`workc.runtime.workflow.scalars`.
2. Keys are text and unique. No anchors, aliases, tags, merge keys or directives.
3. One document a file, at most :data:`~workc.runtime.workflow.source.MAX_DEPTH` levels deep.

PyYAML makes the events (its parser keeps its own stack); the tree is built here, so that nothing
of its constructors and resolvers takes part. As aliases are refused, nothing can be multiplied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import yaml

from workc.kernel.values import Json
from workc.runtime.workflow import scalars
from workc.runtime.workflow.place import Mark, Place, dotted, quoted
from workc.runtime.workflow.problems import Report
from workc.runtime.workflow.source import MAX_DEPTH, Document, Places, Source

_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPE = re.compile(r"\\U[0-9A-Fa-f]{8}")

#: What to do about the character at which PyYAML gives up.
_FIXES = {
    "\t": "indent with spaces, not with tabs",
    ":": "quote a value that contains a colon and a space",
    "@": "quote a value that starts with @",
    "`": "quote a value that starts with a backtick",
    "%": "quote a value that starts with %",
}
_ANY_FIX = "compare brackets, quotes and indentation with the lines around"


class _Stop(Exception):
    """Ends the reading at a fault after which the rest cannot be understood."""

    def __init__(self, offset: int, message: str, fix: str) -> None:
        super().__init__(message)
        self.offset, self.message, self.fix = offset, message, fix


class _Level:
    """An open list or mapping: what it holds so far and the key that waits for its value."""

    def __init__(self, box: list[Json] | dict[str, Json], place: Place) -> None:
        self.box, self.place = box, place
        self.key: str | None = None
        # Set for the value of a repeated key, which is read but not kept.
        self.repeated_at: int | None = None

    @property
    def wants_key(self) -> bool:
        """Returns whether the next node is a key."""
        return isinstance(self.box, dict) and self.key is None

    @property
    def next_place(self) -> Place:
        """Returns the place of the next value; a repeated key's has a negative part after it."""
        place = (*self.place, len(self.box) if self.key is None else self.key)
        return place if self.repeated_at is None else (*place, ~self.repeated_at)

    def put(self, value: Json) -> None:
        """Adds the next value; of two with the same key the first stays."""
        if isinstance(self.box, list):
            self.box.append(value)
        elif self.key is not None:
            self.box.setdefault(self.key, value)
            self.key = self.repeated_at = None


def read_yaml(source: Source, report: Report) -> Document | None:
    """Returns the document, or None where it cannot be read to its end. Never raises."""
    reader = _Reader(source, report)
    try:
        return reader.read(_events(source.text))
    except _Stop as stop:
        report.add(source.mark(stop.offset), "", stop.message, stop.fix, "INVALID_WORKFLOW")
        return None


def _events(text: str) -> Iterator[yaml.Event]:
    """Yields PyYAML's events; whatever it raises becomes :class:`_Stop`."""
    try:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _syntax_stop(
            text, error.problem or "unreadable", 0 if mark is None else mark.index
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        # An escape past the last character of Unicode, or a directive with thousands of digits.
        found = _ESCAPE.search(text)
        raise _syntax_stop(
            text, "a number is too large", 0 if found is None else found.start()
        ) from None


def _syntax_stop(text: str, problem: str, offset: int) -> _Stop:
    fix = _FIXES.get(text[offset : offset + 1], _ANY_FIX)
    return _Stop(offset, f"not valid YAML: {problem}", fix)


class _Reader:
    """Builds the tree from events."""

    def __init__(self, source: Source, report: Report) -> None:
        self._source, self._report = source, report
        self._places = Places({}, {})
        self._levels: list[_Level] = []
        self._root: list[Json] = []
        self._documents = 0

    def read(self, events: Iterable[yaml.Event]) -> Document:
        """Returns the document; raises :class:`_Stop` at what ends the reading."""
        for event in events:
            self._take(event)
        if not self._root:
            raise _Stop(0, "the file is empty", "`workc schema` lists what files may hold")
        return Document(self._root[0], self._source, lambda: self._places)

    def _take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent():
                self._enter({}, event)
            case yaml.SequenceStartEvent():
                self._enter([], event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._levels.pop()
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self._start_document(event)
            case _:
                # The ends of the document and of the stream say nothing.
                pass

    def _start_document(self, event: yaml.DocumentStartEvent) -> None:
        """Refuses a second document and any directive."""
        offset = _offset(event)
        self._documents += 1
        if self._documents > 1:
            raise _Stop(offset, "a second document starts here", "write one workflow a file")
        if event.version or event.tags:
            self._add(offset, "a YAML directive", "remove the line that starts with %")

    def _alias(self, event: yaml.AliasEvent) -> None:
        """Refuses an alias; null stands in its place."""
        fix = "write the value out, or quote the text if it is meant to start with *"
        self._add(_offset(event), "aliases (*name) are not read here", fix)
        self._place_value(None, _offset(event))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        """Takes a key or a scalar value."""
        offset = _offset(event)
        self._check_decoration(event)
        if _SURROGATE.search(event.value):
            self._add(
                offset, "half of a surrogate pair", r"write the whole character, as \U0001F600"
            )
        if self._levels and self._levels[-1].wants_key:
            self._take_key(event)
        elif event.style is None:
            self._place_value(self._plain(event.value, offset), offset)
        else:
            self._place_value(event.value, offset)

    def _enter(self, box: list[Json] | dict[str, Json], event: yaml.CollectionStartEvent) -> None:
        offset = _offset(event)
        self._check_decoration(event)
        if self._levels and self._levels[-1].wants_key:
            raise _Stop(offset, "a key must be text", "quote text that starts with [ or {")
        if len(self._levels) >= MAX_DEPTH:
            raise _Stop(offset, f"more than {MAX_DEPTH} levels of nesting", "flatten the data")
        place = self._place_value(box, offset)
        self._levels.append(_Level(box, place))

    def _take_key(self, event: yaml.ScalarEvent) -> None:
        level, offset, key = self._levels[-1], _offset(event), event.value
        level.key = key
        place = (*level.place, key)
        if event.style is None:
            self._check_plain_key(key, offset, place)
        first = self._places.keys.setdefault(place, offset)
        if first != offset:
            level.repeated_at = offset
            line = self._source.mark(first).line
            message = f"the key {quoted(key)} stands already in line {line}"
            self._add(offset, message, "remove one of the two", place)

    def _check_plain_key(self, key: str, offset: int, place: Place) -> None:
        if key == "<<":
            self._add(
                offset,
                "merge keys (<<) are not read here",
                "write the keys out",
                place,
            )
        elif not scalars.is_text(key):
            self._add(offset, f"the key {quoted(key)} is not text", "put it in quotes", place)

    def _plain(self, word: str, offset: int) -> Json:
        scalar = scalars.read_plain(word)
        if scalar.message:
            self._add(offset, scalar.message, scalar.fix)
        return scalar.value

    def _place_value(self, value: Json, offset: int) -> Place:
        """Puts a value where it belongs and returns its place."""
        if not self._levels:
            self._root.append(value)
            self._places.values[()] = offset
            return ()
        level = self._levels[-1]
        if level.wants_key:
            level.key = ""
            return level.next_place
        place = level.next_place
        self._places.values.setdefault(place, offset)
        level.put(value)
        return place

    def _check_decoration(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        """Refuses anchors and tags; the value itself is read."""
        offset = _offset(event)
        if event.anchor is not None:
            self._add(offset, "anchors (&name) are not read here", "remove the anchor")
        if event.tag is not None:
            self._add(offset, "tags (!name) are not read here", "remove the tag")

    def _add(self, offset: int, message: str, fix: str, place: Place | None = None) -> None:
        where = (self._levels[-1].next_place if self._levels else ()) if place is None else place
        mark: Mark = self._source.mark(offset)
        self._report.add(mark, dotted(where), message, fix, "INVALID_WORKFLOW")


def _offset(event: yaml.Event) -> int:
    """Returns where an event starts; the pure parser marks all of them."""
    mark = event.start_mark
    return 0 if mark is None else mark.index
