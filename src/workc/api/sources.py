"""Where the records of a run are read from: a bundle, packed or not, or the journal of a run.

Nothing is judged here. What can be read is given in logical order; where reading ends before the
end, ``notes`` says so. Only names that a bundle may hold are opened, and no link is followed.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from workc.adapters.bundle_folder import BundleFolder
from workc.adapters.run_folder import BUNDLE, FILES, JOURNAL, RunFolder
from workc.api.bundles import reader_of
from workc.api.store import Store
from workc.bundle.archive_parser import ArchiveError
from workc.bundle.documents import Receipt, read_version
from workc.bundle.layout import BUNDLE_VERSION, EVENTS, MAX_LINE_BYTES, RECEIPT, path_problem
from workc.kernel import events
from workc.kernel.failure import Failure, Refusal, refuse
from workc.kernel.kinds import Payload
from workc.kernel.payloads import Body
from workc.verify.reader import Reader, ReadError

#: A receipt larger than this is not read to show a run.
MAX_RECEIPT_BYTES = 16_777_216
#: A file of a bundle is read to so many bytes when it is shown.
MAX_SHOWN_BYTES = 1_048_576
#: No more records than these are shown.
MAX_RECORDS = 1_000_000


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One record: its place, its time if it is an answer, its kind and payload."""

    seq: int
    at: tuple[int, ...]
    at_ms: int | None
    phase: str
    payload: Payload
    raw: bytes

    @property
    def kind(self) -> str:
        """Returns the kind, which is the payload's type."""
        return type(self.payload).__name__


