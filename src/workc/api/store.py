"""The store: one folder a run below ``runs/``, and an index of them that can be thrown away.

The folders are the truth. The index (SQLite) only spares reading them all: whatever it lacks, or
holds of runs that were not finished then, is read again from the folders.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal

import msgspec

from workc.adapters.regular_file import open_regular
from workc.adapters.run_folder import JOURNAL, RunFolder
from workc.api.family_runs import runs_below
from workc.api.relatives import CHILDREN
from workc.api.waiting import waiting_kin, waiting_of
from workc.bundle.documents import Receipt
from workc.bundle.layout import RECEIPT
from workc.kernel import events
from workc.kernel.events import UNREADABLE
from workc.kernel.failure import Refusal, refuse
from workc.kernel.payloads import RunStarted, given
from workc.kernel.values import JsonObject
from workc.runtime.children import family_of, is_child
from workc.runtime.outcome import STATUS_OF
from workc.runtime.taken_fallback import TakenFallback, taken_fallback

RunStatus = Literal["success", "failure", "partial", "running", "paused", "interrupted"]
#: Of runs that have not ended: they are looked at again each time.
_OPEN: frozenset[RunStatus] = frozenset({"running", "paused", "interrupted"})
_INDEX = "index.sqlite3"
#: The index spares reading folders; past so many runs it spares no more.
_INDEXED_RUNS = 1_000_000
#: So many runs are named that an ambiguous beginning may mean.
_NAMED = 5
_RECEIPTS = msgspec.json.Decoder(Receipt)


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One run as `ls` shows it.

    ``continues`` is the digest of the bundle that it goes on from, ``parent`` the run that started it.
    """

    run_id: str
    status: RunStatus
    name: str
    code: str | None
    started_ms: int
    ended_ms: int | None
    cost_micro_cents: int | None
    proof_digest: str | None
    fallbacks: tuple[TakenFallback, ...] = ()
    continues: str | None = None
    parent: str | None = None

    def to_json(self) -> JsonObject:
        """Returns the summary as JSON."""
        found: JsonObject = msgspec.to_builtins(self)
        return found


