"""Files named by the SHA-256 of what is in them, in one folder; each is compared when it is read.

A file appears under its name when it is whole, and is never written again. What a crash leaves beside
them is a dot file, or a file that nothing refers to: neither is ever read.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from workc.adapters.new_file import sync_folder, write_new
from workc.adapters.regular_file import open_regular
from workc.kernel.digest import sha256_hex
from workc.kernel.failure import Refusal, refuse

#: A stage with its examples is not larger.
MAX_OBJECT_BYTES = 16_777_216
_DIGEST = re.compile(r"[0-9a-f]{64}")


class StageObjects:
    """Keeps bytes in a folder, by their digests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Writes bytes, if they are not there, and returns their digest; see :meth:`sync`.

        Raises:
            Refusal: ``STAGE_CHANGED`` if the file of that name is there and holds something else.
            OSError: the file system refuses.
        """
        digest = sha256_hex(data)
        try:
            write_new(self._path(digest), data)
        except FileExistsError:
            self.get(digest)
        return digest

    def sync(self) -> None:
        """Sees to it that the names of the files outlive a power cut, as what is in them does."""
        sync_folder(self._folder)

    def get(self, digest: str) -> bytes:
        """Returns the bytes of a digest.

        Raises:
            Refusal: ``STAGE_CHANGED`` if there is no such file, or it holds something else.
        """
        if not _DIGEST.fullmatch(digest):
            raise changed(self._folder, "the index names a file by what is no digest")
        path = self._path(digest)
        try:
            with open_regular(path, os.O_RDONLY) as file:
                data = file.read(MAX_OBJECT_BYTES + 1)
        except OSError as error:
            raise changed(path, f"it cannot be read ({error.strerror})") from None
        if sha256_hex(data) != digest:
            raise changed(path, "its bytes are not those that were added")
        return data

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}.json"


def changed(path: Path, why: str) -> Refusal:
    """Returns the refusal that names a file of a registry and says what is wrong with it."""
    return refuse("STAGE_CHANGED", f"{path}: {why}", file=str(path))
