"""The port of files, over real folders: reads whole files, and writes them whole or not at all.

A file is written beside its place, under a name nobody has, brought to the disk and renamed, in a folder
that is held by its descriptor. A name that is a link, a FIFO, a device or a folder is refused. A hard
link is not seen as such: reading gives its bytes; writing puts a new file under this name and leaves
the other names what they were.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import threading
from abc import ABC, abstractmethod
from contextlib import suppress

from workc.adapters.redaction import Redactor
from workc.adapters.root_folders import RootFolders, parent_of, read_dated, read_regular, translated
from workc.kernel.digest import sha256_hex
from workc.kernel.failure import Refusal, refuse
from workc.runtime.effects import content_facts
from workc.runtime.ports import Entropy
from workc.stages.effects import FileRead, FileRequest, PortResult
from workc.stages.grants import Grants
from workc.stages.root_path import RootPath

#: The most of what stands at a place that is looked at before it is written: it is hashed whole.
MAX_BEFORE_BYTES = 2**30
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class GrantedFiles(ABC):
    """Takes requests of :class:`workc.runtime.ports.FilePort` as far as they are granted."""

    def __init__(
        self, grants: Grants, folders: RootFolders, redactor: Redactor, entropy: Entropy
    ) -> None:
        self._grants = grants
        self._folders = folders
        self._redactor = redactor
        self._entropy = entropy
        # What stands there must not change, by another step, between the look and the write.
        self._writing = threading.Lock()

    async def send(self, request: FileRequest) -> PortResult:
        """Returns what was read or written; see the port for what it raises."""
        path = self._grants.file(request)
        if request.timeout_ms == 0:
            raise refuse("TIMEOUT", "timeout_ms is 0, so nothing was done", timeout_ms=0)
        if isinstance(request, FileRead):
            return await asyncio.to_thread(self._read, path, request)
        return await asyncio.to_thread(self.put, path, request.data, request.if_sha256)

    @abstractmethod
    def put(self, path: RootPath, data: bytes, if_sha256: str | None = None) -> PortResult:
        """Writes one file and returns the answer.

        Raises:
            Refusal: as the port does.
        """

    @abstractmethod
    def _read(self, path: RootPath, request: FileRead) -> PortResult: ...


class RootFiles(GrantedFiles):
    """Reads and writes below the folders of roots."""

    def _read(self, path: RootPath, request: FileRead) -> PortResult:
        folder, name = parent_of(path)
        with self._folders.opened(folder) as descriptor:
            data, dated_ms = read_dated(descriptor, name, path, request.max_bytes)
        return read_result(data, self._redactor, self._entropy, dated_ms)

    def put(self, path: RootPath, data: bytes, if_sha256: str | None = None) -> PortResult:
        """Writes one file and returns the answer; folders on the way are made."""
        folder, name = parent_of(path)
        with self._writing, self._folders.opened(folder, make=True) as descriptor:
            before = _before(descriptor, name, path)
            check_before(path, before, data, if_sha256)
            with translated(path):
                self._replace(descriptor, name, data)
        return written_result(data, before)

    def _replace(self, folder: int, name: str, data: bytes) -> None:
        mode = _mode_of(folder, name)
        part = f".workc-{self._entropy.draw(8).hex()}.part"
        try:
            _write_new(folder, part, data, mode)
            os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            _take_away(folder, part)
            raise
        os.fsync(folder)


def check_before(path: RootPath, before: bytes | None, data: bytes, if_sha256: str | None) -> None:
    """Refuses a write over something else than was expected.

    What is there already as it is to be written is no conflict: it was written before the
    answer was lost.

    Raises:
        Refusal: ``CONFLICT``.
    """
    found = "" if before is None else sha256_hex(before)
    if if_sha256 is None or if_sha256 == found or before == data:
        return
    message = f"{path} is not what was expected, so it was not written"
    raise refuse("CONFLICT", message, path=str(path), expected=if_sha256, found=found)


def read_result(
    data: bytes, redactor: Redactor, entropy: Entropy, dated_ms: int | None = None
) -> PortResult:
    """Returns the answer to a read: digest and size are those of the file, with its secrets."""
    cleaning = redactor.start()
    return PortResult(
        facts=content_facts(data),
        data=cleaning.data(data),
        dated_ms=dated_ms,
        redactions=cleaning.redactions(entropy.draw),
    )


def written_result(data: bytes, before: bytes | None) -> PortResult:
    """Returns the answer to a write, with the digest of what was there."""
    found = None if before is None else sha256_hex(before)
    facts = {**content_facts(data), "before_sha256": found}
    return PortResult(facts=facts, data=data, is_output=True)


def _before(folder: int, name: str, path: RootPath) -> bytes | None:
    try:
        return read_regular(folder, name, path, MAX_BEFORE_BYTES)
    except Refusal as refusal:
        if refusal.failure.code == "NOT_FOUND":
            return None
        raise


def _mode_of(folder: int, name: str) -> int | None:
    """Returns the permissions of what is replaced, without those that change who runs it."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.ENXIO, "no regular file")
    return stat.S_IMODE(found.st_mode) & 0o777


def _write_new(folder: int, name: str, data: bytes, mode: int | None) -> None:
    with os.fdopen(os.open(name, _NEW, 0o666, dir_fd=folder), "wb", buffering=0) as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        os.fsync(file.fileno())


def _take_away(folder: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
