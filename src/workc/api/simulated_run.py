"""One simulated run wholly in memory: its outcome, and the bundles of it and of its children."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workc.adapters.memory import MemoryRun
from workc.api import launch
from workc.api.boundary import outcome_of_work
from workc.api.kin import Family, Kin
from workc.api.launch import Finished
from workc.api.policies import refuse_grants, refuse_unlockable
from workc.api.running import Job
from workc.runtime.outcome import StructuredOutcome


@dataclass(frozen=True)
class SimulatedRun:
    """What a run in memory left. ``bundle`` is None where it did not begin; children by their ids."""

    outcome: StructuredOutcome
    bundle: Mapping[str, bytes] | None = None
    children: Mapping[str, Mapping[str, bytes]] = field(
        default_factory=dict[str, Mapping[str, bytes]]
    )


def run_in_memory(job: Job) -> SimulatedRun:
    """Runs a job to its end; what keeps it from beginning is in the outcome."""
    found: list[SimulatedRun] = []

    def work() -> StructuredOutcome:
        found.append(_ran(job))
        return found[0].outcome

    outcome = outcome_of_work(work)
    return found[0] if found else SimulatedRun(outcome)


def _ran(job: Job) -> SimulatedRun:
    settings = job.settings
    refuse_unlockable(job.program, settings.ruling)
    refuse_grants(settings.ruling, settings.access.grants)
    clock = settings.clock(0)
    run_id = launch.new_run_id(settings, clock)
    place, family = MemoryRun(), Family(None, Path())
    start = launch.begin(job.program, job.inputs, settings, place, clock, run_id)
    kin = Kin(family, start, place, settings, family.home)
    result, effects = launch.run_live(start, place, settings, clock, children=kin)
    receipt, files = launch.seal_memory(place)
    # Without a store there is nothing else than memory.
    children = {
        child: launch.seal_memory(each)[1]
        for child, each in family.descendants(run_id)
        if isinstance(each, MemoryRun)
    }
    return SimulatedRun(
        launch.outcome_of(Finished(result, receipt, effects), None), files, children
    )
