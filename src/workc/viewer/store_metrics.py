"""The metrics of a store: a fold over the journals of its runs, kept up to date.

A run that is sealed changes only if its budget is raised, so its journal is read once. One that is not
is read each time. Nothing that was counted is taken back while this object lives, so counters never
fall because a folder was deleted. A run that goes on is counted anew, in place of what it was: its
journal holds all that it did and spent before.
"""

from __future__ import annotations

from threading import Lock
from typing import Literal, get_args

from workc.adapters.run_folder import RunFolder
from workc.api.metering import Counts, RunMeter
from workc.api.raising import RAISABLE
from workc.api.store import Store, read_receipt
from workc.kernel.events import UNREADABLE
from workc.kernel.failure import Refusal
from workc.runtime.metrics import table
from workc.runtime.metrics.table import Mode
from workc.runtime.metrics.tally import Metrics, Tally

_State = Literal["sealed", "open", "unreadable"]


class StoreMetrics:
    """Counts the runs of a store. Any thread may read; one reads at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._sealed = Tally()
        self._sealed.begin("live")
        self._counted: set[str] = set()
        # Runs that their budget refused may go on: digest of the bundle, figures.
        self._refused: dict[str, tuple[str, Tally]] = {}

    def read(self) -> Metrics:
        """Returns the figures of all runs as they stand."""
        with self._lock:
            return self._read()

    def _read(self) -> Metrics:
        now = Tally()
        now.show(table.STORE_RUNS)
        for run_id in self._store.ids():
            kin = (folder.path.name for folder in self._store.family(run_id))
            for name in (run_id, *kin):
                now.add(table.STORE_RUNS, (self._take(name, now),))
        for _, run in self._refused.values():
            now.join(run)
        now.join(self._sealed)
        return now.read()

    def _take(self, run_id: str, now: Tally) -> _State:
        if run_id in self._counted:
            return "sealed"
        folder = RunFolder(self._store.folder(run_id))
        # Asked for before the journal is read: what is sealed then, is whole.
        is_sealed, refused = folder.bundle.is_dir(), _refused_as(folder)
        if refused is not None and self._refused.get(run_id, ("",))[0] == refused:
            return "sealed"
        run = _count(folder)
        if run is None:
            return "unreadable"
        self._refused.pop(run_id, None)
        if not is_sealed:
            now.join(run)
            return "open"
        if refused is not None:
            self._refused[run_id] = refused, run
            return "sealed"
        self._sealed.join(run)
        self._counted.add(run_id)
        return "sealed"


def _refused_as(folder: RunFolder) -> str | None:
    """Returns the digest of the bundle of a run that may go on under a higher budget."""
    try:
        receipt = read_receipt(folder)
    except (OSError, *UNREADABLE):
        return None
    return str(receipt.proof_digest) if receipt.halt in RAISABLE else None


def _count(folder: RunFolder) -> Tally | None:
    """Returns the figures of one run, or None if its journal or a file of it cannot be read."""
    counts = Counts()
    try:
        RunMeter(counts, _mode(folder)).recall(folder, folder.records())
    except (OSError, Refusal, ValueError):
        return None
    with counts.now() as run:
        return run


def _mode(folder: RunFolder) -> Mode:
    """Returns what the notes of a run say; a run without a note was live."""
    noted = folder.local().get("mode")
    return next((mode for mode in get_args(Mode) if mode == noted), "live")
