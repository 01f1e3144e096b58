"""Step table: FSM-0.1 over the receipt's ``phase_sequence``, and the events within it.

The events of published bundles leave phases out, so the table is for ``phase_sequence`` alone; the
events must follow it with gaps (docs/spec/bundle-0.1.md, section 6).

>>> follower = Follower(["Observe", "Orient", "Decide"])
>>> follower.take("Observe"), follower.take("Decide"), follower.take("Orient")
(True, True, False)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from workc.bundle.layout import RECEIPT
from workc.kernel.phases import FIRST, LAST, Phase, may_follow
from workc.verify.case import Case
from workc.verify.v01 import rules
from workc.verify.v01.records import Prompt, Receipt

_POINTER = "/phase_sequence"


class Follower:
    """Finds phases in a sequence, one after the other, each at the first place that fits."""

    def __init__(self, sequence: Sequence[Phase]) -> None:
        self._sequence = sequence
        self._at = 0
        self._phase: Phase | None = None
        self._lost = False

    def take(self, phase: Phase) -> bool:
        """Returns False for the first phase that the rest of the sequence does not hold.

        A phase that only repeats the one before is found where that one was. Once lost, the
        follower says nothing more.
        """
        if self._lost or phase == self._phase:
            return True
        self._phase = phase
        try:
            self._at = self._sequence.index(phase, self._at) + 1
        except ValueError:
            self._lost = True
        return not self._lost


def check_sequence(receipt: Receipt, case: Case) -> None:
    """Checks that ``phase_sequence`` is one that the table allows."""
    sequence, prompted = receipt.phase_sequence, _was_prompted(receipt)
    if not sequence or (sequence[0], sequence[-1]) != (FIRST, LAST):
        message = f"the sequence does not begin with {FIRST} and end with {LAST}"
        case.fail(rules.SEQUENCE_ENDS, RECEIPT, message, pointer=_POINTER)
    for index, (before, after) in enumerate(pairwise(sequence), start=1):
        pointer = f"{_POINTER}/{index}"
        if not may_follow(before, after):
            message = f"{after} must not follow {before}"
            case.fail(rules.SEQUENCE_TABLE, RECEIPT, message, pointer=pointer)
        elif before == after == LAST and not prompted:
            message = f"{LAST} repeats, but no human was prompted"
            case.fail(rules.LOCK_WAITS, RECEIPT, message, pointer=pointer)


def _was_prompted(receipt: Receipt) -> bool:
    return any(isinstance(record, Prompt) for record in receipt.hitl)
