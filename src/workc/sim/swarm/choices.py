"""Choices: each has a name and a number of ways, and is on record, so that it can be made again.

Every name draws from a stream of its own, so that a choice more in one place changes none in another.
A record of choices is written as the ways that were taken, with ``NxW`` for N times the same:

>>> spelled([0, 0, 0, 2]), read("3x0,2")
('3x0,2', [0, 0, 0, 2])
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TypeVar

from workc.kernel.rng import SeededRng, derive

T = TypeVar("T")
_RUN = re.compile(r"(?:(?P<times>[1-9][0-9]{0,5})x)?(?P<way>0|[1-9][0-9]{0,8})")
MAX_CHOICES = 100_000
#: A site of faults is open in every other run; at one that is open a fault comes every fourth time.
_OPEN, _FIRES = 2, 4


class TraceError(ValueError):
    """Says why a record of choices cannot be followed."""


class Choices:
    """Makes choices by a seed, or as they were made before, and keeps them.

    A record that is at an end, or that took a way that there is not, is ``TraceError``: who replays
    wants what was, and nothing else.
    """

    def __init__(self, seed: int, recorded: Sequence[int] | None = None) -> None:
        self._seed = seed
        self._recorded = recorded
        self._streams: dict[str, SeededRng] = {}
        self._open: dict[str, bool] = {}
        self.taken: list[int] = []

    def choose(self, site: str, ways: int) -> int:
        """Returns a way, from 0 to ``ways`` - 1.

        Raises:
            TraceError: the record has none here, or one that is not among these.
        """
        way = self._drawn(site, ways) if self._recorded is None else self._again(site, ways)
        self.taken.append(way)
        return way

    def of(self, site: str, among: Sequence[T]) -> T:
        """Returns one of several things."""
        return among[self.choose(site, len(among))]

    def fires(self, site: str) -> bool:
        """Returns whether a fault comes at a site; whether it is open is chosen once."""
        if site not in self._open:
            self._open[site] = self.choose(f"{site}:open", _OPEN) == 0
        return self._open[site] and self.choose(site, _FIRES) == 0

    def _drawn(self, site: str, ways: int) -> int:
        return self._stream(site).below(ways)

    def _stream(self, site: str) -> SeededRng:
        if site not in self._streams:
            self._streams[site] = SeededRng(derive(self._seed, site))
        return self._streams[site]

    def _again(self, site: str, ways: int) -> int:
        recorded, number = self._recorded or (), len(self.taken)
        if number >= len(recorded):
            raise TraceError(f"the record ends before choice {number}, of {site}")
        if recorded[number] >= ways:
            raise TraceError(f"choice {number}, of {site}, has {ways} ways, not {recorded[number]}")
        return recorded[number]


def spelled(taken: Iterable[int]) -> str:
    """Returns a record of choices as text."""
    runs = ((way, len(list(same))) for way, same in groupby(taken))
    return ",".join(str(way) if times == 1 else f"{times}x{way}" for way, times in runs)


def read(text: str) -> list[int]:
    """Returns the record of choices that a text says.

    Raises:
        TraceError: it says none.
    """
    found: list[int] = []
    for part in text.split(",") if text else ():
        run = _RUN.fullmatch(part)
        if run is None or len(found) + int(run["times"] or 1) > MAX_CHOICES:
            raise TraceError(f"{part[:40]!a} is no choice; a record is written like 3x0,2")
        found += [int(run["way"])] * int(run["times"] or 1)
    return found
