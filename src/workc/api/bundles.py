"""How a bundle at a path is read: a file as an archive, anything else as a folder; and what lies in one."""

from __future__ import annotations

import os
from pathlib import Path

from workc.adapters.bundle_archive import ArchiveFile
from workc.adapters.bundle_folder import BundleFolder
from workc.bundle.layout import MANIFEST, RECEIPT
from workc.verify.archive import ArchiveReader
from workc.verify.reader import ReadError

#: How an archive begins: with its first entry, or with its end where it has none.
_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")


def reader_of(path: Path) -> BundleFolder | ArchiveReader:
    """Returns the reader of the bundle at a path; that it is one shows when it is read."""
    return ArchiveReader(ArchiveFile(path)) if os.path.isfile(path) else BundleFolder(path)


def may_be_bundle(path: Path) -> bool:
    """Returns whether it is worth a look: a folder, or a file that begins as an archive does.

    So a file that was named by mistake is told from one that was damaged.
    """
    return _begins_as_archive(path, unread=True) if path.is_file() else path.is_dir()


def _begins_as_archive(path: Path, *, unread: bool) -> bool:
    """Returns whether a file does; ``unread`` is the answer if nobody can tell."""
    try:
        return ArchiveFile(path).read(0, 4) in _BEGINNINGS
    except ReadError:
        return unread


def holds_bundle(name: str) -> bool:
    """Returns whether a bundle stands at a path for sure, good or bad: a folder or an archive."""
    path = Path(name)
    if "\0" in name or not path.exists():
        return False
    return _is_bundle(path) if path.is_dir() else _begins_as_archive(path, unread=False)


def bundle_above(path: Path) -> Path | None:
    """Returns the folder of the bundle that a path lies in, there or not, links being followed.

    Whatever is written there breaks the bundle: it may hold nothing that it does not list. The
    folder is named as the path names it, if it does.
    """
    if "\0" in str(path):
        return None
    above = Path(os.path.realpath(path)).parents
    found = next((folder for folder in above if _is_bundle(folder)), None)
    named = (folder for folder in path.parents if Path(os.path.realpath(folder)) == found)
    return next((folder for folder in named if folder.name not in {"", ".."}), found)


def _is_bundle(folder: Path) -> bool:
    return all(os.path.lexists(folder / name) for name in (RECEIPT, MANIFEST))
