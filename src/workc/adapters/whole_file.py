"""A file that is seen only when it is whole, and that is never written over another."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path

#: What a file system says that has no hard links.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK})


def write_whole(target: Path, pieces: Iterable[tuple[int, bytes]]) -> int:
    """Writes a file from pieces and their places, and returns its size in bytes.

    It is written beside its place, synced, and named when it is whole. What ``pieces`` raises
    passes, and nothing is left then.

    Raises:
        FileExistsError: there is something already; it is kept as it is.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside, descriptor = _new_file(target.parent)
    try:
        size = _write(descriptor, pieces)
        _publish(beside, target)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
    return size


def _new_file(folder: Path) -> tuple[Path, int]:
    """Makes a dot file that nobody else has, nor had: what a crash left is not touched."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    numbers = count()
    while True:
        path = folder / f".workc-{os.getpid()}-{next(numbers)}.new"
        with suppress(FileExistsError):
            return path, os.open(path, flags, 0o666)


def _write(descriptor: int, pieces: Iterable[tuple[int, bytes]]) -> int:
    size = 0
    with os.fdopen(descriptor, "wb") as file:
        for offset, data in pieces:
            file.seek(offset)
            file.write(data)
            size = max(size, offset + len(data))
        file.flush()
        os.fsync(file.fileno())
    return size


def _publish(beside: Path, target: Path) -> None:
    """Gives the file its name, unless something has it."""
    try:
        os.link(beside, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        beside.rename(target)
