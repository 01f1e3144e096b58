"""A bundle as a folder: a reader that follows nothing, and a writer that is seen only when whole.

The reader opens each component of a path relative to the one above it, without following links,
and takes a file only if it is regular, both before and after it was read.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from typing import TypeVar

from workc.adapters.new_file import sync_folder
from workc.adapters.side_by_side import side_by_side
from workc.bundle.layout import MAX_FILES, MAX_PATH_BYTES, path_danger, path_problem
from workc.kernel.failure import Misuse
from workc.verify.reader import Item, Kind, ReadError

_T = TypeVar("_T")
_CHUNK_BYTES = 131_072
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: O_NONBLOCK: opening a FIFO must not hang. O_NOCTTY: nor must a terminal become ours.
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class BundleFolder:
    """Reads a bundle from a folder; see ``workc.verify.reader.Reader``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = _Held("", None)

    @property
    def path(self) -> Path:
        """Returns where the folder stands."""
        return self._path

    def items(self) -> Iterator[Item]:
        """Yields every name below the folder; links are named, not followed.

        A folder whose own path is longer than any in a bundle is named and not entered: no name
        below it can be a good one. Of one folder at most one name more than a bundle may have is
        looked at.
        """
        self._last = _Held("", None)
        pending = self._scan("")
        while pending:
            item = pending.pop()
            yield item
            if item.kind == "folder" and len(item.path) <= MAX_PATH_BYTES:
                pending += self._scan(item.path)

    def chunks(self, path: str, size: int) -> Iterator[bytes]:
        """Yields the bytes of a regular file, at most ``size + 1`` of them."""
        if path_danger(path) is not None:
            raise ReadError("its name is not one of a bundle")
        with self._opened(path, _FILE_FLAGS) as descriptor:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise ReadError("it is no regular file")
            yield from _read(descriptor, min(size + 1, before.st_size))
            if _identity(os.fstat(descriptor)) != _identity(before):
                raise ReadError("it changed while it was read")

    def each(self, work: Callable[[str], _T], sizes: Mapping[str, int]) -> Iterable[_T]:
        """Returns what the work gives for each path, in order; large ones are done side by side."""
        return side_by_side(work, sizes)

    def _scan(self, folder: str) -> list[Item]:
        """Returns what stands in a folder, the first name last."""
        with self._opened(folder, _FOLDER_FLAGS) as descriptor:
            names = _names(descriptor)
            return [_item(folder, name, descriptor) for name in sorted(names, reverse=True)]

    @contextmanager
    def _opened(self, path: str, flags: int) -> Generator[int]:
        folder, _, name = path.rpartition("/")
        held = self._folder(folder)
        descriptor = _open(name or ".", flags, held.descriptor)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _folder(self, path: str) -> _Held:
        """Returns a folder that is open; the last one stays so, as files mostly stand together."""
        held = self._last
        if held.descriptor is None or held.path != path:
            held = self._last = _Held(path, self._walk(path))
        return held

    def _walk(self, path: str) -> int:
        descriptor = _open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for folder in path.split("/") if path else ():
                inner = _open(folder, _FOLDER_FLAGS, descriptor)
                os.close(descriptor)
                descriptor = inner
        except ReadError:
            os.close(descriptor)
            raise
        return descriptor


class _Held:
    """A folder kept open for the next file; closed when nothing refers to it any more."""

    def __init__(self, path: str, descriptor: int | None) -> None:
        self.path = path
        self.descriptor = descriptor

    def __del__(self) -> None:
        """Closes the folder."""
        if self.descriptor is not None:
            os.close(self.descriptor)


def _open(path: str | Path, flags: int, folder: int | None = None) -> int:
    try:
        return os.open(path, flags, dir_fd=folder)
    except OSError as error:
        raise ReadError(_why(error)) from None
    except ValueError:
        raise ReadError("its name holds a zero byte") from None


def _names(descriptor: int) -> list[str]:
    try:
        with os.scandir(descriptor) as entries:
            return [entry.name for entry in islice(entries, MAX_FILES + 1)]
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


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns)


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
    """Writes a bundle into a dot folder beside its place and moves it there when it is whole.

    A crash leaves the dot folder and nothing else. With ``sync`` the bundle outlives a power cut
    once ``finish`` has returned. ``grammar`` says why a path must not be written, or None.
    """

    def __init__(
        self,
        target: Path,
        *,
        sync: bool = False,
        grammar: Callable[[str], str | None] = path_problem,
    ) -> None:
        self._target = target
        self._grammar = grammar
        self._sync = sync
        target.parent.mkdir(parents=True, exist_ok=True)
        self._folder = _new_folder(target.parent)
        self._folders = {self._folder}

    def write(self, path: str, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Writes one file and returns its SHA-256 in hex and its size in bytes.

        Raises:
            Misuse: no bundle may have a file of this path.
            FileExistsError: it was written already.
        """
        problem = self._grammar(path)
        if problem is not None:
            raise Misuse(f"a bundle has no file {path!a}: the name is {problem}")
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        self._folders.update(set(target.parents) - set(self._folder.parents))
        hasher = hashlib.sha256()
        size = 0
        with target.open("xb") as file:
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
        if self._sync:
            _sync_folders(self._folders)
        try:
            self._folder.rename(self._target)
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
                raise FileExistsError(str(self._target)) from None
            raise
        if self._sync:
            _sync_folders([self._target.parent])

    def discard(self) -> None:
        """Takes away what was written so far."""
        from shutil import rmtree  # noqa: PLC0415 - brings libraries of compression along

        rmtree(self._folder, ignore_errors=True)


def _new_folder(parent: Path) -> Path:
    """Makes a dot folder that nobody else has, nor had: what a crash left is not touched."""
    numbers = count()
    while True:
        folder = parent / f".workc-{os.getpid()}-{next(numbers)}.new"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder


def _sync_folders(folders: Iterable[Path]) -> None:
    for folder in folders:
        sync_folder(folder)


def write_bundle(target: Path, files: Mapping[str, bytes]) -> None:
    """Writes the files of a bundle into a folder, which is there only when it is whole.

    Raises:
        Misuse: no bundle may have a file of one of these paths.
        FileExistsError: something is there already.
    """
    writer = BundleWriter(target)
    try:
        for path, data in sorted(files.items()):
            writer.write(path, (data,))
        writer.finish()
    except BaseException:
        writer.discard()
        raise


class MemoryBundle:
    """Keeps a bundle in memory: a writer whose files can be read as a mapping."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def write(self, path: str, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Keeps one file and returns its SHA-256 in hex and its size in bytes."""
        data = b"".join(chunks)
        self.files[path] = data
        return hashlib.sha256(data).hexdigest(), len(data)
