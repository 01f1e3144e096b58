"""Simulated scenarios: one of five steps, its parts apart, and how a swarm of them scales with processes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Bench
from benchmarks.table import row
from benchmarks.workloads import chained_lines
from workc.adapters.memory import MemoryRun
from workc.api import launch
from workc.api.kin import Family, Kin
from workc.api.running import Job
from workc.api.verification import verify_bundle
from workc.sim.scenario.scenario import Scenario
from workc.testkit.scenario_runner import ScenarioRunner
from workc.testkit.sim_runtime import Simulation
from workc.testkit.swarm import Swarm, run_swarm

RUNS = 100
SEEDS = 400
FIVE_STEPS = {
    "id": "five-steps",
    "description": "Writes five files.",
    "seed": 1,
    "intent": {"description": "Write the report.", "source": "user"},
    "lens": {"items": []},
    "plan": {
        "steps": [
            {
                "name": f"step{n}",
                "resources": [],
                "effects": [{"op": "WriteFS", "selector": f"fs:out/{n}"}],
                "action": {"WriteFile": {"path": f"out/{n}", "contents_sha256": "00"}},
            }
            for n in range(5)
        ]
    },
    "gates": {"pre": [], "post": []},
    "verify": {"results": []},
    "coord": {"conflicts": []},
    "expect": {"expect_outcome_status": "success", "expect_bundle_verdict": "PASS"},
}


def measure(bench: Bench) -> None:
    """Prints two lines."""
    _one(bench)
    _swarm(bench)


def _one(bench: Bench) -> None:
    scenario = Scenario.from_json(FIVE_STEPS)  # type: ignore[arg-type]  # JSON as it is written above
    ran = ScenarioRunner().run(scenario)
    if not ran.passed:
        raise SystemExit(f"the scenario of the benchmark fails: {ran.result.failures}")
    simulation = Simulation(scenario)
    place, bundle = _driven(simulation.job()), dict(ran.run.bundle or {})
    found = bench.interleaved(
        "scenario of five steps",
        {
            "floor": lambda: chained_lines(RUNS * ran.result.metrics.steps),
            "whole": _times(lambda: ScenarioRunner().run(scenario)),
            "engine": _times(lambda: _driven(simulation.job())),
            "seal": _times(lambda: launch.seal_memory(place)),
            "verify": _times(lambda: verify_bundle(bundle)),
        },
    )
    whole, engine, seal, verify = (
        found[name].cpu / RUNS * 1e3 for name in ("whole", "engine", "seal", "verify")
    )
    row(
        "a simulated scenario of five steps",
        f"{1e3 / whole:.0f}/s whole, {1e3 / (engine + seal + verify):.0f}/s prepared",
        f"engine {engine:.2f} ms, seal {seal:.2f} ms, verify {verify:.2f} ms CPU",
        ">= 500/s",
    )


def _times(work: Callable[[], object]) -> Callable[[], None]:
    def repeated() -> None:
        for _ in range(RUNS):
            work()

    return repeated


def _driven(job: Job) -> MemoryRun:
    """Returns what a run leaves that has ended and was not sealed."""
    settings, place, family = job.settings, MemoryRun(), Family(None, Path())
    clock = settings.clock(0)
    run_id = launch.new_run_id(settings, clock)
    start = launch.begin(job.program, job.inputs, settings, place, clock, run_id)
    kin = Kin(family, start, place, settings, family.home)
    launch.run_live(start, place, settings, clock, children=kin)
    return place


def _swarm(bench: Bench) -> None:
    cores = os.cpu_count() or 1

    def swarm(jobs: int) -> Callable[[], None]:
        def work() -> None:
            batch = run_swarm(Swarm(first=1, seeds=SEEDS, jobs=jobs))
            if batch.found:
                raise SystemExit(f"the swarm of the benchmark found something: {batch.found[0]}")

        return work

    found = bench.interleaved("swarm", {"one": swarm(1), "all": swarm(cores)})
    one, every = (SEEDS / found[name].wall for name in ("one", "all"))
    row(
        "seeds of a swarm, each run twice",
        f"{SEEDS / found['one'].cpu:.0f}/s of CPU, {one:.0f}/s by one process",
        f"{every:.0f}/s by {cores} processes, {every / one:.2f} x, their start included",
        "scales",
    )
