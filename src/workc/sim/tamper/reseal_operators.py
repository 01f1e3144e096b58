"""Mutants by resealed edits: each edit of the version's table, wherever it applies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workc.sim.tamper.changing import apply_to
from workc.sim.tamper.formats import FORMATS
from workc.sim.tamper.mutant import Cell, Group, Mutant
from workc.sim.tamper.operation import Reseal, TamperError
from workc.sim.tamper.subject import Subject

_ATTACKS = FORMATS["0.2"].attacks


def name_of(edit: str) -> str:
    """Returns the operator that makes a resealed edit."""
    return f"reseal.{edit}"


GROUPS: list[Group] = [
    Group(name_of(name), attack.component, attack.rung) for name, attack in _ATTACKS.items()
]


def cells(subject: Subject) -> Iterator[Cell]:
    """Yields a cell for each resealed edit."""
    for name, group in zip(_ATTACKS, GROUPS, strict=True):
        yield Cell(group, 1, _maker(subject, name))


def _maker(subject: Subject, name: str) -> Callable[[int], Mutant | None]:
    def make(_number: int) -> Mutant | None:
        op = Reseal(edit=name)
        try:
            files = apply_to(op, subject.files)
        except TamperError:
            return None
        return Mutant(files, _ATTACKS[name].expected, name, op)

    return make
