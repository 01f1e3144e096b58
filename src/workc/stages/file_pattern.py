r"""Patterns of files below a root: ``<root>/<pattern>``, walked without ever leaving the root.

1. It is a path of :mod:`workc.stages.root_path` in whose segments ``*`` is any text, ``?`` any one
   character; a segment ``**`` is any number of folders, none included. Nothing else is special.
2. The first segment is the name of a root and holds no sign of a pattern.
3. ``*`` and ``?`` match no name that begins with a dot, unless the segment begins with one.

>>> pattern = parse_pattern("src/**/*.py")
>>> folder_of("src/a/b*/c"), [pattern.matches(path) for path in ("a.py", "x/y/a.py", "x/.a.py")]
('src/a', [True, True, False])
"""

from __future__ import annotations

import fnmatch
import re

import msgspec

from workc.kernel.failure import Refusal, refuse
from workc.stages.root_path import RootPath, parse_folder

_SIGNS = re.compile(r"[*?]")
_DEEP = "**"


class FilePattern(msgspec.Struct, frozen=True):
    """A pattern: the folder that holds all that it can match, and the segments below that."""

    folder: RootPath
    segments: tuple[str, ...]

    @property
    def depth(self) -> int | None:
        """Returns how many segments what it matches has below the folder, None if any number."""
        return None if _DEEP in self.segments else len(self.segments)

    @property
    def names_dots(self) -> bool:
        """Returns whether it can match a name that begins with a dot."""
        return any(segment.startswith(".") for segment in self.segments)

    def matches(self, path: str) -> bool:
        """Returns whether a path below the folder, without it, is one of the pattern's."""
        return _fits(self.segments, tuple(path.split("/")))


def parse_pattern(text: str) -> FilePattern:
    """Returns the pattern that a text is.

    Raises:
        Refusal: ``INVALID_INPUT``, with what is wrong with it.
    """
    root, *segments = text.split("/")
    if _SIGNS.search(root):
        raise _refused(text, "the name of its root is no pattern")
    # Where the signs are, any letter may stand.
    parse_folder(_SIGNS.sub("x", text))
    if not segments:
        raise _refused(text, "it names a root and nothing below it")
    mixed = next((each for each in segments if _DEEP in each and each != _DEEP), None)
    if mixed is not None:
        raise _refused(text, "** stands alone between two slashes")
    fixed = next((at for at, each in enumerate(segments) if _SIGNS.search(each)), None)
    if fixed is None:
        raise _refused(
            text, "it holds no * and no ?, so it is one file: write file in place of files"
        )
    return FilePattern(RootPath(root, tuple(segments[:fixed])), tuple(segments[fixed:]))


def folder_of(text: str) -> str:
    """Returns the folder, as a path, that holds all that a pattern can match; raises as it does."""
    return str(parse_pattern(text).folder)


def _refused(text: str, problem: str) -> Refusal:
    return refuse("INVALID_INPUT", f"{text[:100]!a} is no pattern of files: {problem}")


def _fits(segments: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Returns whether parts fit segments; a pattern of n signs of depth looks at n places a part."""
    places = {0}
    for part in parts:
        places = {
            after
            for place in _closed(segments, places)
            if place < len(segments)
            for after in _after(segments, place, part)
        }
    return len(segments) in _closed(segments, places)


def _closed(segments: tuple[str, ...], places: set[int]) -> set[int]:
    """Returns the places with those that are reached by folders that are not there."""
    found = set(places)
    for place in sorted(places):
        while place < len(segments) and segments[place] == _DEEP:
            place += 1
            found.add(place)
    return found


def _after(segments: tuple[str, ...], place: int, part: str) -> tuple[int, ...]:
    segment = segments[place]
    if segment == _DEEP:
        return () if part.startswith(".") else (place,)
    return (place + 1,) if _fits_name(segment, part) else ()


def _fits_name(segment: str, name: str) -> bool:
    if name.startswith(".") and not segment.startswith("."):
        return False
    # Its expressions do not go back, however many stars there are; a bracket is nothing special here.
    return re.match(fnmatch.translate(segment.replace("[", "[[]")), name) is not None
