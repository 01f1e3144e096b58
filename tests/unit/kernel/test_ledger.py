"""The ledger: what fits is granted, what does not is not, and every move is numbered."""

import pytest

from workc.kernel.ledger import Ledger, LedgerError, Move


def move(n, granted, reserved, spent):
    return Move(n=n, granted=granted, reserved=reserved, spent=spent)


def test_a_bound_that_just_fits_is_granted_and_one_more_is_not():
    assert Ledger(100).reserve(100) == move(0, True, 100, 0)
    assert Ledger(100).reserve(101) == move(0, False, 0, 0)


def test_nothing_is_free_but_nothing():
    ledger = Ledger(0)
    assert ledger.reserve(0).granted
    assert not ledger.reserve(1).granted


def test_a_settlement_frees_what_was_not_spent():
    ledger = Ledger(100)
    ledger.reserve(60)
    assert not ledger.reserve(60).granted
    assert ledger.settle(0, 40) == move(2, True, 0, 40)
    assert ledger.left == 60
    assert ledger.reserve(60) == move(3, True, 60, 40)


def test_a_cost_above_its_bound_is_kept_and_marked():
    ledger = Ledger(100)
    ledger.reserve(10)
    assert ledger.settle(0, 150) == move(1, False, 0, 150)
    assert ledger.left == -50
    assert not ledger.reserve(0).granted


def test_a_cost_equal_to_its_bound_is_not_marked():
    ledger = Ledger(100)
    ledger.reserve(10)
    assert ledger.settle(0, 10).granted


@pytest.mark.parametrize(
    "act",
    [
        lambda ledger: Ledger(-1),
        lambda ledger: ledger.reserve(-1),
        lambda ledger: ledger.settle(0, -1),
        lambda ledger: ledger.settle(1, 0),
        lambda ledger: ledger.settle(2, 0),
    ],
)
def test_what_no_record_can_hold_is_refused_and_changes_nothing(act):
    ledger = Ledger(100)
    ledger.reserve(60)
    ledger.reserve(60)
    with pytest.raises(LedgerError):
        act(ledger)
    assert (ledger.reserved, ledger.spent, ledger.open_grants()) == (60, 0, {0: 60})
    assert ledger.reserve(1).n == 2


def test_a_grant_is_settled_once():
    ledger = Ledger(100)
    ledger.reserve(1)
    ledger.settle(0, 1)
    with pytest.raises(LedgerError, match="n = 0"):
        ledger.settle(0, 1)


def test_open_grants_are_a_copy():
    ledger = Ledger(1)
    ledger.reserve(1)
    ledger.open_grants().clear()
    assert ledger.open_grants() == {0: 1}
