"""The two streams: results go to stdout, everything said about them to stderr.

Colour: ``--color`` decides; else NO_COLOR (no-color.org), FORCE_COLOR and CLICOLOR_FORCE, then
TERM=dumb, then whether the stream is a terminal. Colour never carries meaning alone: a symbol and
a word stand beside it. A reader that goes away (a closed pipe) ends the writing, not the work.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Literal, TextIO, TypeAlias

Choice: TypeAlias = Literal["auto", "always", "never"]
Style: TypeAlias = Literal["good", "bad", "weak", "strong", "warn"]

#: SGR parameters (ECMA-48, section 8.3.117).
_STYLES: dict[Style, str] = {"good": "32", "bad": "31", "weak": "2", "strong": "1", "warn": "33"}
#: Each symbol with what stands for it where the stream's encoding lacks it.
_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "·": "|", "→": ">", "↻": "~", "…": "~", "—": "-", "≤": "<"}
)


class Console:
    """Writes lines to stdout and stderr."""

    def __init__(self, color: Choice, environment: Mapping[str, str]) -> None:
        self._color: Choice = color
        self._environment = environment

    def out(self, text: str = "") -> None:
        """Writes a line of the result."""
        _write(sys.stdout, text)

    def err(self, text: str = "") -> None:
        """Writes a line about the work."""
        _write(sys.stderr, text)

    def paint(self, text: str, style: Style, *, err: bool = False) -> str:
        """Returns text in a style, if the stream it goes to shows colours."""
        if not self.has_color(err=err):
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

    def has_color(self, *, err: bool) -> bool:
        """Returns whether a stream shows colours."""
        stream = sys.stderr if err else sys.stdout
        return wants_color(self._color, self._environment, is_terminal=stream.isatty())

    def is_live(self) -> bool:
        """Returns whether stderr is a terminal on which a line can be drawn again."""
        return sys.stderr.isatty() and self._environment.get("TERM", "dumb") != "dumb"


def wants_color(choice: Choice, environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Returns whether to write colours; see the module for the order."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    forced = environment.get("FORCE_COLOR") or environment.get("CLICOLOR_FORCE")
    if forced:
        return forced != "0"
    return is_terminal and environment.get("TERM") != "dumb"


def _write(stream: TextIO, text: str) -> None:
    try:
        _put(stream, text + "\n")
        stream.flush()
    except BrokenPipeError:
        _mute(stream)


def _put(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.translate(_ASCII)
        text = plain.encode(encoding, "backslashreplace").decode(encoding)
    stream.write(text)


def _mute(stream: TextIO) -> None:
    """Lets all further output of a stream whose reader is gone vanish, that at exit too."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
