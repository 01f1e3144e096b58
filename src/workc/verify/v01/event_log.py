"""Steps events and table: reads ``events.jsonl`` once, hashing the very bytes that it parses.

A line that is not an event ends the parsing, not the reading: the hash of the whole file is still
compared. Memory follows the longest line and what the receipt repeats of the events, not their
number (docs/spec/bundle-0.1.md, section 5).
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from workc.bundle.layout import EVENTS, Limits
from workc.bundle.v01 import canonical, digests
from workc.bundle.v01.leaves import event_leaf
from workc.bundle.v01.merkle import RootBuilder, Tree
from workc.kernel.canonical import CanonicalError
from workc.kernel.values import JsonObject
from workc.verify.case import Case
from workc.verify.reader import Item, Reader, ReadError
from workc.verify.rules import Rule
from workc.verify.v01 import rules
from workc.verify.v01.children import Children
from workc.verify.v01.documents import ReceiptFound
from workc.verify.v01.event_checks import EventChecks
from workc.verify.v01.json_parts import as_object
from workc.verify.v01.records import Event, FormError, read
from workc.verify.v01.repeats import Repeats


class Log(NamedTuple):
    """What a log whose every line is an event says as a whole: its root, and when it ended."""

    root: str
    ended: str


class Walked(NamedTuple):
    """The SHA-256 of the file, if it could be read, and the log, if it is one."""

    sha256: str | None
    log: Log | None


def walk(
    reader: Reader, item: Item, receipt: ReceiptFound | None, case: Case, limits: Limits
) -> Walked:
    """Checks each event, against the receipt if there is one."""
    hasher = hashlib.sha256()
    lines = _Lines(receipt, case, limits)
    try:
        for chunk in reader.chunks(EVENTS, item.size):
            hasher.update(chunk)
            lines.feed(chunk)
    except ReadError as error:
        case.fail(rules.EVENTS_READ, EVENTS, str(error))
        return Walked(None, None)
    return Walked(hasher.hexdigest(), lines.close())


class _StopError(Exception):
    """The log cannot be parsed further: the rule that was broken, and how."""

    def __init__(self, rule: Rule, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class _Lines:
    """Cuts chunks into lines and takes them one by one, up to the first that cannot be taken."""

    def __init__(self, receipt: ReceiptFound | None, case: Case, limits: Limits) -> None:
        self._case = case
        self._limits = limits
        self._checks = EventChecks(None if receipt is None else receipt.record, case)
        # What compares the events with the receipt, if there is one.
        self._repeats = None if receipt is None else Repeats(receipt.raw, case)
        self._children = None if receipt is None else Children(receipt.record, case)
        self._root = RootBuilder(Tree.EVENT_LOG)
        self._count = 0
        self._rest = b""
        self._stopped = False

    def feed(self, chunk: bytes) -> None:
        if not self._stopped:
            try:
                self._lines(chunk)
            except _StopError as stop:
                self._stop(stop.rule, str(stop))

    def close(self) -> Log | None:
        if not self._stopped and (self._rest or not self._count):
            self._count += 1
            message = "the last line has no newline" if self._rest else "the log is empty"
            self._stop(rules.LINE_ENDED, message)
        if self._stopped:
            return None
        self._checks.close()
        if self._repeats is not None:
            self._repeats.close()
        if self._children is not None:
            self._children.close()
        self._case.take("events")
        return Log(self._root.root(), self._checks.ended)

    def _stop(self, rule: Rule, message: str) -> None:
        self._stopped = True
        self._case.fail(rule, EVENTS, message, line=self._count)

    def _lines(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._count += 1
            self._check_limits(line)
            self._take(line)
        if len(self._rest) > self._limits.line_bytes:
            self._count += 1
            self._check_limits(self._rest)

    def _check_limits(self, line: bytes) -> None:
        if len(line) > self._limits.line_bytes:
            message = f"a line is longer than {self._limits.line_bytes} bytes"
            raise _StopError(rules.LINE_SHORT, message)
        if self._count > self._limits.events:
            raise _StopError(rules.EVENTS_FEW, f"more than {self._limits.events} events")

    def _take(self, line: bytes) -> None:
        raw = _parse(line)
        try:
            event = read(Event, raw)
        except FormError as error:
            raise _StopError(rules.EVENT_FORM, f"not an event: {error}") from None
        self._root.add(event_leaf(event.event_hash, event.seq))
        self._checks.take(event, digests.event_hash(raw))
        payload = as_object(raw["payload"])
        if self._repeats is not None:
            self._repeats.take(event.kind, payload)
        if self._children is not None:
            self._children.take(event.kind, payload)


def _parse(line: bytes) -> JsonObject:
    try:
        value = canonical.decode(line)
    except CanonicalError as error:
        raise _StopError(rules.EVENT_CANONICAL, str(error)) from None
    if not isinstance(value, dict):
        raise _StopError(rules.EVENT_FORM, "not an event: it is not an object")
    return value
