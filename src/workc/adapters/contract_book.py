"""Where it is kept what was used of a contract: in memory, or in a file that processes share.

A book holds bytes and knows nothing of them; a change is read, made and written before the next.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TypeAlias, TypeVar

from workc.adapters.new_file import sync_folder, write_over
from workc.adapters.regular_file import open_regular
from workc.kernel.failure import Refusal, refuse

T = TypeVar("T")
#: Returns what is to be kept in place of what was, and an answer.
Step: TypeAlias = Callable[[bytes], tuple[bytes, T]]
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


class MemoryBook:
    """A book that ends with its process; it begins empty."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._said = b""

    def said(self) -> bytes:
        """Returns what is kept now."""
        return self._said

    def change(self, step: Step[T]) -> T:
        """Returns the answer of a step when what it leaves is kept; what it raises passes."""
        with self._lock:
            self._said, answer = step(self._said)
        return answer


class FileBook:
    """A book in a file, which outlives processes and a power cut; it begins empty.

    Whoever changes it holds the lock of the file beside it, which the kernel drops when its process dies.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def said(self) -> bytes:
        """Returns what is kept now; nothing is made.

        Raises:
            Refusal: ``STORE_UNAVAILABLE``.
        """
        try:
            return self._read()
        except OSError as error:
            raise self._unusable(error) from None

    def change(self, step: Step[T]) -> T:
        """Returns the answer of a step when what it leaves is on the disk; what it raises passes.

        Raises:
            Refusal: ``STORE_UNAVAILABLE``; nothing has changed.
        """
        try:
            return self._change(step)
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: OSError) -> Refusal:
        message = f"{self._path} cannot be used: {error.strerror or error}"
        return refuse("STORE_UNAVAILABLE", message)

    def _change(self, step: Step[T]) -> T:
        self._path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        # A file of its own, since the book is replaced and a lock would go with the old one.
        with open_regular(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = self._read()
            after, answer = step(before)
            if after != before:
                write_over(self._path, after, _FILE_MODE)
                sync_folder(self._path.parent)
        return answer

    def _read(self) -> bytes:
        try:
            with open_regular(self._path, os.O_RDONLY) as file:
                said = file.read()
        except FileNotFoundError:
            return b""
        if not said:
            # Nothing is ever left empty, so what was said is lost.
            raise OSError(errno.ENODATA, "it is empty, and was not left so", str(self._path))
        return said
