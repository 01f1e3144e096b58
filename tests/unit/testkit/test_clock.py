"""The clock of the testkit, and that every name of its face is there."""

from datetime import datetime, timedelta, timezone

import pytest

import workc
from workc import testkit
from workc.testkit import FakeClock


def test_a_clock_shows_the_time_it_was_started_at_until_it_is_moved():
    start = datetime(2025, 12, 24, 1, 2, 3, 4000, tzinfo=timezone(timedelta(hours=2)))
    clock = FakeClock(start, 250)
    assert clock.now_utc() == clock.now_utc() == start
    assert clock.now_utc().utcoffset() == timedelta(0)
    clock.advance()
    assert clock.now_utc() == start + timedelta(milliseconds=250)
    assert clock.now_ms() == int(start.timestamp() * 1000) + 250
    assert clock.now_utc() == start + timedelta(milliseconds=500)


def test_a_clock_starts_at_no_time_without_a_zone():
    with pytest.raises(workc.Misuse, match="zone"):
        FakeClock(datetime(2025, 12, 24))  # noqa: DTZ001 - that is what is refused


def test_the_kit_gives_every_name_that_it_lists():
    for name in testkit.__all__:
        assert getattr(testkit, name).__name__ == name or name == "run_suite"
