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
from workc.kernel.events import KINDS, UNREADABLE, Event, Payload
from workc.kernel.merkle import leaf_hash
from workc.verify.case import Case
from workc.verify.contents import compare_hash
from workc.verify.event_rules import EventRules
from workc.verify.payload_rules import payload_problems
from workc.verify.reader import Reader, ReadError
from workc.verify.step_rules import StepRules
from workc.verify.verdict import VerifyFailCode


class Log(NamedTuple):
    """What was read: the projection of all events, and what they say of steps."""

    projection: Projection
    steps: StepRules


def walk(reader: Reader, entry: FileEntry, case: Case, limits: Limits) -> Log | None:
    """Checks each event and returns what all say, or None if they could not be had."""
    hasher = hashlib.sha256()
    log = _Lines(case, limits)
    try:
        for chunk in reader.chunks(EVENTS, entry.size):
            hasher.update(chunk)
            log.feed(chunk)
    except ReadError as error:
        case.fail("FILE_UNREADABLE", "events", EVENTS, str(error))
        return None
    compare_hash(entry, hasher.hexdigest(), case)
    return log.close()


class _StopError(Exception):
    """The log cannot be parsed further: its code, and why."""

    def __init__(self, code: VerifyFailCode, message: str) -> None:
        super().__init__(message)
        self.code: VerifyFailCode = code


class _Lines:
    """Cuts chunks into lines and takes them one by one, up to the first that cannot be taken."""

    def __init__(self, case: Case, limits: Limits) -> None:
        self._case = case
        self._limits = limits
        self._rules = EventRules(case)
        self._projection = Projection()
        self._steps = StepRules(case)
        self._count = 0
        self._rest = b""
        self._stopped = False

    def feed(self, chunk: bytes) -> None:
        if self._stopped:
            return
        try:
            self._lines(chunk)
        except _StopError as stop:
            self._stop(stop.code, str(stop))

    def close(self) -> Log | None:
        if not self._stopped and (self._rest or not self._count):
            self._count += 1
            message = "the last line has no newline" if self._rest else "the log is empty"
            self._stop("BUNDLE_MALFORMED", message)
        if self._stopped:
            return None
        self._rules.close()
        self._case.take("events")
        self._case.take("table")
        return Log(self._projection, self._steps)

    def _stop(self, code: VerifyFailCode, message: str) -> None:
        self._stopped = True
        self._case.fail(code, "events", EVENTS, message, line=self._count)

    def _lines(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        longest = self._limits.line_bytes
        for line in lines:
            self._count += 1
            if len(line) > longest or self._count > self._limits.events:
                raise self._too_much(line)
            self._take(line)
        if len(self._rest) > longest:
            self._count += 1
            raise self._too_much(self._rest)

    def _too_much(self, line: bytes) -> _StopError:
        if len(line) > self._limits.line_bytes:
            message = f"a line is longer than {self._limits.line_bytes} bytes"
        else:
            message = f"more than {self._limits.events} events"
        return _StopError("LIMIT_EXCEEDED", message)

    def _take(self, line: bytes) -> None:
        event, payload = _parse(line)
        leaf = leaf_hash(line)
        self._check_alone(payload)
        self._rules.take(leaf, event, payload)
        self._steps.take(event, payload)
        self._projection.add(line, leaf, event, payload)

    def _check_alone(self, payload: Payload) -> None:
        for pointer, message in payload_problems(payload):
            self._case.fail(
                "BUNDLE_MALFORMED",
                "events",
                EVENTS,
                message,
                line=self._count,
                pointer=f"/payload{pointer}",
            )


def _parse(line: bytes) -> tuple[Event, Payload]:
    try:
        event = events.decode_event(line)
        if event.kind not in KINDS:
            raise _StopError("BUNDLE_MALFORMED", f"the kind {event.kind} is unknown")
        payload = events.decode_payload(event.kind, event.payload)
    except UNREADABLE as error:
        raise _StopError("BUNDLE_MALFORMED", f"not an event: {error}") from None
    if events.encode(payload) != bytes(event.payload) or events.encode(event) != line:
        raise _StopError("BUNDLE_MALFORMED", "not canonical JSON")
    return event, payload
