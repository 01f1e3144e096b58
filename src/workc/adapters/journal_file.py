"""The file of a journal: lines are gathered, and written when they are committed.

After a write that failed nothing more is written: a line that is in no file was never asked for, and
a torn one is cut when the run is resumed.

A journal that is synced often has room made for it: zeros, which lines then overwrite, so that the
disk has the bytes of a line to store and not the file's new size too. No line holds a zero byte: what
stands behind the first one was not committed, in whatever order a power cut left it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from workc.adapters.regular_file import open_regular

#: So many bytes are written without being committed: memory follows the open lines only.
_GATHERED_BYTES = 65_536
_ROOM_BYTES = 262_144


class JournalFile:
    """Goes on with the file at ``path``; a torn last line is cut first.

    ``cut_bytes`` is how long that line was, 0 if there was none. ``roomy``: room is made ahead.
    """

    def __init__(self, path: Path, *, roomy: bool = False) -> None:
        self._end, self.cut_bytes = _cut_torn_line(path)
        self._file = open_regular(path, os.O_RDWR | os.O_CREAT, buffering=0)
        self._file.seek(self._end)
        self._roomy = roomy
        self._room_end = self._end
        self._gathered: list[bytes] = []
        self._size = 0
        self._is_over = False

    @property
    def size(self) -> int:
        """Returns how many bytes of lines were handed to the system."""
        return self._end

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
        if self._roomy and self._end + len(data) > self._room_end:
            self._make_room(len(data))
        while data:
            written = self._file.write(data)
            self._end += written
            data = data[written:]
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
            if self._room_end > self._end and not self._is_over:
                self._file.truncate(self._end)
        finally:
            self._file.close()

    def _make_room(self, needed: int) -> None:
        size = max(needed, _ROOM_BYTES)
        descriptor = self._file.fileno()
        try:
            made = os.pwrite(descriptor, bytes(size), self._end)
            os.fsync(descriptor)
        except OSError:
            # Where there is no room for zeros there may be some for lines.
            self._roomy = False
            return
        self._room_end = self._end + made


def _cut_torn_line(path: Path) -> tuple[int, int]:
    """Cuts a file behind its last whole line; returns its size, and how much of a line was cut."""
    if not os.path.lexists(path):
        return 0, 0
    with open_regular(path, os.O_RDWR) as file:
        whole, written = _extent(file)
        file.truncate(whole)
    return whole, written - whole


def _extent(file: IO[bytes]) -> tuple[int, int]:
    """Returns where the last whole line before any zero byte ends, and the last byte that is none."""
    whole = written = position = 0
    sound = True
    while chunk := file.read(_ROOM_BYTES):
        zero = chunk.find(b"\0") if sound else 0
        lines = chunk if zero < 0 else chunk[:zero]
        if sound and b"\n" in lines:
            whole = position + lines.rfind(b"\n") + 1
        sound = sound and zero < 0
        if text := chunk.rstrip(b"\0"):
            written = position + len(text)
        position += len(chunk)
    return whole, written
