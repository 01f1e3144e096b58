"""The line of a terminal that is drawn again and again while a run works."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status
from rich.text import Text


class Live:
    """Shows a spinner with what is awaited on stderr, and lines above it."""

    def __init__(self, *, color: bool) -> None:
        self._console = Console(stderr=True, no_color=not color, highlight=False)
        self._status = Status("", console=self._console)

    def show(self, text: str) -> None:
        """Replaces what is awaited."""
        self._status.update(Text(text))

    def line(self, text: str) -> None:
        """Writes a line that stays."""
        self._console.print(Text.from_ansi(text), soft_wrap=True)

    def __enter__(self) -> Self:
        """Begins to draw."""
        self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Takes the line away."""
        self._status.stop()
