"""The children of a run as this process runs them: each a run of its own, by the same engine and driver.

The runs of a family stand in the folder of the first of them (``workc.api.store``), or in memory
where that one does. What a child is given beside its program and its inputs is what its parent
recorded, so that it is the same when a parent is resumed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from workc.adapters.driver import Interrupted, Paused
from workc.adapters.guard import SkillGuard
from workc.adapters.memory import MemoryRun
from workc.adapters.run_folder import RunFolder, RunWriter
from workc.api import launch
from workc.api.contract_account import ContractAccount
from workc.api.contracts import narrowed
from workc.api.effect_rules import ruling_of_child
from workc.api.finished import outcome_of_finished
from workc.api.finishing import finish
from workc.api.given import joined_policy
from workc.api.going_on import go_on, last_ms
from workc.api.launch import Born, Place, Start, Watch
from workc.api.metering import RunMeter
from workc.api.recorded_programs import changed_code
from workc.api.settings import RunDriver, Settings
from workc.api.store import Store
from workc.api.waiting import Waiting, waiting_of
from workc.kernel import events, jcs
from workc.kernel.events import Entry, Record
from workc.kernel.failure import Failure, Misuse, refuse
from workc.kernel.payloads import Parent, RunStarted
from workc.kernel.phases import Outcome
from workc.kernel.values import JsonObject
from workc.runtime.bodies import KeptFiles, load, load_json
from workc.runtime.child_step import children_in
from workc.runtime.children import ChildEnd, Order
from workc.runtime.divergence import Diverged
from workc.runtime.outcome import StructuredOutcome
from workc.runtime.program import ChildProgram

#: Is told each record of a child, with the id of its run; from any thread.
KinWatch = Callable[[str, Entry], None]
_OUTCOMES: dict[str, Outcome] = {"success": "success", "partial": "partial", "failure": "failed"}


@dataclass(eq=False)
class Family:
    """What all runs of a family share in one process: where they stand, and who is told of them.

    ``home`` is where the files of the first run stand. ``account`` counts what is used of a contract.
    """

    store: Path | None
    home: Path
    meter: RunMeter | None = None
    watch: KinWatch | None = None
    account: ContractAccount | None = None
    places: dict[str, MemoryRun] = field(default_factory=dict[str, MemoryRun])
    _notes: list[str] = field(default_factory=list[str])
    _meters: dict[str, RunMeter] = field(default_factory=dict[str, RunMeter])
    _paused: set[str] = field(default_factory=set[str])
    _over: set[str] = field(default_factory=set[str])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def place(self, run_id: str, settings: Settings) -> MemoryRun | RunWriter:
        """Returns where a child writes; raises ``RUN_LOCKED`` while another process does."""
        if self.store is None:
            with self._lock:
                return self.places.setdefault(run_id, MemoryRun())
        meter = self._meters.get(run_id)
        return RunWriter(Store(self.store).folder(run_id), settings.durability, meter)

    def metered(self, run_id: str) -> RunMeter | None:
        """Returns what counts a child that nobody has counted yet in this process, else None."""
        with self._lock:
            if self.meter is None or run_id in self._meters:
                return None
            self._meters[run_id] = self.meter.another()
            return self._meters[run_id]

    def counted(self, run_id: str, files: KeptFiles, then: Watch) -> Watch:
        """Returns a watch that counts a child and tells ``then``."""
        meter = self._meters.get(run_id)
        return then if meter is None else meter.watch(files, then)

    def finished(self, run_id: str) -> RunFolder | None:
        """Returns the folder of a child that has ended, or None."""
        folder = None if self.store is None else RunFolder(Store(self.store).folder(run_id))
        return folder if folder is not None and folder.bundle.exists() else None

    def told(self, run_id: str, entry: Entry) -> None:
        """Tells a record of a child, one at a time."""
        if self.watch is not None:
            with self._lock:
                self.watch(run_id, entry)

    def pauses(self, run_id: str, *, now: bool) -> None:
        """Notes that a child waits for people, or does no more."""
        with self._lock:
            (self._paused.add if now else self._paused.discard)(run_id)

    def ended(self, step: str, outcome: StructuredOutcome) -> None:
        """Notes that the child of a step has come to its end in this process."""
        with self._lock:
            self._over.add(str(outcome.run_id))
            self._notes += (f"{step}: {note}" for note in outcome.notes)

    def with_notes(self, outcome: StructuredOutcome) -> StructuredOutcome:
        """Returns the outcome of the first run with what is to be said of the others."""
        with self._lock:
            return msgspec.structs.replace(outcome, notes=(*outcome.notes, *self._notes))

    def waiting(self) -> list[tuple[str, Waiting]]:
        """Returns what children wait for, with the ids of their runs."""
        with self._lock:
            paused = sorted(self._paused)
        found: list[tuple[str, Waiting]] = []
        for run_id in paused:
            place = self._kept(run_id)
            found += [(run_id, one) for one in waiting_of(place.records(), place)]
        return found

    def seal_beside(self, out: Path | None, run_id: str) -> None:
        """Writes the bundles of all descendants of the first run to where ``out`` has its children."""
        if out is None:
            return
        for child, place in self.descendants(run_id):
            with suppress(FileExistsError):
                launch.seal_folder(place, out.absolute().parent / "children" / child, sync=False)

    def _kept(self, run_id: str) -> MemoryRun | RunFolder:
        if self.store is None:
            return self.places[run_id]
        return RunFolder(Store(self.store).folder(run_id))

    def descendants(self, run_id: str) -> Iterator[tuple[str, MemoryRun | RunFolder]]:
        """Yields all runs of the family below a run that have ended, by their ids."""
        if self.store is None:
            yield from ((run_id, self.places[run_id]) for run_id in sorted(self._over))
            return
        for folder in Store(self.store).family(run_id):
            if folder.bundle.exists():
                yield folder.path.name, folder


class Kin:
    """Runs the children of one run (``workc.runtime.children.ChildRuns``)."""

    def __init__(
        self, family: Family, parent: Start, files: KeptFiles, settings: Settings, home: Path
    ) -> None:
        self._family = family
        self._parent = parent
        self._files = files
        self._settings = settings
        self._home = home
        self._lock = threading.Lock()
        self._drivers: dict[str, RunDriver] = {}
        self._told = threading.Event()
        self._stopped = self._interrupted = False

    def run(self, order: Order, paused: Callable[[], None]) -> ChildEnd | None:
        """Returns how a child ended, or None; see the port."""
        child, run_id = children_in(self._parent.program.skills)[order.program], _id(order)
        try:
            while True:
                try:
                    return self._ended(order, child)
                except Paused:
                    self._family.pauses(run_id, now=True)
                    paused()
                    self._told.wait()
                    if self._interrupted:
                        raise Interrupted from None
                    self._family.pauses(run_id, now=False)
        finally:
            with self._lock:
                self._drivers.pop(run_id, None)

    def stop(self, code: str) -> None:
        """Lets every child end as a run does that a step aborts."""
        del code
        with self._lock:
            self._stopped = True
            for driver in self._drivers.values():
                driver.stop()
        self._told.set()

    def interrupt(self) -> None:
        """Ends every child as a crash would."""
        with self._lock:
            self._interrupted = True
            for driver in self._drivers.values():
                driver.interrupt()
        self._told.set()

    def _ended(self, order: Order, child: ChildProgram) -> ChildEnd | None:
        run_id = _id(order)
        folder = self._family.finished(run_id)
        meter = self._family.metered(run_id)
        if folder is not None:
            if meter is not None:
                meter.recall(folder, folder.records())
            return _end_of(outcome_of_finished(folder, None, self._settings))
        place = self._family.place(run_id, self._settings)
        try:
            records = list(place.records())
            if self._stopped and not records:
                return None
            if meter is not None:
                meter.recall(place, records)
            outcome = self._outcome(order, child, place, records)
        finally:
            place.close()
        self._family.ended(order.spawned.step, outcome)
        return _end_of(outcome)

    def _outcome(
        self, order: Order, child: ChildProgram, place: MemoryRun | RunWriter, records: list[Record]
    ) -> StructuredOutcome:
        run_id, settings = _id(order), self._settings_of(order, child)
        clock = settings.clock(last_ms(records) if records else 0)
        watch = self._watch(run_id, place)
        home = self._home / child.folder
        if records:
            start = _start_of(child, place, records)
            kin = Kin(self._family, start, place, settings, home)
            return go_on(
                place,
                records,
                start,
                settings,
                clock,
                kin,
                watch=watch,
                on_driver=self._driver_of(run_id),
            )
        if isinstance(place, RunWriter):
            place.note({"folder": str(home), "mode": settings.mode})
        parent, spawned = self._parent.payload, order.spawned
        born = Born(
            Parent(run_id=parent.run_id, spawn_index=spawned.spawn_index, step=spawned.step),
            spawned.nonce,
        )
        stand_in = launch.stand_in_of(parent, self._files, clock, self._family.account)
        start = launch.begin(
            child.program, order.inputs, settings, place, clock, run_id, stand_in, born
        )
        kin = Kin(self._family, start, place, settings, home)
        guard = SkillGuard(settings.guard)
        result, effects = launch.run_live(
            start,
            place,
            settings,
            clock,
            children=kin,
            stand_in=stand_in,
            watch=watch,
            on_driver=self._driver_of(run_id),
            guard=guard.watch,
        )
        outcome = finish(place, settings, None, result, effects)
        return msgspec.structs.replace(outcome, notes=(*guard.notes, *outcome.notes))

    def _settings_of(self, order: Order, child: ChildProgram) -> Settings:
        parent, files = self._parent.payload, self._files
        program, ruling = self._parent.program, launch.ruling_of(parent, files)
        network = launch.recorded_policy(parent, files)
        policy = joined_policy(network, child.policy)
        now = self._settings.ruling
        if ruling is not None or (now is not None and now.network is not None):
            policy = narrowed(policy, network)
        return replace(
            self._settings,
            policy=policy,
            ruling=ruling_of_child(program, order.spawned.step, ruling),
            guard=launch.recorded_guard(parent, files, self._settings.guard),
            prices=load(files, parent.prices),
            ceiling_micro_cents=order.spawned.ceiling_micro_cents,
            limits=order.limits,
            seed=order.seed,
            # What is shared is charged for the whole child, by the reservation of its step.
            budget=None,
            recorder=None,
            inject=(),
            lens_script=(),
        )

    def _driver_of(self, run_id: str) -> Callable[[RunDriver], None]:
        def take(driver: RunDriver) -> None:
            with self._lock:
                self._drivers[run_id] = driver
                if self._interrupted:
                    driver.interrupt()
                elif self._stopped:
                    driver.stop()

        return take

    def _watch(self, run_id: str, files: KeptFiles) -> Watch:
        def told(entry: Entry) -> None:
            self._family.told(run_id, entry)

        return self._family.counted(run_id, files, told)


def _id(order: Order) -> str:
    return order.spawned.child_run_id


def _start_of(child: ChildProgram, place: Place, records: list[Record]) -> Start:
    entry = events.entry_of(records[0])
    payload = entry.payload
    if not isinstance(payload, RunStarted):
        raise refuse("JOURNAL_CORRUPT", "the journal of a child does not begin with its start")
    for divergence in changed_code(payload, child.program, with_children=True):
        raise Diverged(divergence)
    inputs = load_json(place, payload.inputs)
    return Start(entry, child.program, inputs if isinstance(inputs, dict) else {})


def _end_of(outcome: StructuredOutcome) -> ChildEnd:
    if outcome.proof_digest is None or outcome.status not in _OUTCOMES:
        raise Misuse("a child ended without a bundle")
    return ChildEnd(
        outcome=_OUTCOMES[outcome.status],
        proof_digest=outcome.proof_digest,
        spent_micro_cents=outcome.cost_micro_cents,
        output=None if outcome.result is None else jcs.encode(outcome.output),
        failure=None if outcome.error is None else _failure_of(outcome.error),
    )


def _failure_of(error: JsonObject) -> Failure:
    details = error["details"]
    return Failure(
        code=str(error["code"]),
        message=str(error["message"]),
        details=details if isinstance(details, dict) else {},
    )
