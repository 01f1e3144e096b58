"""Freshness of items by their age, and the weighted median over many."""

import pytest

from workc.kernel.failure import Misuse
from workc.kernel.freshness import DEFAULT_WEIGHT, MS_PER_DAY, median, score, whole_days


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-5, 1000),
        (0, 1000),
        (7, 1000),
        (8, 987),
        (9, 974),
        (29, 714),
        (30, 700),
        (31, 697),
        (32, 694),
        (179, 204),
        (180, 200),
        (181, 100),
        (10_000, 100),
    ],
)
def test_a_score_falls_along_two_lines(days, expected):
    assert score(days) == expected


def test_days_are_whole_and_the_future_is_today():
    assert whole_days(0, MS_PER_DAY - 1) == 0
    assert whole_days(0, MS_PER_DAY) == 1
    assert whole_days(5 * MS_PER_DAY, 8 * MS_PER_DAY + 1) == 3
    assert whole_days(MS_PER_DAY, 0) == 0


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], 0),
        ([(7, 1)], 7),
        ([(900, 1000), (100, 1000)], 100),
        ([(900, 1001), (100, 1000)], 900),
        ([(900, 1), (500, 1), (100, 1)], 500),
        ([(900, 1), (500, 1), (100, 2)], 100),
        ([(900, 5), (500, 0), (100, 0)], 900),
        ([(900, 0), (500, 0)], 500),
    ],
)
def test_the_median_is_the_first_score_at_half_of_the_weight(pairs, expected):
    assert median(pairs) == median(reversed(pairs)) == expected


def test_an_item_without_a_weight_weighs_a_thousand():
    assert DEFAULT_WEIGHT == 1000


def test_a_weight_below_nothing_is_misuse():
    with pytest.raises(Misuse, match="never below 0"):
        median([(1, 5), (2, -1)])
