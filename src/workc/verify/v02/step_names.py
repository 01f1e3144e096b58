"""The names of the steps of functions, which may end with the place of their lane.

No other lane can have such a name (docs/spec/bundle-0.2.md, section 5).
"""

from __future__ import annotations

import re
from typing import Literal

from workc.kernel.events import Path, dotted

_PLACED = re.compile(r"-(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\Z")


def place_of(step: str, start: Path) -> Literal["own", "other", "none"]:
    """Returns after which place a step is named whose lane begins at ``start``."""
    # A lane of a step has a place of three numbers, and this is asked of nearly every step.
    own = f"-{start[0]}.{start[1]}" if len(start) == 3 else f"-{dotted(start[:2])}"
    if step.endswith(own):
        return "own"
    return "other" if _PLACED.search(step) else "none"
