"""Step money: every move of the ledger is made again, in order of ``n``, and compared.

A bound that was passed by a settlement is the truth and stands; it is only allowed to be what the
moves give (docs/spec/bundle-0.2.md, section 7).
"""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from workc.bundle.layout import EVENTS
from workc.bundle.move_order import Move, MoveOrder
from workc.kernel import ledger
from workc.kernel.ledger import Ledger, LedgerError, Terms
from workc.kernel.payloads import BudgetReserved, Limits, RunStarted, given
from workc.verify.case import Case
from workc.verify.v02 import rules

_UNLIMITED = Limits()


class Money:
    """Takes the moves as they stand in the events; the first that does not follow is a finding."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._order = MoveOrder()
        self._ledger = Ledger(0)
        self._ends_ms: int | None = None
        self._late: set[int] = set()
        self._count = 0
        self._is_broken = False

    def start(self, started: RunStarted, at_ms: int | UnsetType) -> None:
        """Begins the ledger of a run."""
        limits = started.limits or _UNLIMITED
        self._ledger = Ledger(
            started.ceiling_micro_cents,
            tokens=given(limits.tokens),
            calls=given(limits.calls),
        )
        wall_ms = given(limits.wall_ms)
        self._ends_ms = None if wall_ms is None else (given(at_ms) or 0) + wall_ms

    def take(self, move: Move, at_ms: int | UnsetType = UNSET) -> None:
        """Takes the next move; ``at_ms`` is the time of a reservation."""
        if self._ends_ms is not None and at_ms is not UNSET and at_ms >= self._ends_ms:
            self._late.add(move.n)
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
            made = self._made(move)
        except LedgerError as error:
            return str(error)
        recorded = _recorded(move, made)
        return None if made == recorded else f"it gives {made}, recorded is {recorded}"

    def _made(self, move: Move) -> ledger.Move:
        if not isinstance(move, BudgetReserved):
            is_released = move.basis == "released"
            tokens = move.tokens or 0
            return self._ledger.settle(move.grant, move.actual, tokens=tokens, released=is_released)
        terms = Terms(
            tokens=move.tokens or 0,
            step=move.step,
            step_ceiling=given(move.step_ceiling),
            shared_left=given(move.shared_left),
            is_late=move.n in self._late,
        )
        return self._ledger.reserve(move.bound, terms)


def _recorded(move: Move, made: ledger.Move) -> ledger.Move:
    """Returns a move as it is recorded; a settlement does not say whether it was above its bound."""
    if not isinstance(move, BudgetReserved):
        return ledger.Move(n=move.n, granted=made.granted, reserved=move.reserved, spent=move.spent)
    refused_by: ledger.Dimension | None = given(move.refused_by)
    if refused_by is None and not move.granted:
        refused_by = "run"
    return ledger.Move(
        n=move.n,
        granted=move.granted,
        reserved=move.reserved,
        spent=move.spent,
        refused_by=refused_by,
    )
