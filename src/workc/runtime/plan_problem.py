"""One thing that is wrong with a plan that a planner made."""

from __future__ import annotations

import msgspec


class PlanProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, by a code of the failure catalog. ``path`` is where, as in a workflow file."""

    code: str
    message: str
    path: str = ""
