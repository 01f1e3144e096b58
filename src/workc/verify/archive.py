"""An archive as a reader: a bundle is verified where it is, without unpacking it.

``items`` reads the whole archive once, front to back, and gives names only if it is the one archive
of its files (docs/spec/archive.md); ``chunks`` then reads a file out of the middle. What is held in
memory is the list of entries and one window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from workc.bundle.archive import Entry
from workc.bundle.archive_parser import (
    WINDOW_BYTES,
    ArchiveError,
    Ranges,
    check_entries,
    read_entries,
)
from workc.bundle.layout import LIMITS, Limits
from workc.verify.reader import Item, ReadError

_T = TypeVar("_T")


class ArchiveReader:
    """Reads a bundle from an archive; see ``workc.verify.reader.Reader``."""

    def __init__(self, ranges: Ranges, limits: Limits = LIMITS) -> None:
        self._ranges = ranges
        self._limits = limits
        self._entries: dict[str, Entry] | None = None

    def items(self) -> Iterator[Item]:
        """Yields the files by path, and before its first file each folder that the paths imply.

        Raises:
            ArchiveError: it is no archive of a bundle.
            ReadError: its bytes could not be had.
        """
        entries = self._index()
        check_entries(self._ranges, entries.values())
        before = ""
        for path, entry in entries.items():
            folder = path.rpartition("/")[0]
            if folder != before:
                yield from _folders_below(before, folder)
                before = folder
            yield Item(path=path, kind="file", size=entry.size)

    def chunks(self, path: str, size: int) -> Iterator[bytes]:
        """Yields the bytes of a file, at most ``size + 1`` of them.

        Raises:
            ReadError: there is no such file, or its bytes could not be had.
        """
        entry = self._find(path)
        at, stop = entry.data_offset, entry.data_offset + min(entry.size, size + 1)
        while at < stop:
            chunk = self._ranges.read(at, min(WINDOW_BYTES, stop - at))
            if not chunk:
                raise ReadError("the archive ends before it does")
            yield chunk
            at += len(chunk)

    def each(self, work: Callable[[str], _T], sizes: Mapping[str, int]) -> Iterable[_T]:
        """Returns what the work gives for each path, one after the other."""
        return map(work, sizes)

    def _find(self, path: str) -> Entry:
        try:
            entry = self._index().get(path)
        except ArchiveError as error:
            raise ReadError(f"it is no archive of a bundle: {error}") from error
        if entry is None:
            raise ReadError("there is no such file")
        return entry

    def _index(self) -> dict[str, Entry]:
        if self._entries is None:
            found = read_entries(self._ranges, self._limits)
            self._entries = {entry.path: entry for entry in found}
        return self._entries


def _folders_below(before: str, folder: str) -> Iterator[Item]:
    """Yields a folder and those above it, but for those that the folder before stands in too."""
    for cut in range(1, len(folder) + 1):
        path = folder[:cut]
        if folder[cut : cut + 1] in {"", "/"} and not f"{before}/".startswith(f"{path}/"):
            yield Item(path=path, kind="folder")
