"""Which state may follow which, and where successors lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.stages.stage.lifecycle import FOLLOWS, chain, move_problem, succession_problem
from workc.stages.stage.refinements import StageError

ALLOWED = {
    ("Draft", "Active"),
    ("Draft", "Tombstone"),
    ("Active", "Deprecated"),
    ("Active", "Tombstone"),
    ("Deprecated", "Active"),
    ("Deprecated", "Deprecated"),
    ("Deprecated", "Tombstone"),
}


@pytest.mark.parametrize("before", FOLLOWS)
@pytest.mark.parametrize("after", FOLLOWS)
def test_a_state_follows_or_it_is_said_why_not(before, after):
    assert (move_problem(before, after) is None) is ((before, after) in ALLOWED)


def test_a_chain_that_leads_back_is_refused():
    with pytest.raises(StageError, match="lead back to a"):
        chain("a", {"a": "b", "b": "a"}.get)


def test_what_may_replace_what():
    after = {"a": None, "b": "a", "c": None}.get
    assert succession_problem("c", "a", "Active", after) is None
    assert "own successor" in succession_problem("a", "a", "Active", after)
    assert "lead to a already" in succession_problem("a", "b", "Deprecated", after)
    assert "nobody's successor" in succession_problem("c", "a", "Tombstone", after)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20))
def test_whatever_is_replaced_by_whatever_no_chain_ever_leads_back(moves):
    successors = {}
    for of, by in moves:
        if succession_problem(str(of), str(by), "Active", successors.get) is None:
            successors[str(of)] = str(by)
        elif of != by:
            assert str(of) in chain(str(by), successors.get)
    for each in successors:
        assert chain(each, successors.get)[-1] not in successors
