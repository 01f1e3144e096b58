"""THE TABLE, written a second time by hand."""

import itertools

import pytest

from workc.kernel.phases import FIRST, LAST, PHASES, TABLE, may_follow, may_lock_from

LEGAL = {
    "Observe": "Observe Orient",
    "Orient": "Orient Decide",
    "Decide": "Decide Act Orient",
    "Act": "Act Verify Decide Orient",
    "Verify": "Verify Lock Act Decide Orient",
    "Lock": "Lock",
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(PHASES, repeat=2)))
def test_what_may_follow_is_what_the_page_says(before, after):
    assert may_follow(before, after) == (after in LEGAL[before].split())


@pytest.mark.parametrize("before", PHASES)
@pytest.mark.parametrize("outcome", ["success", "partial", "failed"])
@pytest.mark.parametrize("level", ["Draft", "Staged", "Committed", "Published", "Immutable"])
def test_a_lock_comes_from_verify_or_as_a_failed_draft(before, outcome, level):
    allowed = before in ("Verify", "Lock") or (outcome, level) == ("failed", "Draft")
    assert may_lock_from(before, outcome, level) == allowed


def test_every_phase_can_be_reached_and_nothing_leaves_the_last():
    reached, more = set(), {FIRST}
    while more:
        reached |= more
        more = {after for phase in more for after in TABLE[phase]} - reached
    assert reached == set(PHASES) == set(TABLE)
    assert TABLE[LAST] == (LAST,)
