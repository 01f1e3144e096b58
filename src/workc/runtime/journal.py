"""The journal: records in order of arrival, each chained to the one before it.

This module makes the lines and reads them; where they go is a :class:`Sink`'s matter. A torn last
line is what a crash leaves and is cut; anything wrong before it is ``JOURNAL_CORRUPT``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from workc.kernel import events
from workc.kernel.chain import GENESIS, link
from workc.kernel.events import Entry, Path, Record
from workc.kernel.failure import refuse
from workc.kernel.kinds import KINDS

#: A line longer than this was not written by us: bodies past 64 KiB stand in files.
LINE_LIMIT_BYTES = 16_777_216


class Sink(Protocol):
    """Where journal lines go."""

    def append(self, line: bytes) -> None:
        """Takes one line without its newline."""
        ...

    def commit(self, *, effect: bool) -> None:
        """Makes what was appended as durable as was chosen.

        ``effect`` says that an effect is about to start, or has just ended: what a crash must not
        lose. Without it, everything before could be computed again.
        """
        ...


class JournalMeter(Protocol):
    """Is told what a journal costs, which no record says."""

    def wrote(self, size: int) -> None:
        """Takes how many bytes were written, newlines counted."""
        ...

    def synced(self, ns: int) -> None:
        """Takes how many nanoseconds the disk took to have it."""
        ...


class Journal:
    """Chains entries and appends them to a sink."""

    def __init__(self, sink: Sink, n: int = 0, prev: str = GENESIS) -> None:
        self._sink = sink
        self._n = n
        self._prev = prev

    def append(self, entry: Entry) -> bytes:
        """Writes one entry and returns its payload as bytes."""
        kind = entry.kind
        payload = events.encode(entry.payload)
        line = events.encode(
            Record(
                at=entry.at,
                at_ms=entry.at_ms,
                kind=kind,
                n=self._n,
                payload=msgspec.Raw(payload),
                phase=KINDS[kind].phase,
                prev=self._prev,
            )
        )
        self._sink.append(line)
        self._n += 1
        self._prev = link(line)
        return payload

    def commit(self, *, effect: bool) -> None:
        """Makes what was appended durable; see :class:`Sink`."""
        self._sink.commit(effect=effect)


def read_records(lines: Iterable[bytes]) -> Iterator[Record]:
    """Yields the records of complete journal lines, checked one by one.

    Raises:
        Refusal: ``JOURNAL_CORRUPT``, naming the line, counted from 1.
    """
    prev = GENESIS
    seen: set[Path] = set()
    for index, line in enumerate(lines):
        record = _read(line, index)
        if record.at in seen:
            raise _corrupt(index, "stands at a place that is taken")
        seen.add(record.at)
        if record.prev != prev or record.n != index:
            raise _corrupt(index, "does not continue the chain")
        prev = link(line)
        yield record


def _read(line: bytes, index: int) -> Record:
    if len(line) > LINE_LIMIT_BYTES:
        raise _corrupt(index, "is longer than any line we write")
    try:
        record = events.decode_record(line)
        events.decode_payload(record.kind, record.payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError) as error:
        raise _corrupt(index, f"is not a record: {type(error).__name__}") from None
    if events.encode(record) != line:
        raise _corrupt(index, "is not canonical")
    if record.phase != KINDS[record.kind].phase:
        raise _corrupt(index, "names another phase than its kind has")
    if KINDS[record.kind].answer == "yes" and not isinstance(record.at_ms, int):
        raise _corrupt(index, "is an answer without a time")
    return record


def _corrupt(index: int, what: str) -> Exception:
    return refuse("JOURNAL_CORRUPT", f"line {index + 1} of the journal {what}", line=index + 1)
