"""Step money: every move of the ledger is made again, in order of ``n``, and compared.

A bound that was passed by a settlement is the truth and stands; it is only allowed to be what the
moves give (docs/spec/bundle-0.2.md, section 7).
"""

from __future__ import annotations

from workc.bundle.layout import EVENTS
from workc.bundle.projection import Projection
from workc.kernel.events import BudgetReserved, BudgetSettled
from workc.kernel.ledger import Ledger, LedgerError, Move
from workc.verify.case import Case


def check_money(projection: Projection, ceiling: int, case: Case) -> None:
    """Adds a finding for the first move that does not follow from those before it."""
    case.take("money")
    ledger = Ledger(ceiling)
    for index, move in enumerate(sorted(projection.moves, key=lambda move: move.n)):
        problem = _problem(ledger, index, move)
        if problem is not None:
            case.fail("BUDGET_INVALID", "money", EVENTS, f"move {move.n}: {problem}")
            return
    if ledger.open_grants():
        numbers = ", ".join(map(str, ledger.open_grants()))
        case.fail("BUDGET_INVALID", "money", EVENTS, f"never settled: {numbers}")


def _problem(ledger: Ledger, index: int, move: BudgetReserved | BudgetSettled) -> str | None:
    if move.n != index:
        return f"the numbers of the moves are not dense, {index} is missing"
    try:
        made = _make(ledger, move)
    except LedgerError as error:
        return str(error)
    granted = move.granted if isinstance(move, BudgetReserved) else made.granted
    recorded = Move(n=move.n, granted=granted, reserved=move.reserved, spent=move.spent)
    return None if made == recorded else f"it gives {made}, recorded is {recorded}"


def _make(ledger: Ledger, move: BudgetReserved | BudgetSettled) -> Move:
    if isinstance(move, BudgetReserved):
        return ledger.reserve(move.bound)
    return ledger.settle(move.grant, move.actual)