class Store:
    """Finds and lists runs below a folder; nothing is made before a run is."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def runs(self) -> Path:
        """Returns the folder of the runs."""
        return self.path / "runs"

    def folder(self, run_id: str) -> Path:
        """Returns where a run stands, or would: a child below the first run of its family."""
        own = self.runs / family_of(run_id)
        return own / CHILDREN / run_id if is_child(run_id) else own

    def family(self, run_id: str) -> list[RunFolder]:
        """Returns the runs that a run of no parent started, and those that these started, by id."""
        found = runs_below(self.runs / run_id)
        return [folder for folder in found if family_of(folder.path.name) == run_id]

    def find(self, text: str) -> RunFolder:
        """Returns the run of an id, of an unambiguous beginning of one, or the newest (``last``).

        Raises:
            Refusal: ``INVALID_INPUT``, naming what is near.
        """
        newest = self.newest() if text == "last" else None
        if newest is not None:
            return newest
        found = self.beginning(text)
        if len(found) == 1 or text in found:
            return RunFolder(self.folder(text if text in found else found[0]))
        if not found:
            raise refuse("INVALID_INPUT", f"there is no run {text!r} in {self.path}")
        more = f" and {len(found) - _NAMED} others" if len(found) > _NAMED else ""
        raise refuse("INVALID_INPUT", f"{text!r} may be {', '.join(found[:_NAMED])}{more}")

    def beginning(self, text: str) -> list[str]:
        """Returns the ids that begin so; of a child, both its family and what tells it there."""
        first, own = family_of(text), text.removeprefix(family_of(text))
        found = [run_id for run_id in self.ids() if first and run_id.startswith(first)]
        if not is_child(text):
            return found
        kin = (folder.path.name for run_id in found for folder in self.family(run_id))
        return [name for name in kin if name.removeprefix(family_of(name)).startswith(own)]

    def newest(self) -> RunFolder | None:
        """Returns the newest run whose first record is there: the first of :meth:`summaries`."""
        folders = (RunFolder(self.folder(run_id)) for run_id in self.ids())
        return next((folder for folder in folders if folder.has_begun), None)

    def ids(self) -> list[str]:
        """Returns the ids of all runs but children, newest first: ids are in order of time."""
        if not self.runs.is_dir():
            return []
        folders = (path for path in self.runs.iterdir() if (path / JOURNAL).is_file())
        return sorted((path.name for path in folders), reverse=True)

    def summaries(self) -> list[RunSummary]:
        """Returns all runs, newest first, unfinished ones too, once their first record is there.

        Children stand behind the first run of their family, in the order in which they began.
        """
        kept = self._known()
        # A run that went on is not what the index remembers of it, and may go on again.
        known = {run_id: each for run_id, each in kept.items() if not self._went_on(run_id)}
        found = [known.get(run_id) or summarise(folder) for run_id, folder in self._begun(known)]
        self._remember([summary for summary in found if summary.run_id not in kept])
        return found

    def _went_on(self, run_id: str) -> bool:
        return RunFolder(self.folder(run_id)).went_on

    def _begun(self, known: Collection[str]) -> Iterator[tuple[str, RunFolder]]:
        for run_id in self.ids():
            for folder in (RunFolder(self.folder(run_id)), *self._in_order(run_id)):
                name = folder.path.name
                if name in known or folder.has_begun:
                    yield name, folder

    def _in_order(self, run_id: str) -> list[RunFolder]:
        return sorted(self.family(run_id), key=_began_ms)

    def _known(self) -> dict[str, RunSummary]:
        try:
            with closing(self._index()) as index:
                kept = index.execute(
                    "SELECT type FROM sqlite_master WHERE name = 'runs'"
                ).fetchall()
                if kept != [("table",)]:
                    return {}
                rows = index.execute("SELECT summary FROM runs").fetchmany(_INDEXED_RUNS)
            found = [msgspec.json.decode(bytes(row[0]), type=RunSummary) for row in rows]
        except (sqlite3.Error, TypeError, *UNREADABLE):
            return {}
        return {summary.run_id: summary for summary in found}

    def _remember(self, summaries: Iterable[RunSummary]) -> None:
        done = [s for s in summaries if s.status not in _OPEN]
        if not done:
            return
        try:
            with closing(self._index()) as index, index:
                index.executemany(
                    "INSERT OR REPLACE INTO runs VALUES (?, ?)",
                    [(s.run_id, msgspec.json.encode(s)) for s in done],
                )
        except sqlite3.Error:
            # Where nothing may be written the folders are read each time.
            with suppress(OSError):
                (self.path / _INDEX).unlink()

    def _index(self) -> sqlite3.Connection:
        index = sqlite3.connect(self.path / _INDEX)
        try:
            index.execute(
                "CREATE TABLE IF NOT EXISTS runs (run_id TEXT PRIMARY KEY, summary BLOB NOT NULL)"
            )
        except sqlite3.Error:
            index.close()
            raise
        return index


def _began_ms(folder: RunFolder) -> tuple[int, str]:
    started = start_of(folder)
    return (0 if started is None else started[1]), folder.path.name


def summarise(folder: RunFolder) -> RunSummary:
    """Returns the summary of a run from its folder."""
    try:
        receipt = read_receipt(folder)
    except (OSError, *UNREADABLE):
        return _unfinished(folder)
    digest = receipt.proof_digest
    return RunSummary(
        run_id=receipt.run_id,
        status=STATUS_OF[receipt.outcome],  # type: ignore[arg-type]
        name=receipt.name,
        code=receipt.failure.code if receipt.failure else None,
        started_ms=receipt.started_ms,
        ended_ms=receipt.ended_ms,
        cost_micro_cents=receipt.money.spent_micro_cents,
        proof_digest=digest if isinstance(digest, str) else None,
        fallbacks=tuple(taken_fallback(taken) for taken in receipt.fallbacks or ()),
        continues=given(receipt.continues),
        parent=receipt.parent.run_id if receipt.parent else None,
    )


def read_receipt(folder: RunFolder) -> Receipt:
    """Returns what the receipt of a finished run says; nobody has checked it here.

    Raises:
        OSError, UNREADABLE: there is none, or it is no receipt.
    """
    with open_regular(folder.bundle / RECEIPT, os.O_RDONLY) as file:
        return _RECEIPTS.decode(file.read())


def _unfinished(folder: RunFolder) -> RunSummary:
    started = start_of(folder)
    status, code = _state(folder)
    return RunSummary(
        run_id=folder.path.name,
        status=status,
        name=started[0].name if started else "",
        code=code,
        started_ms=started[1] if started else 0,
        ended_ms=None,
        cost_micro_cents=None,
        proof_digest=None,
        continues=given(started[0].continues) if started else None,
        parent=started[0].parent.run_id if started and started[0].parent else None,
    )


def _state(folder: RunFolder) -> tuple[RunStatus, str | None]:
    """Returns the status of a run that has not ended, and the code of what keeps it from going on."""
    if folder.is_locked():
        return "running", None
    try:
        return ("paused" if _waits(folder) else "interrupted"), None
    except Refusal as refusal:
        return "interrupted", refusal.failure.code
    except OSError:
        return "interrupted", None


def _waits(folder: RunFolder) -> bool:
    return bool(waiting_of(folder.records(), folder) or waiting_kin(folder.path))


def start_of(folder: RunFolder) -> tuple[RunStarted, int] | None:
    """Returns the RunStarted of a run and when it was, or None if its journal has not even that."""
    try:
        record = next(iter(folder.records()), None)
    except (OSError, Refusal):
        return None
    if record is None:
        return None
    payload = events.decode_payload(record.kind, record.payload)
    if not isinstance(payload, RunStarted):
        return None
    return payload, record.at_ms if isinstance(record.at_ms, int) else 0
