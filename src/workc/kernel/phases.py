"""THE TABLE: which phase may follow which (FSM-0.2). One table, in one file that knows no role.

Recorder, verifier, simulator and model checker read this table and nothing else. It does no I/O
and holds no state. FSM-0.2 is FSM-0.1 (forward steps, repeats, the backtracks) and one addition:
any phase may go to Lock, but only with outcome ``failed`` at level ``Draft``, so that a halted or
denied run still ends and leaves evidence.

>>> may_follow("Observe", "Orient"), may_follow("Orient", "Act")
(True, False)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Phase = Literal["Observe", "Orient", "Decide", "Act", "Verify", "Lock"]
Outcome = Literal["success", "partial", "failed"]
LockLevel = Literal["Draft", "Staged", "Committed", "Published", "Immutable"]

PHASES: tuple[Phase, ...] = get_args(Phase)
FIRST: Phase = "Observe"
LAST: Phase = "Lock"

#: phase -> the phases that may come next. A phase may always repeat.
TABLE: Mapping[Phase, tuple[Phase, ...]] = {
    "Observe": ("Observe", "Orient"),
    "Orient": ("Orient", "Decide"),
    "Decide": ("Decide", "Act", "Orient"),
    "Act": ("Act", "Verify", "Decide", "Orient"),
    "Verify": ("Verify", "Lock", "Act", "Decide", "Orient"),
    "Lock": ("Lock",),
}


def may_follow(before: Phase, after: Phase) -> bool:
    """Returns whether ``after`` may come next, whatever the run's outcome will be."""
    return after in TABLE[before]


def may_lock_from(before: Phase, outcome: Outcome, level: LockLevel) -> bool:
    """Returns whether a run in phase ``before`` may end with this outcome at this level."""
    return "Lock" in TABLE[before] or (outcome == "failed" and level == "Draft")
