"""The ledger beside a naive model that keeps every move and adds them up again each time."""

from hypothesis import given, settings
from hypothesis import strategies as st
from naive_budget import NaiveBudget

from workc.kernel.ledger import Ledger, LedgerError, Terms

AMOUNTS = st.integers(0, 30) | st.integers(0, 2**53 - 1)


class Naive:
    """All reservations as (bound, actual or None); no running sums."""

    def __init__(self, ceiling):
        self.ceiling, self.grants, self.moves = ceiling, {}, 0

    def sums(self):
        reserved = sum(bound for bound, actual in self.grants.values() if actual is None)
        spent = sum(actual for _, actual in self.grants.values() if actual is not None)
        return reserved, spent

    def reserve(self, bound):
        granted = sum(self.sums()) + bound <= self.ceiling
        if granted:
            self.grants[self.moves] = (bound, None)
        self.moves += 1
        return granted

    def settle(self, grant, actual):
        if grant not in self.grants or self.grants[grant][1] is not None:
            return None
        bound = self.grants[grant][0]
        self.grants[grant] = (bound, actual)
        self.moves += 1
        return actual <= bound


STEPS = st.lists(
    st.tuples(st.just("reserve"), AMOUNTS, st.just(0))
    | st.tuples(st.just("settle"), st.integers(0, 12), AMOUNTS),
    max_size=30,
)


@settings(max_examples=200, deadline=None)
@given(AMOUNTS, STEPS)
def test_every_move_is_that_of_the_naive_model(ceiling, steps):
    ledger, naive, overrun = Ledger(ceiling), Naive(ceiling), False
    for kind, first, second in steps:
        if kind == "reserve":
            expected, move = naive.reserve(first), ledger.reserve(first)
        else:
            expected = naive.settle(first, second)
            try:
                move = ledger.settle(first, second)
            except LedgerError:
                assert expected is None
                continue
            overrun |= not expected
        assert (move.granted, move.n) == (expected, naive.moves - 1)
        assert (move.reserved, move.spent) == naive.sums()
        assert overrun or sum(naive.sums()) <= ceiling


@settings(max_examples=100, deadline=None)
@given(AMOUNTS, st.lists(AMOUNTS, max_size=20))
def test_costs_within_their_bounds_never_pass_the_ceiling_and_nothing_is_refused_in_vain(
    ceiling, bounds
):
    ledger = Ledger(ceiling)
    for bound in bounds:
        left = ceiling - ledger.reserved - ledger.spent
        move = ledger.reserve(bound)
        assert move.granted == (bound <= left)
        if move.granted and move.n % 2:
            ledger.settle(move.n, bound // 2)
        assert ledger.reserved + ledger.spent <= ceiling


SMALL = st.integers(0, 12)
MAYBE = st.none() | SMALL
TERMS = st.builds(
    Terms,
    tokens=SMALL,
    step=st.sampled_from("ab"),
    step_ceiling=MAYBE,
    shared_left=MAYBE,
    is_late=st.sampled_from([False, False, False, True]),
)
ALL_STEPS = st.lists(
    st.tuples(st.just("reserve"), SMALL, TERMS)
    | st.tuples(st.just("settle"), SMALL, st.tuples(SMALL, SMALL, st.booleans())),
    max_size=25,
)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 40), MAYBE, st.none() | st.integers(0, 3), ALL_STEPS)
def test_every_dimension_is_that_of_a_naive_model(ceiling, tokens, calls, steps):
    ledger, naive = Ledger(ceiling, tokens=tokens, calls=calls), NaiveBudget(ceiling, tokens, calls)
    for kind, first, rest in steps:
        if kind == "reserve":
            expected = naive.reserve(ledger.next_n, first, rest)
            move = ledger.reserve(first, rest)
            assert (move.refused_by, move.granted) == (expected, expected is None)
        else:
            actual, used, released = rest
            expected = naive.settle(first, actual, used, released)
            try:
                move = ledger.settle(first, actual, tokens=used, released=released)
            except LedgerError:
                assert expected is None
                continue
            assert move.granted == expected
        assert (move.reserved, move.spent) == naive.sums()
        assert ledger.tokens_taken == naive.used_tokens()
        assert ledger.calls_taken == naive.made_calls()
