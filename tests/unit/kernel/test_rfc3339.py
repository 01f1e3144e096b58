"""Times as text, against the standard library's calendar."""

import datetime

import pytest

from workc.kernel.failure import Misuse
from workc.kernel.rfc3339 import END_MS, spell

DAY = 86_400_000


def known(at_ms):
    start = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    found = start + datetime.timedelta(milliseconds=at_ms)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_every_day_of_four_centuries_is_that_of_the_standard_calendar():
    for day in range(0, 146_097 + 366):
        assert spell(day * DAY) == known(day * DAY)


@pytest.mark.parametrize("at_ms", [0, 1, 999, 1000, DAY - 1, DAY, END_MS // 2, END_MS - 1])
def test_a_time_is_that_of_the_standard_library(at_ms):
    assert spell(at_ms) == known(at_ms)


@pytest.mark.parametrize("at_ms", [-1, END_MS])
def test_a_time_that_cannot_be_spelt_is_misuse(at_ms):
    with pytest.raises(Misuse, match=f"from 1970 to 9999, not {at_ms} ms"):
        spell(at_ms)
