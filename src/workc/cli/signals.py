"""SIGINT, SIGTERM and SIGHUP while a run works: the first stops it cleanly, the second ends it at once.

A signal that whoever started us had set to be ignored stays ignored.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Protocol, Self

from workc.adapters.driver import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stoppable(Protocol):
    """Does work that can be stopped."""

    def interrupt(self) -> None:
        """Stops it soon; may be called from a signal handler."""
        ...


class Interruption:
    """Stops what it was given when a signal comes; ``received`` is the signal's number.

    ``first`` is called when a signal comes, ``second`` with the number of one that comes after it:
    it is to end the process.
    """

    def __init__(self, first: Callable[[], None], second: Callable[[int], None]) -> None:
        self._first = first
        self._second = second
        self.received: int | None = None
        self._work: Stoppable | None = None
        self._before: dict[signal.Signals, object] = {}

    def attach(self, work: Stoppable) -> None:
        """Takes what is to be stopped.

        Raises:
            Interrupted: a signal has come already; so nothing is begun.
        """
        self._work = work
        if self.received is not None:
            raise Interrupted

    def __enter__(self) -> Self:
        """Takes the signals over, where a program may."""
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._stop)
        return self

    def hold(self) -> None:
        """Ignores further signals: what is told of the run is short and must be whole."""
        for number in self._before:
            signal.signal(number, signal.SIG_IGN)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Gives the signals back."""
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]  # it is what signal() gave

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if self.received is not None:
            self._second(number)
            return
        self.received = number
        if self._work is not None:
            self._work.interrupt()
        self._first()
