"""Whether the phases of events are found in the receipt's sequence (docs/spec/bundle-0.1.md, 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby


def is_within(phases: Iterable[str], sequence: Sequence[str]) -> bool:
    """Returns whether phases, repeats collapsed, stand in a sequence one after the other, with gaps.

    >>> is_within(["Observe", "Observe", "Act"], ["Observe", "Orient", "Act"])
    True
    >>> is_within(["Act", "Observe"], ["Observe", "Act"])
    False
    """
    rest = iter(sequence)
    return all(phase in rest for phase, _ in groupby(phases))