class Source:
    """Reads one run. ``sealed`` says whether it is a bundle; ``path`` is where it stands."""

    def __init__(self, path: Path, *, sealed: bool, is_locked: bool = False) -> None:
        self.path = path
        self.sealed = sealed
        self.is_locked = is_locked
        self.notes: list[str] = []
        #: Why a journal was not read to its end: then the run cannot go on either.
        self.damage: Failure | None = None
        self._files = reader_of(path) if sealed else BundleFolder(path / FILES)

    def lines(self) -> Iterator[Line]:
        """Yields the records in logical order, as far as they can be read."""
        if self.sealed:
            yield from self._events()
            return
        records = sorted(self._records(), key=lambda line: line.at)
        for seq, line in enumerate(records):
            yield msgspec.structs.replace(line, seq=seq)

    def data(self, body: Body) -> bytes | None:
        """Returns the first bytes of a body, or None if it cannot be had."""
        if isinstance(body.inline, str):
            return body.inline.encode("utf-8", "surrogatepass")
        if not isinstance(body.path, str) or path_problem(body.path) is not None:
            return None
        return _read(self._files, body.path, MAX_SHOWN_BYTES)

    @property
    def earlier(self) -> list[Path]:
        """Returns the bundles that are kept from before the run went on, the newest first."""
        return RunFolder(self.path.parent if self.sealed else self.path).earlier

    def claimed_digest(self) -> str | None:
        """Returns the proof digest that the receipt names; nobody has checked it here."""
        try:
            receipt = msgspec.json.decode(self._receipt() or b"", type=Receipt)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return receipt.proof_digest if isinstance(receipt.proof_digest, str) else None

    def refusal(self) -> Refusal:
        """Returns why the records tell no story, once they were read: ``INVALID_INPUT``."""
        named = read_version(self._receipt() or b"")
        if named is not None and named.version not in {None, BUNDLE_VERSION}:
            version = str(named.version)
            message = (
                f"{self.path} is a bundle of format {version};"
                f" only what happened in runs of format {BUNDLE_VERSION} can be told"
            )
            return refuse("INVALID_INPUT", message)
        why = f": {self.notes[0]}" if self.notes else ""
        return refuse("INVALID_INPUT", f"{self.path} is no bundle and no run{why}")

    def _receipt(self) -> bytes | None:
        return _read(self._files, RECEIPT, MAX_RECEIPT_BYTES) if self.sealed else None

    def _events(self) -> Iterator[Line]:
        chunks = self._files.chunks(EVENTS, 1 << 62)
        for number, raw in enumerate(self._limited(split_lines(self._chunks(chunks)))):
            try:
                event = events.decode_event(raw)
                payload = events.decode_payload(event.kind, event.payload)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError):
                self.notes.append(
                    f"line {number + 1} of {EVENTS} is no event; the rest is not shown"
                )
                return
            yield Line(
                seq=event.seq,
                at=event.at,
                at_ms=event.at_ms if isinstance(event.at_ms, int) else None,
                phase=event.phase,
                payload=payload,
                raw=raw,
            )

    def _chunks(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from chunks
        except ReadError as error:
            # What is no archive at all has no file of which to say it.
            is_whole = isinstance(error.__cause__, ArchiveError)
            self.notes.append(str(error) if is_whole else f"{EVENTS}: {error}")

    def _limited(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for number, line in enumerate(lines):
            if number >= MAX_RECORDS or len(line) > MAX_LINE_BYTES:
                self.notes.append(f"line {number + 1} of {EVENTS} is past the limits of this view")
                return
            yield line

    def _records(self) -> Iterator[Line]:
        try:
            for record in RunFolder(self.path).records():
                yield Line(
                    seq=record.n,
                    at=record.at,
                    at_ms=record.at_ms if isinstance(record.at_ms, int) else None,
                    phase=record.phase,
                    payload=events.decode_payload(record.kind, record.payload),
                    raw=events.encode(record),
                )
        except Refusal as refusal:
            self.damage = refusal.failure
            self.notes.append(refusal.failure.message)
        except OSError as error:
            self.notes.append(f"{JOURNAL}: {error.strerror or type(error).__name__}")


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yields the lines of a file; one that is longer than any may be is not read to its end."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > MAX_LINE_BYTES:
            break
    if rest:
        yield rest


def _read(reader: Reader, name: str, limit: int) -> bytes | None:
    try:
        return b"".join(reader.chunks(name, limit))[:limit]
    except ReadError:
        return None


def find_source(text: str, store: Store) -> Source:
    """Returns the run that a path, an id, the beginning of an id or ``last`` names.

    What stands at a path is meant, whatever runs the store has; that it is a bundle shows when it
    is read.

    Raises:
        Refusal: ``INVALID_INPUT`` if there is none.
    """
    if not stands(text):
        return _of_folder(store.find(text).path)
    path = Path(text)
    return _of_folder(path) if path.is_dir() else Source(path, sealed=True)


def is_damaged(source: Source) -> bool:
    """Returns whether the journal of a run cannot be read to its end."""
    deque(source.lines(), maxlen=0)
    return source.damage is not None


def stands(text: str) -> bool:
    """Returns whether something stands at a path, be it a link that leads nowhere."""
    return "\0" not in text and os.path.lexists(text)


def _of_folder(path: Path) -> Source:
    if (path / EVENTS).exists() or not (path / JOURNAL).is_file():
        return Source(path, sealed=True)
    if (path / BUNDLE).is_dir():
        return Source(path / BUNDLE, sealed=True)
    return Source(path, sealed=False, is_locked=RunFolder(path).is_locked())


class _Head(msgspec.Struct, frozen=True):
    run_id: str


def noted_folder(bundle: Path, store: Store) -> Path:
    """Returns where the run of a bundle was started, if its notes are still here, else this folder.

    The notes stand beside a bundle in its run's folder; those of a copy elsewhere, packed or not,
    are found in the store by the run's id.
    """
    beside = [RunFolder(bundle.absolute().parent)] if bundle.is_dir() else []
    folders = [*beside, *_kept_runs(bundle, store)]
    noted = (Path(str(folder.local().get("folder", ""))) for folder in folders)
    return next((path for path in noted if path.is_absolute() and path.is_dir()), Path.cwd())


def _kept_runs(bundle: Path, store: Store) -> list[RunFolder]:
    data = _read(reader_of(bundle), RECEIPT, MAX_RECEIPT_BYTES)
    try:
        run_id = msgspec.json.decode(data or b"", type=_Head).run_id
    except events.UNREADABLE:
        return []
    return [RunFolder(store.folder(run_id))] if run_id in store.beginning(run_id) else []
