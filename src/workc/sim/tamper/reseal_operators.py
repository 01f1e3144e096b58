"""Mutants by resealed edits: each edit of a version's table, wherever it applies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workc.sim.tamper.attack import Attack, Attacks, D
from workc.sim.tamper.mutant import Cell, Group, Mutant
from workc.sim.tamper.operation import Reseal, TamperError
from workc.sim.tamper.parts import Files


def _group(name: str, attack: Attack[D]) -> Group:
    return Group(f"reseal.{name}", attack.component, attack.rung)


def all_groups(attacks: Attacks[D]) -> list[Group]:
    """Returns the classes of all resealed edits of a version."""
    return [_group(name, attack) for name, attack in attacks.items()]


def cells(files: Files, take: Callable[[Files], D], attacks: Attacks[D]) -> Iterator[Cell]:
    """Yields a cell for each resealed edit; ``take`` takes the bundle apart."""
    for name, attack in attacks.items():
        yield Cell(_group(name, attack), 1, _maker(files, take, name, attack))


def _maker(
    files: Files, take: Callable[[Files], D], name: str, attack: Attack[D]
) -> Callable[[int], Mutant | None]:
    def make(_number: int) -> Mutant | None:
        draft = take(files)
        try:
            attack.edit(draft)
            sealed = draft.seal(attack.rung)
        except TamperError:
            return None
        if sealed == files:
            return None
        return Mutant(sealed, attack.expected, name, Reseal(edit=name))

    return make
