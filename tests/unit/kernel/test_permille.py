"""Permille stay within 0 to 1000."""

import pytest

from workc.kernel.failure import Misuse
from workc.kernel.permille import checked, clamped


def test_a_value_is_clamped_to_the_nearest_permille():
    assert [clamped(n) for n in (-1, 0, 1, 999, 1000, 1001)] == [0, 0, 1, 999, 1000, 1000]


def test_both_ends_are_permille_and_one_past_each_is_not():
    assert [checked("it", n) for n in (0, 1000)] == [0, 1000]
    for n in (-1, 1001):
        with pytest.raises(Misuse, match=f"it is a permille, 0 to 1000, not {n}"):
            checked("it", n)
