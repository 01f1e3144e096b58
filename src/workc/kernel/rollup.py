"""What becomes of a run that has children: the worst of its own outcome and what theirs make of it.

``success < partial < failed``. A critical child's failure fails its parent; any other outcome
of a child but success makes the parent at least partial (docs/reference/formulas.md).

>>> rollup("success", [("failed", False), ("success", True)])
'partial'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workc.kernel.phases import Outcome

_BADNESS: Mapping[Outcome, int] = {"success": 0, "partial": 1, "failed": 2}


def rollup(own: Outcome, children: Iterable[tuple[Outcome, bool]]) -> Outcome:
    """Returns the outcome of a run from its own and, of each child, outcome and criticality."""
    outcomes: list[Outcome] = [own]
    outcomes.extend(_passed_on(outcome, critical=critical) for outcome, critical in children)
    return max(outcomes, key=_BADNESS.__getitem__)


def _passed_on(outcome: Outcome, *, critical: bool) -> Outcome:
    """Returns what a child's outcome makes of its parent."""
    return outcome if critical or outcome == "success" else "partial"
