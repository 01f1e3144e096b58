"""A run's folder: its journal, the files that records name, its lock, and notes of this machine.

Layout: ``journal.jsonl`` (durable as chosen), ``files/<path in the bundle>``, ``local.json`` (what
belongs to this machine and never into a bundle), ``lock`` (one writer; the kernel drops it when
the process dies), ``bundle/`` once the run is sealed, ``earlier/`` with journals and bundles from
before the budget was raised (``workc.adapters.earlier``).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from workc.adapters import earlier
from workc.adapters.journal_file import JournalFile
from workc.adapters.lease import Lease, is_held
from workc.adapters.new_file import sync_folder
from workc.adapters.regular_file import open_regular
from workc.kernel import canonical
from workc.kernel.canonical import CanonicalError
from workc.kernel.events import Record
from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import JsonObject
from workc.runtime.journal import JournalMeter, read_records

Durability = Literal["none", "flush", "fsync"]

JOURNAL = "journal.jsonl"
FILES = "files"
LOCAL = "local.json"
LOCK = "lock"
BUNDLE = "bundle"
#: Folders and files of a run may hold what a user would not show to others on the machine.
FOLDER_MODE = 0o700
_CHUNK_BYTES = 1_048_576
#: Notes are a few names; whatever is longer is none of ours.
_NOTES_BYTES = 65_536


class RunFolder:
    """Reads what a run has left in its folder. Nothing here writes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def bundle(self) -> Path:
        """Returns where the sealed bundle stands, if the run is sealed."""
        return self.path / BUNDLE

    @property
    def earlier(self) -> list[Path]:
        """Returns the bundles with which the run ended before it went on, the newest first."""
        return earlier.kept_bundles(self.path, BUNDLE)

    @property
    def went_on(self) -> bool:
        """Returns whether the run ended before and went on."""
        return (self.path / earlier.EARLIER).is_dir()

    @property
    def has_begun(self) -> bool:
        """Returns whether the journal has a first line, whatever it says."""
        try:
            return next(self.lines(), None) is not None
        except OSError:
            # What cannot be read is not nothing.
            return True

    def get(self, path: str) -> bytes:
        """Returns the bytes of a file that a record names, or raises ``CAPTURE_MISSING``."""
        return b"".join(self.chunks(path))

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yields the bytes of such a file in pieces; raises as :meth:`get` does."""
        try:
            file = open_regular(self.path / FILES / path, os.O_RDONLY)
        except FileNotFoundError:
            raise refuse("CAPTURE_MISSING", f"the run has no file {path}", path=path) from None
        with file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk

    def lines(self) -> Iterator[bytes]:
        """Yields the complete lines of the journal; a torn last one is left out."""
        with open_regular(self.path / JOURNAL, os.O_RDONLY) as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line[:-1]

    def records(self) -> Iterator[Record]:
        """Yields the records of the journal in order of arrival, each checked."""
        return read_records(self.lines())

    def local(self) -> JsonObject:
        """Returns the notes of this machine, or nothing where there are none."""
        try:
            with open_regular(self.path / LOCAL, os.O_RDONLY) as file:
                value = canonical.decode(file.read(_NOTES_BYTES))
        except (OSError, CanonicalError):
            return {}
        return value if isinstance(value, dict) else {}

    def is_locked(self) -> bool:
        """Returns whether a process is writing this run now."""
        return is_held(self.path / LOCK)


class RunWriter(RunFolder):
    """Writes a run: one at a time, whoever comes second is refused.

    ``meter`` is told what the journal costs. ``cut_bytes`` is how long the torn last line was that a
    crash had left, 0 if there was none.

    Raises:
        Refusal: ``RUN_LOCKED`` while another process writes it.
    """

    def __init__(
        self, path: Path, durability: Durability, meter: JournalMeter | None = None
    ) -> None:
        super().__init__(path)
        self._durability: Durability = durability
        self._meter = meter
        path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        (path / FILES).mkdir(mode=FOLDER_MODE, exist_ok=True)
        self._lease = Lease(path / LOCK)
        try:
            self._journal = JournalFile(path / JOURNAL, roomy=durability == "fsync")
        except OSError:
            self._lease.release()
            raise
        self.cut_bytes = self._journal.cut_bytes
        self._told_bytes = self._journal.size
        self._put: set[str] = set()
        self._files = path.resolve() / FILES
        for folder in (path, path.parent):
            _sync_folder(folder, durability)

    def append(self, line: bytes) -> None:
        """Takes one line of the journal."""
        self._journal.append(line)
        if self._durability == "none" and not self._journal.size:
            # Else a run that has spent already would look like one that has not begun.
            self._journal.write()

    def lines(self) -> Iterator[bytes]:
        """Yields the complete lines of the journal, those that still wait to be written too."""
        self._journal.write()
        self._tell()
        return super().lines()

    def commit(self, *, effect: bool) -> None:
        """Hands what was appended to the system, and to the disk where that was chosen.

        Raises:
            Refusal: ``RUN_LOCKED`` if another process has taken the run over; nothing is written.
        """
        if self._durability == "none":
            return
        if effect:
            self._check_lease()
        self._journal.write()
        self._tell()
        if effect and self._durability == "fsync":
            self._sync()

    def _tell(self) -> None:
        size = self._journal.size
        if self._meter is not None and size > self._told_bytes:
            self._meter.wrote(size - self._told_bytes)
        self._told_bytes = size

    def _sync(self) -> None:
        begun_ns = time.perf_counter_ns()
        self._journal.sync()
        if self._meter is not None:
            self._meter.synced(time.perf_counter_ns() - begun_ns)

    def _check_lease(self) -> None:
        try:
            self._lease.check()
        except Refusal:
            self._journal.give_up()
            raise

    def put(self, path: str, data: bytes) -> None:
        """Keeps a file that a record will name; the same file is written once."""
        if path in self._put:
            return
        target = self.path / FILES / path
        target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        if target.parent.resolve() != self._files / Path(path).parent:
            raise refuse("JOURNAL_CORRUPT", f"a link stands where {path} goes", path=path)
        # Beside its place first: a record may name the file that stands there already.
        beside = target.with_name(target.name + ".new")
        with beside.open("wb") as file:
            file.write(data)
            if self._durability == "fsync":
                file.flush()
                os.fdatasync(file.fileno())
        beside.replace(target)
        for folder in (target.parent, self.path / FILES):
            _sync_folder(folder, self._durability)
        self._put.add(path)

    def go_on(self, lines: Iterable[bytes], digest: str) -> None:
        """Begins the journal anew with ``lines``; that of the bundle ``digest`` is kept, and it too.

        A crash leaves the run as it was, or as it goes on (:meth:`keep_bundle`).
        """
        self._journal.close()
        journal, new = self.path / JOURNAL, self.path / (JOURNAL + ".new")
        kept = earlier.folder_of(self.path, digest)
        earlier.keep_journal(journal, kept / JOURNAL)
        with new.open("wb") as file:
            file.writelines(line + b"\n" for line in lines)
            if self._durability == "fsync":
                file.flush()
                os.fdatasync(file.fileno())
        for folder in (kept, kept.parent, self.path):
            _sync_folder(folder, self._durability)
        new.replace(journal)
        _sync_folder(self.path, self._durability)
        self._journal = JournalFile(journal, roomy=self._durability == "fsync")
        self.keep_bundle(digest)

    def keep_bundle(self, digest: str) -> None:
        """Puts the bundle of that digest to the journal that it was sealed from."""
        earlier.keep_bundle(self.bundle, digest)
        for folder in (earlier.folder_of(self.path, digest), self.path):
            _sync_folder(folder, self._durability)

    def note(self, notes: JsonObject) -> None:
        """Writes the notes of this machine."""
        temporary = self.path / (LOCAL + ".new")
        temporary.write_bytes(canonical.encode(notes))
        temporary.replace(self.path / LOCAL)

    def close(self) -> None:
        """Writes out what is left and lets go of the lock, even where that cannot be written."""
        try:
            self._journal.close()
        finally:
            self._tell()
            self._lease.release()


def _sync_folder(path: Path, durability: Durability) -> None:
    if durability == "fsync":
        sync_folder(path)
