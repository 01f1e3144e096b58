"""The rules of going back: what it is because of, of which class that is, and how often a run may do it.

A backtrack stands in the event that ends a pass, a WorkEnded or a VerificationRun
(docs/spec/bundle-0.2.md, sections 5 and 16).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TypeAlias

from msgspec import UNSET

from workc.kernel.gates import GATE_FAILED
from workc.kernel.payloads import Backtrack, VerificationRun, WorkEnded, given
from workc.kernel.recovery import class_of
from workc.verify.v02 import rules
from workc.verify.v02.pair_rules import Difference

#: Gates that failed last: the step of each, None for one of the run, and its name.
FailedGates: TypeAlias = Collection[tuple[str | None, str]]

#: With which code a check fails.
_CHECK_FAILED = "VERIFICATION_FAILED"


class BacktrackRules:
    """Counts the backtracks of one run, and keeps the codes of the failures that led to one."""

    def __init__(self) -> None:
        self._left = 0
        self._earlier: set[str] = set()

    def start(self, most: int) -> None:
        """Takes how often the run may go back."""
        self._left = most

    def ended(self, end: WorkEnded | VerificationRun, gates: FailedGates) -> Iterator[Difference]:
        """Yields what is wrong with going back here; these ``gates`` have failed last."""
        backtrack = end.backtrack
        if backtrack is UNSET:
            return
        yield from self.counted(backtrack)
        if not _has_cause(end, backtrack, gates):
            yield Difference(rules.BACKTRACK_HAS_CAUSE, "backtrack", None, backtrack.code)
        if backtrack.error_class is not UNSET:
            yield from self._classed(backtrack)

    def counted(self, backtrack: Backtrack) -> Iterator[Difference]:
        """Yields a difference if this backtrack is one more than there may be."""
        self._left -= 1
        if self._left < 0:
            yield Difference(rules.BACKTRACKS_ARE_BOUNDED, "backtrack", None, backtrack.to)

    def _classed(self, backtrack: Backtrack) -> Iterator[Difference]:
        expected = class_of(backtrack.code, self._earlier)
        if backtrack.error_class != expected or expected == "Catastrophic":
            actual = backtrack.error_class
            yield Difference(rules.BACKTRACK_IS_CLASSED, "backtrack", expected, actual)
        self._earlier.add(backtrack.code)


def _has_cause(end: WorkEnded | VerificationRun, backtrack: Backtrack, gates: FailedGates) -> bool:
    if isinstance(end, WorkEnded) and end.halt is not UNSET:
        return False
    if backtrack.gate is not UNSET:
        is_alone = backtrack.error_class is UNSET and backtrack.code == GATE_FAILED
        return is_alone and (given(backtrack.of), backtrack.gate) in gates
    if isinstance(end, VerificationRun):
        broken = {check.check_id for check in end.results if not check.passed}
        is_of_check = backtrack.error_class is UNSET and backtrack.code == _CHECK_FAILED
        return is_of_check and backtrack.of in broken
    return _has_cause_in_work(end, backtrack, gates)


def _has_cause_in_work(end: WorkEnded, backtrack: Backtrack, gates: FailedGates) -> bool:
    is_classed = backtrack.error_class is not UNSET
    if backtrack.to == "Act" and not is_classed:
        return False
    if end.failure is UNSET:
        of_run = backtrack.code == GATE_FAILED and (None, backtrack.of) in gates
        return of_run and not is_classed
    return (backtrack.code, backtrack.of) == (end.failure.code, end.step)
