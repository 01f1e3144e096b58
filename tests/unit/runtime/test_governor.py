"""The governor: the ledger's moves, and the halt."""

import pytest

from workc.kernel.events import Entry
from workc.kernel.ledger import Ledger
from workc.kernel.payloads import BudgetReserved, BudgetSettled, CallHalted
from workc.runtime.asks import Ask, Reserve, Settle, Timer
from workc.runtime.governor import Governor


@pytest.fixture
def governor():
    return Governor(Ledger(100), lambda: 7)


def recall(governor, payload, at_ms=7):
    governor.recall(Entry(at=(1,), payload=payload, at_ms=at_ms))


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
        recall(governor, payload)
    assert governor.halt == halt


def test_the_first_cause_of_a_halt_stays(governor):
    recall(governor, CallHalted(code="TIMEOUT"))
    recall(governor, CallHalted(code="CANCELLED"))
    assert governor.halt == "TIMEOUT"


class Pool:
    """A shared ceiling that keeps what it was told."""

    def __init__(self, left):
        self.left, self.told = left, []

    def reserve(self, n, bound):
        self.told.append(("reserve", n, bound))
        return self.left

    def settle(self, n, actual):
        self.told.append(("settle", n, actual))


def test_a_ceiling_of_a_step_refuses_and_halts_nothing(governor):
    refused = ask(governor, Reserve(2, "a", step_ceiling=1))
    assert (refused.granted, refused.refused_by, refused.step_ceiling) == (False, "step", 1)
    assert governor.halt is None
    assert ask(governor, Reserve(2, "b")).granted


@pytest.mark.parametrize(
    ("limits", "refused_by"), [({"calls": 0}, "calls"), ({"tokens": 4}, "tokens")]
)
def test_what_the_run_may_not_use_halts_it_by_its_quota(limits, refused_by):
    governor = Governor(Ledger(100, **limits), lambda: 7)
    refused = ask(governor, Reserve(1, "a", tokens=5))
    assert (refused.refused_by, refused.tokens, governor.halt) == (refused_by, 5, "QUOTA_EXCEEDED")


@pytest.mark.parametrize(("now_ms", "code"), [(9, None), (10, "TIMEOUT"), (11, "TIMEOUT")])
def test_time_is_over_from_its_end_on(now_ms, code):
    governor = Governor(Ledger(100), lambda: now_ms, ends_ms=10)
    assert ask(governor, Reserve(1, "a")).granted == (code is None)
    assert governor.halt == code


def test_a_shared_ceiling_is_asked_for_what_all_else_grants_and_is_told_the_cost():
    governor = Governor(Ledger(100), lambda: 7, pool=(pool := Pool(50)))
    assert ask(governor, Reserve(30, "a")).shared_left == 50
    assert not ask(governor, Reserve(1, "b", step_ceiling=0)).granted
    ask(governor, Settle(0, 20, "usage", "a"))
    assert pool.told == [("reserve", 0, 30), ("settle", 0, 20)]
    refused = ask(governor, Reserve(51, "c"))
    assert (refused.refused_by, refused.shared_left) == ("shared", 50)
    assert governor.halt == "BUDGET_EXCEEDED"


def test_moves_that_are_recalled_are_made_as_they_were_recorded():
    governor = Governor(Ledger(100, calls=2), lambda: 7, ends_ms=10, pool=(pool := Pool(0)))
    first = BudgetReserved(
        bound=5, granted=True, n=0, reserved=5, shared_left=9, spent=0, step="a", tokens=3
    )
    refused = {"granted": False, "reserved": 5, "spent": 0}
    recall(governor, first)
    recall(
        governor,
        BudgetReserved(bound=6, n=1, refused_by="step", step="a", step_ceiling=5, **refused),
    )
    recall(
        governor,
        BudgetSettled(
            actual=0, basis="released", grant=0, n=2, reserved=0, spent=0, step="a", tokens=0
        ),
    )
    assert pool.told == [("reserve", 0, 5), ("settle", 0, 0)]
    assert governor.halt is None
    late = BudgetReserved(bound=1, n=3, refused_by="wall", step="a", **refused | {"reserved": 0})
    recall(governor, late, at_ms=10)
    assert governor.halt == "TIMEOUT"
