"""The line of a terminal that is drawn again and again while a run works.

A terminal that goes away ends the drawing; nothing here raises because of it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.status import Status
from rich.text import Text


class Live:
    """Shows a spinner with what is awaited on stderr, and lines above it."""

    def __init__(self, stream: TextIO | None, *, color: bool) -> None:
        self._console = Console(file=stream, stderr=True, no_color=not color, highlight=False)
        self._status = Status("", console=self._console)

    def show(self, text: str) -> None:
        """Replaces what is awaited."""
        _try(lambda: self._status.update(Text(text)))

    def line(self, text: str) -> None:
        """Writes a line that stays."""
        _try(lambda: self._console.print(Text.from_ansi(text), soft_wrap=True))

    def abandon(self) -> None:
        """Gives the terminal its cursor back, for a process that ends at once."""
        _try(lambda: self._console.show_cursor(show=True))

    def __enter__(self) -> Self:
        """Begins to draw."""
        _try(self._status.start)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Takes the line away."""
        _try(self._status.stop)


def _try(draw: Callable[[], object]) -> None:
    try:
        draw()
    except (OSError, ValueError, RuntimeError):
        return
