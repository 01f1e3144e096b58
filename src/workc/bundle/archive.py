r"""The archive of a bundle: one stored zip file whose every byte follows from the bundle's files.

A bundle has exactly one archive (docs/spec/archive.md). This module knows how it is spelled:

1. Entries stand side by side from offset 0, in ascending order of their paths; behind them the
   central directory, behind that the end, and nothing else.
2. Nothing is compressed, encrypted or commented; times and attributes are fixed.
3. A zip64 field stands only where a number does not fit, and then in one way.

Nothing is read here: a reader parses as little as it can, spells what it found with these functions,
and compares the bytes. So there is one description of the format and no second spelling of it.

>>> data = b"".join(piece for _, piece in sorted(pieces([Content("a.txt", 2, [b"hi"])])))
>>> data[:4], data[30:37], len(data)
(b'PK\x03\x04', b'a.txthi', 110)
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from workc.kernel.failure import Misuse

#: A number of four bytes that is this large stands in a zip64 field (APPNOTE 6.3.10, 4.5.3).
MAX_32 = 0xFFFF_FFFF
#: The same of two bytes.
MAX_16 = 0xFFFF
#: A regular file that its owner may write and all may read, as Unix has it, in the upper half.
REGULAR = 0o100644 << 16
#: Where the type of a Unix file stands among the external attributes; 0 says nothing.
TYPE_MASK = 0o170000 << 16
#: What marks a folder there, as MS-DOS had it.
DOS_FOLDER = 0x10

_MADE_BY = 3 << 8 | 45  # Unix, and version 4.5 of the specification
_PLAIN = 10  # the version that is needed to read a stored file
_ZIP64 = 45
_MIDNIGHT = 0
_FIRST_DAY = 1 << 5 | 1  # 1980-01-01, the earliest a zip file can say
_ZIP64_TAG = 1


class Header(msgspec.Struct, frozen=True):
    """A record of fixed size: the names of its fields, and how they are packed."""

    names: tuple[str, ...]
    layout: struct.Struct

    @property
    def size(self) -> int:
        """Returns how many bytes it has."""
        return self.layout.size

    def pack(self, *values: int) -> bytes:
        """Returns the bytes of a record."""
        return self.layout.pack(*values)

    def fields(self, data: bytes) -> dict[str, int]:
        """Returns the numbers in a record by the names of its fields."""
        return dict(zip(self.names, self.layout.unpack(data), strict=True))

    def first_difference(self, one: bytes, other: bytes) -> str | None:
        """Returns the name of the first field in which two records differ, or None."""
        pairs = zip(self.names, self.layout.unpack(one), self.layout.unpack(other), strict=True)
        return next((name for name, left, right in pairs if left != right), None)


def _header(**formats: str) -> Header:
    names = tuple(name.replace("_", " ") for name in formats)
    return Header(names, struct.Struct("<" + "".join(formats.values())))


LOCAL = _header(
    signature="I",
    version_needed="H",
    flags="H",
    method="H",
    time="H",
    date="H",
    crc="I",
    stored_size="I",
    size="I",
    name_length="H",
    extra_length="H",
)
CENTRAL = _header(
    signature="I",
    version_made_by="H",
    version_needed="H",
    flags="H",
    method="H",
    time="H",
    date="H",
    crc="I",
    stored_size="I",
    size="I",
    name_length="H",
    extra_length="H",
    comment_length="H",
    disk="H",
    internal_attributes="H",
    external_attributes="I",
    offset="I",
)
END = _header(
    signature="I",
    disk="H",
    directory_disk="H",
    entries_on_disk="H",
    entries="H",
    directory_size="I",
    directory_offset="I",
    comment_length="H",
)
END_64 = _header(
    signature="I",
    record_size="Q",
    version_made_by="H",
    version_needed="H",
    disk="I",
    directory_disk="I",
    entries_on_disk="Q",
    entries="Q",
    directory_size="Q",
    directory_offset="Q",
)
LOCATOR = _header(signature="I", disk="I", offset="Q", disks="I")


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One file in an archive: its path, CRC-32 and size, and where its local header begins."""

    path: str
    crc: int
    size: int
    offset: int

    @property
    def data_offset(self) -> int:
        """Returns where the bytes of the file begin."""
        return self.offset + local_length(self.path, self.size)


class End(msgspec.Struct, frozen=True):
    """What stands behind the entries: how many there are, and where their directory is."""

    entries: int
    directory_size: int
    directory_offset: int


