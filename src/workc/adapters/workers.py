"""Threads for synchronous functions, and one event loop for asynchronous ones.

A call that is given up is stopped: :class:`Stopped` is raised in its thread, at the next step of
its Python code. What is in a call into C is left: its thread is a daemon, so it does not keep the
process alive, and is replaced, so it does not take a place.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue

#: How long work that was cancelled has to end, in seconds; then nobody waits for it any more.
GRACE_S = 1.0
#: How long a thread has to come to Python code where it can be stopped, in seconds.
PATIENCE_S = 0.05


class Stopped(BaseException):
    """Raised in the thread of a call that was given up; no ``except Exception`` holds it."""


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[], None]
    thread: int | None = None
    is_given_up: bool = False
    is_over: bool = False


class Threads:
    """Runs functions in at most ``limit`` threads, which are started when they are needed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._started = 0
        self._idle = 0
        self._lock = threading.Lock()
        self._one_stops = threading.Lock()
        self._todo: SimpleQueue[_Job | None] = SimpleQueue()

    def submit(self, work: Callable[[], None]) -> Callable[[], None]:
        """Runs ``work``, which must not raise, in a thread; returns what gives it up."""
        job = _Job(work)
        with self._lock:
            start = self._idle <= 0 and self._started < self._limit
            if start:
                self._started += 1
            else:
                self._idle -= 1
        self._todo.put(job)
        if start:
            threading.Thread(target=self._run, name="workc-skill", daemon=True).start()
        return lambda: self._give_up(job)

    def close(self) -> None:
        """Lets idle threads end."""
        for _ in range(self._started):
            self._todo.put(None)

    def _give_up(self, job: _Job) -> None:
        with self._lock:
            if job.is_given_up or job.is_over:
                return
            job.is_given_up = True
            # The thread ends with its job, if it ends at all.
            self._limit += 1
            is_begun = job.thread is not None
        if is_begun:
            # Nobody waits for it: whoever gives up has something else to do.
            _stopping(self._stop, job).start()

    def _stop(self, job: _Job) -> None:
        with self._one_stops:
            _stop(job, self._lock)

    def _run(self) -> None:
        with suppress(Stopped):
            while (job := self._todo.get()) is not None:
                if not self._done(job):
                    return

    def _done(self, job: _Job) -> bool:
        """Does a job; returns whether this thread may take another."""
        with self._lock:
            job.thread = threading.get_ident()
            if job.is_given_up:
                return False
        job.work()
        with self._lock:
            job.thread, job.is_over = None, True
            self._idle += not job.is_given_up
            return not job.is_given_up


def stop(thread: threading.Thread) -> None:
    """Raises :class:`Stopped` in a thread, if it comes to Python code within :data:`PATIENCE_S`.

    Otherwise it is taken back: while it is pending, CPython 3.11 lets no thread that is traced or
    profiled enter a function.
    """
    stopping = _stopping(lambda job: _stop(job, threading.Lock()), _Job(_nothing, thread.ident))
    stopping.start()
    stopping.join()


def _nothing() -> None:
    """Is the work of a job that is not one of a pool."""


def _stopping(work: Callable[[_Job], None], job: _Job) -> threading.Thread:
    # Never in the main thread, where a signal could come in between.
    return threading.Thread(target=work, args=(job,), name="workc-stop", daemon=True)


def _stop(job: _Job, ending: threading.Lock) -> None:
    """Stops the thread of a job, which is over only when ``ending`` could be had."""
    import ctypes  # noqa: PLC0415 - few calls are given up

    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    own, error = ctypes.c_ulong(threading.get_ident()), ctypes.py_object(Stopped)
    never = threading.Lock()
    never.acquire()
    # While this is held the thread cannot end: its number is not yet that of another.
    with ending:
        if job.thread is None:
            return
        other = ctypes.c_ulong(job.thread)
        raise_in(other, error)
    # No function of Python is entered while it is pending, because this thread may be traced too.
    try:
        never.acquire(timeout=PATIENCE_S)
        raise_in(other, None)
        # CPython forgets that one was pending only when a thread takes one.
        raise_in(own, error)
        never.acquire(timeout=PATIENCE_S)
    except Stopped:
        return


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
        """Cancels what runs and ends the thread; what blocks it is stopped as a call in a thread is."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._loop = self._thread = None
        asyncio.run_coroutine_threadsafe(self._drain(), loop)
        thread.join(GRACE_S)
        if thread.is_alive():
            stop(thread)

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
