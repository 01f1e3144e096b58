"""How well a strategy fits, and the order of suggestions."""

import pytest

from workc.kernel.failure import Misuse
from workc.kernel.strategy_match import match, ranked


@pytest.mark.parametrize(
    ("confidence", "threshold", "weight", "expected"),
    [
        (599, 600, 1000, 0),
        (600, 600, 1000, 0),
        (601, 600, 1000, 2),
        (900, 600, 1000, 750),
        (1000, 600, 1000, 1000),
        (700, 400, 1000, 500),
        (700, 400, 333, 166),
        (500, 0, 1000, 500),
        (0, 0, 1000, 0),
        (1000, 0, 0, 0),
        (999, 1000, 1000, 0),
        (1000, 1000, 1000, 1000),
        (1000, 1000, 250, 250),
    ],
)
def test_a_match_grows_from_the_threshold_and_is_then_weighed(
    confidence, threshold, weight, expected
):
    found = match(confidence, threshold=threshold, weight=weight)
    assert (found, type(found)) == (expected, int)


def test_suggestions_are_the_matches_above_nothing_best_first_then_by_id():
    assert ranked({"b": 10, "a": 10, "z": 0, "c": 11, "é": 10, "y": 1}) == [
        ("c", 11),
        ("a", 10),
        ("b", 10),
        ("é", 10),
        ("y", 1),
    ]
    assert ranked({}) == []


@pytest.mark.parametrize(
    ("numbers", "named"),
    [((1001, 0, 0), "confidence"), ((0, -1, 0), "threshold"), ((0, 0, 1001), "weight")],
)
def test_a_number_that_is_no_permille_is_misuse(numbers, named):
    confidence, threshold, weight = numbers
    with pytest.raises(Misuse, match=f"the {named} is a permille"):
        match(confidence, threshold=threshold, weight=weight)