class Content(NamedTuple):
    """A file that goes into an archive: its path, its size in bytes, and its bytes."""

    path: str
    size: int
    chunks: Iterable[bytes]


def name_of(path: str) -> bytes:
    """Returns the bytes of a path; bytes that are no ASCII were escaped when they were read."""
    return path.encode("utf-8", "surrogateescape")


def local_length(path: str, size: int) -> int:
    """Returns how many bytes stand between the offset of an entry and its content."""
    return LOCAL.size + len(name_of(path)) + len(_local_extra(size))


def local_header(entry: Entry) -> bytes:
    """Returns the header before the bytes of a file, with its name (APPNOTE 4.3.7)."""
    name, extra = name_of(entry.path), _local_extra(entry.size)
    fixed = LOCAL.pack(0x04034B50, *_common(entry), len(name), len(extra))
    return fixed + name + extra


def central_header(entry: Entry) -> bytes:
    """Returns the entry in the central directory, with its name (APPNOTE 4.3.12)."""
    name, extra = name_of(entry.path), _central_extra(entry)
    fixed = CENTRAL.pack(
        0x02014B50,
        _MADE_BY,
        *_common(entry),
        len(name),
        len(extra),
        *(0, 0, 0),
        REGULAR,
        min(entry.offset, MAX_32),
    )
    return fixed + name + extra


def end(found: End) -> bytes:
    """Returns all that stands behind the central directory (APPNOTE 4.3.14 to 4.3.16)."""
    count, size, offset = found.entries, found.directory_size, found.directory_offset
    low = min(count, MAX_16)
    plain = END.pack(0x06054B50, 0, 0, low, low, min(size, MAX_32), min(offset, MAX_32), 0)
    if count < MAX_16 and size < MAX_32 and offset < MAX_32:
        return plain
    rest = END_64.size - 12  # its own first two fields do not count
    large = END_64.pack(0x06064B50, rest, _MADE_BY, _ZIP64, 0, 0, count, count, size, offset)
    return large + LOCATOR.pack(0x07064B50, 0, offset + size, 1) + plain


def _common(entry: Entry) -> tuple[int, ...]:
    """Returns what both headers of an entry say, from the version on."""
    large = entry.size >= MAX_32 or entry.offset >= MAX_32
    size = min(entry.size, MAX_32)
    return (_ZIP64 if large else _PLAIN, 0, 0, _MIDNIGHT, _FIRST_DAY, entry.crc, size, size)


def _local_extra(size: int) -> bytes:
    return _zip64_field((size, size) if size >= MAX_32 else ())


def _central_extra(entry: Entry) -> bytes:
    sizes = (entry.size, entry.size) if entry.size >= MAX_32 else ()
    return _zip64_field((*sizes, entry.offset) if entry.offset >= MAX_32 else sizes)


def _zip64_field(numbers: tuple[int, ...]) -> bytes:
    """Returns the field with the numbers that do not fit (APPNOTE 4.5.3), or nothing."""
    if not numbers:
        return b""
    return struct.pack(f"<HH{len(numbers)}Q", _ZIP64_TAG, 8 * len(numbers), *numbers)


def pieces(contents: Iterable[Content]) -> Iterator[tuple[int, bytes]]:
    """Yields the archive of files that come sorted by path, as bytes and where they go.

    A header comes after the bytes it describes, because their CRC-32 is known only then; so every
    file is read once. All places are filled, each once. The caller sees to it that the paths obey
    the grammar.

    Raises:
        Misuse: a file has more or fewer bytes than was said, or the order is not ascending.
    """
    offset, directory = 0, bytearray()
    count, before = 0, ""
    for content in contents:
        if count and content.path <= before:
            raise Misuse(f"{content.path!a} stands after {before!a}: sort the files of an archive")
        count, before = count + 1, content.path
        at = offset + local_length(content.path, content.size)
        crc, stop = 0, at + content.size
        for chunk in content.chunks:
            crc = zlib.crc32(chunk, crc)
            yield at, chunk
            at += len(chunk)
        if at != stop:
            raise Misuse(f"{content.path!a} has not the {content.size} bytes that were said")
        entry = Entry(content.path, crc, content.size, offset)
        yield offset, local_header(entry)
        directory += central_header(entry)
        offset = stop
    yield offset, bytes(directory)
    yield offset + len(directory), end(End(count, len(directory), offset))
