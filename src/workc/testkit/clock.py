"""A clock for tests: it tells a time with a zone, and moves only when it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from workc.kernel.failure import Misuse
from workc.sim.clock import FakeClock as FakeMilliseconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Whoever tells the time."""

    def now_utc(self) -> datetime:
        """Returns the time, in UTC."""
        ...


class FakeClock(FakeMilliseconds):
    """Tells a time that starts at ``start``, which has a zone; a step is ``step_ms`` long.

    :meth:`now_utc` shows the time as it is. The engine's own look at it, :meth:`now_ms`, moves it by
    a step.
    """

    def __init__(self, start: datetime, step_ms: int = 0) -> None:
        if start.tzinfo is None:
            raise Misuse("a clock starts at a time with a zone: datetime(..., tzinfo=UTC)")
        super().__init__((start - _EPOCH) // timedelta(milliseconds=1), step_ms)

    def now_utc(self) -> datetime:
        """Returns the time, in UTC, to the millisecond."""
        return _EPOCH + timedelta(milliseconds=self.time_ms)
