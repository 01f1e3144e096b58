"""Statuses as failures, and Retry-After."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel.catalog import CATALOG
from workc.skills import http_status


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "BAD_REQUEST"),
        (401, "UNAUTHORIZED"),
        (403, "FORBIDDEN"),
        (404, "NOT_FOUND"),
        (408, "TIMEOUT"),
        (409, "CONFLICT"),
        (425, "SERVICE_UNAVAILABLE"),
        (429, "RATE_LIMITED"),
        (499, "HTTP_4XX"),
        (500, "HTTP_5XX"),
        (501, "HTTP_5XX"),
        (502, "BAD_GATEWAY"),
        (503, "SERVICE_UNAVAILABLE"),
        (504, "GATEWAY_TIMEOUT"),
        (599, "HTTP_5XX"),
        (999, "HTTP_5XX"),
    ],
)
def test_every_status_of_a_failure_has_its_code(status, code):
    assert http_status.code_of(status) == code
    assert code in CATALOG


@pytest.mark.parametrize(
    ("value", "wait_ms"),
    [
        ("0", 0),
        ("120", 120_000),
        (" 7 ", 7_000),
        ("999999999", 999_999_999_000),
        ("1000000000", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Thu, 01 Jan 1970 00:00:12 GMT", 2_000),
        ("Thu, 01 Jan 1970 00:00:09 GMT", 0),
        ("Thursday, 01-Jan-70 00:00:12 GMT", None),
        ("Thu, 01 Jan 0000 00:00:12 GMT", None),
        ("Thu, 01 Jan 1970 00:00:12", None),
        ("Thu, 00 Jan 1970 00:00:12 GMT", None),
        ("Mon, 30 Feb 2026 00:00:12 GMT", None),
        ("Thu, 01 Jan 1970 24:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:60:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:61 GMT", None),
        ("Thu, 01 Jan 1970 00:00:60 GMT", 50_000),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, wait_ms):
    assert http_status.retry_after_ms([("Retry-After", value)], 10_000) == wait_ms


def test_no_retry_after_is_no_wait():
    assert http_status.retry_after_ms([], 10_000) is None


@given(st.datetimes(timezones=st.just(datetime.UTC)))
def test_every_date_is_read_as_the_calendar_has_it(moment):
    moment = moment.replace(microsecond=0)
    days, months = (
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    )
    text = (
        f"{days[moment.weekday()]}, {moment.day:02} {months[moment.month - 1]} "
        f"{moment.year:04} {moment:%H:%M:%S} GMT"
    )
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    expected = (moment - epoch) // datetime.timedelta(milliseconds=1)
    assert http_status.retry_after_ms([("retry-after", text)], -(10**18)) == expected + 10**18


def test_an_answer_is_of_its_last_modified_of_its_date_or_of_nothing_that_is_a_date():
    dated = ("date", "Thu, 01 Jan 1970 00:00:09 GMT")
    changed = ("last-modified", "Thu, 01 Jan 1970 00:00:12 GMT")
    no_day = ("last-modified", "Mon, 30 Feb 2026 00:00:12 GMT")
    assert http_status.date_of([dated, changed]) == 12_000
    assert http_status.date_of([dated, no_day]) == 9_000
    assert http_status.date_of([no_day]) is None


@given(st.text())
def test_any_retry_after_is_a_wait_or_nothing(value):
    wait_ms = http_status.retry_after_ms([("retry-after", value)], 0)
    assert wait_ms is None or wait_ms >= 0


def test_an_excerpt_has_at_most_its_limit_of_bytes():
    limit = http_status.EXCERPT_BYTES
    assert http_status.excerpt(b"a" * limit) == "a" * limit
    assert http_status.excerpt(b"a" * (limit + 1)) == "a" * limit
    assert http_status.excerpt(b"\xff") == "\ufffd"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Application/JSON; charset=utf-8", "application/json"),
        ("", ""),
        (" text/html", "text/html"),
    ],
)
def test_a_media_type_is_lower_case_and_without_parameters(value, expected):
    assert http_status.media_type([("Content-Type", value)]) == expected
