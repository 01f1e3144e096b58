"""One ceiling over many: never passed, nothing refused in vain, whoever asks at once."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workc
from workc import BudgetTracker, Misuse, Refusal
from workc.kernel.ledger import Ledger

CENT = 1_000_000


class Torn(Ledger):
    """A ledger in which two who ask at once meet between the question whether it fits and the move."""

    def __init__(self, ceiling):
        super().__init__(ceiling)
        self._both = threading.Barrier(2)

    def refusal(self, *asked):
        found = super().refusal(*asked)
        with suppress(threading.BrokenBarrierError):
            # Nobody comes if there is a lock: the barrier then breaks, for good.
            self._both.wait(0.5)
        return found


def test_what_is_reserved_is_set_aside_until_it_is_committed_or_released():
    tracker = BudgetTracker(ceiling_cents=10)
    first, second = tracker.reserve(4), tracker.reserve(micro_cents=5 * CENT)
    assert (tracker.remaining, tracker.reserved, tracker.spent) == (CENT, 9 * CENT, 0)
    assert tracker.commit(first, 3).granted
    tracker.release(second)
    assert (tracker.remaining, tracker.reserved, tracker.spent) == (7 * CENT, 0, 3 * CENT)


def test_the_ceiling_is_ten_dollars_unless_it_is_given():
    assert BudgetTracker().remaining == BudgetTracker().ceiling_micro_cents == 1000 * CENT


def test_what_does_not_fit_is_refused_with_what_is_left_and_changes_nothing():
    tracker = BudgetTracker(ceiling_cents=1)
    tracker.reserve(micro_cents=CENT - 5)
    with pytest.raises(Refusal, match="BUDGET_EXCEEDED") as refused:
        tracker.reserve(micro_cents=6)
    assert refused.value.failure.message.endswith("$0.00000005 are left of the budget")
    assert refused.value.failure.details["n"] == 1
    assert tracker.remaining == 5
    assert tracker.reserve(micro_cents=5).n == 2


def test_more_than_was_reserved_is_kept_and_nothing_fits_any_more():
    tracker = BudgetTracker(ceiling_cents=1)
    assert not tracker.commit(tracker.reserve(1), 3).granted
    assert (tracker.spent, tracker.remaining) == (3 * CENT, 0)
    with pytest.raises(Refusal):
        tracker.reserve(0)


def test_a_grant_is_closed_once_and_where_it_was_made():
    tracker, other = BudgetTracker(1), BudgetTracker(1)
    grant, foreign = tracker.reserve(1), other.reserve(1)
    tracker.release(grant)
    for wrong in (foreign, grant):
        with pytest.raises(Misuse, match="not open"):
            tracker.commit(wrong, 0)
    assert not tracker.is_open(grant)
    assert other.is_open(foreign)
    assert not tracker.is_open(foreign)


@pytest.mark.parametrize(
    "act",
    [
        lambda: BudgetTracker(-1),
        lambda: BudgetTracker(1.5),
        lambda: BudgetTracker(True),
        lambda: BudgetTracker(9_007_199_255),
        lambda: BudgetTracker(1).reserve(),
        lambda: BudgetTracker(1).reserve(1, micro_cents=1),
        lambda: BudgetTracker(1).reserve(-1),
        lambda: BudgetTracker(1).reserve(micro_cents=0.5),
        lambda: BudgetTracker(1).reserve(micro_cents=2**53),
    ],
)
def test_what_is_no_amount_is_a_misuse(act):
    with pytest.raises(Misuse):
        act()


def test_as_a_context_a_grant_closes_itself():
    tracker = BudgetTracker(10)
    with tracker.reserve(2):
        pass
    assert tracker.spent == 2 * CENT, "nobody said what it cost"
    with tracker.reserve(2) as grant:
        tracker.commit(grant, 1)
    assert tracker.spent == 3 * CENT
    with pytest.raises(ZeroDivisionError), tracker.reserve(2):
        _ = 1 / 0
    assert (tracker.spent, tracker.reserved) == (3 * CENT, 0), "what failed is not charged"


def test_a_share_counts_what_a_resumed_run_tells_again_only_once():
    tracker = BudgetTracker(1)
    share = tracker.share("run")
    assert share.reserve(0, 400_000) == CENT
    assert share.reserve(0, 400_000) == CENT, "what was left before it, as then"
    share.settle(0, 100_000)
    assert tracker.share("run") is share
    for _ in range(2):
        share.settle(0, 100_000)
    assert (tracker.spent, tracker.reserved) == (100_000, 0)
    tracker.forget("run")
    assert tracker.share("run") is not share


def test_what_a_dead_process_spent_counts_in_a_new_tracker_even_above_its_ceiling():
    tracker = BudgetTracker(1)
    share = tracker.share("run")
    assert share.reserve(0, 2 * CENT) == CENT
    share.settle(0, 1_500_000)
    assert (tracker.spent, tracker.remaining) == (1_500_000, 0)
    assert share.reserve(2, 0) == 0
    share.settle(2, 0)


class Naive:
    """Adds everything up again for each move; its only state is the list of moves."""

    def __init__(self, ceiling):
        self.ceiling, self.moves = ceiling, []

    def left(self):
        settled = {move[2]: move[3] for move in self.moves if move[0] == "settle"}
        held = [move for move in self.moves if move[0] == "reserve" and move[3]]
        return self.ceiling - sum(settled.get(n, bound) for _, n, bound, _ in held)

    def check(self, move):
        """Asserts that a move is what it must be after those before it."""
        if move[0] == "reserve":
            fits = move[2] <= self.left()
            assert fits == move[3], (move, self.left())
        self.moves.append(move)
        assert self.left() >= 0


def spend(tracker, bound, actual):
    """Returns the moves of one who reserves and settles."""
    try:
        grant = tracker.reserve(micro_cents=bound)
    except Refusal as refusal:
        return [("reserve", refusal.failure.details["n"], bound, False)]
    move = tracker.commit(grant, micro_cents=min(actual, bound))
    return [("reserve", grant.n, bound, True), ("settle", move.n, grant.n, min(actual, bound))]


async def spend_later(tracker, bound, actual):
    try:
        grant = tracker.reserve(micro_cents=bound)
    except Refusal as refusal:
        return [("reserve", refusal.failure.details["n"], bound, False)]
    await asyncio.sleep(0)
    move = tracker.commit(grant, micro_cents=min(actual, bound))
    return [("reserve", grant.n, bound, True), ("settle", move.n, grant.n, min(actual, bound))]


def judge(tracker, found):
    """Asserts that the moves, in the order of their numbers, are those of the naive model."""
    moves = sorted((move for moves in found for move in moves), key=lambda move: move[1])
    assert [move[1] for move in moves] == list(range(len(moves))), "dense"
    naive = Naive(tracker.ceiling_micro_cents)
    for move in moves:
        naive.check(move)
    assert tracker.remaining == naive.left()
    assert tracker.reserved == 0


ASKED = st.lists(st.tuples(st.integers(0, CENT), st.integers(0, CENT)), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(ASKED)
def test_threads_never_pass_the_ceiling_and_are_refused_only_what_did_not_fit(asked):
    tracker = BudgetTracker(1)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda each: spend(tracker, *each), asked))
    judge(tracker, found)


@settings(max_examples=60, deadline=None)
@given(ASKED)
def test_tasks_never_pass_the_ceiling_and_are_refused_only_what_did_not_fit(asked):
    tracker = BudgetTracker(1)

    async def work():
        return await asyncio.gather(*(spend_later(tracker, *each) for each in asked))

    judge(tracker, asyncio.run(work()))


def granted(tracker, bound, count):
    """Returns how many of so many threads were granted a bound at once."""

    def ask(_):
        try:
            return tracker.reserve(micro_cents=bound)
        except Refusal:
            return None

    with ThreadPoolExecutor(16) as pool:
        return sum(grant is not None for grant in pool.map(ask, range(count)))


def test_two_threads_that_ask_at_once_for_all_that_is_left_do_not_both_get_it():
    """Pitfall 2: the question and the move are one."""
    tracker = BudgetTracker(1)
    tracker._ledger = Torn(CENT)
    assert granted(tracker, CENT, 2) == 1
    assert (tracker.reserved, tracker.remaining) == (CENT, 0)


def test_many_threads_at_the_edge_of_the_ceiling_get_exactly_what_fits():
    assert granted(BudgetTracker(1), CENT // 10, 100) == 10


def test_the_public_name_is_this_class():
    assert workc.BudgetTracker is BudgetTracker
