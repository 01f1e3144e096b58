"""The end of a run: its bundle is sealed where it belongs, and what it gave is told."""

from __future__ import annotations

from pathlib import Path

import msgspec

from workc.adapters.run_folder import RunWriter
from workc.api import launch
from workc.api.launch import Finished, Place
from workc.api.rehearsal import never_reached
from workc.api.settings import Settings
from workc.kernel.failure import Failure
from workc.runtime.ending import RunResult
from workc.runtime.outcome import SideEffect, StructuredOutcome, error_of


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
    return outcome if lost is None else without_bundle(outcome, lost)


def _not_written(target: Path, kept: Path | None, error: OSError) -> Failure:
    is_taken = isinstance(error, FileExistsError)
    why = "something was put there meanwhile" if is_taken else error.strerror or "it failed"
    left = "none is left of this run" if kept is None else f"the bundle of this run is {kept}"
    message = f"no bundle was written to {target}: {why}; {left}"
    return Failure(code="STORE_UNAVAILABLE", message=message, details={"out": str(target)})


def without_bundle(outcome: StructuredOutcome, lost: Failure) -> StructuredOutcome:
    """Returns the outcome of a run whose bundle is not where it was asked for: not a success."""
    if not outcome.ok:
        # What the run failed of says more than where its bundle is.
        return msgspec.structs.replace(outcome, message=f"{outcome.message} ({lost.message})")
    return msgspec.structs.replace(
        outcome, status="failure", code=lost.code, message=lost.message, error=error_of(lost)
    )
