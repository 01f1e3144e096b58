"""The moves of the ledger in the order of their numbers, given one by one in any order.

Events stand in the order of places, moves happened in the order of ``n``. Each move is handed on
as soon as all before it are there, so memory follows how far the two orders differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from workc.kernel.payloads import BudgetReserved, BudgetSettled

Move: TypeAlias = BudgetReserved | BudgetSettled


class MoveOrder:
    """Holds back moves until those with lower numbers have come."""

    def __init__(self) -> None:
        self._next = 0
        self._waiting: dict[int, Move] = {}
        self._doubled: list[Move] = []

    def take(self, move: Move) -> Iterator[Move]:
        """Takes a move and yields those whose turn has come. It must be read to its end."""
        if move.n < self._next or move.n in self._waiting:
            self._doubled.append(move)
            return
        self._waiting[move.n] = move
        while self._next in self._waiting:
            self._next += 1
            yield self._waiting.pop(self._next - 1)

    def rest(self) -> Iterable[Move]:
        """Returns what never came to its turn, by number: its number is doubled, or one is missing."""
        return sorted([*self._waiting.values(), *self._doubled], key=lambda move: move.n)
