"""How wide text is on a terminal, and where a word of any script may be broken."""

from __future__ import annotations

import re
from types import ModuleType

#: What a terminal acts on (ECMA-48, section 8.3.117) and does not show.
SGR = re.compile(r"\x1b\[[0-9;]*m")
#: What our own lines hold beyond ASCII takes a column each; other letters have to be looked up.
_OURS = str.maketrans("", "", "✓✗·→—…≤")


def columns(text: str) -> int:
    """Returns how many columns a text takes.

    >>> columns("abc"), columns("日本"), columns("e\u0301")
    (3, 4, 1)
    """
    bare = text if "\x1b" not in text else SGR.sub("", text)
    if bare.isascii() or bare.translate(_OURS).isascii():
        return len(bare)
    return sum(map(_letters().width_of, bare))


def padded(text: str, width: int) -> str:
    """Returns a text with spaces behind it, up to so many columns."""
    return text + " " * (width - columns(text))


def pieces(word: str) -> list[str]:
    """Returns the parts of a word between which a line may end; most words have one."""
    return [word] if columns(word) == len(word) else [*_letters().pieces(word)]


def _letters() -> ModuleType:
    from workc.cli import wide_letters  # noqa: PLC0415 - most text is ASCII, and needs no tables

    return wide_letters
