"""Packing and unpacking: a bundle as a folder and as one file, byte for byte the same.

Neither judges what the bundle says: the evidence of a failed verification is evidence, and has to
travel too. What cannot be represented is refused: a name that no bundle may have, a link, an empty
folder, a file that is too large, bytes that are not the one archive of their files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from workc.adapters.bundle_archive import ArchiveFile
from workc.adapters.bundle_folder import BundleFolder, BundleWriter
from workc.adapters.new_file import write_pieces
from workc.api.unfit import Unfit, unfit
from workc.bundle.archive import Content, pieces
from workc.bundle.layout import LIMITS, path_danger
from workc.kernel.values import JsonObject
from workc.verify.archive import ArchiveReader
from workc.verify.archive_rules import ARCHIVE_RULES
from workc.verify.case import Case
from workc.verify.names import collect
from workc.verify.reader import Item, MemoryReader, Reader, ReadError
from workc.verify.rules import NAMES_ARE_READABLE

#: How the file of an archive is called.
SUFFIX = ".workc"


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What was written: where, how many files, and how many bytes the archive has."""

    path: str
    files: int
    archive_bytes: int

    def to_json(self, schema: str) -> JsonObject:
        """Returns it as JSON; nobody has verified what was moved."""
        return {
            "schema": schema,
            "verified": False,
            "path": self.path,
            "files": self.files,
            "archive_bytes": self.archive_bytes,
        }


def pack(
    bundle: str | os.PathLike[str] | Mapping[str, bytes], out: str | os.PathLike[str]
) -> Moved:
    """Writes the archive of a bundle, a folder or its files, and returns what was written.

    Raises:
        Unfit: the folder holds what no archive can.
        FileExistsError: there is something at ``out`` already.
        OSError: it cannot be written there.
    """
    reader = MemoryReader(bundle) if isinstance(bundle, Mapping) else BundleFolder(Path(bundle))
    files = _fit(reader)
    contents = (Content(path, item.size, _exactly(reader, item)) for path, item in files)
    target = Path(out)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        size = write_pieces(target, pieces(contents))
    except ReadError as error:
        raise unfit(NAMES_ARE_READABLE, ".", str(error)) from None
    return Moved(path=str(out), files=len(files), archive_bytes=size)


def unpack(archive: str | os.PathLike[str], out: str | os.PathLike[str]) -> Moved:
    """Writes the files of an archive into a folder, which is there only when it is whole.

    Raises:
        Unfit: it is not the archive of a bundle.
        FileExistsError: there is something at ``out`` already, other than an empty folder.
        OSError: it cannot be written there.
    """
    ranges = ArchiveFile(Path(archive))
    reader = ArchiveReader(ranges)
    files = _fit(reader)
    writer = BundleWriter(Path(out), grammar=path_danger)
    try:
        for path, item in files:
            writer.write(path, _exactly(reader, item))
        size = ranges.size
        writer.finish()
    except ReadError as error:
        writer.discard()
        raise unfit(NAMES_ARE_READABLE, ".", str(error)) from None
    except BaseException:
        writer.discard()
        raise
    return Moved(path=str(out), files=len(files), archive_bytes=size)


def contents(reader: Reader) -> dict[str, bytes]:
    """Returns the files of a bundle by path, in memory.

    Raises:
        Unfit: a name that no bundle may have.
        ReadError: a file cannot be read, or changes meanwhile.
    """
    return {path: b"".join(_exactly(reader, item)) for path, item in _fit(reader)}


def _fit(reader: Reader) -> list[tuple[str, Item]]:
    """Returns the files in the order of an archive, if the names are such as a bundle may have."""
    case = Case()
    names = collect(reader, case, LIMITS)
    findings = case.findings()
    if names is None or findings:
        raise Unfit(findings)
    for path, item in names.files.items():
        if item.size > LIMITS.file_bytes:
            raise unfit(ARCHIVE_RULES["large"], path, f"larger than {LIMITS.file_bytes} bytes")
    return sorted(names.files.items())


def _exactly(reader: Reader, item: Item) -> Iterator[bytes]:
    """Yields the bytes of a file, which must be as many as were there when it was listed."""
    count = 0
    for chunk in reader.chunks(item.path, item.size):
        count += len(chunk)
        if count <= item.size:
            yield chunk
    if count != item.size:
        raise ReadError(f"{item.path}: its size changed while it was read")
