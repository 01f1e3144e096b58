"""One program as a process group of its own: what it writes is bounded, and all of it is killed.

No shell is used. The group is killed when the program ends, when it writes too much, and when whoever
waits for it is cancelled: by its time, by a halt of the run, or because workc is told to stop. A
program that makes a group of its own for what it starts leaves that group behind.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import IO, Literal

import msgspec

from workc.kernel.failure import refuse

#: How long output is waited for that somebody still holds open after the program has ended.
GRACE_S = 1.0
_CHUNK_BYTES = 65_536


class Ended(msgspec.Struct, frozen=True):
    """How a program ended: its status, or the signal that ended it, and what it wrote."""

    status: int | None
    signal: int | None
    output: bytes
    errors: bytes


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What is started: the program by its path, its arguments, the path of its working folder."""

    argv: Sequence[str]
    folder: str
    environment: Mapping[str, str]
    stdin: bytes
    max_bytes: int


async def run_to_end(command: Command) -> Ended:
    """Returns how a program ended.

    Raises:
        OSError: it cannot be started.
        Refusal: ``OUTPUT_TOO_LARGE``.
    """
    child = _Child(command)
    try:
        return await child.ended(command.max_bytes)
    finally:
        child.kill()


class _Child:
    """A process that was started, and the thread that waits for its end and reaps it."""

    def __init__(self, command: Command) -> None:
        with tempfile.TemporaryFile() as stdin:
            stdin.write(command.stdin)
            stdin.seek(0)
            self._process = subprocess.Popen(  # noqa: S603 - a list, of an allowed program
                list(command.argv),
                cwd=command.folder,
                env=dict(command.environment),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        self._gate = threading.Lock()
        self._is_reaped = False

    async def ended(self, max_bytes: int) -> Ended:
        """Waits for the end of the program, and of its output."""
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        waiting = threading.Thread(
            target=self._wait, args=(loop, over), name="workc-child", daemon=True
        )
        waiting.start()
        pipes = [
            _Pipe(pipe, max_bytes) for pipe in (self._process.stdout, self._process.stderr) if pipe
        ]
        reading = [asyncio.ensure_future(pipe.read()) for pipe in pipes]
        ending = asyncio.ensure_future(over.wait())
        try:
            await _until(ending, reading)
            await asyncio.wait(reading, timeout=GRACE_S)
            _raise_what_failed(reading)
        finally:
            ending.cancel()
            for each, pipe in zip(reading, pipes, strict=True):
                _give_up(each)
                pipe.close()
        status = self._process.returncode
        is_signal = status < 0
        return Ended(
            None if is_signal else status, -status if is_signal else None, *(p.data for p in pipes)
        )

    def kill(self) -> None:
        """Kills the group, unless the program was reaped: its number may be another's by now."""
        with self._gate:
            if not self._is_reaped:
                _kill_group(self._process.pid)

    def _wait(self, loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
        # It stays a zombie, and its number its own, until its group is gone.
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        with self._gate:
            _kill_group(self._process.pid)
            self._process.wait()
            self._is_reaped = True
        try:
            loop.call_soon_threadsafe(over.set)
        except RuntimeError:
            # The loop was closed meanwhile: nobody waits any more.
            return


class _Pipe:
    """Reads one pipe into memory, up to a bound."""

    def __init__(self, file: IO[bytes], max_bytes: int) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._data = bytearray()
        self._transport: asyncio.ReadTransport | None = None

    @property
    def data(self) -> bytes:
        """Returns what has come so far."""
        return bytes(self._data)

    async def read(self) -> None:
        """Reads to the end; raises ``OUTPUT_TOO_LARGE``."""
        reader = asyncio.StreamReader(limit=_CHUNK_BYTES)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self._file
        )
        while chunk := await reader.read(_CHUNK_BYTES):
            self._data += chunk
            if len(self._data) > self._max_bytes:
                message = f"the program wrote more than {self._max_bytes} bytes and was stopped"
                raise refuse("OUTPUT_TOO_LARGE", message, max_bytes=self._max_bytes)

    def close(self) -> None:
        """Closes the pipe."""
        if self._transport is None:
            self._file.close()
        else:
            self._transport.close()


async def _until(
    ending: asyncio.Task[Literal[True]], reading: Sequence[asyncio.Task[None]]
) -> None:
    """Waits for the end of the program; raises at once what reading its output raises."""
    while not ending.done():
        left = [each for each in reading if not each.done()]
        await asyncio.wait([ending, *left], return_when=asyncio.FIRST_COMPLETED)
        _raise_what_failed(reading)


def _raise_what_failed(reading: Sequence[asyncio.Task[None]]) -> None:
    for each in reading:
        if each.done():
            each.result()


def _give_up(reading: asyncio.Task[None]) -> None:
    """Cancels a task; of one that is over its exception is looked at, or the loop would tell of it."""
    if not reading.cancel() and not reading.cancelled():
        reading.exception()


def _kill_group(number: int) -> None:
    try:
        os.killpg(number, signal.SIGKILL)
    except ProcessLookupError:
        return
