"""A simulated runtime: everybody whom the engine asks is a script, and time and chance are derived.

It has no code path of its own. What it is told is put together as workflow files and answers of the
world, which the production engine runs (``workc.sim.scenario.compiled``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import msgspec

from workc.api.access import Access
from workc.api.child_files import ChildFiles, recorded_files
from workc.api.programs import FileProgram, file_program
from workc.api.running import Job
from workc.api.settings import Settings
from workc.api.simulated_run import SimulatedRun, run_in_memory
from workc.api.simulation import World, in_world, simulated
from workc.kernel.digest import sha256_hex
from workc.kernel.risk import ApprovalRules
from workc.kernel.rng import SeededRng
from workc.runtime.policy.loader import policy_of
from workc.runtime.policy.model import PolicyFile
from workc.sim.scenario.compiled import MAIN, Compiled, compiled
from workc.sim.scenario.scenario import Scenario
from workc.sim.scenario.scripts import (
    CoordScript,
    GateScript,
    IntentScript,
    LensScript,
    PlanScript,
    VerifyScript,
)
from workc.skills.registry import builtin_skills
from workc.stages.network import NetworkPolicy
from workc.testkit.clock import FakeClock

#: When virtual time begins, and how far each look at the clock moves it.
START, STEP_MS = datetime(2026, 1, 1, tzinfo=UTC), 1
#: What runs are under that name no policy: humans are asked as the arithmetic of the format says.
POLICY = PolicyFile(name="scenario", approval=ApprovalRules())


@dataclass
class SimMemory:
    """Bytes that a simulated world holds, by path: what steps read, write and publish, and evidence.

    A step whose contents have the digest of one of these writes that one.
    """

    evidence_files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    artifacts: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def known(self) -> dict[str, bytes]:
        """Returns contents by path, and by their digests."""
        files = {**self.evidence_files, **self.artifacts}
        return {**files, **{sha256_hex(data): data for data in files.values()}}


class SimRuntime(msgspec.Struct, frozen=True, kw_only=True):
    """What one simulated run is told, by each whom it asks.

    The same values give the same run, byte for byte. ``clock`` says when it begins and how far each
    look moves the time; ``rng`` gives the seed of the run.
    """

    lens: LensScript = LensScript()
    plan: PlanScript = PlanScript()
    gates: GateScript = GateScript()
    verify: VerifyScript = VerifyScript()
    coord: CoordScript = CoordScript()
    clock: FakeClock = msgspec.field(default_factory=lambda: FakeClock(START, STEP_MS))
    rng: SeededRng = msgspec.field(default_factory=lambda: SeededRng(1))
    mem: SimMemory = msgspec.field(default_factory=SimMemory)

    def run(self, intent: IntentScript) -> SimulatedRun:
        """Runs what it is told for an intent; artifacts of the run are put into ``mem``."""
        scenario = Scenario(
            id="sim-runtime",
            seed=self.rng.next_u64(),
            intent=intent,
            lens=self.lens,
            plan=self.plan,
            gates=self.gates,
            verify=self.verify,
            coord=self.coord,
        )
        found = Simulation(scenario, self.mem.known(), self.clock).run()
        for path, data in (found.bundle or {}).items():
            kept = self.mem.artifacts if path.startswith("artifacts/") else self.mem.evidence_files
            if path.startswith(("artifacts/", "evidence/")):
                kept[path] = data
        return found


@dataclass(frozen=True)
class Simulation:
    """A scenario that can be run any number of times, each time in a world of its own.

    It is compiled and checked when it is run the first time. ``known`` are contents by path or digest.
    """

    scenario: Scenario
    known: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    clock: FakeClock = field(default_factory=lambda: FakeClock(START, STEP_MS))

    def run(self) -> SimulatedRun:
        """Runs the scenario; what keeps the run from beginning is in the outcome.

        Raises:
            ScenarioError, Refusal: as :meth:`job`.
        """
        return run_in_memory(self.job(), self.scenario.faults.crash_at)

    def job(self) -> Job:
        """Returns the run in a world of its own, ready to start.

        Raises:
            ScenarioError: it asks for what cannot be told apart, or for more than its budgets allow.
            Refusal: its ``policy`` is none.
        """
        first = self._prepared
        return Job(first.program, first.inputs, self._in_world(first.settings), notes=first.notes)

    def _in_world(self, settings: Settings) -> Settings:
        made, seed = self._made, self.scenario.seed or SeededRng(0).next_u64()
        jumps = {each.at_look: each.ms for each in self.scenario.faults.clock_jumps}
        world = World(made.script, made.approvals, made.delays, made.coordination, jumps)
        return in_world(settings, world, seed, self.clock.time_ms, self.clock.step_ms)

    @cached_property
    def _prepared(self) -> Job:
        made = self._made
        runtime = simulated(made.script, settings=self._settings, lens_quality=made.quality)
        return runtime.prepare(self._program, {})

    @cached_property
    def _made(self) -> Compiled:
        return compiled(self.scenario, self.known)

    @cached_property
    def _settings(self) -> Settings:
        ruling = POLICY
        if self.scenario.policy:
            ruling = policy_of({"approval": {}, **self.scenario.policy}, "scenario")
        return Settings(
            access=Access(grants=self._made.grants),
            ruling=ruling,
            policy=ruling.network or NetworkPolicy(),
            environment={},
        )

    @cached_property
    def _program(self) -> FileProgram:
        text, prices = self._made.files[MAIN], self._settings.price_table
        files = ChildFiles(recorded_files(self._made.files), (MAIN,))
        return file_program(text, MAIN, Path(), builtin_skills(), prices, files=files)
