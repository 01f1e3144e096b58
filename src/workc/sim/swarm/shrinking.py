"""Makes a scenario smaller while it still shows what is wrong: fewer parts first, then smaller numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

import msgspec

from workc.sim.scenario.additions import (
    ActError,
    Budgets,
    ClockJump,
    Faults,
    LensNeeds,
    Recovery,
)
from workc.sim.scenario.scenario import Scenario
from workc.sim.scenario.scripts import CoordScript, GateDecision, GateScript

T = TypeVar("T")
#: So many scenarios are tried at most.
MAX_TRIES = 400


def shrunk(
    scenario: Scenario, fails: Callable[[Scenario], bool], tries: int = MAX_TRIES
) -> Scenario:
    """Returns the smallest scenario that was found for which ``fails`` says so."""
    left, begin = tries, 0
    while True:
        # After a success it goes on from where it was; what was tried before is tried at the end.
        candidates = enumerate(islice(smaller_ones(scenario), begin, None), begin)
        for number, smaller in islice(candidates, left):
            left -= 1
            if fails(smaller):
                scenario, begin = smaller, number
                break
        else:
            if begin == 0 or left == 0:
                return scenario
            begin = 0


def smaller_ones(scenario: Scenario) -> Iterator[Scenario]:
    """Yields scenarios that are smaller in one way each."""
    for change in (_children, _steps, _lists, _plain, _numbers):
        yield from (each for each in change(scenario) if each != scenario)


def _with(scenario: Scenario, **changes: object) -> Scenario:
    return msgspec.structs.replace(scenario, **changes)


def _children(scenario: Scenario) -> Iterator[Scenario]:
    intents = scenario.plan.complex_decompose or ()
    for number in range(len(intents)):
        plan = msgspec.structs.replace(
            scenario.plan, complex_decompose=_without(intents, number) or None
        )
        yield _with(scenario, plan=plan, children=_without(scenario.children, number))
    for number, child in enumerate(scenario.children):
        for below in () if child.scenario is None else smaller_ones(child.scenario):
            changed = msgspec.structs.replace(child, scenario=below)
            yield _with(scenario, children=_replaced(scenario.children, number, changed))


def _steps(scenario: Scenario) -> Iterator[Scenario]:
    for number, gone in enumerate(scenario.plan.steps):
        steps = tuple(
            each
            if each.after is None
            else msgspec.structs.replace(
                each, after=tuple(name for name in each.after if name != gone.name)
            )
            for each in _without(scenario.plan.steps, number)
        )
        yield _with(
            scenario,
            plan=msgspec.structs.replace(scenario.plan, steps=steps),
            act_errors=tuple(_moved(scenario.act_errors, number)),
            gates=_gates(scenario.gates, number),
            gates_again=tuple(_gates(each, number) for each in scenario.gates_again),
            approvals=tuple(each for each in scenario.approvals if each.step != gone.name),
        )


S = TypeVar("S", ActError, GateDecision)


def _moved(told: Sequence[S], gone: int) -> Iterator[S]:
    """Yields what is told of steps when one of them is gone."""
    for each in told:
        if each.at_step < gone:
            yield each
        elif each.at_step > gone:
            yield msgspec.structs.replace(each, at_step=each.at_step - 1)


def _gates(script: GateScript, gone: int) -> GateScript:
    return GateScript(pre=tuple(_moved(script.pre, gone)), post=tuple(_moved(script.post, gone)))


def _lists(scenario: Scenario) -> Iterator[Scenario]:
    names = ("act_errors", "approvals", "verify_again", "gates_again", "lens_again", "strategies")
    for name in names:
        found: tuple[object, ...] = getattr(scenario, name)
        for number in range(len(found)):
            yield _with(scenario, **{name: _without(found, number)})
    for number in range(len(scenario.lens.items)):
        items = _without(scenario.lens.items, number)
        # Who says what holds needs something to be told of.
        resolver = scenario.resolver if items else None
        lens = msgspec.structs.replace(scenario.lens, items=items)
        yield _with(scenario, lens=lens, resolver=resolver)
    for number in range(len(scenario.verify.results)):
        results = _without(scenario.verify.results, number)
        yield _with(scenario, verify=msgspec.structs.replace(scenario.verify, results=results))
    for side in ("pre", "post"):
        decisions: tuple[GateDecision, ...] = getattr(scenario.gates, side)
        for number in range(len(decisions)):
            gates = msgspec.structs.replace(scenario.gates, **{side: _without(decisions, number)})
            yield _with(scenario, gates=gates)


def _plain(scenario: Scenario) -> Iterator[Scenario]:
    yield _with(scenario, faults=Faults())
    yield _with(scenario, resolver=None)
    yield _with(scenario, needs=LensNeeds())
    yield _with(scenario, recovery=Recovery())
    yield _with(scenario, coord=CoordScript())
    yield _with(scenario, policy={})
    yield _with(scenario, budgets=Budgets(ceiling_cents=scenario.budgets.ceiling_cents))
    for number, step in enumerate(scenario.plan.steps):
        for change in ({"after": None}, {"delay_ms": 0}, {"resources": ()}, {"effects": ()}):
            smaller = msgspec.structs.replace(step, **change)
            steps = _replaced(scenario.plan.steps, number, smaller)
            yield _with(scenario, plan=msgspec.structs.replace(scenario.plan, steps=steps))


def _numbers(scenario: Scenario) -> Iterator[Scenario]:
    yield _with(scenario, seed=1)
    for number, error in enumerate(scenario.act_errors):
        fewer = msgspec.structs.replace(error, times=1)
        yield _with(scenario, act_errors=_replaced(scenario.act_errors, number, fewer))
    crashes = scenario.faults.crash_at
    for number, at in enumerate(crashes):
        for less in _less(at):
            earlier = _replaced(crashes, number, less)
            yield _with(scenario, faults=msgspec.structs.replace(scenario.faults, crash_at=earlier))
        fewer_crashes = _without(crashes, number)
        yield _with(
            scenario, faults=msgspec.structs.replace(scenario.faults, crash_at=fewer_crashes)
        )
    yield from _jumps(scenario)
    for name in ("max_backtracks", "max_attempts", "max_observations"):
        most: int = getattr(scenario.budgets, name)
        least = 0 if name == "max_backtracks" else 1
        for less in range(least, most):
            budgets = msgspec.structs.replace(scenario.budgets, **{name: less})
            yield _with(scenario, budgets=budgets)


def _jumps(scenario: Scenario) -> Iterator[Scenario]:
    """Yields the scenario with a jump of the clock less, one that is earlier, or one that is shorter."""
    jumps = scenario.faults.clock_jumps
    for number, jump in enumerate(jumps):
        earlier = (msgspec.structs.replace(jump, at_look=n) for n in _less(jump.at_look))
        shorter = (msgspec.structs.replace(jump, ms=ms) for ms in (0, jump.ms // 2))
        for changed in (_replaced(jumps, number, each) for each in (*earlier, *shorter)):
            yield _with(scenario, faults=_with_jumps(scenario.faults, changed))
        fewer = _without(jumps, number)
        yield _with(scenario, faults=_with_jumps(scenario.faults, fewer))


def _with_jumps(faults: Faults, jumps: tuple[ClockJump, ...]) -> Faults:
    return msgspec.structs.replace(faults, clock_jumps=jumps)


def _less(number: int) -> tuple[int, ...]:
    """Returns numbers that are less, the least one first."""
    return tuple(dict.fromkeys((0, number // 2, max(0, number - 1))))


def _without(found: Sequence[T], number: int) -> tuple[T, ...]:
    return (*found[:number], *found[number + 1 :])


def _replaced(found: Sequence[T], number: int, by: T) -> tuple[T, ...]:
    return (*found[:number], by, *found[number + 1 :])
