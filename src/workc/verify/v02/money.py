"""Step money: every move of the ledger is made again, in order of ``n``, and compared.

A bound that was passed by a settlement is the truth and stands; it is only allowed to be what the
moves give (docs/spec/bundle-0.2.md, section 7).
"""

from __future__ import annotations

from workc.bundle.layout import EVENTS
from workc.bundle.move_order import Move, MoveOrder
from workc.kernel import ledger
from workc.kernel.ledger import Ledger, LedgerError
from workc.kernel.payloads import BudgetReserved
from workc.verify.case import Case
from workc.verify.v02 import rules


class Money:
    """Takes the moves as they stand in the events; the first that does not follow is a finding."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._order = MoveOrder()
        self._ledger = Ledger(0)
        self._count = 0
        self._is_broken = False

    def start(self, ceiling: int) -> None:
        """Begins the ledger of a run, in micro-cents."""
        self._ledger = Ledger(ceiling)

    def take(self, move: Move) -> None:
        """Takes the next move."""
        for ready in self._order.take(move):
            self._make(ready)

    def close(self) -> None:
        """Checks the end: no number is missing and no reservation is open."""
        self._case.take("money")
        for move in self._order.rest():
            self._make(move)
        open_grants = self._ledger.open_grants()
        if open_grants and not self._is_broken:
            numbers = ", ".join(map(str, open_grants))
            self._case.fail(rules.GRANTS_ARE_SETTLED, EVENTS, f"never settled: {numbers}")

    def _make(self, move: Move) -> None:
        if self._is_broken:
            return
        problem = self._problem(move)
        self._count += 1
        if problem is not None:
            self._is_broken = True
            self._case.fail(rules.MOVES_FOLLOW, EVENTS, f"move {move.n}: {problem}")

    def _problem(self, move: Move) -> str | None:
        if move.n != self._count:
            return f"the numbers of the moves are not dense, {self._count} is missing"
        try:
            made = _make(self._ledger, move)
        except LedgerError as error:
            return str(error)
        granted = move.granted if isinstance(move, BudgetReserved) else made.granted
        recorded = ledger.Move(n=move.n, granted=granted, reserved=move.reserved, spent=move.spent)
        return None if made == recorded else f"it gives {made}, recorded is {recorded}"


def _make(books: Ledger, move: Move) -> ledger.Move:
    if isinstance(move, BudgetReserved):
        return books.reserve(move.bound)
    return books.settle(move.grant, move.actual)
