"""What a run says of its resources while it works: who waits for whom, and what was taken from the dead."""

from __future__ import annotations

from workc.api.resource_story import holder
from workc.cli.text import printable
from workc.kernel.kinds import Payload
from workc.kernel.resources import ResourceAnswered, ResourceHeld


def resource_lines(payload: Payload, run_id: str | None) -> list[str]:
    """Returns the lines about an event, none for most; ``run_id`` is the run that it is of."""
    match payload:
        case ResourceHeld():
            who = f"  ⏳ {printable(payload.step, 60)} waits for {printable(payload.resource, 60)}"
            return [f"{who}, held by {printable(holder(payload.by, run_id), 80)}"]
        case ResourceAnswered() if isinstance(payload.forced, int):
            what = f"{printable(payload.step, 60)} took {printable(payload.resource, 60)}"
            return [f"  ! {what} from a holder that is dead (token {payload.forced})"]
        case _:
            return []
