"""Threads for synchronous functions, and one event loop for asynchronous ones.

The threads are daemons: a function that never returns must not keep the process alive. A thread
whose call was given up is replaced, so that it does not take a place.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from queue import SimpleQueue

#: How long work that was cancelled has to end, in seconds; then nobody waits for it any more.
GRACE_S = 1.0


class Threads:
    """Runs functions in at most ``limit`` threads, which are started when they are needed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._started = 0
        self._idle = 0
        self._lock = threading.Lock()
        self._todo: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def submit(self, work: Callable[[], None]) -> None:
        """Runs ``work`` in a thread; it must not raise."""
        with self._lock:
            start = self._idle <= 0 and self._started < self._limit
            if start:
                self._started += 1
            else:
                self._idle -= 1
        self._todo.put(work)
        if start:
            threading.Thread(target=self._run, name="workc-skill", daemon=True).start()

    def replace_one(self) -> None:
        """Allows one more thread, because one is lost to a call that was given up."""
        with self._lock:
            self._limit += 1

    def close(self) -> None:
        """Lets idle threads end."""
        for _ in range(self._started):
            self._todo.put(None)

    def _run(self) -> None:
        while (work := self._todo.get()) is not None:
            work()
            with self._lock:
                self._idle += 1


class Loop:
    """Runs coroutines on an event loop in a thread of its own, started with the first of them."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, make: Callable[[], Coroutine[object, object, None]]) -> Callable[[], None]:
        """Runs the coroutine that ``make`` gives and returns a function that cancels it."""
        loop = self._running()
        box: list[asyncio.Task[None]] = []

        def start() -> None:
            task = loop.create_task(make())
            box.append(task)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        def cancel() -> None:
            loop.call_soon_threadsafe(lambda: [task.cancel() for task in box])

        loop.call_soon_threadsafe(start)
        return cancel

    def close(self) -> None:
        """Cancels what runs and ends the thread; one that is blocked is left behind, a daemon."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._loop = self._thread = None
        asyncio.run_coroutine_threadsafe(self._drain(), loop)
        thread.join(GRACE_S)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(_note)
            self._thread = threading.Thread(
                target=_serve, args=(loop,), name="workc-io", daemon=True
            )
            self._thread.start()
            self._loop = loop
        return self._loop

    async def _drain(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE_S / 2)
        loop = asyncio.get_running_loop()
        await loop.shutdown_asyncgens()
        loop.stop()


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Says in one line what the code on the loop left unhandled, such as a task nobody awaits."""
    error = context.get("exception")
    what = f": {type(error).__name__}: {error}" if error is not None else ""
    text = f"{context.get('message')}{what}".partition("\n")[0]
    logging.getLogger("workc").warning("note: %s", text)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    # The thread closes its loop itself: nobody waits for one that was blocked for too long.
    try:
        loop.run_forever()
    finally:
        loop.close()
