"""The governor: moves of the ledger and the halt of a run, decided at once and in one order.

It answers what needs no waiting: a reservation, a settlement, and, once the run is halted, every
other ask with ``CallHalted``. Settlements are always taken: money that was spent was spent.
"""

from __future__ import annotations

from collections.abc import Callable

from workc.kernel.events import Entry
from workc.kernel.kinds import Payload
from workc.kernel.ledger import Ledger
from workc.kernel.payloads import (
    BudgetReserved,
    BudgetSettled,
    CallHalted,
)
from workc.kernel.values import MAX_SAFE_INTEGER
from workc.runtime.asks import Ask, Reserve, Settle


class Governor:
    """Answers ledger asks, and refuses everything after a halt."""

    def __init__(self, ledger: Ledger, now_ms: Callable[[], int]) -> None:
        self._ledger = ledger
        self._now_ms = now_ms
        self.halt: str | None = None

    def recall(self, payload: Payload) -> None:
        """Takes a recorded answer into account, in order of ``n`` for moves of the ledger."""
        match payload:
            case BudgetReserved():
                self._ledger.reserve(payload.bound)
                self._halt_unless("BUDGET_EXCEEDED", granted=payload.granted)
            case BudgetSettled():
                move = self._ledger.settle(payload.grant, payload.actual)
                self._halt_unless("BUDGET_BOUND_VIOLATED", granted=move.granted)
            case CallHalted():
                self._stop(payload.code)
            case _:
                pass

    def answer(self, ask: Ask) -> Entry | None:
        """Returns the answer where there is one at once, else None."""
        match ask.question:
            case Settle():
                payload: Payload = self._settle(ask.question)
            case _ if self.halt is not None:
                payload = CallHalted(code=self.halt)
            case Reserve():
                payload = self._reserve(ask.question)
            case _:
                return None
        return Entry(at=ask.at, payload=payload, at_ms=self._now_ms())

    def _reserve(self, question: Reserve) -> BudgetReserved:
        move = self._ledger.reserve(question.bound)
        self._halt_unless("BUDGET_EXCEEDED", granted=move.granted)
        return BudgetReserved(
            bound=question.bound,
            granted=move.granted,
            n=move.n,
            reserved=move.reserved,
            spent=move.spent,
            step=question.step,
        )

    def _settle(self, question: Settle) -> BudgetSettled:
        # A provider may bill more than numbers in a record reach; the run is stopped for it anyway.
        actual = min(question.actual, MAX_SAFE_INTEGER - self._ledger.spent)
        move = self._ledger.settle(question.grant, actual)
        self._halt_unless("BUDGET_BOUND_VIOLATED", granted=move.granted)
        return BudgetSettled(
            actual=actual,
            basis=question.basis,
            grant=question.grant,
            n=move.n,
            reserved=move.reserved,
            spent=move.spent,
            step=question.step,
        )

    def _halt_unless(self, code: str, *, granted: bool) -> None:
        if not granted:
            self._stop(code)

    def _stop(self, code: str) -> None:
        self.halt = self.halt or code
