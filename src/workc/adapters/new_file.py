"""Writes a file that is seen only when it is whole; it replaces another only where that is said.

The bytes go into a dot file of the same folder first; a crash leaves that and nothing else.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from itertools import count
from pathlib import Path

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
#: What a file system says that has no hard links.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK})


def write_new(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Writes a new file with these rights, less those that the process takes from new files.

    Raises:
        FileExistsError: there is something of that name already; it is left as it is.
        OSError: the file system refuses.
    """
    write_pieces(path, [(0, data)], mode)


def write_over(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Writes a file in place of what has its name, if anything has; a reader sees one or the other.

    Raises:
        OSError: the file system refuses; what stood there is left as it is.
    """
    draft, descriptor = _draft(path, mode)
    try:
        _write(descriptor, [(0, data)])
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_pieces(path: Path, pieces: Iterable[tuple[int, bytes]], mode: int = 0o666) -> int:
    """Writes a new file from pieces and their places in it, and returns its size in bytes.

    What ``pieces`` raises passes, and nothing is left then; else as :func:`write_new`.
    """
    draft, descriptor = _draft(path, mode)
    try:
        size = _write(descriptor, pieces)
        _publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return size


def sync_folder(path: Path) -> None:
    """Returns when the disk has the names of a folder: what was renamed there outlives a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def already_there(path: Path) -> FileExistsError:
    """Returns the error for a name that must be free and is not."""
    return FileExistsError(errno.EEXIST, "there is something already, and it is kept", str(path))


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


def _publish(draft: Path, path: Path) -> None:
    """Gives the file its name, unless something has it."""
    try:
        # Unlike a rename, a link is refused where there is something.
        os.link(draft, path, follow_symlinks=False)
    except FileExistsError:
        raise already_there(path) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):
            raise already_there(path) from None
        draft.rename(path)


def _draft(path: Path, mode: int) -> tuple[Path, int]:
    """Makes the dot file that nobody else has, and returns it open."""
    numbers = count()
    while True:
        draft = path.parent / f".{path.name}-{os.getpid()}-{next(numbers)}.new"
        try:
            return draft, os.open(draft, _FLAGS, mode)
        except FileExistsError:
            continue
        except OSError as error:
            # The draft is nobody's but ours; what was asked for is the path.
            raise OSError(error.errno, error.strerror, str(path)) from None
