"""Reading an archive strictly: either it is the one archive of its files, or it is refused.

What is parsed is as little as can be: how many entries there are, and of each its name, CRC-32 and
size. What the whole must then look like is spelled with :mod:`workc.bundle.archive` and compared,
byte for byte. So nothing can stand in an archive that this reader does not look at, and no other reader
can see other files in it (docs/spec/archive.md).

1. ``read_entries`` reads the end and the central directory: each entry must begin where the one
   before has ended, the directory where the last has ended, the end where the directory has ended.
2. ``check_entries`` reads the rest from front to back: each local header, and each CRC-32.

Whatever the bytes are, they are accepted or give :class:`ArchiveError`, for the first thing that is
wrong. Names that differ in case only are told by whoever takes the entries, as those of a folder are.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Literal, Protocol

from workc.bundle.archive import (
    CENTRAL,
    DOS_FOLDER,
    END,
    END_64,
    LOCAL,
    LOCATOR,
    MAX_16,
    MAX_32,
    REGULAR,
    TYPE_MASK,
    End,
    Entry,
    Header,
    central_header,
    end,
    local_header,
    local_length,
    name_of,
)
from workc.bundle.layout import MAX_PATH_BYTES, Limits, path_danger

#: What can be wrong with an archive; each is a rule of the verifier.
ArchiveFault = Literal[
    "end",
    "directory",
    "central header",
    "order",
    "local header",
    "content",
    "name",
    "twice",
    "kind",
    "many",
    "large",
]

#: So many bytes are read at a time.
WINDOW_BYTES = 1_048_576
#: The longest zip64 field: its head, two sizes and an offset.
_EXTRA_BYTES = 28
#: Where the fields that are parsed stand in a central header.
_CRC, _SIZE, _NAME_LENGTH, _EXTRA_LENGTH, _ATTRIBUTES = map(
    CENTRAL.names.index, ("crc", "size", "name length", "extra length", "external attributes")
)


class ArchiveError(Exception):
    """The bytes are not the archive of a bundle; ``path`` is the entry, or ``.`` for the whole."""

    def __init__(self, fault: ArchiveFault, path: str, message: str) -> None:
        super().__init__(message)
        self.fault: ArchiveFault = fault
        self.path = path


class Ranges(Protocol):
    """Gives the bytes of an archive by place."""

    @property
    def size(self) -> int:
        """Returns how many bytes there are."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Returns the bytes from ``offset`` on: ``length`` of them, fewer at the end only.

        It may raise what its owner handles: nothing of it is caught here.
        """
        ...


class MemoryRanges:
    """Gives the bytes of an archive that is in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """Returns how many bytes there are."""
        return len(self._data)

    def read(self, offset: int, length: int) -> bytes:
        """Returns the bytes from ``offset`` on, ``length`` of them at most."""
        return self._data[offset : offset + length]


def read_entries(ranges: Ranges, limits: Limits) -> list[Entry]:
    """Returns the entries in the order of their names, as the central directory has them.

    Raises:
        ArchiveError: end or directory are not those of an archive, or too large.
    """
    found = _read_end(ranges)
    _check_end(found, ranges, limits)
    end_of_directory = found.directory_offset + found.directory_size
    cursor = _Cursor(ranges, found.directory_offset, end_of_directory)
    entries: list[Entry] = []
    offset, before = 0, b""
    for number in range(found.entries):
        entry = _read_entry(cursor, offset)
        name, stop = name_of(entry.path), entry.data_offset + entry.size
        if number and name <= before:
            raise _misplaced(entry.path, is_twin=name == before)
        if stop > found.directory_offset:
            raise ArchiveError("directory", entry.path, "it reaches into the central directory")
        if entry.size > limits.file_bytes:
            raise ArchiveError("large", entry.path, f"larger than {limits.file_bytes} bytes")
        entries.append(entry)
        offset, before = stop, name
    if cursor.left:
        message = f"{cursor.left} bytes stand in the central directory after its entries"
        raise ArchiveError("directory", ".", message)
    if offset != found.directory_offset:
        gap = found.directory_offset - offset
        message = f"{gap} bytes stand between the last entry and the central directory"
        raise ArchiveError("directory", ".", message)
    return entries


def check_entries(ranges: Ranges, entries: Iterable[Entry]) -> None:
    """Reads every local header and every byte of content, from front to back.

    Raises:
        ArchiveError: a header is not that of its entry in the directory, or a CRC-32 is wrong.
    """
    cursor = _Cursor(ranges, 0, ranges.size)
    for entry in entries:
        actual = cursor.take(local_length(entry.path, entry.size))
        _compare(LOCAL, "local header", entry.path, actual, local_header(entry))
        crc = 0
        for piece in cursor.pieces(entry.size):
            crc = zlib.crc32(piece, crc)
        if crc != entry.crc:
            message = f"its CRC-32 is {crc:08x}, and its header says {entry.crc:08x}"
            raise ArchiveError("content", entry.path, message)


