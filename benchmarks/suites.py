"""The suites of scenarios: how long it takes from the start of a run to its lock, and to verify it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from benchmarks.figures import percentile
from benchmarks.measure import Bench
from benchmarks.table import row
from workc.api.verification import verify_bundle
from workc.sim.report import MacroSuiteResult
from workc.sim.scenario.scenario import Scenario
from workc.testkit.scenario_runner import ScenarioRunner
from workc.testkit.sim_runtime import Simulation
from workc.testkit.suites import find_suites

T = TypeVar("T")
SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


class Took(NamedTuple):
    """What one scenario took, in seconds, and what it left."""

    passed: bool
    lock: float
    verify: float
    bundle: Mapping[str, bytes]
    prompts: int


def measure(bench: Bench) -> None:
    """Prints a line for each suite that has scenarios."""
    for suite in find_suites(SCENARIOS).values():
        scenarios = [case.scenario for case in suite.cases() if case.scenario is not None]
        if scenarios:
            measure_suite(bench, suite.name, scenarios)


def measure_suite(bench: Bench, name: str, scenarios: Sequence[Scenario]) -> None:
    """Prints the line of a suite, and keeps what it took."""
    took = [_took(scenario) for _ in range(bench.rounds) for scenario in scenarios]
    found = macro_of(name, len(scenarios), took)
    bench.macro.append(found)
    bench.keep(f"{name}: to the lock", "ms", [each.lock * 1e3 for each in took])
    bench.keep(f"{name}: verify", "ms", [each.verify * 1e3 for each in took])
    lock, verify = (
        percentile([of(each) * 1e3 for each in took], 50)
        for of in (lambda each: each.lock, lambda each: each.verify)
    )
    row(
        f"suite {name}, {len(scenarios)} scenarios",
        f"{lock:.1f} ms to the lock, verify {verify:.1f} ms",
        f"{found.events_per_sec_p50:,.0f} events/s, {found.pass_rate_permille / 10:g} % pass",
        "100 % pass",
    )


def macro_of(name: str, scenarios: int, took: Sequence[Took]) -> MacroSuiteResult:
    """Returns what a suite took; sums are of one round of it."""
    lock, verify = [each.lock * 1e3 for each in took], [each.verify * 1e3 for each in took]
    once = took[:scenarios]
    return MacroSuiteResult(
        suite=name,
        scenarios=scenarios,
        pass_rate_permille=1000 * sum(each.passed for each in took) // len(took),
        lock_latency_ms_p50=round(percentile(lock, 50)),
        lock_latency_ms_p95=round(percentile(lock, 95)),
        verify_latency_ms_p50=round(percentile(verify, 50)),
        verify_latency_ms_p95=round(percentile(verify, 95)),
        events_per_sec_p50=percentile([_events(each) / each.lock for each in took], 50),
        evidence_bytes_total=sum(len(data) for each in once for data in _below(each, "evidence/")),
        artifacts_count_total=sum(len(_below(each, "artifacts/")) for each in once),
        hitl_prompts_total=sum(each.prompts for each in once),
    )


def _took(scenario: Scenario) -> Took:
    ran = ScenarioRunner().run(scenario)
    run, lock = _timed(Simulation(scenario).run)
    bundle = run.bundle or {}
    _, verify = _timed(lambda: verify_bundle(bundle))
    return Took(ran.passed, lock, verify, bundle, ran.result.metrics.hitl_prompts)


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    found = work()
    return found, time.perf_counter() - start


def _events(took: Took) -> int:
    return took.bundle.get("events.jsonl", b"").count(b"\n")


def _below(took: Took, folder: str) -> list[bytes]:
    return [data for path, data in took.bundle.items() if path.startswith(folder)]
