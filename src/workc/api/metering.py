"""Metering: who counts what one runtime, or one command, does. Any thread may count and read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TypeVar, cast

from workc.kernel import events
from workc.kernel.events import Entry, Record
from workc.kernel.payloads import EffectAnswered, Locked
from workc.kernel.plans import PlanChosen
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


T = TypeVar("T")

#: So much may wait to be counted: counted together, it costs half of what it costs one by one.
_WAITING_LIMIT = 256
#: What is not to wait: counting it reads files of the run, or nothing follows it.
_PROMPT = (EffectAnswered, Locked, PlanChosen)


class Counts:
    """A tally that any thread may move, by what :meth:`now` gives or :meth:`later` calls."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.tally = Tally()
        self._waiting: deque[tuple[Callable[[object], None], object]] = deque()

    @contextmanager
    def now(self) -> Generator[Tally, None, None]:
        """Gives the tally to one at a time, all that waited counted."""
        with self._lock:
            while self._waiting:
                count, what = self._waiting.popleft()
                count(what)
            yield self.tally

    def later(self, count: Callable[[T], None], what: T) -> None:
        """Counts ``what`` before anything else is counted or read; ``count`` raises nothing."""
        self._waiting.append((cast("Callable[[object], None]", count), what))
        if len(self._waiting) >= _WAITING_LIMIT:
            with self.now():
                pass


class Meter:
    """Counts runs, replays and verifications. ``modes`` are shown from the beginning, as 0."""

    def __init__(self, *modes: Mode) -> None:
        self._counts = Counts()
        with self._counts.now() as tally:
            for mode in modes:
                tally.begin(mode)

    def run(self, mode: Mode) -> RunMeter:
        """Returns what counts one run, or the run that a replay makes again."""
        return RunMeter(self._counts, mode)

    def told(self, mode: Mode, outcome: StructuredOutcome) -> StructuredOutcome:
        """Counts work that came to no run which ended, and returns its outcome as it is."""
        if outcome.run_id is None:
            with self._counts.now() as tally:
                tally.add(table.REFUSALS, (mode, outcome.code))
        return outcome

    def replayed(self, verdict: ReplayVerdict, codes: Iterable[str]) -> None:
        """Counts a replay and the codes of its divergences."""
        with self._counts.now() as tally:
            tally.show(table.REPLAYS, table.DIVERGENCES)
            tally.add(table.REPLAYS, (verdict,))
            for code in codes:
                tally.add(table.DIVERGENCES, (code,))

    def verified(self, verdict: Verdict) -> None:
        """Counts a bundle that was judged."""
        found: BundleVerdict = "undecided" if verdict.undecided else "fail"
        with self._counts.now() as tally:
            tally.show(table.VERIFICATIONS)
            tally.add(table.VERIFICATIONS, ("pass" if verdict.ok else found,))

    def read(self) -> Metrics:
        """Returns the figures as they stand."""
        with self._counts.now() as tally:
            return tally.read()


class RunMeter:
    """Counts one run: its records as they are written, and what its journal costs."""

    def __init__(self, counts: Counts, mode: Mode) -> None:
        self._counts = counts
        self._mode: Mode = mode
        self._fold: RunFold | None = None

    def another(self) -> RunMeter:
        """Returns what counts another run of the same family."""
        return RunMeter(self._counts, self._mode)

    def watch(self, files: KeptFiles, then: Watch | None = None) -> Watch:
        """Returns a watch that counts, then tells ``then``; ``files`` are those of the run."""
        fold, counts = self._fold_of(files), self._counts

        def count(entry: Entry) -> None:
            if isinstance(entry.payload, _PROMPT):
                with counts.now():
                    fold.take(entry)
            else:
                counts.later(fold.take, entry)
            if then is not None:
                then(entry)

        return count

    def recall(self, files: KeptFiles, records: Iterable[Record]) -> None:
        """Counts what a journal holds already, with its bytes; raises what reading it raises."""
        fold = self._fold_of(files)
        for record in records:
            entry = events.entry_of(record)
            # A record is read only if it is spelled as it would be written.
            self.wrote(len(events.encode(record)) + 1)
            with self._counts.now():
                fold.take(entry)

    def wrote(self, size: int) -> None:
        """Counts bytes of the journal."""
        self._counts.later(self._wrote, size)

    def synced(self, ns: int) -> None:
        """Counts a wait of so many nanoseconds for the disk."""
        with self._counts.now() as tally:
            tally.observe(table.JOURNAL_SYNC, (self._mode,), ns)

    def _wrote(self, size: int) -> None:
        self._counts.tally.add(table.JOURNAL_BYTES, (self._mode,), size)

    def _fold_of(self, files: KeptFiles) -> RunFold:
        if self._fold is None:
            with self._counts.now() as tally:
                self._fold = RunFold(tally, self._mode, files, tokens_used)
        return self._fold
