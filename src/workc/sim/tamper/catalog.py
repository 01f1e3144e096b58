"""The mutants of one bundle: which are made, and how many of each class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from workc.sim.tamper import byte_operators
from workc.sim.tamper.formats import format_of
from workc.sim.tamper.mutant import Cell, Group, Mutant, shares, spread
from workc.sim.tamper.parts import Files
from workc.sim.tamper.subject import Opened

#: Within a budget, so many files are changed byte by byte, and lines field by field, evenly chosen.
MAX_FILES = 64
MAX_LINES = 256


class Plan:
    """The mutants of one bundle that are to be made, in an order that never changes."""

    def __init__(self, files: Files, budget: int | None) -> None:
        """Plans at most ``budget`` mutants, or all with None; of each class at least one.

        Half of the budget, and what the others leave of theirs, is for single bytes.
        """
        bundle = format_of(files).open(files)
        bytes_ = _sized(_of_bytes(bundle, budget))
        others = _sized(_of_all_else(bundle, budget))
        counts = shares([cell.size for cell in others], None if budget is None else budget // 2)
        left = None if budget is None else budget - sum(counts)
        self._cells = [*bytes_, *others]
        self._counts = [*shares([cell.size for cell in bytes_], left), *counts]

    @property
    def size(self) -> int:
        """Returns how many mutants there will be at most: some places have none."""
        return sum(self._counts)

    @property
    def is_sampled(self) -> bool:
        """Returns whether there are more mutants than are made."""
        return self._counts != [cell.size for cell in self._cells]

    def mutants(self) -> Iterator[tuple[Group, Mutant]]:
        """Yields the mutants with their classes, each made when it is asked for."""
        for cell, count in zip(self._cells, self._counts, strict=True):
            for mutant in _made(cell, count):
                yield cell.group, mutant


def _made(cell: Cell, count: int) -> Iterator[Mutant]:
    """Yields so many mutants of a cell, less those places where nothing changes; one if there is one."""
    found = False
    for number in spread(cell.size, count):
        mutant = cell.make(number)
        if mutant is not None:
            found = True
            yield mutant
    if not found:
        others = (cell.make(number) for number in range(cell.size))
        yield from islice((mutant for mutant in others if mutant is not None), 1)


def _sized(cells: Iterable[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.size]


def _of_bytes(bundle: Opened, budget: int | None) -> Iterator[Cell]:
    paths = bundle.subject.paths(*bundle.subject.components)
    number = len(paths) if budget is None else min(len(paths), MAX_FILES)
    return byte_operators.cells(bundle.subject, [paths[n] for n in spread(len(paths), number)])


def _of_all_else(bundle: Opened, budget: int | None) -> Iterator[Cell]:
    count = bundle.subject.line_count
    lines = count if budget is None else min(count, MAX_LINES)
    return bundle.cells([*spread(count, lines)])
