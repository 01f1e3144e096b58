"""A bundle as a folder: a reader that follows nothing, and a writer that is seen only when whole.

The reader opens each component of a path relative to the one above it, without following links,
and takes a file only if it is regular, both before and after it was read.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from workc.verify.reader import Item, Kind, ReadError

_CHUNK_BYTES = 1_048_576
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: O_NONBLOCK: opening a FIFO must not hang.
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAX_DEPTH = 300


class BundleFolder:
    """Reads a bundle from a folder; see ``workc.verify.reader.Reader``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def items(self) -> Iterator[Item]:
        """Yields every name below the folder; links are named, not followed."""
        yield from self._walk("", 0)

    def chunks(self, path: str, size: int) -> Iterator[bytes]:
        """Yields the bytes of a regular file, at most ``size + 1`` of them."""
        with self._opened(path, _FILE_FLAGS) as descriptor:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise ReadError("it is no regular file")
            yield from _read(descriptor, size + 1)
            if _identity(os.fstat(descriptor)) != _identity(before):
                raise ReadError("it changed while it was read")

    def _walk(self, folder: str, depth: int) -> Iterator[Item]:
        if depth > _MAX_DEPTH:
            raise ReadError("folders are nested too deeply")
        for name, item in self._scan(folder):
            yield item
            if item.kind == "folder":
                yield from self._walk(f"{folder}/{name}" if folder else name, depth + 1)

    def _scan(self, folder: str) -> list[tuple[str, Item]]:
        with self._opened(folder, _FOLDER_FLAGS) as descriptor:
            try:
                names = sorted(os.listdir(descriptor))
            except OSError as error:
                raise ReadError(_why(error)) from None
            return [(name, _item(folder, name, descriptor)) for name in names]

    @contextmanager
    def _opened(self, path: str, flags: int) -> Iterator[int]:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise ReadError(_why(error)) from None
        try:
            parts = path.split("/") if path else []
            for index, part in enumerate(parts):
                last = index == len(parts) - 1
                inner = _open_in(descriptor, part, flags if last else _FOLDER_FLAGS)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)


def _open_in(folder: int, name: str, flags: int) -> int:
    try:
        return os.open(name, flags, dir_fd=folder)
    except OSError as error:
        raise ReadError(_why(error)) from None


def _read(descriptor: int, limit: int) -> Iterator[bytes]:
    while limit > 0:
        try:
            chunk = os.read(descriptor, min(_CHUNK_BYTES, limit))
        except OSError as error:
            raise ReadError(_why(error)) from None
        if not chunk:
            return
        limit -= len(chunk)
        yield chunk


def _identity(found: os.stat_result) -> tuple[int, int, int, int]:
    return (found.st_ino, found.st_dev, found.st_size, found.st_mtime_ns)


def _item(folder: str, name: str, descriptor: int) -> Item:
    path = f"{folder}/{name}" if folder else name
    try:
        found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    except OSError as error:
        raise ReadError(f"{ascii(path)[1:-1]}: {_why(error)}") from None
    kind = _kind(found.st_mode)
    links = found.st_nlink if kind == "file" else 1
    return Item(path=path, kind=kind, size=found.st_size, links=links)


def _kind(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


def _why(error: OSError) -> str:
    name = errno.errorcode.get(error.errno or 0, "an I/O error")
    return f"it cannot be read ({name})"


class BundleWriter:
    """Writes a bundle into a folder beside its place and moves it there when it is whole."""

    def __init__(self, target: Path, *, sync: bool = False) -> None:
        self._target = target
        self._sync = sync
        self._folder = target.with_name(f".{target.name}.{os.getpid()}.new")
        if self._folder.exists():
            shutil.rmtree(self._folder)
        self._folder.mkdir(parents=True)

    def write(self, path: str, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Writes one file and returns its SHA-256 in hex and its size in bytes."""
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        hasher = hashlib.sha256()
        size = 0
        with target.open("wb") as file:
            for chunk in chunks:
                hasher.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            if self._sync:
                os.fsync(file.fileno())
        return hasher.hexdigest(), size

    def finish(self) -> None:
        """Moves the bundle to its place: an empty folder there is replaced, any other is kept.

        Raises:
            FileExistsError: there is something already.
        """
        try:
            self._folder.rename(self._target)
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
                raise FileExistsError(str(self._target)) from None
            raise

    def discard(self) -> None:
        """Takes away what was written so far."""
        shutil.rmtree(self._folder, ignore_errors=True)


class MemoryBundle:
    """Keeps a bundle in memory: a writer whose files can be read as a mapping."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def write(self, path: str, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Keeps one file and returns its SHA-256 in hex and its size in bytes."""
        data = b"".join(chunks)
        self.files[path] = data
        return hashlib.sha256(data).hexdigest(), len(data)
