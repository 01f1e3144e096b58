"""Names of steps that say where the step stands, so that no other lane can have the same one."""

from __future__ import annotations

import re

from workc.kernel.events import Path, dotted

_PLACED = re.compile(r"-(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\Z")


def is_placed(step: str, start: Path) -> bool | None:
    """Returns whether a name ends with the lane that begins at ``start``; None: with no place at all."""
    # A lane of a step has a place of three numbers, and this is asked of nearly every step.
    own = f"-{start[0]}.{start[1]}" if len(start) == 3 else f"-{dotted(start[:2])}"
    if step.endswith(own):
        return True
    return False if _PLACED.search(step) else None
