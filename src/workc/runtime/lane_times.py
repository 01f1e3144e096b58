"""When each lane began and what time it is there, told by the records alone.

It is what the engine's own clock said: a lane begins when the last of those that it waits for has
ended, and time stands still between answers. Records may come in order of arrival or in logical
order; the times are the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from workc.kernel.events import Path


class PlannedStep(msgspec.Struct, frozen=True):
    """One step of a plan as it is recorded."""

    id: str
    needs: tuple[str, ...] = ()
    skill: str = ""


def planned_steps(data: bytes | str) -> list[PlannedStep]:
    """Returns the steps of a recorded plan, or none if it is no plan."""
    try:
        return msgspec.json.decode(data, type=list[PlannedStep])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []


class LaneTimes:
    """Takes the places and times of records, one by one. Times are ms since 1970."""

    def __init__(self) -> None:
        self.latest = 0
        self._began: dict[Path, int] = {}
        self._now: dict[Path, int] = {}
        # Where the lanes that run now were started, and when: the root lane waits for all of them.
        self._base: tuple[Path, int] = ((), 0)
        self._needs: list[tuple[int, ...]] = []

    def plan(self, steps: Sequence[PlannedStep]) -> None:
        """Takes the plan: the lanes of its steps stand in its order."""
        places = {step.id: index for index, step in enumerate(steps)}
        self._needs = [tuple(places[n] for n in step.needs if n in places) for step in steps]

    def take(self, lane: Path, at_ms: object) -> None:
        """Takes a record of a lane, with its time if it is an answer."""
        if lane not in self._began:
            self._began[lane] = self._now[lane] = self._begin(lane)
        if isinstance(at_ms, int):
            self._now[lane] = at_ms
            self.latest = max(self.latest, at_ms)

    def forget(self, lane: Path) -> None:
        """Forgets a lane that is over, unless one of a plan may still wait for it."""
        if not self._needs:
            self._began.pop(lane, None)
            self._now.pop(lane, None)

    def began(self, lane: Path) -> int:
        """Returns when a lane began."""
        return self._began.get(lane, 0)

    def now(self, lane: Path) -> int:
        """Returns the time in a lane: of its last answer, or else of its beginning."""
        return self._now.get(lane, 0)

    def _begin(self, lane: Path) -> int:
        if not lane:
            return self.latest
        # Lanes that are started together begin at the latest time before the first of them.
        if self._base[0] != lane[:-1]:
            self._base = (lane[:-1], self.latest)
        base = self._base[1]
        needs = self._needs[lane[-1]] if lane[-1] < len(self._needs) else ()
        return max([base, *(self.now((*lane[:-1], need)) for need in needs)]) if needs else base
