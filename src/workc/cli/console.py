"""The two streams: results go to stdout, everything said about them to stderr.

Colour: ``--color`` decides; else NO_COLOR (no-color.org), FORCE_COLOR and CLICOLOR_FORCE, then
TERM=dumb, then whether the stream is a terminal. Colour never carries meaning alone: a symbol and
a word stand beside it. A stream that is closed or breaks ends the writing, not the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from workc.cli.streams import Streams

Choice: TypeAlias = Literal["auto", "always", "never"]
Style: TypeAlias = Literal["good", "bad", "weak", "strong", "warn"]

#: SGR parameters (ECMA-48, section 8.3.117).
_STYLES: dict[Style, str] = {"good": "32", "bad": "31", "weak": "2", "strong": "1", "warn": "33"}


class Console:
    """Writes lines to stdout and stderr."""

    def __init__(self, color: Choice, environment: Mapping[str, str], streams: Streams) -> None:
        self._color: Choice = color
        self._environment = environment
        self._streams = streams

    def out(self, text: str = "") -> None:
        """Writes a line of the result."""
        before = self._streams.lost
        self._streams.write("out", text)
        if self._streams.lost != before:
            self.err(f"the result cannot be written to stdout: {self._streams.lost}")

    def err(self, text: str = "") -> None:
        """Writes a line about the work."""
        self._streams.write("err", text)

    def paint(self, text: str, style: Style, *, err: bool = False) -> str:
        """Returns text in a style, if the stream it goes to shows colours."""
        if not self.has_color(err=err):
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

    def has_color(self, *, err: bool) -> bool:
        """Returns whether a stream shows colours."""
        is_terminal = self._streams.is_terminal("err" if err else "out")
        return wants_color(self._color, self._environment, is_terminal=is_terminal)

    def is_live(self) -> bool:
        """Returns whether stderr is a terminal on which a line can be drawn again."""
        terminal = self._environment.get("TERM", "dumb")
        return self._streams.is_terminal("err") and terminal != "dumb"


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
