"""Mutants and their classes: what was changed, where it must be found, and how many there are.

A class is an operator, a component and a rung of the ladder (:mod:`workc.sim.tamper.v02.draft`). All
members of a class must be found; how many of them are made follows from a budget, evenly over each
class, so that the same bundle and budget always give the same mutants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from workc.sim.tamper.operation import TamperOp
from workc.sim.tamper.parts import Component, Files
from workc.sim.tamper.place import Place


class Mutant(NamedTuple):
    """A changed bundle; ``at`` says where, ``op`` how to change it so again, if there is a way."""

    files: Files
    expected: Place
    at: str
    op: TamperOp | None = None


class Group(NamedTuple):
    """A class of mutants."""

    operator: str
    component: Component
    rung: int


class Cell(NamedTuple):
    """Mutants of one class: ``make`` gives the n-th of ``size``, or None where it is no change."""

    group: Group
    size: int
    make: Callable[[int], Mutant | None]


def groups(operator: str, components: Iterable[Component], rungs: Iterable[int]) -> list[Group]:
    """Returns the classes of an operator."""
    wanted = list(rungs)
    return [Group(operator, component, rung) for component in components for rung in wanted]


def shares(counts: Sequence[int], budget: int | None) -> list[int]:
    """Returns how many mutants each cell makes: all, or as many each as the budget allows.

    A cell with fewer leaves the rest to the others; each makes at least one.

    >>> shares([2, 100, 1000], 50)
    [2, 24, 24]
    """
    if budget is None or sum(counts) <= budget:
        return list(counts)
    left, share = budget, 1
    waiting = sorted(counts)
    while waiting:
        share = max(1, left // len(waiting))
        if waiting[0] > share:
            break
        left -= waiting.pop(0)
    return [min(count, share) for count in counts]


def spread(count: int, wanted: int) -> Iterator[int]:
    """Yields numbers below ``count``, evenly spread, the first and the last among them.

    >>> list(spread(10, 4)), list(spread(3, 3)), list(spread(5, 1))
    ([0, 3, 6, 9], [0, 1, 2], [0])
    """
    if wanted == 1:
        yield 0
    else:
        yield from (number * (count - 1) // (wanted - 1) for number in range(wanted))
