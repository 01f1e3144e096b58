"""The live line of a command, where there is a terminal for it; rich is loaded for nothing less."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from typing import Protocol, cast

from workc.cli.state import State


class LiveLine(Protocol):
    """A line that is drawn again and again while its context holds, and lines above it."""

    def show(self, text: str) -> None:
        """Replaces what is awaited."""

    def line(self, text: str) -> None:
        """Writes a line that stays."""

    def abandon(self) -> None:
        """Gives the terminal back."""

    def __enter__(self) -> object:
        """Begins to draw."""

    def __exit__(self, kind: object, error: object, trace: object, /) -> None:
        """Ends it."""


def live_line(state: State, *, quiet: bool) -> LiveLine | None:
    """Returns the line, or None where nothing is to be drawn."""
    console = state.console
    if quiet or not console.is_live():
        return None
    # By name, since rich is dear.
    made = import_module("workc.cli.live").Live
    return cast("LiveLine", made(state.streams.get("err"), color=console.has_color(err=True)))


class Told:
    """Tells progress: on the live line where there is one, else in lines, now and then one or each."""

    def __init__(self, state: State, *, quiet: bool, every: int = 1) -> None:
        """Takes how often :meth:`tell` writes a line where lines stay."""
        self._state = state
        self._quiet = quiet
        self._every = every
        self._next = every
        self._live = live_line(state, quiet=quiet)
        #: While this context holds, the live line is drawn.
        self.shown = self._live if self._live is not None else nullcontext()

    def tell(self, number: int, text: str, more: str = "", *, last: bool = False) -> None:
        """Tells that so much was done; ``more`` is for the live line alone, ``last`` is never left out."""
        if self._live is not None:
            self._live.show(f"{text} · {more}" if more else text)
        elif last or number >= self._next:
            self._next = number + self._every
            self.line(text)

    def awaits(self, text: Callable[[], str]) -> None:
        """Replaces what the live line says, where there is one."""
        if self._live is not None:
            self._live.show(text())

    def line(self, text: str) -> None:
        """Writes a line that stays, unless nothing is to be said."""
        if not self._quiet:
            self.say(text)

    def say(self, text: str) -> None:
        """Writes a line that stays, also to who wants to hear nothing else."""
        if self._live is not None:
            self._live.line(text)
        else:
            self._state.err(text)

    def abandon(self) -> None:
        """Gives the terminal back, for a process that ends at once."""
        if self._live is not None:
            self._live.abandon()

    def silence(self) -> None:
        """Says nothing any more but what must be said."""
        self._quiet, self._live = True, None
