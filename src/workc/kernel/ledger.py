"""The budget as a pure state machine: reserve the upper bound, commit the actual, release the rest.

Money is integer micro-cents (10**-6 cent). Every move takes the next number ``n``, dense from 0,
inside the move itself, so that the order of moves is part of the record. At every ``n``
``0 <= reserved + spent <= ceiling``, unless somebody billed more than the bound that was reserved:
that is kept as it is, because it is the truth, and marked (``granted`` False), and the caller must
stop the run (``BUDGET_BOUND_VIOLATED``).

>>> ledger = Ledger(ceiling=100)
>>> ledger.reserve(60).granted, ledger.reserve(60).granted
(True, False)
>>> ledger.settle(0, 45).spent
45
"""

from __future__ import annotations

import msgspec

MICRO_CENTS_PER_CENT = 1_000_000


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One move of the ledger, with what stood reserved and spent after it."""

    n: int
    granted: bool
    reserved: int
    spent: int


class LedgerError(ValueError):
    """A move that no honest record can hold: negative money, an unknown or settled grant."""


class Ledger:
    """Keeps what is reserved and spent under a ceiling in micro-cents."""

    def __init__(self, ceiling: int) -> None:
        if ceiling < 0:
            raise LedgerError("a ceiling is never negative")
        self.ceiling = ceiling
        self.reserved = 0
        self.spent = 0
        self._next = 0
        self._open: dict[int, int] = {}

    @property
    def left(self) -> int:
        """Returns what a reservation may still take."""
        return self.ceiling - self.reserved - self.spent

    def reserve(self, bound: int) -> Move:
        """Sets ``bound`` aside, or refuses when it does not fit; a refusal is a move too."""
        if bound < 0:
            raise LedgerError("a bound is never negative")
        granted = bound <= self.left
        if granted:
            self.reserved += bound
            self._open[self._next] = bound
        return self._move(granted=granted)

    def settle(self, grant: int, actual: int) -> Move:
        """Commits ``actual`` for the reservation made at ``n == grant`` and frees the rest.

        The move is not granted if ``actual`` is above what was reserved.
        """
        if actual < 0:
            raise LedgerError("a cost is never negative")
        if grant not in self._open:
            raise LedgerError(f"no open reservation has n = {grant}")
        bound = self._open.pop(grant)
        self.reserved -= bound
        self.spent += actual
        return self._move(granted=actual <= bound)

    def open_grants(self) -> dict[int, int]:
        """Returns the reservations not settled yet: ``n`` to bound."""
        return dict(self._open)

    def _move(self, *, granted: bool) -> Move:
        move = Move(n=self._next, granted=granted, reserved=self.reserved, spent=self.spent)
        self._next += 1
        return move
