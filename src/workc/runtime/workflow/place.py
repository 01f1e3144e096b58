"""Places in a document: how to get from its root to a value, and how people read that."""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec

#: The keys and indices from the root to a value; the root itself is ``()``. A negative number
#: tells the value of a repeated key from that of the first; people do not see it.
Place: TypeAlias = "tuple[str | int, ...]"

#: How many characters of a key a message repeats.
MAX_SHOWN_KEY = 64

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def dotted(place: Place) -> str:
    """Returns a place as people write it: ``steps.top.with.url``, ``verify[0].that``.

    A key that is not a plain name stands in brackets, as JSON: ``inputs["a b"]``.
    """
    return "".join(_segment(part) for part in place).removeprefix(".")


def _segment(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]" if part >= 0 else ""
    if _PLAIN.fullmatch(part) and len(part) <= MAX_SHOWN_KEY:
        return f".{part}"
    return f"[{quoted(part)}]"


def quoted(text: str) -> str:
    """Returns the first characters of a text in double quotes, with nothing that cannot be printed."""
    shown = text if len(text) <= MAX_SHOWN_KEY else text[: MAX_SHOWN_KEY - 3] + "..."
    visible = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown)
    return f'"{visible}"'


class Mark(msgspec.Struct, frozen=True):
    """A place in the text, both counted from 1; columns count characters."""

    line: int
    column: int
