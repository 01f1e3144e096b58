"""Swarms: many seeds, of each a random scenario with faults, and what must hold of every run.

A seed gives a scenario; the scenario is run twice, and both must be the same. What fails is made smaller,
and can be run again by its choices, whatever the generator does tomorrow.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, islice
from typing import TypeAlias, TypeVar

import msgspec

from workc.kernel.phases import TABLE
from workc.sim.report import FailureRecord
from workc.sim.scenario.judging import Became
from workc.sim.scenario.scenario import Scenario
from workc.sim.swarm.choices import Choices, spelled
from workc.sim.swarm.generator import FAULTS, Fault, random_scenario, with_faults
from workc.sim.swarm.shrinking import shrunk
from workc.testkit.processes import processes
from workc.testkit.scenario_runner import ScenarioRunner, ran_twice

T = TypeVar("T")
#: So many seeds go to a process at once.
_BATCH = 50
#: So many failures are kept and made smaller; of more it is the same.
MAX_KEPT = 2
#: The moves from one phase to another that a run can make: by the table of phases, and to its lock when
#: it fails. Back to Orient from Decide goes only a run that asks what holds, which no random one does.
MOVES = frozenset(
    f"{before}>{after}" for before, nexts in TABLE.items() for after in nexts if before != after
) - {"Decide>Orient"} | {"Orient>Lock", "Act>Lock"}


class Swarm(msgspec.Struct, frozen=True, kw_only=True):
    """What is run: seeds from ``first`` on, of random scenarios or of one, with faults."""

    first: int = 1
    seeds: int | None = None
    seconds: float | None = None
    jobs: int = 1
    scenarios: tuple[Scenario, ...] = ()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A seed whose run broke something: its choices, its scenario, and what was wrong."""

    seed: int
    trace: str
    scenario: Scenario
    failures: tuple[FailureRecord, ...]
    small: Scenario | None = None


class Batch(msgspec.Struct, kw_only=True):
    """What a number of seeds came to, counted."""

    seeds: int = 0
    found: list[Found] = msgspec.field(default_factory=list[Found])
    pairs: Counter[tuple[str, Fault]] = msgspec.field(default_factory=Counter[tuple[str, Fault]])
    codes: Counter[str] = msgspec.field(default_factory=Counter[str])
    outcomes: Counter[str] = msgspec.field(default_factory=Counter[str])

    def add(self, other: Batch) -> None:
        """Takes what other seeds came to."""
        self.seeds += other.seeds
        self.found += other.found
        self.pairs += other.pairs
        self.codes += other.codes
        self.outcomes += other.outcomes

    @property
    def unreached(self) -> list[tuple[str, Fault]]:
        """Returns the moves between phases that no run with a fault of a kind made."""
        return [
            (move, fault)
            for move in sorted(MOVES)
            for fault in FAULTS
            if not self.pairs[move, fault]
        ]


#: Is told how many seeds were run.
Watch: TypeAlias = Callable[[Batch], None]


def run_swarm(swarm: Swarm, watch: Watch = lambda _batch: None) -> Batch:
    """Returns what a swarm came to; what it found is made smaller."""
    total = Batch()
    ends = None if swarm.seconds is None else time.monotonic() + swarm.seconds
    for batch in _batches(swarm):
        total.add(batch)
        watch(total)
        if ends is not None and time.monotonic() >= ends:
            break
    kept = [_smaller(found) for found in total.found[:MAX_KEPT]]
    total.found = [*kept, *total.found[MAX_KEPT:]]
    return total


def replayed(trace: Sequence[int], scenario: Scenario | None = None) -> Found:
    """Returns what comes of a record of choices; ``failures`` is empty if nothing is wrong.

    Raises:
        TraceError: the record cannot be followed.
    """
    choices = Choices(0, trace)
    drawn, _ = _drawn(choices, 0, scenario)
    failures = judge(drawn)[0]
    return Found(seed=0, trace=spelled(choices.taken), scenario=drawn, failures=failures)


def judge(scenario: Scenario, *, twice: bool = True) -> tuple[tuple[FailureRecord, ...], Became]:
    """Returns what does not hold of a scenario's run, or of the same run again, and what became of it."""
    ran = ran_twice(scenario) if twice else ScenarioRunner().run(scenario)
    failures = ran.result.failures
    if ran.run.bundle is None:
        text = f"the run did not begin: {ran.run.outcome.message}"
        failures = (*failures, FailureRecord(code=ran.run.outcome.code, message=text))
    return failures, ran.became


def _batches(swarm: Swarm) -> Iterator[Batch]:
    seeds: Iterable[int] = count(swarm.first)
    if swarm.seeds is not None:
        seeds = islice(seeds, swarm.seeds)
    parts = _parted(iter(seeds), _BATCH)
    if swarm.jobs == 1:
        yield from (run_seeds(part, swarm.scenarios) for part in parts)
        return
    with processes(swarm.jobs) as pool:
        # As many at once as keep all busy: seeds may have no end.
        for some in _parted(parts, swarm.jobs * 4):
            yield from pool.map(run_seeds, some, [swarm.scenarios] * len(some))


def _parted(items: Iterator[T], size: int) -> Iterator[tuple[T, ...]]:
    while part := tuple(islice(items, size)):
        yield part


def run_seeds(seeds: Sequence[int], scenarios: Sequence[Scenario] = ()) -> Batch:
    """Returns what seeds came to, each with a scenario of its own, or with one of these in turn."""
    batch = Batch(seeds=len(seeds))
    for seed in seeds:
        base = scenarios[seed % len(scenarios)] if scenarios else None
        choices = Choices(seed)
        scenario, faults = _drawn(choices, seed, base)
        failures, found = judge(scenario)
        if failures:
            batch.found.append(
                Found(
                    seed=seed,
                    trace=spelled(choices.taken),
                    scenario=scenario,
                    failures=failures,
                )
            )
        batch.outcomes[found.status] += 1
        for mark in found.marks:
            kind, _, name = mark.partition(" ")
            if kind == "code":
                batch.codes[name] += 1
            if kind == "phase":
                batch.pairs.update((name, fault) for fault in faults)
    return batch


def _drawn(choices: Choices, seed: int, base: Scenario | None) -> tuple[Scenario, frozenset[Fault]]:
    if base is None:
        return with_faults(random_scenario(choices, seed), choices)
    only = msgspec.structs.replace(base.also, invariants_only=True)
    return with_faults(msgspec.structs.replace(base, also=only), choices)


def _smaller(found: Found) -> Found:
    wanted = {failure.code for failure in found.failures}

    def fails(scenario: Scenario) -> bool:
        failures = judge(scenario, twice="NONDETERMINISTIC" in wanted)[0]
        return bool(wanted & {failure.code for failure in failures})

    return msgspec.structs.replace(found, small=shrunk(found.scenario, fails))
