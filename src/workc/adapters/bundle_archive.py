"""A bundle as one file: its bytes by place, read from a regular file that does not change."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from workc.verify.reader import ReadError

#: O_NONBLOCK: opening a FIFO must not hang. O_NOCTTY: nor must a terminal become ours.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class ArchiveFile:
    """Gives the bytes of a regular file; see ``workc.bundle.archive_parser.Ranges``.

    The file is opened for each read and let go of after it, so nothing is to be closed. Each time
    it must be the file that it was first, unchanged, before and after its bytes were read. A link
    is not followed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity: tuple[int, ...] | None = None

    @property
    def size(self) -> int:
        """Returns how many bytes the file has.

        Raises:
            ReadError: it is no regular file, cannot be read, or has changed.
        """
        with self._opened() as descriptor:
            return os.fstat(descriptor).st_size

    def read(self, offset: int, length: int) -> bytes:
        """Returns the bytes from ``offset`` on: ``length`` of them, fewer at the end only.

        Raises:
            ReadError: it is no regular file, cannot be read, or has changed.
        """
        with self._opened() as descriptor:
            try:
                return os.pread(descriptor, length, offset)
            except OSError as error:
                raise ReadError(_why(error)) from None

    @contextmanager
    def _opened(self) -> Generator[int]:
        try:
            descriptor = os.open(self._path, _FLAGS)
        except OSError as error:
            raise ReadError(_why(error)) from None
        try:
            self._compare(os.fstat(descriptor))
            yield descriptor
            self._compare(os.fstat(descriptor))
        finally:
            os.close(descriptor)

    def _compare(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise ReadError("it is no regular file")
        times = (found.st_mtime_ns, found.st_ctime_ns)
        identity = (found.st_dev, found.st_ino, found.st_size, *times)
        if self._identity is None:
            self._identity = identity
        if identity != self._identity:
            raise ReadError("it changed while it was read")


def _why(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "it is a link; name the file itself"
    return f"it cannot be read ({errno.errorcode.get(error.errno or 0, 'an I/O error')})"
