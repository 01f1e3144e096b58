"""Event loops of asyncio where there must be none: what stands in for them.

``loopless()`` holds while the engine runs lanes: code that asks asyncio for its loop is refused
with ``NONDETERMINISTIC``, whoever called the runtime. ``no_loop()`` hides the caller's loop from a
synchronous function, so that it meets the same world on every thread. ``run_still()`` runs an
asynchronous function in a loop that has neither sockets nor a clock: a wait jumps to its end.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import NoReturn, TypeVar, cast

from workc.kernel.failure import Refusal, refuse

T = TypeVar("T")


class _NoLoop:
    """Stands where a running loop would; whatever is asked of it is refused."""

    def __getattr__(self, name: str) -> NoReturn:
        raise refuse(
            "NONDETERMINISTIC",
            f"the code asks asyncio's event loop for {name}; await only what ctx gives",
            call=name,
        )


_NO_LOOP = cast("asyncio.AbstractEventLoop", _NoLoop())


class _Running:
    """A context in which another loop, or none, is the one that runs in this thread.

    It is entered at every turn of a run: a generator as a context costs several times as much.
    """

    __slots__ = ("_before", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self._loop = loop
        self._before: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> None:
        """Puts the loop in the place of what runs."""
        self._before = asyncio._get_running_loop()  # noqa: SLF001 - for makers of event loops
        asyncio._set_running_loop(self._loop)  # noqa: SLF001 - as above

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Puts back what ran."""
        asyncio._set_running_loop(self._before)  # noqa: SLF001 - as above


def loopless() -> AbstractContextManager[None]:
    """Refuses this thread an event loop, while the context holds."""
    return _Running(_NO_LOOP)


def no_loop() -> AbstractContextManager[None]:
    """Hides the event loop of this thread, so that one may be started, while the context holds."""
    return _Running(None)


class _NoSelector(selectors.BaseSelector):
    """Selects nothing: time jumps to when the loop would have woken."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def register(self, fileobj: object, events: int, data: object = None) -> NoReturn:
        raise refuse("NONDETERMINISTIC", "the function waits for a file or a socket")

    def unregister(self, fileobj: object) -> NoReturn:
        raise KeyError(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise refuse("NONDETERMINISTIC", "the function waits for what never comes in a replay")
        self.now_s += max(0.0, timeout)
        return []

    def get_map(self) -> Mapping[object, selectors.SelectorKey]:  # type: ignore[override]  # empty
        return {}


class StillLoop(asyncio.SelectorEventLoop):
    """An event loop that reaches nothing outside itself and tells a time of its own."""

    def __init__(self) -> None:
        self._still = _NoSelector()
        super().__init__(self._still)

    def time(self) -> float:
        """Returns the loop's own time in seconds."""
        return self._still.now_s

    def _make_self_pipe(self) -> None:
        """Makes none: nobody outside wakes this loop."""

    def _close_self_pipe(self) -> None:
        """Closes nothing."""

    def _write_to_self(self) -> None:
        """Wakes nobody."""


def run_still(work: Coroutine[object, object, T]) -> T:
    """Returns what a coroutine gives in a loop that stands still.

    Raises:
        Refusal: ``NONDETERMINISTIC`` if it waits for something outside the loop.
    """
    with no_loop():
        loop = StillLoop()
        try:
            return loop.run_until_complete(work)
        finally:
            _end(loop)
            loop.close()


def _end(loop: StillLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        with suppress(Refusal):
            loop.run_until_complete(asyncio.wait(left, timeout=1))
