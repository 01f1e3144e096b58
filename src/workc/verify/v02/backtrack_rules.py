"""The rules of going back: what it is because of, and how often a run may do it.

A backtrack stands in the event that ends a pass, a WorkEnded or a VerificationRun
(docs/spec/bundle-0.2.md, section 5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec import UNSET

from workc.kernel.gates import GATE_FAILED
from workc.kernel.payloads import Backtrack, VerificationRun, WorkEnded
from workc.verify.v02 import rules
from workc.verify.v02.pair_rules import Difference

#: With which code a check fails.
_CHECK_FAILED = "VERIFICATION_FAILED"


class BacktrackRules:
    """Counts the backtracks of one run."""

    def __init__(self) -> None:
        self._left = 0

    def start(self, most: int) -> None:
        """Takes how often the run may go back."""
        self._left = most

    def ended(
        self, end: WorkEnded | VerificationRun, gates: Collection[str]
    ) -> Iterator[Difference]:
        """Yields what is wrong with going back here; ``gates`` of the run have failed."""
        backtrack = end.backtrack
        if backtrack is UNSET:
            return
        self._left -= 1
        if self._left < 0:
            yield Difference(rules.BACKTRACKS_ARE_BOUNDED, "backtrack", None, backtrack.to)
        if not _has_cause(end, backtrack, gates):
            yield Difference(rules.BACKTRACK_HAS_CAUSE, "backtrack", None, backtrack.code)


def _has_cause(
    end: WorkEnded | VerificationRun, backtrack: Backtrack, gates: Collection[str]
) -> bool:
    if isinstance(end, VerificationRun):
        broken = {check.check_id for check in end.results if not check.passed}
        return backtrack.code == _CHECK_FAILED and backtrack.of in broken
    if backtrack.to == "Act" or end.halt is not UNSET:
        return False
    if end.failure is UNSET:
        return backtrack.code == GATE_FAILED and backtrack.of in gates
    return (backtrack.code, backtrack.of) == (end.failure.code, end.step)
