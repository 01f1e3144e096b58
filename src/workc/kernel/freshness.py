"""How fresh what a run looked at is: a score for each item's age, and their weighted median.

1. An item that is ``d`` whole days old scores 1000 up to 7 days, falls in a straight line to 700
   at 30 days and to 200 at 180 days, and scores 100 after that.
2. Many items together score their weighted median: sorted by score, the first at which twice the
   weight so far reaches the whole weight. No items score 0.

All is integers; a fall is rounded down, so a score never falls below its line
(docs/reference/formulas.md).

>>> [score(days) for days in (0, 7, 8, 30, 180, 181)]
[1000, 1000, 987, 700, 200, 100]
>>> median([(900, 1000), (100, 1000), (500, 1000)])
500
"""

from __future__ import annotations

from collections.abc import Iterable

from workc.kernel.failure import Misuse
from workc.kernel.permille import WHOLE

MS_PER_DAY = 86_400_000

#: The weight of an item that names none.
DEFAULT_WEIGHT = 1000

#: Straight lines: (last day of it, day before it, score there, fall over the line).
_LINES = ((30, 7, 1000, 300), (180, 30, 700, 500))
_NEW_DAYS = 7
_OLD_SCORE = 100


def whole_days(then_ms: int, now_ms: int) -> int:
    """Returns the whole days from one time to another, in ms since 1970; 0 if it lies ahead."""
    return max(now_ms - then_ms, 0) // MS_PER_DAY


def score(days: int) -> int:
    """Returns the freshness of an item in permille; an age below 0 counts as 0."""
    if days <= _NEW_DAYS:
        return WHOLE
    for last, start, top, fall in _LINES:
        if days <= last:
            return top - fall * (days - start) // (last - start)
    return _OLD_SCORE


def median(scores: Iterable[tuple[int, int]]) -> int:
    """Returns the weighted median of pairs of a score and its weight; 0 without pairs.

    Raises:
        Misuse: a weight is below 0.
    """
    pairs = sorted(scores)
    if pairs and min(weight for _, weight in pairs) < 0:
        raise Misuse("a weight is never below 0")
    whole = sum(weight for _, weight in pairs)
    so_far = 0
    for item_score, weight in pairs:
        so_far += weight
        if 2 * so_far >= whole:
            return item_score
    return 0
