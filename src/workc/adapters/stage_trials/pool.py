"""Worker processes, one for each environment and each thread that asks; a worker serves many stages.

Whoever makes the pool says what differs between the environments; the folder does so here. A worker
that dies, or whose time is over, is what the stage is judged by; another takes its place.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from workc.stages.stage.trial import EXHAUSTED, EXPIRED, PREPARE, Task, Trial

Place = Literal["first", "second"]

#: The code ends itself when its time is over; whoever does not is ended so much later.
_GRACE_S = 1.0
#: What is more than one pass over the examples may take so many times as long.
_PASSES: Mapping[str, int] = {"mutants": 7, "properties": 7}
#: A worker that has nothing to do leaves within this.
_LEAVE_S = 2.0
#: A worker imports what it needs within this.
_START_S = 60.0
_READ = msgspec.json.Decoder(Trial)
_CHUNK = 1_048_576
#: An answer larger than this ends the worker that gives it.
MAX_ANSWER = 268_435_456


class Lost(Exception):
    """A worker gave no answer; ``word`` says why: its time was over, its memory, or it died."""

    def __init__(self, word: str, message: str) -> None:
        super().__init__(message)
        self.word = word


class Pool:
    """Gives tasks to workers of the thread that asks; any number of threads may ask."""

    def __init__(
        self, module: str, environments: Mapping[Place, Mapping[str, str]], memory: int
    ) -> None:
        """Takes the module that is a worker, its environments, and the bytes that each may use."""
        self._module = module
        self._environments = environments
        self._memory = memory
        self._folder = tempfile.TemporaryDirectory(prefix="workc-stages-")
        self._own = threading.local()
        self._all: set[_Worker] = set()
        self._closed = False

    def ask(self, task: Task, place: Place) -> Trial:
        """Returns what a worker of the environment makes of a task.

        Raises:
            Lost: the worker gave no answer; the next task gets a new one.
            OSError: no process can be started.
        """
        worker = self._worker(place)
        try:
            trial = worker.ask(task)
        except BaseException:
            self._end(place)
            raise
        if any(call.code == EXHAUSTED for call in trial.calls):
            # What filled the memory may be there still.
            self._end(place)
        return trial

    def stop(self) -> None:
        """Kills every worker, so that whoever waits for one is told; for a signal handler too."""
        self._closed = True
        for worker in list(self._all):
            worker.kill()

    def close(self) -> None:
        """Lets every worker end, or ends it; nobody may wait for one."""
        self._closed = True
        for worker in list(self._all):
            worker.dismiss()
        for worker in list(self._all):
            worker.end(_LEAVE_S)
        with suppress(OSError):
            self._folder.cleanup()

    @property
    def _command(self) -> list[str]:
        return [sys.executable, "-P", "-m", self._module, str(self._memory)]

    def _worker(self, place: Place) -> _Worker:
        found: _Worker | None = getattr(self._own, place, None)
        if found is None:
            if self._closed:
                raise Lost("DIED", "the work was ended")
            folder = Path(self._folder.name) / place
            folder.mkdir(exist_ok=True)
            found = _Worker(self._environments[place], folder, self._command)
            setattr(self._own, place, found)
            self._all.add(found)
        return found

    def _end(self, place: Place) -> None:
        found: _Worker | None = getattr(self._own, place, None)
        if found is not None:
            found.end()
            self._all.discard(found)
            setattr(self._own, place, None)


class _Worker:
    """One process."""

    def __init__(
        self, environment: Mapping[str, str], folder: Path, command: Sequence[str]
    ) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the command is ours, and no shell reads it
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
        )
        self._is_new = True
        self._is_prepared = False

    def ask(self, task: Task) -> Trial:
        """Returns the answer to a task; see :meth:`Pool.ask`."""
        if self._is_new and self._line(time.monotonic() + _START_S) is None:
            raise Lost("DIED", f"its process did not begin within {_START_S:g} s")
        self._is_new = False
        if task.origin.place.endswith(".py") and not self._is_prepared:
            self._is_prepared = True
            self._send(Task(what=PREPARE, origin=task.origin))
            self._line(time.monotonic() + _START_S)
        until = time.monotonic() + _PASSES.get(task.what, 1) * task.limit_s + _GRACE_S
        self._send(task)
        line = self._line(until)
        if line is None:
            raise Lost(EXPIRED, f"it did not end within {task.limit_s:g} s, and was ended")
        try:
            trial = _READ.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Lost("DIED", "it wrote where only its worker answers") from None
        if trial.fault:
            raise RuntimeError(trial.fault)
        return trial

    def _send(self, task: Task) -> None:
        try:
            self._process.stdin.write(msgspec.json.encode(task) + b"\n")  # type: ignore[union-attr]  # a pipe
            self._process.stdin.flush()  # type: ignore[union-attr]  # a pipe
        except OSError:
            raise self._died() from None

    def _line(self, until: float) -> bytes | None:
        """Returns one line, or None when the time is over."""
        out = self._process.stdout
        parts: list[bytes] = []
        while out is not None:
            left = until - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                return None
            part = os.read(out.fileno(), _CHUNK)
            if not part:
                raise self._died()
            parts.append(part)
            if part.endswith(b"\n"):
                break
            if len(parts) > MAX_ANSWER // 4096:
                raise Lost(EXHAUSTED, "it gives more than an answer may hold")
        return b"".join(parts)

    def _died(self) -> Lost:
        # What it has started may be alive.
        self.kill()
        code = self._process.wait()
        if code >= 0:
            return Lost("DIED", f"it ended its process with {code}")
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return Lost("DIED", f"its process was ended by {name}")

    def kill(self) -> None:
        """Kills the process and what it has started."""
        if self._process.returncode is not None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def dismiss(self) -> None:
        """Tells the process that there are no more tasks."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()

    def end(self, patience_s: float = 0.0) -> None:
        """Kills the process when it has had its time to leave, and gives back what it holds."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)
        self.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
