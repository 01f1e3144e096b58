"""One job from its start to its outcome: where it writes, who watches, what becomes of its bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from workc.adapters.driver import Paused
from workc.adapters.guard import SkillGuard
from workc.adapters.memory import MemoryRun
from workc.adapters.run_folder import RunWriter
from workc.api import launch
from workc.api.approvals import paused
from workc.api.contract_account import ContractAccount
from workc.api.finishing import finish, without_bundle
from workc.api.kin import Family, Kin, KinWatch
from workc.api.launch import Place, Watch
from workc.api.metering import RunMeter
from workc.api.settings import Clock, RunDriver, Settings
from workc.api.standing_in import RunRecorder, StandIn
from workc.api.store import Store
from workc.kernel.failure import Failure
from workc.kernel.values import JsonObject
from workc.runtime.journal import JournalMeter
from workc.runtime.outcome import StructuredOutcome
from workc.runtime.program import Program


class Job:
    """A run that is ready to start: everything about it was found valid."""

    def __init__(
        self,
        program: Program,
        inputs: JsonObject,
        settings: Settings,
        *,
        notes: JsonObject | None = None,
    ) -> None:
        self.program = program
        self.inputs = inputs
        self.settings = settings
        self.notes = notes or {}


@dataclass(frozen=True, eq=False)
class Going:
    """A job on its way: where its bundle goes, who stands in for the world, who watches."""

    job: Job
    target: Path | None
    stand_in: StandIn | None
    clock: Clock
    meter: RunMeter
    watch: Watch | None
    on_driver: Callable[[RunDriver], None] | None
    kin: KinWatch | None = None
    account: ContractAccount | None = None
    run_id: str | None = None
    place: Place | None = None


def run_job(going: Going, settings: Settings) -> StructuredOutcome:
    """Runs a job to its end, or until it waits for a human, and returns its outcome."""
    job, clock, stand_in = going.job, going.clock, going.stand_in
    run_id = going.run_id or launch.new_run_id(settings, clock)
    place = going.place or place_of(settings, run_id, going.meter)
    family = Family(
        settings.store,
        Path(str(job.notes.get("folder") or ".")),
        going.meter,
        going.kin,
        going.account,
    )
    try:
        if isinstance(place, RunWriter):
            place.note({**job.notes, **settings.access.notes(), "mode": settings.mode})
        start = launch.begin(job.program, job.inputs, settings, place, clock, run_id, stand_in)
        kin = Kin(family, start, place, settings, family.home)
        guard = SkillGuard(settings.guard)
        result, effects = launch.run_live(
            start,
            place,
            settings,
            clock,
            children=kin,
            stand_in=stand_in,
            watch=going.meter.watch(place, going.watch),
            on_driver=going.on_driver,
            guard=guard.watch,
        )
        outcome = finish(place, settings, going.target, result, effects)
        family.seal_beside(going.target, run_id)
        outcome = msgspec.structs.replace(outcome, notes=(*guard.notes, *outcome.notes))
        outcome = family.with_notes(outcome)
        return outcome if settings.recorder is None else _kept(outcome, settings.recorder, place)
    except Paused:
        return paused(place, run_id, family.waiting(), kept=isinstance(place, RunWriter))
    finally:
        place.close()


def _kept(outcome: StructuredOutcome, recorder: RunRecorder, place: Place) -> StructuredOutcome:
    try:
        recorder.keep(lambda: launch.seal_memory(place)[1])
    except OSError as error:
        message = f"the recording was not written: {error.strerror or error}"
        return without_bundle(outcome, Failure(code="STORE_UNAVAILABLE", message=message))
    return outcome


def place_of(settings: Settings, run_id: str, meter: JournalMeter) -> Place:
    """Returns where a new run writes; in a store it is that run's alone from now on.

    Raises:
        Refusal: ``RUN_LOCKED``.
        OSError: the store cannot be written.
    """
    if settings.store is None:
        return MemoryRun()
    return RunWriter(Store(settings.store).folder(run_id), settings.durability, meter)
