"""How a bundle at a path is read: a file as an archive, anything else as a folder."""

from __future__ import annotations

from pathlib import Path

from workc.adapters.bundle_archive import ArchiveFile
from workc.adapters.bundle_folder import BundleFolder
from workc.verify.archive import ArchiveReader
from workc.verify.reader import ReadError

#: How an archive begins: with its first entry, or with its end where it has none.
_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")


def reader_of(path: Path) -> BundleFolder | ArchiveReader:
    """Returns the reader of the bundle at a path; that it is one shows when it is read."""
    return ArchiveReader(ArchiveFile(path)) if path.is_file() else BundleFolder(path)


def may_be_bundle(path: Path) -> bool:
    """Returns whether it is worth a look: a folder, or a file that begins as an archive does.

    So a file that was named by mistake is told from one that was damaged.
    """
    if not path.is_file():
        return path.is_dir()
    try:
        return ArchiveFile(path).read(0, 4) in _BEGINNINGS
    except ReadError:
        return True
