"""Steps events and table: reads ``events.jsonl`` once, hashing the very bytes that it parses.

A line that is not an event ends the parsing, not the reading: the hash of the whole file is still
compared. Memory follows the longest line and what the projection keeps, not the number of lines.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from workc.bundle.documents import FileEntry
from workc.bundle.layout import EVENTS, Limits
from workc.bundle.projection import Projection
from workc.kernel import events
from workc.kernel.events import UNREADABLE, Event
from workc.kernel.merkle import leaf_hashes
from workc.verify.case import Case
from workc.verify.reader import Reader, ReadError
from workc.verify.rules import Rule
from workc.verify.v02 import rules
from workc.verify.v02.contents import compare_hash
from workc.verify.v02.decisions import Decisions
from workc.verify.v02.lane_rules import LaneRules
from workc.verify.v02.sequence_rules import SequenceRules


class Log(NamedTuple):
    """What was read: the projection of all events, and what they say of lanes and of decisions."""

    projection: Projection
    lanes: LaneRules
    decisions: Decisions


def walk(reader: Reader, entry: FileEntry, case: Case, limits: Limits) -> Log | None:
    """Checks each event and returns what all say, or None if they could not be had."""
    hasher = hashlib.sha256()
    log = _Lines(case, limits)
    try:
        for chunk in reader.chunks(EVENTS, entry.size):
            hasher.update(chunk)
            log.feed(chunk)
    except ReadError as error:
        case.fail(rules.EVENTS_READABLE, EVENTS, str(error))
        return None
    compare_hash(entry, hasher.hexdigest(), case)
    return log.close()


class _StopError(Exception):
    """The log cannot be parsed further: the rule that is broken, and how."""

    def __init__(self, rule: Rule, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class _Lines:
    """Cuts chunks into lines and takes them one by one, up to the first that cannot be taken."""

    def __init__(self, case: Case, limits: Limits) -> None:
        self._case = case
        self._limits = limits
        self._sequence = SequenceRules(case)
        self._lanes = LaneRules(case)
        self._decisions = Decisions()
        self._projection = Projection()
        self._count = 0
        self._rest = b""
        self._stopped = False

    def feed(self, chunk: bytes) -> None:
        if self._stopped:
            return
        try:
            self._lines(chunk)
        except _StopError as stop:
            self._stop(stop.rule, str(stop))

    def close(self) -> Log | None:
        if not self._stopped and (self._rest or not self._count):
            self._count += 1
            message = "the last line has no newline" if self._rest else "the log is empty"
            self._stop(rules.LOG_IS_NOT_EMPTY, message)
        if self._stopped:
            return None
        self._sequence.close()
        self._lanes.close()
        self._case.take("events")
        self._case.take("table")
        self._case.take("policy")
        return Log(self._projection, self._lanes, self._decisions)

    def _stop(self, rule: Rule, message: str) -> None:
        self._stopped = True
        self._case.fail(rule, EVENTS, message, line=self._count)

    def _lines(self, chunk: bytes) -> None:
        cut = chunk.rfind(b"\n") + 1
        if cut:
            block, self._rest = self._rest + chunk[:cut], chunk[cut:]
            self._block(block)
        else:
            self._rest += chunk
        if len(self._rest) > self._limits.line_bytes:
            self._count += 1
            raise self._too_much(self._rest)

    def _block(self, block: bytes) -> None:
        lines = block.split(b"\n")[:-1]
        if len(lines) > 1 and self._fit(block, lines):
            try:
                found = events.decode_lines(block)
            except UNREADABLE:
                pass
            else:
                self._take(lines, found)
                return
        self._one_by_one(lines)

    def _fit(self, block: bytes, lines: list[bytes]) -> bool:
        if self._count + len(lines) > self._limits.events:
            return False
        longest = self._limits.line_bytes
        return len(block) <= longest or len(max(lines, key=len)) <= longest

    def _one_by_one(self, lines: list[bytes]) -> None:
        """Takes the lines up to the first that cannot be taken, and says which that is."""
        for line in lines:
            self._count += 1
            if len(line) > self._limits.line_bytes or self._count > self._limits.events:
                raise self._too_much(line)
            found = _parse(line)
            self._count -= 1
            self._take([line], found)

    def _too_much(self, line: bytes) -> _StopError:
        if len(line) > self._limits.line_bytes:
            message = f"a line is longer than {self._limits.line_bytes} bytes"
            return _StopError(rules.LINE_IS_SHORT, message)
        return _StopError(rules.EVENTS_ARE_FEW, f"more than {self._limits.events} events")

    def _take(self, lines: list[bytes], found: list[Event]) -> None:
        leaves = leaf_hashes(lines)
        self._count += len(lines)
        # In one line, what is malformed is said before what does not follow.
        self._lanes.take(found)
        self._sequence.take(leaves, found)
        self._decisions.take(found)
        self._projection.grow(leaves)
        self._projection.extend(lines, found)


def _parse(line: bytes) -> list[Event]:
    try:
        return events.decode_lines(line + b"\n")
    except UNREADABLE:
        raise _why_not(line) from None


def _why_not(line: bytes) -> _StopError:
    """Returns what is wrong with a line that is no event."""
    try:
        event = events.decode_event(line)
        events.decode_payload(event.kind, event.payload)
    except KeyError:
        return _StopError(rules.KIND_IS_KNOWN, "the kind of the event is unknown")
    except UNREADABLE as error:
        return _StopError(rules.LINE_FORM, f"not an event: {error}")
    return _StopError(rules.LINE_FORM, "not canonical JSON")
