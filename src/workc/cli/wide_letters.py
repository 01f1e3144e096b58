"""How wide letters are on a terminal: those of some scripts take two columns, accents none.

The classes are those of Unicode Standard Annex #11, East Asian Width.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_WIDE = frozenset("WF")
#: What stands on the letter before, or is not seen: accents, marks around it, joiners.
_MARKS = frozenset({"Mn", "Me", "Cf"})


def width_of(char: str) -> int:
    """Returns how many columns a letter takes."""
    if unicodedata.category(char) in _MARKS:
        return 0
    return 2 if _is_wide(char) else 1


def pieces(word: str) -> Iterator[str]:
    """Yields the parts of a word between which a line may end: only at letters that are wide.

    >>> list(pieces("ab日本。c"))
    ['ab', '日', '本。', 'c']
    """
    now = ""
    for char in word:
        # No line begins with a mark or with punctuation (Annex #14, classes CM and CL).
        may_begin = unicodedata.category(char)[0] in "LNS"
        if now.strip(" ") and may_begin and (_is_wide(char) or _is_wide(now[-1])):
            yield now
            now = ""
        now += char
    yield now


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in _WIDE
