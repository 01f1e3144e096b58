"""What claims of resources meet, for goldens of steps that need something alone."""

from __future__ import annotations

from workc.sim.scenario.locks import Conflicts
from workc.sim.scenario.scripts import Fail, ForceReleaseThenAcquire, WaitThenAcquire

CONFLICTS: Conflicts = {
    "taken": [ForceReleaseThenAcquire()],
    "late": [WaitThenAcquire(wait_ms=40)],
    "busy": [
        Fail(code="RESOURCE_LOCKED", message="somebody has it"),
        WaitThenAcquire(wait_ms=1_000),
    ],
    "gone": [Fail(code="NOT_FOUND", message="there is no such resource")],
}
