"""Folders below roots, opened segment by segment and held: no link on the way is ever followed.

A path is walked with one descriptor a folder (``O_NOFOLLOW | O_DIRECTORY``), so that whoever swaps a
folder for a link meanwhile gains nothing: what was opened stays what it is. Where the roots
are, no message says.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from workc.kernel.failure import Refusal, refuse
from workc.stages.root_path import RootPath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_INNER = _FOLDER | os.O_NOFOLLOW
#: A FIFO must not keep anybody waiting, and a terminal not become ours.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CODES: Mapping[int, tuple[str, str]] = {
    errno.ENOENT: ("NOT_FOUND", "there is nothing of that name"),
    errno.ELOOP: ("OPERATION_NOT_ALLOWED", "a link is not followed"),
    errno.ENOTDIR: ("OPERATION_NOT_ALLOWED", "a link, or what is no folder, stands on the way"),
    errno.EISDIR: ("OPERATION_NOT_ALLOWED", "it is a folder"),
    errno.ENXIO: ("OPERATION_NOT_ALLOWED", "it is no regular file"),
    errno.ENAMETOOLONG: ("INVALID_INPUT", "the name is too long for its folder"),
    errno.EILSEQ: ("INVALID_INPUT", "its folder holds no such name"),
}


class RootFolders:
    """The folders of the roots of a run. What stands in ``closed`` is opened for nobody."""

    def __init__(self, folders: Mapping[str, Path], closed: Path | None = None) -> None:
        """Takes absolute paths; those of ``folders`` may be links themselves, the user named them."""
        self._folders = dict(folders)
        self._closed = closed

    @contextmanager
    def opened(self, path: RootPath, *, make: bool = False) -> Generator[int]:
        """Gives a descriptor of a folder; with ``make`` what is missing on the way is made.

        Raises:
            Refusal: ``NOT_FOUND``, ``OPERATION_NOT_ALLOWED``, ``FILE_FAILED``.
        """
        descriptor = self._walk(path, make=make)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _walk(self, path: RootPath, *, make: bool) -> int:
        with translated(path):
            descriptor = self._root(path)
        try:
            with translated(path):
                for part in path.parts:
                    inner = _inner(descriptor, part, make=make)
                    os.close(descriptor)
                    descriptor = inner
                    self._refuse_closed(descriptor, path)
        except Refusal:
            os.close(descriptor)
            raise
        return descriptor

    def _root(self, path: RootPath) -> int:
        folder = self._folders.get(path.root)
        if folder is None:
            raise refuse("NOT_FOUND", f"this machine has no folder for the root {path.root}")
        if self._closed is not None and folder.resolve().is_relative_to(self._closed.resolve()):
            raise _closed(path)
        return os.open(folder, _FOLDER)

    def _refuse_closed(self, descriptor: int, path: RootPath) -> None:
        """Refuses the folder of the runs, by whatever name it was reached."""
        if self._closed is None:
            return
        try:
            own = self._closed.stat()
        except OSError:
            return
        if os.path.samestat(own, os.fstat(descriptor)):
            raise _closed(path)


def _closed(path: RootPath) -> Refusal:
    # Who could write there could rewrite what happened.
    message = f"{path}: the folder of the runs is no place for their work"
    return refuse("OPERATION_NOT_ALLOWED", message, path=str(path))


def parent_of(path: RootPath) -> tuple[RootPath, str]:
    """Returns the folder of a file and its name in there."""
    return RootPath(path.root, path.parts[:-1]), path.parts[-1]


@contextmanager
def translated(path: RootPath) -> Generator[None]:
    """Turns what the system says about a path into a refusal that names it as work does."""
    try:
        yield
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "EIO")
        code, words = _CODES.get(error.errno or 0, ("FILE_FAILED", f"the system says {name}"))
        raise refuse(code, f"{path}: {words}", path=str(path), error=name) from None


def read_regular(folder: int, name: str, path: RootPath, max_bytes: int) -> bytes:
    """Returns the bytes of a regular file in an open folder; raises as :func:`read_dated` does."""
    return read_dated(folder, name, path, max_bytes)[0]


def read_dated(folder: int, name: str, path: RootPath, max_bytes: int) -> tuple[bytes, int]:
    """Returns the bytes of a regular file in an open folder, and when it was written, in ms since 1970.

    Raises:
        Refusal: ``NOT_FOUND``, ``OPERATION_NOT_ALLOWED``, ``OUTPUT_TOO_LARGE``, ``FILE_FAILED``.
    """
    with translated(path):
        descriptor = os.open(name, _FILE, dir_fd=folder)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.ENXIO, "no regular file")
            data = _read(file.fileno(), max_bytes + 1)
    if len(data) > max_bytes:
        message = f"{path} has more than {max_bytes} bytes"
        raise refuse("OUTPUT_TOO_LARGE", message, path=str(path), max_bytes=max_bytes)
    return data, found.st_mtime_ns // 1_000_000


def _read(descriptor: int, limit: int) -> bytes:
    chunks: list[bytes] = []
    while limit > 0 and (chunk := os.read(descriptor, min(limit, 1_048_576))):
        chunks.append(chunk)
        limit -= len(chunk)
    return b"".join(chunks)


def _inner(descriptor: int, part: str, *, make: bool) -> int:
    try:
        return os.open(part, _INNER, dir_fd=descriptor)
    except FileNotFoundError:
        if not make:
            raise
    # Somebody else may just have made it.
    with suppress(FileExistsError):
        os.mkdir(part, dir_fd=descriptor)
    return os.open(part, _INNER, dir_fd=descriptor)
