"""A simulated run: the production engine over scripted ports, in virtual time.

The same workflow, script and seed give the same bundle, byte for byte, on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from workc.adapters.event_loops import loopless
from workc.api.runtime import Runtime
from workc.api.settings import RunDriver, Settings
from workc.kernel.failure import Misuse
from workc.kernel.gates import Decision
from workc.kernel.lens_quality import COMPONENTS
from workc.kernel.payloads import ScriptedQuality
from workc.kernel.permille import checked
from workc.runtime.answering import Answering
from workc.runtime.ports import Ports
from workc.sim.clock import FakeClock, JumpingClock, SeededEntropy
from workc.sim.driver import SimDriver
from workc.sim.ports import Script, ScriptedWorld
from workc.sim.scenario.locks import Conflicts, LockScript

#: 2026-01-01T00:00:00Z: when virtual time begins unless it is said otherwise.
EPOCH_MS = 1_767_225_600_000


def simulated(
    script: Script,
    *,
    seed: int = 1,
    start_ms: int = EPOCH_MS,
    step_ms: int = 1,
    settings: Settings | None = None,
    environment: Mapping[str, str] | None = None,
    approvals: Mapping[str, Decision] | None = None,
    jumps: Mapping[int, int] | None = None,
    delays: Mapping[str, int] | None = None,
    coordination: Conflicts | None = None,
    lens_quality: Sequence[tuple[int, int, int, int]] | None = None,
) -> Runtime:
    """Returns a runtime whose world is ``script`` and whose clock and entropy are derived.

    ``environment`` is what the run sees of one; nothing of the real one is. ``approvals`` says of
    steps that wait for a human what was decided; of one that is not there nobody decides in time.
    ``jumps`` are ms by which the clock jumps ahead, by the number of a look at it, ``delays`` those
    that pass before the child of a step begins. ``coordination`` says of resources what each of
    their claims meets, from the first. ``lens_quality`` is what a lens of items is worth in place of
    what the formulas say: coverage, freshness, conflict and provenance in permille, in each round of
    looks the next, then the last.

    Raises:
        Misuse: it is none.
    """
    base = settings or Settings(ceiling_micro_cents=None)
    made = replace(
        base,
        environment=dict(environment or {}),
        mode="simulated",
        lens_script=() if lens_quality is None else _script(lens_quality),
    )
    world = World(script, approvals, delays, coordination, jumps)
    return Runtime(settings=in_world(made, world, seed, start_ms, step_ms))


@dataclass(frozen=True)
class World:
    """What a simulated run meets; see :func:`simulated`."""

    script: Script
    approvals: Mapping[str, Decision] | None = None
    delays: Mapping[str, int] | None = None
    coordination: Conflicts | None = None
    jumps: Mapping[int, int] | None = None


def in_world(settings: Settings, told: World, seed: int, start_ms: int, step_ms: int) -> Settings:
    """Returns the settings of one run in a world that nobody has asked yet."""
    locks = LockScript(told.coordination or {}).port
    world = ScriptedWorld(told.script, told.approvals, told.delays, locks)
    clock = JumpingClock(start_ms, step_ms, told.jumps or {})

    def clock_from(floor_ms: int) -> FakeClock:
        clock.at_least(floor_ms)
        return clock

    return replace(
        settings,
        seed=seed,
        clock=clock_from,
        entropy=SeededEntropy(seed),
        ports=world,
        driver=partial(_driver, world=world, clock=clock),
    )


def _script(said: Sequence[tuple[int, int, int, int]]) -> tuple[ScriptedQuality, ...]:
    if not said or any(len(each) != len(COMPONENTS) for each in said):
        raise Misuse(f"lens_quality is a list of {', '.join(COMPONENTS)}, at least one")
    return tuple(
        ScriptedQuality(**{n: checked(n, part) for n, part in zip(COMPONENTS, each, strict=True)})
        for each in said
    )


def _driver(
    answering: Answering, ports: Ports, threads: int, *, world: ScriptedWorld, clock: FakeClock
) -> RunDriver:
    del ports, threads
    return SimDriver(answering, world, clock, loopless)
