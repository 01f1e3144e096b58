"""Processes of our own: each is given a time and an environment, and all can be stopped at once.

What a process writes goes to files that have no name, so that one which writes without end fills
no memory; of its stderr only the end is kept.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

#: A result larger than this is cut, and so is no JSON any more.
MAX_STDOUT_BYTES = 16_777_216
#: So much of the end of stderr is kept.
TAIL_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended. ``code`` is None if its time was over, minus a signal's number if killed."""

    code: int | None
    stdout: bytes
    stderr_tail: str
    duration_ms: int


class Children:
    """Runs processes; may be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """Returns whether :meth:`interrupt` was called: what ended since may have been killed."""
        return self._stopped

    def interrupt(self) -> None:
        """Kills every process that runs, and each that is started later; for a signal handler too."""
        self._stopped = True
        for child in list(self._live):
            child.kill()

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], timeout_s: float
    ) -> Ended:
        """Runs a command with no stdin and returns how it ended.

        Raises:
            OSError: it could not be started.
        """
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            began = time.monotonic()
            child = subprocess.Popen(  # noqa: S603 - the command is ours, and no shell reads it
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment
            )
            code = self._wait(child, timeout_s)
            duration_ms = int((time.monotonic() - began) * 1000)
            return Ended(code, _from(out, 0, MAX_STDOUT_BYTES), _tail(err), duration_ms)

    def _wait(self, child: subprocess.Popen[bytes], timeout_s: float) -> int | None:
        with self._lock:
            self._live.add(child)
        try:
            if self._stopped:
                child.kill()
            return child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with suppress(ProcessLookupError):
                child.kill()
            child.wait()
            with self._lock:
                self._live.discard(child)


def _from(file: IO[bytes], place: int, count: int) -> bytes:
    file.seek(place)
    return file.read(count)


def _tail(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    return _from(file, max(0, size - TAIL_BYTES), TAIL_BYTES).decode("utf-8", "replace")
