"""What children make of their parent's outcome."""

import itertools

import pytest

from workc.kernel.rollup import rollup

OUTCOMES = ("success", "partial", "failed")


@pytest.mark.parametrize(
    ("outcome", "critical", "expected"),
    [
        ("success", True, "success"),
        ("success", False, "success"),
        ("partial", True, "partial"),
        ("partial", False, "partial"),
        ("failed", True, "failed"),
        ("failed", False, "partial"),
    ],
)
def test_one_child_makes_of_a_successful_parent(outcome, critical, expected):
    assert rollup("success", [(outcome, critical)]) == expected


def test_without_children_the_outcome_is_its_own():
    for own in OUTCOMES:
        assert rollup(own, []) == own


def test_no_child_makes_a_parent_better_and_their_order_does_not_count():
    kinds = list(itertools.product(OUTCOMES, [True, False]))
    for own, one, other in itertools.product(OUTCOMES, kinds, kinds):
        found = rollup(own, [one, other])
        assert found == rollup(own, [other, one])
        worst = max(
            map(OUTCOMES.index, (own, rollup("success", [one]), rollup("success", [other])))
        )
        assert found == OUTCOMES[worst]
