"""Times as trust files write them: RFC 3339 in UTC, to the millisecond.

Only ``YYYY-MM-DDThh:mm:ss[.f]Z`` with one to three digits of a fraction is read, from 1970 to 9999,
in the Gregorian calendar, without leap seconds. The oracle has no clock and needs none.

>>> to_ms("2026-03-01T00:00:00.5Z"), to_text(1_772_323_200_500)
(1772323200500, '2026-03-01T00:00:00.500Z')
"""

from __future__ import annotations

import re
from itertools import accumulate

_FORM = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,3}))?Z"
)
FIRST_YEAR = 1970
LAST_MS = 253_402_300_799_999
_DAY_MS = 86_400_000
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def to_ms(text: str) -> int | None:
    """Returns the ms since 1970-01-01T00:00:00Z that ``text`` names, or None if it names none."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    if year < FIRST_YEAR or not 1 <= month <= len(_MONTHS):
        return None
    if not 1 <= day <= _month_days(year)[month - 1] or hour > 23 or minute > 59 or second > 59:
        return None
    days = _days_before(year) + _month_starts(year)[month - 1] + day - 1
    seconds = (hour * 60 + minute) * 60 + second
    return days * _DAY_MS + seconds * 1000 + int((match[7] or "").ljust(3, "0"))


def to_text(ms: int) -> str:
    """Returns a time from 0 to :data:`LAST_MS`, ms since 1970, as :func:`to_ms` reads it."""
    days, rest = divmod(ms, _DAY_MS)
    year = FIRST_YEAR + days // 366
    while _days_before(year + 1) <= days:
        year += 1
    days -= _days_before(year)
    starts = _month_starts(year)
    month = sum(start <= days for start in starts)
    seconds, fraction = divmod(rest, 1000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    part = f".{fraction:03}" if fraction else ""
    return f"{year:04}-{month:02}-{days - starts[month - 1] + 1:02}T{clock}{part}Z"


def _days_before(year: int) -> int:
    """Returns the days from 1970-01-01 to the first of ``year``."""
    return _gregorian_days(year - 1) - _gregorian_days(FIRST_YEAR - 1)


def _gregorian_days(year: int) -> int:
    return 365 * year + year // 4 - year // 100 + year // 400


def _month_days(year: int) -> tuple[int, ...]:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (*_MONTHS[:1], 29, *_MONTHS[2:]) if is_leap else _MONTHS


def _month_starts(year: int) -> tuple[int, ...]:
    """Returns how many days of the year stand before each month."""
    return (0, *accumulate(_month_days(year)[:-1]))
