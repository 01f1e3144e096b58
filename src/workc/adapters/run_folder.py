"""A run's folder: its journal, the files that records name, its lock, and notes of this machine.

Layout: ``journal.jsonl`` (durable as chosen), ``files/<path in the bundle>``, ``local.json`` (what
belongs to this machine and never into a bundle), ``lock`` (one writer; the kernel drops it when
the process dies), ``bundle/`` once the run is sealed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

from workc.kernel import canonical
from workc.kernel.canonical import CanonicalError
from workc.kernel.events import Record
from workc.kernel.failure import refuse
from workc.kernel.values import JsonObject
from workc.runtime.journal import read_records

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
        try:
            with open_regular(self.path / LOCK, os.O_RDONLY) as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


class RunWriter(RunFolder):
    """Writes a run: one at a time, whoever comes second is refused.

    ``cut_bytes`` is how long the torn last line was that a crash had left, 0 if there was none.

    Raises:
        Refusal: ``RUN_LOCKED`` while another process writes it.
    """

    def __init__(self, path: Path, durability: Durability) -> None:
        super().__init__(path)
        self._durability: Durability = durability
        path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        (path / FILES).mkdir(mode=FOLDER_MODE, exist_ok=True)
        self._lock = _take_lock(path / LOCK)
        try:
            self.cut_bytes = _cut_torn_line(path / JOURNAL)
            self._journal = open_regular(path / JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        except OSError:
            self._lock.close()
            raise
        self._put: set[str] = set()
        self._files = path.resolve() / FILES
        for folder in (path, path.parent):
            _sync_folder(folder, durability)

    def append(self, line: bytes) -> None:
        """Takes one line of the journal."""
        self._journal.write(line + b"\n")

    def lines(self) -> Iterator[bytes]:
        """Yields the complete lines of the journal, those that still wait to be written too."""
        self._journal.flush()
        return super().lines()

    def commit(self, *, effect: bool) -> None:
        """Hands what was appended to the system, and to the disk where that was chosen."""
        if self._durability == "none":
            return
        self._journal.flush()
        if effect and self._durability == "fsync":
            os.fdatasync(self._journal.fileno())

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
            self._lock.close()


_MODES = {os.O_RDONLY: "rb", os.O_WRONLY: "ab", os.O_RDWR: "r+b"}


def open_regular(path: Path, flags: int) -> IO[bytes]:
    """Opens a regular file without following a link at its end and without waiting for anybody.

    Raises:
        OSError: it cannot be opened, or it is something else: a link, a FIFO, a device.
    """
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return os.fdopen(descriptor, _MODES[flags & os.O_ACCMODE])


def _cut_torn_line(journal: Path) -> int:
    if not os.path.lexists(journal):
        return 0
    with open_regular(journal, os.O_RDWR) as file:
        whole = sum(len(line) for line in file if line.endswith(b"\n"))
        torn = file.seek(0, os.SEEK_END) - whole
        file.truncate(whole)
    return torn


def _take_lock(path: Path) -> IO[bytes]:
    file = open_regular(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read(32).decode("ascii", "replace").strip()
        file.close()
        message = f"process {holder or 'unknown'} is writing this run"
        raise refuse("RUN_LOCKED", message, holder=holder) from None
    file.truncate(0)
    file.write(str(os.getpid()).encode("ascii"))
    file.flush()
    return file


def _sync_folder(path: Path, durability: Durability) -> None:
    if durability != "fsync":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
