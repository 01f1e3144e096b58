"""Times as text: RFC 3339 in UTC, to the millisecond, from milliseconds since 1970.

The texts all have one length, so they sort as the times do. The calendar is the proleptic
Gregorian one, reckoned in eras of 400 years that begin on the first of March.

>>> spell(1_767_225_600_000), spell(951_825_599_999)
('2026-01-01T00:00:00.000Z', '2000-02-29T11:59:59.999Z')
"""

from __future__ import annotations

from workc.kernel.failure import Misuse

#: The first millisecond of the year 10000, which RFC 3339 cannot spell.
END_MS = 253_402_300_800_000

_MS_PER_DAY = 86_400_000
_DAYS_PER_ERA = 146_097
#: From the first of March of the year 0 to the first of January 1970.
_DAYS_TO_1970 = 719_468


def spell(at_ms: int) -> str:
    """Returns a time in ms since 1970 as RFC 3339 text in UTC.

    Raises:
        Misuse: the time is before 1970 or after the year 9999.
    """
    if not 0 <= at_ms < END_MS:
        raise Misuse(f"a time is from 1970 to 9999, not {at_ms} ms since 1970")
    days, rest = divmod(at_ms, _MS_PER_DAY)
    seconds, ms = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    year, month, day = _date(days)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"


def _date(days: int) -> tuple[int, int, int]:
    """Returns year, month and day of a number of days since 1970."""
    era, of_era = divmod(days + _DAYS_TO_1970, _DAYS_PER_ERA)
    # Leap days come every 4 years, not every 100, but every 400: take out those that passed.
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    # Months from March on have 31, 30, 31, 30, 31 days over and over: 153 in five.
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    in_next_year = month >= 10
    return era * 400 + year + in_next_year, month - 9 if in_next_year else month + 3, day
