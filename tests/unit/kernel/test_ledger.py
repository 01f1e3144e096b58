"""The ledger: what fits is granted, what does not is not, and every move is numbered."""

import pytest

from workc.kernel.ledger import DIMENSIONS, Ledger, LedgerError, Move, Terms


def move(n, granted, reserved, spent):
    refused_by = None if granted else "run"
    return Move(n=n, granted=granted, reserved=reserved, spent=spent, refused_by=refused_by)


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
    assert ledger.settle(0, 150) == Move(n=1, granted=False, reserved=0, spent=150)
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
        lambda ledger: Ledger(1, tokens=-1),
        lambda ledger: Ledger(1, calls=-1),
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


def refused_by(ledger, bound, **terms):
    return ledger.reserve(bound, Terms(**terms)).refused_by


def test_a_step_has_a_ceiling_of_its_own_and_other_steps_do_not_count():
    ledger = Ledger(100)
    assert refused_by(ledger, 30, step="a", step_ceiling=40) is None
    assert refused_by(ledger, 11, step="a", step_ceiling=40) == "step"
    assert refused_by(ledger, 40, step="b", step_ceiling=40) is None
    ledger.settle(0, 5)
    assert refused_by(ledger, 36, step="a", step_ceiling=40) == "step"
    assert refused_by(ledger, 35, step="a", step_ceiling=40) is None
    assert refused_by(ledger, 21, step="a", step_ceiling=100) == "run"


def test_tokens_are_limited_by_what_is_reserved_and_used():
    ledger = Ledger(100, tokens=10)
    assert refused_by(ledger, 0, tokens=10) is None
    assert refused_by(ledger, 0, tokens=1) == "tokens"
    assert ledger.settle(0, 0, tokens=4).granted
    assert refused_by(ledger, 0, tokens=7) == "tokens"
    assert refused_by(ledger, 0, tokens=6) is None
    assert not ledger.settle(4, 0, tokens=7).granted, "more than was reserved"
    assert refused_by(ledger, 0, tokens=0) == "tokens", "7 + 4 are more than 10"


def test_as_many_tokens_as_were_reserved_are_not_too_many():
    ledger = Ledger(100, tokens=10)
    ledger.reserve(0, Terms(tokens=3))
    ledger.reserve(0, Terms(tokens=4))
    assert (ledger.tokens_taken, ledger.calls_taken) == (7, 2)
    assert ledger.settle(0, 0, tokens=3).granted
    assert ledger.settle(1, 0).granted, "none, if nothing is said"
    assert ledger.tokens_taken == 3


def test_tokens_without_a_limit_are_counted_and_violate_nothing():
    ledger = Ledger(100)
    ledger.reserve(0, Terms(tokens=1))
    assert ledger.settle(0, 0, tokens=9).granted
    assert ledger.tokens_taken == 9


def test_a_call_that_is_released_was_none():
    ledger = Ledger(100, calls=1)
    assert refused_by(ledger, 1) is None
    assert refused_by(ledger, 1) == "calls"
    ledger.settle(0, 0, released=True)
    assert refused_by(ledger, 1) is None
    ledger.settle(3, 0)
    assert refused_by(ledger, 1) == "calls"


def test_what_refuses_is_the_first_of_all_that_do_in_the_order_of_the_page():
    everything = {"step": "a", "step_ceiling": 0, "tokens": 1, "is_late": True, "shared_left": 0}
    ledger, seen = Ledger(0, tokens=0, calls=0), []
    fit = {"step": {"step_ceiling": 1}, "wall": {"is_late": False}, "shared": {"shared_left": 1}}
    while (dimension := ledger.refusal(1, Terms(**everything))) is not None:
        seen.append(dimension)
        everything |= fit.get(dimension, {})
        raised = {"run": "ceiling", "tokens": "tokens", "calls": "calls"}.get(dimension)
        if raised is not None:
            setattr(ledger, raised, 1)
    assert tuple(seen) == DIMENSIONS


def test_what_was_spent_without_a_reservation_is_charged_whether_it_fits_or_not():
    ledger = Ledger(10)
    assert ledger.charge(10) == move(0, True, 0, 10)
    assert ledger.charge(0) == move(1, True, 0, 10)
    assert ledger.charge(1) == Move(n=2, granted=False, reserved=0, spent=11)
    with pytest.raises(LedgerError):
        ledger.charge(-1)
    assert ledger.next_n == 3


def test_a_grant_is_open_until_it_is_settled():
    ledger = Ledger(1)
    ledger.reserve(1)
    assert (ledger.is_open(0), ledger.is_open(1)) == (True, False)
    ledger.settle(0, 0)
    assert not ledger.is_open(0)
