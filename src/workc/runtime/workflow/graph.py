"""The graph of steps: in which order they start, and which wait for each other for ever."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

from workc.kernel.failure import refuse
from workc.runtime.workflow.model import StepSpec


def plan_order(steps: Sequence[StepSpec]) -> tuple[str, ...]:
    """Returns the step ids so that each stands after what it needs; ties stand in file order.

    Raises:
        Refusal: ``INVALID_WORKFLOW`` when a step needs one that is not there, or steps wait for each other.
    """
    needs = {step.id: step.needs for step in steps}
    unknown = [
        f"{step_id} needs {need}"
        for step_id, found in needs.items()
        for need in found
        if need not in needs
    ]
    if unknown:
        raise refuse("INVALID_WORKFLOW", f"a step that is not there: {unknown[0]}")
    cycles = find_cycles(needs)
    if cycles:
        raise refuse("INVALID_WORKFLOW", f"steps wait for each other: {' -> '.join(cycles[0])}")
    return _ordered(needs)


def _ordered(needs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Returns Kahn's order; the heap of file positions breaks ties."""
    ids = list(needs)
    position = {step_id: index for index, step_id in enumerate(ids)}
    waiting = {step_id: len(set(found)) for step_id, found in needs.items()}
    dependents = _dependents(needs)
    ready = [position[step_id] for step_id in ids if not waiting[step_id]]
    order: list[str] = []
    while ready:
        done = ids[heapq.heappop(ready)]
        order.append(done)
        for step_id in dependents[done]:
            waiting[step_id] -= 1
            if not waiting[step_id]:
                heapq.heappush(ready, position[step_id])
    return tuple(order)


def find_cycles(needs: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Returns cycles that share no step, each as ``(a, b, a)``: a needs b, b needs a.

    ``needs`` may name steps that are not there; those are passed over. When the list is empty
    there is no cycle. One cycle through each tangle is named, not all: mend it and look again.
    """
    known = {step_id: [need for need in found if need in needs] for step_id, found in needs.items()}
    waiting = {step_id: len(set(found)) for step_id, found in known.items()}
    dependents = _dependents(known)
    gone: set[str] = set()
    _peel([step_id for step_id in known if not waiting[step_id]], waiting, dependents, gone)
    cycles: list[tuple[str, ...]] = []
    for start in known:
        if start in gone:
            continue
        cycle = _walk(start, known, gone)
        cycles.append(cycle)
        _peel(list(cycle[:-1]), waiting, dependents, gone)
    return cycles


def _dependents(needs: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {step_id: [] for step_id in needs}
    for step_id, needed in needs.items():
        for need in dict.fromkeys(needed):
            found[need].append(step_id)
    return found


def _peel(
    ready: list[str],
    waiting: dict[str, int],
    dependents: Mapping[str, Sequence[str]],
    gone: set[str],
) -> None:
    """Moves ``ready``, and all that then waits for nothing more, to ``gone``."""
    while ready:
        done = ready.pop()
        if done in gone:
            continue
        gone.add(done)
        for step_id in dependents[done]:
            waiting[step_id] -= 1
            if not waiting[step_id]:
                ready.append(step_id)


def _walk(start: str, needs: Mapping[str, Sequence[str]], gone: set[str]) -> tuple[str, ...]:
    """Returns the cycle that is reached from ``start``, which waits for a step that waits."""
    seen: dict[str, int] = {}
    path: list[str] = []
    here = start
    while here not in seen:
        seen[here] = len(path)
        path.append(here)
        here = next(need for need in needs[here] if need not in gone)
    return (*path[seen[here] :], here)
