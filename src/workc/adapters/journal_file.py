"""The file of a journal: lines are gathered, and written when they are committed.

After a write that failed nothing more is written: a line that is in no file was never asked for, and
a torn one is cut when the run is resumed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from workc.adapters.regular_file import open_regular

#: So many bytes are written without being committed: memory follows the open lines only.
_GATHERED_BYTES = 65_536


class JournalFile:
    """Appends to the file at ``path``; a torn last line is cut first.

    ``cut_bytes`` is how long that line was, 0 if there was none.
    """

    def __init__(self, path: Path) -> None:
        self.cut_bytes = _cut_torn_line(path)
        self._file = open_regular(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, buffering=0)
        self._gathered: list[bytes] = []
        self._size = 0
        self._is_over = False

    def append(self, line: bytes) -> None:
        """Takes one line, without its newline."""
        self._gathered += (line, b"\n")
        self._size += len(line) + 1
        if self._size > _GATHERED_BYTES:
            self.write()

    def write(self) -> None:
        """Hands what was gathered to the system."""
        if self._is_over:
            return
        data = memoryview(b"".join(self._gathered))
        self.give_up()
        while data:
            data = data[self._file.write(data) :]
        self._is_over = False

    def give_up(self) -> None:
        """Forgets what was gathered, and everything that may still come."""
        self._gathered.clear()
        self._size = 0
        self._is_over = True

    def sync(self) -> None:
        """Returns when the disk has what was written."""
        os.fdatasync(self._file.fileno())

    def close(self) -> None:
        """Writes what is left, where that can be, and closes the file."""
        try:
            self.write()
        finally:
            self._file.close()


def _cut_torn_line(path: Path) -> int:
    if not os.path.lexists(path):
        return 0
    with open_regular(path, os.O_RDWR) as file:
        size = file.seek(0, os.SEEK_END)
        whole = _after_the_last_newline(file, size)
        file.truncate(whole)
    return size - whole


def _after_the_last_newline(file: IO[bytes], end: int) -> int:
    while end > 0:
        start = max(0, end - _GATHERED_BYTES)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
