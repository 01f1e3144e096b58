"""What an HTTP status means as a failure: one table, used by every skill that speaks HTTP.

A failure is classified by its status alone, never by words in the answer.

>>> code_of(429), code_of(418), code_of(507)
('RATE_LIMITED', 'HTTP_4XX', 'HTTP_5XX')
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable

#: Statuses with a code of their own (RFC 9110, section 15; RFC 6585 for 429; RFC 8470 for 425).
STATUS_CODES: dict[int, str] = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    408: "TIMEOUT",
    409: "CONFLICT",
    425: "SERVICE_UNAVAILABLE",
    429: "RATE_LIMITED",
    500: "HTTP_5XX",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}
#: The lowest status that is a failure.
FIRST_FAILURE = 400
_FIRST_SUCCESS, _FIRST_REDIRECT, _FIRST_SERVER_FAILURE = 200, 300, 500

#: How much of an answer a failure quotes, in bytes: enough for an error object, not for a page.
EXCERPT_BYTES = 2048

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_SECONDS = re.compile(r"[0-9]{1,9}")
#: IMF-fixdate (RFC 9110, section 5.6.7). The two obsolete forms are not read.
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) (" + "|".join(_MONTHS) + r") "
    r"([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)


def code_of(status: int) -> str:
    """Returns the failure code of a status of 400 or more; any below that is a server's mistake."""
    if status in STATUS_CODES:
        return STATUS_CODES[status]
    return "HTTP_4XX" if FIRST_FAILURE <= status < _FIRST_SERVER_FAILURE else "HTTP_5XX"


def is_success(status: int) -> bool:
    """Returns whether a status is one of 2xx."""
    return _FIRST_SUCCESS <= status < _FIRST_REDIRECT


def header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """Returns the first value of the header ``name`` (lower case), or None."""
    return next((value for key, value in headers if key.lower() == name), None)


def media_type(headers: Iterable[tuple[str, str]]) -> str:
    """Returns the media type in lower case without parameters; empty when none was sent."""
    return (header(headers, "content-type") or "").partition(";")[0].strip().lower()


def excerpt(body: bytes) -> str:
    """Returns the start of a body as text, at most 2 KiB of it, unreadable bytes replaced."""
    return body[:EXCERPT_BYTES].decode("utf-8", "replace")


def retry_after_ms(headers: Iterable[tuple[str, str]], now_ms: int) -> int | None:
    """Returns how long ``Retry-After`` asks to wait, in ms, or None.

    It is a number of seconds or a date (RFC 9110, section 10.2.3). A date in the past is 0; what
    is neither is ignored.
    """
    value = (header(headers, "retry-after") or "").strip()
    if _SECONDS.fullmatch(value):
        return int(value) * 1000
    at_ms = _date_ms(value)
    return None if at_ms is None else max(0, at_ms - now_ms)


def date_of(headers: Iterable[tuple[str, str]]) -> int | None:
    """Returns from when an answer is, in ms since 1970: its Last-Modified, else its Date, or None."""
    listed = list(headers)
    said = (header(listed, name) or "" for name in ("last-modified", "date"))
    return next((at_ms for text in said if (at_ms := _date_ms(text.strip())) is not None), None)


def _date_ms(value: str) -> int | None:
    match = _DATE.fullmatch(value)
    if match is None:
        return None
    day, month, year, hour, minute, second = match.groups()
    month_of_year = int(year), _MONTHS.index(month) + 1
    if month_of_year[0] == 0:
        return None
    time = int(day), int(hour), int(minute), int(second)
    # A leap second is a time (RFC 9110, section 5.6.7); the 30th of February is none.
    most = calendar.monthrange(*month_of_year)[1], 23, 59, 60
    if time[0] == 0 or any(part > limit for part, limit in zip(time, most, strict=True)):
        return None
    parts = (*month_of_year, *time)
    return calendar.timegm(parts) * 1000
