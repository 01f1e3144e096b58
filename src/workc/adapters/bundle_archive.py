"""A bundle as one file: its bytes by place, read from a regular file that does not change."""

from __future__ import annotations

import errno
import os
import stat
import weakref
from pathlib import Path

from workc.verify.reader import ReadError

#: O_NONBLOCK: opening a FIFO must not hang. O_NOCTTY: nor must a terminal become ours.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class ArchiveFile:
    """Gives the bytes of a regular file; see ``workc.bundle.archive_parser.Ranges``.

    The file is opened at the first read, without following a link, and let go of with this object.
    Each time its bytes were read it must be unchanged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: tuple[int, tuple[int, ...]] | None = None

    @property
    def size(self) -> int:
        """Returns how many bytes the file has.

        Raises:
            ReadError: it is no regular file or cannot be read.
        """
        _, identity = self._file()
        return identity[0]

    def read(self, offset: int, length: int) -> bytes:
        """Returns the bytes from ``offset`` on: ``length`` of them, fewer at the end only.

        Raises:
            ReadError: it is no regular file, cannot be read, or has changed.
        """
        descriptor, identity = self._file()
        try:
            data = os.pread(descriptor, length, offset)
        except OSError as error:
            raise ReadError(_why(error)) from None
        if _identity(os.fstat(descriptor)) != identity:
            raise ReadError("it changed while it was read")
        return data

    def _file(self) -> tuple[int, tuple[int, ...]]:
        """Returns the descriptor, and what the file was when it was opened."""
        if self._opened is None:
            descriptor = _open(self._path)
            weakref.finalize(self, os.close, descriptor)
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise ReadError("it is no regular file")
            self._opened = descriptor, _identity(found)
        return self._opened


def _open(path: Path) -> int:
    try:
        return os.open(path, _FLAGS)
    except OSError as error:
        raise ReadError(_why(error)) from None


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _why(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "it is a link; name the file itself"
    return f"it cannot be read ({errno.errorcode.get(error.errno or 0, 'an I/O error')})"
