"""Metering: who counts what one runtime, or one command, does. Any thread may count and read."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING

from workc.kernel import events
from workc.kernel.events import Entry, Record
from workc.runtime.bodies import KeptFiles
from workc.runtime.metrics import table
from workc.runtime.metrics.fold import RunFold
from workc.runtime.metrics.table import BundleVerdict, Mode, ReplayVerdict
from workc.runtime.metrics.tally import Metrics, Tally
from workc.skills.usage import tokens_used
from workc.verify.verdict import Verdict

if TYPE_CHECKING:
    from workc.api.launch import Watch
    from workc.runtime.outcome import StructuredOutcome


class Meter:
    """Counts runs, replays and verifications. ``modes`` are shown from the beginning, as 0."""

    def __init__(self, *modes: Mode) -> None:
        self._lock = Lock()
        self._tally = Tally()
        for mode in modes:
            self._tally.begin(mode)

    def run(self, mode: Mode) -> RunMeter:
        """Returns what counts one run, or the run that a replay makes again."""
        return RunMeter(self._tally, self._lock, mode)

    def told(self, mode: Mode, outcome: StructuredOutcome) -> StructuredOutcome:
        """Counts work that came to no run which ended, and returns its outcome as it is."""
        if outcome.run_id is None:
            with self._lock:
                self._tally.add(table.REFUSALS, mode, outcome.code)
        return outcome

    def replayed(self, verdict: ReplayVerdict, codes: Iterable[str]) -> None:
        """Counts a replay and the codes of its divergences."""
        with self._lock:
            self._tally.show(table.REPLAYS, table.DIVERGENCES)
            self._tally.add(table.REPLAYS, verdict)
            for code in codes:
                self._tally.add(table.DIVERGENCES, code)

    def verified(self, verdict: Verdict) -> None:
        """Counts a bundle that was judged."""
        found: BundleVerdict = "undecided" if verdict.undecided else "fail"
        with self._lock:
            self._tally.show(table.VERIFICATIONS)
            self._tally.add(table.VERIFICATIONS, "pass" if verdict.ok else found)

    def read(self) -> Metrics:
        """Returns the figures as they stand."""
        with self._lock:
            return self._tally.read()


class RunMeter:
    """Counts one run: its records as they are written, and what its journal costs."""

    def __init__(self, tally: Tally, lock: Lock, mode: Mode) -> None:
        self._tally = tally
        self._lock = lock
        self._mode: Mode = mode
        self._fold: RunFold | None = None

    def watch(self, files: KeptFiles, then: Watch | None = None) -> Watch:
        """Returns a watch that counts, then tells ``then``; ``files`` are those of the run."""
        fold = self._fold_of(files)

        def count(entry: Entry) -> None:
            with self._lock:
                fold.take(entry)
            if then is not None:
                then(entry)

        return count

    def recall(self, files: KeptFiles, records: Iterable[Record]) -> None:
        """Counts what a journal holds already, with its bytes; raises what reading it raises."""
        fold = self._fold_of(files)
        for record in records:
            payload = events.decode_payload(record.kind, record.payload)
            entry = Entry(at=record.at, payload=payload, at_ms=record.at_ms)
            # A record is read only if it is spelled as it would be written.
            self.wrote(len(events.encode(record)) + 1)
            with self._lock:
                fold.take(entry)

    def wrote(self, size: int) -> None:
        """Counts bytes of the journal."""
        with self._lock:
            self._tally.add(table.JOURNAL_BYTES, self._mode, by=size)

    def synced(self, ns: int) -> None:
        """Counts a wait of so many nanoseconds for the disk."""
        with self._lock:
            self._tally.observe(table.JOURNAL_SYNC, self._mode, ns=ns)

    def _fold_of(self, files: KeptFiles) -> RunFold:
        if self._fold is None:
            with self._lock:
                self._fold = RunFold(self._tally, self._mode, files, tokens_used)
        return self._fold
