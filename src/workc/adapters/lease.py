"""The lease of a run: one process writes it, and one that lost it finds out before it writes again.

The lease is a file that its holder keeps locked; the kernel drops the lock when the process dies, so
a dead holder is replaced at once. The file says who holds it and in which term. Whoever takes it
begins the next term, so that a holder whose lock meant nothing (the file was removed, the file
system keeps no locks) sees another file or another term where its own was, and stops.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

from workc.adapters.regular_file import open_regular
from workc.kernel.failure import Refusal, refuse

_TERM = re.compile(rb"([0-9]{1,20}) ([0-9]{1,20})\n", re.ASCII)
_LONGEST_BYTES = 64


class Lease:
    """Takes the lease that stands at ``path``.

    Raises:
        Refusal: ``RUN_LOCKED`` while another process holds it.
        OSError: there can be no file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open_regular(path, os.O_RDWR | os.O_CREAT)
        descriptor = self._file.fileno()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _, self.term = _read(descriptor)
        except BlockingIOError:
            holder, _ = _read(descriptor)
            self._file.close()
            raise _held_by(holder) from None
        self.term += 1
        self._said = b"%d %d\n" % (os.getpid(), self.term)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, self._said, 0)

    def check(self) -> None:
        """Raises the refusal ``RUN_LOCKED`` if the lease is another's by now."""
        descriptor = self._file.fileno()
        try:
            is_same = os.path.samestat(os.stat(self._path), os.fstat(descriptor))
        except FileNotFoundError:
            is_same = False
        if not is_same or os.pread(descriptor, _LONGEST_BYTES, 0) != self._said:
            raise _held_by(None)

    def release(self) -> None:
        """Lets go of the lease."""
        self._file.close()


def is_held(path: Path) -> bool:
    """Returns whether a process holds the lease at ``path`` now."""
    try:
        with open_regular(path, os.O_RDONLY) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _read(descriptor: int) -> tuple[int | None, int]:
    """Returns the process and the term that the file names; a new file, or damage, is term 0."""
    found = _TERM.fullmatch(os.pread(descriptor, _LONGEST_BYTES, 0))
    return (int(found[1]), int(found[2])) if found else (None, 0)


def _held_by(holder: int | None) -> Refusal:
    who = "another process" if holder is None else f"process {holder}"
    return refuse("RUN_LOCKED", f"{who} is writing this run", holder=holder)