def _read_end(ranges: Ranges) -> End:
    """Returns what the last bytes say; where a number does not fit, those before them."""
    found = _end_of(END.fields(_tail(ranges, END.size, 0)))
    if found.entries < MAX_16 and max(found.directory_size, found.directory_offset) < MAX_32:
        return found
    return _end_of(END_64.fields(_tail(ranges, END_64.size, LOCATOR.size + END.size)))


def _end_of(fields: dict[str, int]) -> End:
    return End(fields["entries"], fields["directory size"], fields["directory offset"])


def _tail(ranges: Ranges, length: int, behind: int) -> bytes:
    offset = ranges.size - behind - length
    data = ranges.read(offset, length) if offset >= 0 else b""
    if len(data) != length:
        raise ArchiveError("end", ".", "it is too short for an archive")
    return data


def _check_end(found: End, ranges: Ranges, limits: Limits) -> None:
    expected = end(found) if found.directory_size + found.directory_offset < 1 << 64 else b""
    offset = ranges.size - len(expected)
    actual = ranges.read(offset, len(expected)) if offset >= 0 else b""
    if not expected or actual != expected:
        raise ArchiveError("end", ".", _end_message(actual, expected))
    if found.directory_offset + found.directory_size != offset:
        message = "the central directory does not reach from the entries to the end"
        raise ArchiveError("directory", ".", message)
    if found.entries * CENTRAL.size > found.directory_size:
        raise ArchiveError("directory", ".", "the central directory is too small for its entries")
    if found.entries > limits.names:
        raise ArchiveError("many", ".", f"more than {limits.names} names")


def _end_message(actual: bytes, expected: bytes) -> str:
    tails = actual[-END.size :], expected[-END.size :]
    if not expected or tails[0][:4] != tails[1][:4]:
        return "it does not end as an archive does"
    field = END.first_difference(*tails)
    return f"the end has another {field or 'zip64 end'} than it must"


def _read_entry(cursor: _Cursor, offset: int) -> Entry:
    """Returns the next entry of the directory, which must begin at ``offset`` of the archive."""
    fixed = cursor.take(CENTRAL.size)
    fields = CENTRAL.layout.unpack(fixed)
    if fields[_NAME_LENGTH] > MAX_PATH_BYTES:
        raise ArchiveError("name", ".", f"a name is longer than {MAX_PATH_BYTES} bytes")
    name = cursor.take(fields[_NAME_LENGTH])
    path = name.decode("utf-8", "surrogateescape")
    extra = cursor.take(min(fields[_EXTRA_LENGTH], _EXTRA_BYTES))
    size = fields[_SIZE]
    if size == MAX_32:
        size = int.from_bytes(extra[4:12], "little")
    _check_name(path, fields[_ATTRIBUTES])
    entry = Entry(path, fields[_CRC], size, offset)
    _compare(CENTRAL, "central header", path, fixed + name + extra, central_header(entry))
    return entry


def _check_name(path: str, attributes: int) -> None:
    problem = path_danger(path)
    if problem is not None:
        raise ArchiveError("name", path, f"the name is {problem}")
    kind = attributes & TYPE_MASK
    if attributes & DOS_FOLDER or kind not in {0, REGULAR & TYPE_MASK}:
        raise ArchiveError("kind", path, "it is no regular file")


def _compare(
    header: Header,
    what: Literal["central header", "local header"],
    path: str,
    actual: bytes,
    expected: bytes,
) -> None:
    if actual == expected:
        return
    field = header.first_difference(actual[: header.size], expected[: header.size])
    where = field or ("extra field" if header is CENTRAL else "name or extra field")
    raise ArchiveError(what, path, f"the {what} has another {where} than it must")


def _misplaced(path: str, *, is_twin: bool) -> ArchiveError:
    if is_twin:
        return ArchiveError("twice", path, "the name stands there twice")
    return ArchiveError("order", path, "the entries are not in the order of their names")


class _Cursor:
    """Reads a part of an archive from front to back, a window at a time."""

    def __init__(self, ranges: Ranges, start: int, stop: int) -> None:
        self._ranges = ranges
        self._at = start  # where the next window begins
        self._stop = stop
        self._window = memoryview(b"")

    @property
    def left(self) -> int:
        """Returns how many bytes were not taken yet."""
        return self._stop - self._at + len(self._window)

    def take(self, length: int) -> bytes:
        """Returns the next bytes."""
        if length <= len(self._window):
            taken = bytes(self._window[:length])
            self._window = self._window[length:]
            return taken
        return b"".join(self.pieces(length))

    def pieces(self, length: int) -> Iterator[memoryview]:
        """Yields the next ``length`` bytes, as they are in the windows."""
        if length > self.left:
            raise ArchiveError("directory", ".", "it ends in the midst of an entry")
        while length > 0:
            if not self._window:
                self._fill()
            piece = self._window[:length]
            self._window = self._window[len(piece) :]
            length -= len(piece)
            yield piece

    def _fill(self) -> None:
        data = self._ranges.read(self._at, min(WINDOW_BYTES, self._stop - self._at))
        if not data:
            raise ArchiveError("directory", ".", "it ends in the midst of an entry")
        self._window = memoryview(data)
        self._at += len(data)
