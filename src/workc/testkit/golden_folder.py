"""The files of a folder of goldens: ``vVERSION/NAME/bundle``, and ``children`` beside the bundle.

What stands beside the folders of versions is not of the goldens. No link is followed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from workc.adapters.regular_file import open_regular
from workc.kernel.failure import refuse
from workc.testkit.golden_sums import SUMS, can_be_listed, is_version, read_sums

#: A list larger than this is none.
_MAX_SUMS_BYTES = 67_108_864
_CHUNK_BYTES = 131_072


class GoldenFiles(NamedTuple):
    """The hash of each file by its path below the folder, and what is no file that can be listed."""

    hashes: dict[str, str]
    odd: tuple[str, ...]


def golden_files(folder: Path) -> GoldenFiles:
    """Returns every file of every golden of a folder.

    Raises:
        Refusal: ``INVALID_INPUT`` if it is no folder. OSError: something in it cannot be read.
    """
    if not os.path.isdir(folder):
        raise refuse("INVALID_INPUT", f"{folder} is no folder")
    hashes: dict[str, str] = {}
    odd: list[str] = []
    for path in _names(folder):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or not can_be_listed(name):
            odd.append(name)
        else:
            hashes[name] = _hash(path)
    return GoldenFiles(hashes, tuple(sorted(odd)))


def listed_hashes(folder: Path) -> dict[str, str]:
    """Returns what the list of a folder says; nothing if there is none.

    Raises:
        Refusal: ``INVALID_INPUT`` if it is no list.
    """
    try:
        with open_regular(folder / SUMS, os.O_RDONLY) as file:
            data = file.read(_MAX_SUMS_BYTES + 1)
    except FileNotFoundError:
        return {}
    if len(data) > _MAX_SUMS_BYTES:
        raise refuse("INVALID_INPUT", f"{SUMS} is larger than {_MAX_SUMS_BYTES:,} bytes")
    try:
        return read_sums(data.decode())
    except UnicodeDecodeError:
        raise refuse("INVALID_INPUT", f"{SUMS} is not UTF-8") from None


def bundles_of(folder: Path, golden: str) -> list[str]:
    """Returns the paths of the bundle of a golden and of those in ``children`` beside it."""
    children = folder / golden / "children"
    names = sorted(os.listdir(children)) if children.is_dir() else []
    return [f"{golden}/bundle", *(f"{golden}/children/{name}" for name in names)]


def _names(folder: Path) -> Iterator[Path]:
    """Yields whatever is no folder in the folders of versions."""
    for version in sorted(os.listdir(folder)):
        if not is_version(version):
            continue
        top = folder / version
        if top.is_symlink() or not top.is_dir():
            yield top
            continue
        for above, folders, files in os.walk(top, onerror=_fail):
            links = [name for name in folders if (Path(above) / name).is_symlink()]
            yield from (Path(above) / name for name in (*files, *links))


def _fail(error: OSError) -> None:
    # What cannot be looked into may hold a file that is not listed.
    raise error


def _hash(path: Path) -> str:
    hasher = hashlib.sha256()
    with open_regular(path, os.O_RDONLY) as file:
        while chunk := file.read(_CHUNK_BYTES):
            hasher.update(chunk)
    return hasher.hexdigest()
