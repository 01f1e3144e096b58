"""Where the bundles of children are looked for: beside their parent's bundle, or where one says.

A folder is looked into one level deep: a bundle may stand in it by its own name, or as ``bundle`` in
a folder of its run. What a bundle says it is of is only read here; it is judged when it is verified.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path

import msgspec

from workc.api.bundles import may_be_bundle, reader_of
from workc.bundle.layout import RECEIPT
from workc.kernel.events import UNREADABLE
from workc.verify.reader import Reader, ReadError

#: The name of a folder with bundles of children.
CHILDREN = "children"
#: Of one folder no more names than these are looked at.
MAX_NAMES = 100_000
#: A receipt larger than this is not read to find out what it is of.
MAX_RECEIPT_BYTES = 16_777_216


class _Head(msgspec.Struct, frozen=True):
    run_id: str = ""
    loop_id: str = ""


class BundlesIn:
    """Finds bundles in folders by the run that they say they are of."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders

    def find(self, run_id: str) -> list[Reader]:
        """Returns the readers of the bundles of a run."""
        return [reader_of(path) for path in self._by_run.get(run_id, ())]

    @cached_property
    def _by_run(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for path in dict.fromkeys(self._candidates()):
            found.setdefault(_run_of(path), []).append(path)
        return found

    def _candidates(self) -> Iterator[Path]:
        for folder in self._folders:
            for path in entries_of(folder):
                yield from (path for path in (path, path / "bundle") if not path.is_symlink())


def beside(bundle: Path) -> list[Path]:
    """Returns the folders where the children of a bundle are looked for by default.

    That of a child in a store stands among those of its whole family.
    """
    parent = bundle.absolute().parent
    family = [parent.parent] if parent.parent.name == CHILDREN else []
    return [parent / CHILDREN, parent, *family]


def entries_of(folder: Path) -> list[Path]:
    """Returns what stands in a folder, by name, links left out; nothing if it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            kept = (entry for entry in islice(entries, MAX_NAMES) if not entry.is_symlink())
            return sorted(Path(entry.path) for entry in kept)
    except OSError:
        return []


def _run_of(path: Path) -> str:
    """Returns the run or loop that a bundle says it is of, or nothing."""
    if not may_be_bundle(path):
        return ""
    try:
        data = b"".join(reader_of(path).chunks(RECEIPT, MAX_RECEIPT_BYTES))
        head = msgspec.json.decode(data, type=_Head)
    except (ReadError, *UNREADABLE):
        return ""
    return head.run_id or head.loop_id
