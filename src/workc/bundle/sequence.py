"""From journal to events: the same entries in logical order, with a chain and times of their own.

The order is that of the places, whoever finished first. An event's ``ts`` is the largest of the
``ts`` before it and its own ``at_ms``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import UNSET

from workc.kernel import events
from workc.kernel.chain import GENESIS
from workc.kernel.events import RawEvent, Record
from workc.kernel.merkle import leaf_hash


def sequence(records: Iterable[Record]) -> Iterator[tuple[bytes, bytes, RawEvent]]:
    """Yields line, leaf hash and event of ``events.jsonl`` for records sorted by place."""
    prev = GENESIS
    ts = 0
    for seq, record in enumerate(records):
        ts = max(ts, record.at_ms) if record.at_ms is not UNSET else ts
        event = RawEvent(
            at=record.at,
            at_ms=record.at_ms,
            kind=record.kind,
            payload=record.payload,
            phase=record.phase,
            prev=prev,
            seq=seq,
            ts=ts,
        )
        line = events.encode(event)
        leaf = leaf_hash(line)
        prev = leaf.hex()
        yield line, leaf, event
