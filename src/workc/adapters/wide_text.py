"""Looks at data as if each character were one byte, where it may be two or four (UTF-16, UTF-32).

Without its zero bytes, text of which most is ASCII reads the same in all of these charsets.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import compress


def narrowed(data: bytes) -> bytes | None:
    """Returns the data without its zero bytes, or None if it has none."""
    return data.translate(None, b"\0") if b"\0" in data else None


def widened(data: bytes, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """Gives start, end and codec in the data for each span of what :func:`narrowed` returned."""
    places: array[int] | None = None
    for start, end in spans:
        places = places or array("Q", compress(range(len(data)), data))
        yield _whole_characters(data, places[start], places[end - 1] + 1, end - start)


def _whole_characters(data: bytes, start: int, end: int, narrow: int) -> tuple[int, int, str]:
    zero = data.find(b"\0", start, end)
    if zero < 0:
        return start, end, "ascii"
    # ASCII has one zero byte for each character in UTF-16, and three in UTF-32.
    width, name = (4, "utf-32") if end - start >= 2.5 * narrow else (2, "utf-16")
    order = "be" if zero % width == 0 else "le"
    past = min(-(-end // width) * width, len(data))
    return start // width * width, past, f"{name}-{order}"
