"""Runs scenarios and compares what becomes of them with what they expect."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from workc.adapters.bundle_folder import write_bundle
from workc.adapters.place import new_place
from workc.api.simulated_run import SimulatedRun
from workc.api.verification import verify_bundle
from workc.kernel.failure import Failure, Misuse, Refusal
from workc.runtime.outcome import refused
from workc.sim.report import BundlePaths, FailureRecord, ScenarioResult
from workc.sim.scenario.judging import Became, became, children_of, judged, not_begun
from workc.sim.scenario.resolving import RESOLVE
from workc.sim.scenario.scenario import Scenario, ScenarioError
from workc.sim.swarm.invariants import broken
from workc.testkit.sim_runtime import Simulation

#: The code of what must hold of every run and does not.
INVARIANT = "INVARIANT"


@dataclass(frozen=True)
class Ran:
    """A scenario that was run: what is reported of it, what it became, and the bundles it left."""

    result: ScenarioResult
    became: Became
    run: SimulatedRun

    @property
    def passed(self) -> bool:
        """Returns whether all is as the scenario expects."""
        return not self.result.failures


class ScenarioRunner:
    """Runs scenarios in memory; with ``keep`` it leaves the bundle of each in that folder."""

    def __init__(self, keep: str | os.PathLike[str] | None = None) -> None:
        self._keep = None if keep is None else new_place("keep", keep)

    def run(self, scenario: Scenario) -> Ran:
        """Runs a scenario and says what became of it; whatever that is, nothing is raised."""
        return self.simulate(Simulation(scenario))

    def simulate(self, simulation: Simulation) -> Ran:
        """Runs what a scenario was made to, as :meth:`run` does."""
        scenario = simulation.scenario
        run, found = _found(simulation)
        failures = judged(scenario, found)
        code, message = run.outcome.code, run.outcome.message
        if failures and _is_a_surprise(scenario, run):
            # Why it failed, or did not begin, says more than what is missing.
            failures = (FailureRecord(code=code, message=message), *failures)
        kept = None
        if self._keep is not None and run.bundle is not None:
            kept = _keep(self._keep / kept_name(scenario.id), run)
        result = ScenarioResult(
            scenario_id=scenario.id,
            description=scenario.description,
            bundle=_paths(kept),
            expected_outcome_status=scenario.expect.expect_outcome_status,
            actual_outcome_status=found.status,
            verify_ok=found.verdict == "PASS",
            proof_digest=run.outcome.proof_digest,
            failures=(*failures, *_broken(run), *_of_children(scenario, run)),
            metrics=found.metrics,
        )
        return Ran(result, found, run)


def _is_a_surprise(scenario: Scenario, run: SimulatedRun) -> bool:
    """Returns whether a run failed with a code that its scenario does not speak of, or did not begin."""
    known = {"OK", *scenario.expect.expect_failure_codes}
    is_judged = not scenario.also.invariants_only
    return run.bundle is None or (is_judged and run.outcome.code not in known)


def ran_twice(scenario: Scenario, keep: Path | None = None) -> Ran:
    """Runs a scenario twice: what became of it, and that both runs left the same bytes."""
    simulation = Simulation(scenario)
    ran = ScenarioRunner(keep).simulate(simulation)
    if ran.run.bundle is None:
        return ran
    again = simulation.run()
    if again.bundle == ran.run.bundle:
        return ran
    failure = FailureRecord(
        code="NONDETERMINISTIC",
        message="run a second time, it left another bundle",
        expected=ran.result.proof_digest,
        actual=again.outcome.proof_digest,
    )
    result = msgspec.structs.replace(ran.result, failures=(*ran.result.failures, failure))
    return replace(ran, result=result)


def kept_name(scenario_id: str) -> str:
    """Returns the name of the folder in which the bundle of a scenario is kept."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", scenario_id)


def _keep(place: Path, run: SimulatedRun) -> Path:
    write_bundle(place / "bundle", run.bundle or {})
    for child, files in run.children.items():
        write_bundle(place / "children" / child, files)
    return place / "bundle"


def _found(simulation: Simulation) -> tuple[SimulatedRun, Became]:
    try:
        run = simulation.run()
    except (ScenarioError, Misuse) as error:
        failure = Failure(code="INVALID_INPUT", message=str(error))
        return SimulatedRun(refused(failure)), not_begun(failure.code)
    except Refusal as refusal:
        return SimulatedRun(refused(refusal.failure)), not_begun(refusal.failure.code)
    if run.bundle is None:
        return run, not_begun(run.outcome.code)
    return run, _judged_bundle(run.bundle)


def _judged_bundle(bundle: Mapping[str, bytes]) -> Became:
    verdict = verify_bundle(bundle)
    return became(bundle, verdict.verdict, verdict.codes())


def _broken(run: SimulatedRun) -> Iterator[FailureRecord]:
    """Yields what does not hold of every run, of this one and of those below it."""
    for bundle in filter(None, (run.bundle, *run.children.values())):
        for text in broken(bundle):
            yield FailureRecord(code=INVARIANT, message=text)


def _of_children(scenario: Scenario, run: SimulatedRun) -> Iterator[FailureRecord]:
    """Yields how children are not as their own scenarios expect; of one that came again, the last."""
    told = {f"child-{n}": child.scenario for n, child in enumerate(scenario.children)}
    if scenario.resolver is not None:
        told[RESOLVE] = scenario.resolver.scenario
    spawned = children_of(run.bundle or {}) if told else {}
    for step, below in told.items():
        run_id = spawned.get(step)
        if below is None or run_id is None:
            continue
        files = run.children.get(run_id)
        found = not_begun("CHILD_FAILED") if files is None else _judged_bundle(files)
        its = SimulatedRun(run.outcome, files, run.children)
        for failure in (*judged(below, found), *_of_children(below, its)):
            who = step.replace("-", " ")
            yield msgspec.structs.replace(failure, message=f"{who}: {failure.message}")


def _paths(kept: Path | None) -> BundlePaths:
    if kept is None:
        return BundlePaths()
    return BundlePaths(
        bundle_dir=str(kept),
        receipt=str(kept / "receipt.json"),
        events=str(kept / "events.jsonl"),
        manifest=str(kept / "manifest.json"),
    )
