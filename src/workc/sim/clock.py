"""Virtual time and derived entropy: the same on every machine and in every run."""

from __future__ import annotations

from collections.abc import Mapping

from workc.kernel.rng import SeededRng


class FakeClock:
    """Tells a time that moves only when it is told to: ``step_ms`` for each look at it."""

    def __init__(self, start_ms: int = 0, step_ms: int = 0) -> None:
        self._now_ms = start_ms
        self.step_ms = step_ms

    @property
    def time_ms(self) -> int:
        """Returns the time as it is."""
        return self._now_ms

    def now_ms(self) -> int:
        """Returns the time and moves it by one step."""
        now = self._now_ms
        self._now_ms += self.step_ms
        return now

    def advance(self, delay_ms: int | None = None) -> None:
        """Moves the time by ``delay_ms``, or by one step."""
        self._now_ms += self.step_ms if delay_ms is None else delay_ms

    def at_least(self, time_ms: int) -> None:
        """Moves the time to ``time_ms`` unless it is past that."""
        self._now_ms = max(self._now_ms, time_ms)

    async def sleep_ms(self, delay_ms: int) -> None:
        """Moves the time instead of waiting."""
        self._now_ms += max(0, delay_ms)


class JumpingClock(FakeClock):
    """Jumps ahead at some of the looks at it, by their number from 0, so many ms each."""

    def __init__(self, start_ms: int, step_ms: int, jumps: Mapping[int, int]) -> None:
        super().__init__(start_ms, step_ms)
        self._jumps = jumps
        self._looks = 0

    def now_ms(self) -> int:
        """Returns the time, after the jump if there is one at this look."""
        self._now_ms += self._jumps.get(self._looks, 0)
        self._looks += 1
        return super().now_ms()


class SeededEntropy:
    """Draws bytes from a seeded generator."""

    def __init__(self, seed: int) -> None:
        self._rng = SeededRng(seed)

    def draw(self, count: int) -> bytes:
        """Returns the next ``count`` bytes of the sequence."""
        return self._rng.bytes(count)
