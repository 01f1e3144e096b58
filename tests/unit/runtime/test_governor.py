"""The governor: the ledger's moves, and the halt."""

import pytest

from workc.kernel.ledger import Ledger
from workc.kernel.payloads import BudgetReserved, BudgetSettled, CallHalted
from workc.runtime.asks import Ask, Reserve, Settle, Timer
from workc.runtime.governor import Governor


@pytest.fixture
def governor():
    return Governor(Ledger(100), lambda: 7)


def ask(governor, question):
    entry = governor.answer(Ask((1,), question))
    return None if entry is None else entry.payload


def test_it_leaves_to_the_driver_what_needs_waiting(governor):
    assert ask(governor, Timer(1)) is None


def test_a_refused_reservation_halts_everything_but_settlements(governor):
    assert ask(governor, Reserve(60, "a")).granted
    refused = ask(governor, Reserve(41, "b"))
    assert (refused.granted, refused.n, refused.reserved, refused.spent) == (False, 1, 60, 0)
    assert ask(governor, Timer(1)) == CallHalted(code="BUDGET_EXCEEDED")
    assert ask(governor, Reserve(1, "c")) == CallHalted(code="BUDGET_EXCEEDED")
    assert ask(governor, Settle(0, 50, "usage", "a")).spent == 50
    assert governor.halt == "BUDGET_EXCEEDED"


def test_more_billed_than_reserved_is_kept_and_halts(governor):
    ask(governor, Reserve(10, "a"))
    assert ask(governor, Settle(0, 11, "usage", "a")).spent == 11
    assert ask(governor, Timer(1)) == CallHalted(code="BUDGET_BOUND_VIOLATED")


@pytest.mark.parametrize(
    ("recorded", "halt"),
    [
        (
            [BudgetReserved(bound=101, granted=False, n=0, reserved=0, spent=0, step="a")],
            "BUDGET_EXCEEDED",
        ),
        (
            [
                BudgetReserved(bound=5, granted=True, n=0, reserved=5, spent=0, step="a"),
                BudgetSettled(actual=9, basis="usage", grant=0, n=1, reserved=0, spent=9, step="a"),
            ],
            "BUDGET_BOUND_VIOLATED",
        ),
        ([CallHalted(code="TIMEOUT")], "TIMEOUT"),
        ([BudgetReserved(bound=5, granted=True, n=0, reserved=5, spent=0, step="a")], None),
    ],
)
def test_what_was_recorded_is_taken_into_account(governor, recorded, halt):
    for payload in recorded:
        governor.recall(payload)
    assert governor.halt == halt


def test_the_first_cause_of_a_halt_stays(governor):
    governor.recall(CallHalted(code="TIMEOUT"))
    governor.recall(CallHalted(code="CANCELLED"))
    assert governor.halt == "TIMEOUT"
