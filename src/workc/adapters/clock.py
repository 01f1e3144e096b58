"""The machine's clock and entropy, behind the ports."""

from __future__ import annotations

import asyncio
import os
import time


class SystemClock:
    """Tells the wall clock, never going back below what it told, nor below ``floor_ms``."""

    def __init__(self, floor_ms: int = 0) -> None:
        self._last_ms = floor_ms

    def now_ms(self) -> int:
        """Returns ms since 1970-01-01T00:00:00Z, not less than any answer before."""
        self._last_ms = max(self._last_ms, time.time_ns() // 1_000_000)
        return self._last_ms

    async def sleep_ms(self, delay_ms: int) -> None:
        """Returns after at least ``delay_ms`` ms."""
        await asyncio.sleep(max(0, delay_ms) / 1000)


class SystemEntropy:
    """Draws bytes from the operating system."""

    def draw(self, count: int) -> bytes:
        """Returns ``count`` random bytes."""
        return os.urandom(count)
