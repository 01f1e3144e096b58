"""Times of trust files, against the standard library's calendar."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workc.verify.signatures.timestamps import LAST_MS, to_ms, to_text

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def text_of(moment):
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    millis = moment.microsecond // 1000
    return f"{text}.{millis:03}Z" if millis else f"{text}Z"


@settings(deadline=None)
@given(st.integers(0, LAST_MS))
@example(0)
@example(LAST_MS)
@example(951_782_400_000)  # 2000-02-29
@example(4_107_542_400_000)  # 2100-03-01
def test_every_millisecond_has_the_text_that_the_standard_library_gives(ms):
    text = text_of(EPOCH + timedelta(milliseconds=ms))
    assert to_text(ms) == text
    assert to_ms(text) == ms


@pytest.mark.parametrize("year", [1970, 1999, 2000, 2023, 2024, 2100, 2400, 9999])
def test_every_day_of_a_year_is_the_one_of_the_standard_library(year):
    day = datetime(year, 1, 1, tzinfo=UTC)
    for _ in range(366 if year != 9999 else 365):
        assert to_text(to_ms(text_of(day))) == text_of(day)
        assert to_ms(text_of(day)) == (day - EPOCH) // timedelta(milliseconds=1)
        day += (
            timedelta(days=1) if (day.year, day.month, day.day) != (9999, 12, 31) else timedelta(0)
        )


def test_a_fraction_has_one_to_three_digits():
    base = to_ms("2030-01-01T00:00:00Z")
    found = [to_ms(f"2030-01-01T00:00:00.{f}Z") for f in ("5", "50", "500", "005", "0005", "")]
    assert found == [base + 500, base + 500, base + 500, base + 5, None, None]


BAD = """
2030-01-01 00:00:00Z
2030-01-01T00:00:00
2030-01-01T00:00:00z
2030-01-01t00:00:00Z
2030-01-01T00:00:00+00:00
2030-01-01T00:00Z
2030-1-1T00:00:00Z
+2030-01-01T00:00:00Z
1969-12-31T23:59:59Z
0000-01-01T00:00:00Z
2030-00-01T00:00:00Z
2030-13-01T00:00:00Z
2030-01-00T00:00:00Z
2030-01-32T00:00:00Z
2030-02-29T00:00:00Z
2100-02-29T00:00:00Z
2030-04-31T00:00:00Z
2030-01-01T24:00:00Z
2030-01-01T00:60:00Z
2030-01-01T00:00:60Z
2030-01-01T00:00:00Z\x20
\u0662030-01-01T00:00:00Z
2030-01-01T00:00:00,5Z
""".strip().splitlines()


@pytest.mark.parametrize("text", ["", *BAD, "2030-01-01T00:00:00Z\n"], ids=ascii)
def test_another_form_names_no_time(text):
    assert to_ms(text) is None


@settings(deadline=None)
@given(st.text())
def test_no_text_whatever_is_more_than_refused(text):
    assert to_ms(text) is None
