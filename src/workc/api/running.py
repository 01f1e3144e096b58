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
from workc.api.launch import Finished, Place, Watch
from workc.api.metering import RunMeter
from workc.api.rehearsal import never_reached
from workc.api.settings import Clock, RunDriver, Settings
from workc.api.standing_in import RunRecorder, StandIn
from workc.api.store import Store
from workc.kernel.failure import Failure
from workc.kernel.values import JsonObject
from workc.runtime.flow import RunResult
from workc.runtime.journal import JournalMeter
from workc.runtime.outcome import SideEffect, StructuredOutcome, error_of
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


def run_job(going: Going, settings: Settings) -> StructuredOutcome:
    """Runs a job to its end, or until it waits for a human, and returns its outcome."""
    job, clock, stand_in = going.job, going.clock, going.stand_in
    run_id = launch.new_run_id(settings, clock)
    place = _place(settings, run_id, going.meter)
    try:
        if isinstance(place, RunWriter):
            place.note({**job.notes, **settings.access.notes(), "mode": settings.mode})
        start = launch.begin(job.program, job.inputs, settings, place, clock, run_id, stand_in)
        guard = SkillGuard(settings.guard)
        result, effects = launch.run_live(
            start,
            place,
            settings,
            clock,
            stand_in=stand_in,
            watch=going.meter.watch(place, going.watch),
            on_driver=going.on_driver,
            guard=guard.watch,
        )
        outcome = finish(place, settings, going.target, result, effects)
        outcome = msgspec.structs.replace(outcome, notes=(*guard.notes, *outcome.notes))
        return outcome if settings.recorder is None else _kept(outcome, settings.recorder, place)
    except Paused:
        return paused(place, run_id, kept=isinstance(place, RunWriter))
    finally:
        place.close()


def _kept(outcome: StructuredOutcome, recorder: RunRecorder, place: Place) -> StructuredOutcome:
    try:
        recorder.keep(lambda: launch.seal_memory(place)[1])
    except OSError as error:
        message = f"the recording was not written: {error.strerror or error}"
        return _without_bundle(outcome, Failure(code="STORE_UNAVAILABLE", message=message))
    return outcome


def finish(
    place: Place,
    settings: Settings,
    target: Path | None,
    result: RunResult,
    effects: tuple[SideEffect, ...],
) -> StructuredOutcome:
    """Seals a run into its folder and to ``target``, and returns its outcome.

    Where ``target`` cannot be written, what the run gave is told all the same, with the failure.
    """
    sync = settings.durability == "fsync"
    kept = place.bundle if isinstance(place, RunWriter) else None
    receipt = None if kept is None else launch.seal_folder(place, kept, sync=sync)
    where, lost = kept, None
    if target is not None:
        try:
            receipt, where = launch.seal_folder(place, target, sync=sync), target
        except OSError as error:
            lost = _not_written(target, kept, error)
    receipt = receipt or launch.seal_memory(place)[0]
    if settings.budget is not None:
        settings.budget.forget(receipt.run_id)
    bundle = None if where is None else str(where)
    outcome = launch.outcome_of(Finished(result, receipt, effects), bundle)
    outcome = msgspec.structs.replace(outcome, notes=tuple(never_reached(place.records(), place)))
    return outcome if lost is None else _without_bundle(outcome, lost)


def _not_written(target: Path, kept: Path | None, error: OSError) -> Failure:
    is_taken = isinstance(error, FileExistsError)
    why = "something was put there meanwhile" if is_taken else error.strerror or "it failed"
    left = "none is left of this run" if kept is None else f"the bundle of this run is {kept}"
    message = f"no bundle was written to {target}: {why}; {left}"
    return Failure(code="STORE_UNAVAILABLE", message=message, details={"out": str(target)})


def _without_bundle(outcome: StructuredOutcome, lost: Failure) -> StructuredOutcome:
    """Returns the outcome of a run whose bundle is not where it was asked for: not a success."""
    if not outcome.ok:
        # What the run failed of says more than where its bundle is.
        return msgspec.structs.replace(outcome, message=f"{outcome.message} ({lost.message})")
    return msgspec.structs.replace(
        outcome, status="failure", code=lost.code, message=lost.message, error=error_of(lost)
    )


def _place(settings: Settings, run_id: str, meter: JournalMeter) -> Place:
    if settings.store is None:
        return MemoryRun()
    return RunWriter(Store(settings.store).folder(run_id), settings.durability, meter)
