"""The order of steps and the cycles among them, against naive second implementations."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.kernel.failure import Refusal
from workc.runtime.workflow.graph import find_cycles, plan_order
from workc.runtime.workflow.model import StepSpec


def steps(**needs):
    return [StepSpec(id=key, skill="s", needs=tuple(v.split())) for key, v in needs.items()]


def test_each_step_stands_after_what_it_needs_and_ties_in_file_order():
    assert plan_order(steps(z="", b="a", a="", c="z b")) == ("z", "a", "b", "c")
    assert plan_order(steps(c="", b="", a="")) == ("c", "b", "a")
    assert plan_order([]) == ()


def test_a_step_that_is_not_there_and_a_cycle_are_refused():
    with pytest.raises(Refusal, match="a needs x"):
        plan_order(steps(a="x"))
    with pytest.raises(Refusal, match="a -> b -> a"):
        plan_order(steps(a="b", b="a"))


def test_cycles_are_named_once_and_in_order():
    assert find_cycles({"a": ["b"], "b": ["a"], "c": ["c"], "d": ["a"], "e": []}) == [
        ("a", "b", "a"),
        ("c", "c"),
    ]
    assert find_cycles({"x": ["a"], "a": ["b", "b"], "b": ["c"], "c": ["a"]}) == [
        ("a", "b", "c", "a")
    ]
    assert find_cycles({"a": ["nowhere"]}) == []


def test_long_chains_do_not_need_the_stack():
    count = 20_000
    chain = [
        StepSpec(id=f"s{i}", skill="s", needs=(f"s{i + 1}",) if i + 1 < count else ())
        for i in range(count)
    ]
    assert plan_order(chain)[0] == f"s{count - 1}"


GRAPHS = st.integers(1, 7).flatmap(
    lambda n: st.lists(
        st.lists(st.integers(0, n - 1), max_size=3, unique=True), min_size=n, max_size=n
    )
)


def naive_order(needs):
    """Takes the first step in file order that is ready, again and again."""
    order = []
    while len(order) < len(needs):
        ready = [s for s in needs if s not in order and set(needs[s]) <= set(order)]
        if not ready:
            return None
        order.append(ready[0])
    return tuple(order)


@settings(max_examples=200, deadline=None)
@given(GRAPHS)
def test_order_and_cycles_agree_with_the_naive_ones(graph):
    needs = {str(i): [str(n) for n in found] for i, found in enumerate(graph)}
    expected = naive_order(needs)
    cycles = find_cycles(needs)
    assert (expected is None) == bool(cycles)
    seen = [name for cycle in cycles for name in cycle[:-1]]
    assert len(seen) == len(set(seen))
    for cycle in cycles:
        assert cycle[0] == cycle[-1]
        assert all(b in needs[a] for a, b in pairwise(cycle))
    if expected is not None:
        specs = [StepSpec(id=i, skill="s", needs=tuple(found)) for i, found in needs.items()]
        assert plan_order(specs) == expected
