"""The reader port: how the verifier gets names and bytes, and nothing else, from wherever they are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, Protocol, TypeVar

import msgspec

_T = TypeVar("_T")
Kind = Literal["file", "folder", "link", "other"]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One name in the bundle. ``path`` is relative, with ``/``; undecodable bytes are escaped.

    ``links`` is the number of hard links; ``size`` in bytes counts for files only.
    """

    path: str
    kind: Kind
    size: int = 0
    links: int = 1


class ReadError(Exception):
    """The bytes of a file could not be had: no permission, an I/O error, it changed meanwhile."""


class Reader(Protocol):
    """Gives what a bundle holds. It follows no link and reads nothing but regular files."""

    def items(self) -> Iterable[Item]:
        """Returns every name below the bundle, folders too.

        Raises:
            ReadError: a folder could not be listed.
            ArchiveError: they should stand in an archive, and this is none.
        """
        ...

    def chunks(self, path: str, size: int) -> Iterator[bytes]:
        """Yields the bytes of a regular file, at most ``size + 1`` of them.

        Raises:
            ReadError: the file is no regular file (any more), cannot be read, or changed.
        """
        ...

    def each(self, work: Callable[[str], _T], sizes: Mapping[str, int]) -> Iterable[_T]:
        """Returns ``work(path)`` for each path, in order; sizes are in bytes.

        A reader may do several at once; ``work`` reads one file and changes nothing.
        """
        ...


class MemoryReader:
    """Reads a bundle that is in memory: path to bytes."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def items(self) -> Iterable[Item]:
        """Returns the files and the folders that their paths imply."""
        folders = {
            "/".join(path.split("/")[:depth])
            for path in self._files
            for depth in range(1, path.count("/") + 1)
        }
        yield from (Item(path=folder, kind="folder") for folder in sorted(folders))
        for path in sorted(self._files):
            yield Item(path=path, kind="file", size=len(self._files[path]))

    def chunks(self, path: str, size: int) -> Iterator[bytes]:
        """Yields the bytes of one file, cut at ``size + 1``."""
        data = self._files.get(path)
        if data is None:
            raise ReadError("there is no such file")
        yield data if len(data) <= size else data[: size + 1]

    def each(self, work: Callable[[str], _T], sizes: Mapping[str, int]) -> Iterable[_T]:
        """Returns what the work gives for each path, one after the other."""
        return map(work, sizes)


def sha256_of(reader: Reader, path: str, size: int) -> str | ReadError:
    """Returns the SHA-256 in hex of a file of the listed size, or why it could not be had."""
    hasher = hashlib.sha256()
    try:
        for chunk in reader.chunks(path, size):
            hasher.update(chunk)
    except ReadError as error:
        return error
    return hasher.hexdigest()
