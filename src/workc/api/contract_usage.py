"""What was used of a contract, as a value: money, uses, and when the last of them were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias

import msgspec
from msgspec.structs import replace

from workc.kernel.failure import refuse

MINUTE_MS = 60_000
_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]


class Hold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one run may still spend; of what it spends in all, ``before`` was settled already."""

    ceiling: _Count
    before: _Count = 0


class Usage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was used in the period ``period``, counted from 1970; money in micro-cents.

    ``spent`` is of runs that have ended, ``holds`` are by the ids of those that have not. ``recent``
    are the times of the uses of the last minute, by operation.
    """

    period: _Count
    spent: _Count
    holds: dict[str, Hold]
    uses: dict[str, _Count]
    recent: dict[str, tuple[int, ...]]

    def turned(self, period: int) -> Usage:
        """Returns the usage in a period; what runs hold from before, they still hold."""
        if period <= self.period:
            return self
        return replace(self, period=period, spent=0, uses={})

    def left(self, budget: int) -> int:
        """Returns what is neither spent nor held of a budget."""
        return max(0, budget - self.spent - sum(hold.ceiling for hold in self.holds.values()))

    def held(self, run_id: str, hold: Hold) -> Usage:
        """Returns the usage with what a run sets aside."""
        return replace(self, holds={**self.holds, run_id: hold})

    def settled(self, run_id: str, cost: int | None) -> Usage:
        """Returns the usage after a run that has cost so much in all; None: all that it held.

        A run that holds nothing was settled before.
        """
        hold = self.holds.get(run_id)
        if hold is None:
            return self
        more = hold.ceiling if cost is None else max(0, cost - hold.before)
        return replace(self.without(run_id), spent=self.spent + more)

    def without(self, *run_ids: str) -> Usage:
        """Returns the usage without what these runs hold."""
        others = {key: each for key, each in self.holds.items() if key not in run_ids}
        return replace(self, holds=others)

    def within_a_minute(self, operation: str, now_ms: int) -> tuple[int, ...]:
        """Returns when an operation was used in the minute before, the oldest first."""
        return tuple(at for at in self.recent.get(operation, ()) if at > now_ms - MINUTE_MS)

    def used(self, operation: str, now_ms: int) -> Usage:
        """Returns the usage after one more use."""
        times = (*self.within_a_minute(operation, now_ms), now_ms)
        uses = {**self.uses, operation: self.uses.get(operation, 0) + 1}
        return replace(self, uses=uses, recent={**self.recent, operation: times})

    def uses_left(self, limits: Mapping[str, int | None]) -> dict[str, int | None]:
        """Returns how often each operation may still be used, by its limit; None: without limit."""
        return {
            name: None if limit is None else max(0, limit - self.uses.get(name, 0))
            for name, limit in limits.items()
        }


#: Of a contract that was never used. A count that lacks a part is damaged: nothing is made up for it.
UNUSED = Usage(period=0, spent=0, holds={}, uses={}, recent={})


def read_usage(said: bytes, name: str) -> Usage:
    """Returns the usage that was kept of the contract ``name``; of one that was never used, none.

    Raises:
        Refusal: ``STORE_UNAVAILABLE`` if it is damaged, so that nobody knows what is left.
    """
    if not said:
        return UNUSED
    try:
        return msgspec.json.decode(said, type=Usage)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        message = f"what was used of the contract {name} cannot be read; nobody knows what is left"
        raise refuse("STORE_UNAVAILABLE", message) from None
