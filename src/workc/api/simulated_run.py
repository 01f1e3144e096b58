"""One simulated run wholly in memory: its outcome, and the bundles of it and of its children.

It can be made to crash: after so many records of its journal the process is as good as gone, and
another goes on from what was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workc.adapters.driver import Interrupted
from workc.adapters.memory import MemoryRun
from workc.api import launch
from workc.api.boundary import outcome_of_work
from workc.api.going_on import go_on, last_ms
from workc.api.kin import Family, Kin
from workc.api.launch import Finished, Start
from workc.api.policies import refuse_grants, refuse_unlockable
from workc.api.running import Job
from workc.kernel.failure import Refusal, refuse
from workc.runtime.coordinating import LOCKED
from workc.runtime.outcome import StructuredOutcome
from workc.sim.ports import ScriptedWorld

#: So often a run that has crashed is gone on with, and so long after a lock was met.
_MAX_GOES, _LATER_MS = 1_000, 60_000


@dataclass(frozen=True)
class SimulatedRun:
    """What a run in memory left. ``bundle`` is None where it did not begin; children by their ids."""

    outcome: StructuredOutcome
    bundle: Mapping[str, bytes] | None = None
    children: Mapping[str, Mapping[str, bytes]] = field(
        default_factory=dict[str, Mapping[str, bytes]]
    )


def run_in_memory(job: Job, crashes: Sequence[int] = ()) -> SimulatedRun:
    """Runs a job to its end; what keeps it from beginning is in the outcome.

    At each of ``crashes``, a number of records of its journal, it crashes and is gone on with.
    """
    found: list[SimulatedRun] = []

    def work() -> StructuredOutcome:
        found.append(_ran(job, sorted(crashes)))
        return found[0].outcome

    outcome = outcome_of_work(work)
    return found[0] if found else SimulatedRun(outcome)


class _Crashing(MemoryRun):
    """Keeps so many records, and crashes instead of the next; then so many more, and so on."""

    def __init__(self, crashes: Sequence[int]) -> None:
        super().__init__()
        self._crashes = [*crashes]
        self._written = 0

    def append(self, line: bytes) -> None:
        """Takes one line of the journal, or crashes."""
        if self._crashes and self._written >= self._crashes[0]:
            self._crashes.pop(0)
            raise Interrupted
        super().append(line)
        self._written += 1


def _ran(job: Job, crashes: Sequence[int]) -> SimulatedRun:
    settings = job.settings
    refuse_unlockable(job.program, settings.ruling)
    refuse_grants(settings.ruling, settings.access.grants)
    clock = settings.clock(0)
    run_id = launch.new_run_id(settings, clock)
    place, family = _Crashing(crashes), Family(None, Path())
    start = launch.begin(job.program, job.inputs, settings, place, clock, run_id)
    outcome, files = _driven(job, start, place, family)
    # Without a store there is nothing else than memory.
    children = {
        child: launch.seal_memory(each)[1]
        for child, each in family.descendants(run_id)
        if isinstance(each, MemoryRun)
    }
    return SimulatedRun(outcome, files, children)


def _driven(
    job: Job, start: Start, place: _Crashing, family: Family
) -> tuple[StructuredOutcome, Mapping[str, bytes]]:
    """Drives a run to its end, after each crash from what was written, and returns its bundle too."""
    settings = job.settings
    for _ in range(_MAX_GOES):
        records = list(place.records())
        clock = settings.clock(last_ms(records) if records else 0)
        kin = Kin(family, start, place, settings, family.home)
        try:
            if records:
                outcome = go_on(place, records, start, settings, clock, kin)
                return outcome, launch.seal_memory(place)[1]
            result, effects = launch.run_live(start, place, settings, clock, children=kin)
            receipt, files = launch.seal_memory(place)
            return launch.outcome_of(Finished(result, receipt, effects), None), files
        except Interrupted:
            if isinstance(settings.ports, ScriptedWorld):
                settings.ports.crashed()
        except Refusal as refusal:
            if not records or refusal.failure.code != LOCKED:
                raise
            # Another has what this run held. Somebody tries again when a lock may be free.
            settings.clock(clock.now_ms() + _LATER_MS)
    raise refuse(LOCKED, f"others held what the run needs each of {_MAX_GOES} times")
