"""Step events: reads ``events.jsonl`` once, hashing the very bytes that it parses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from workc.bundle.documents import FileEntry
from workc.bundle.layout import EVENTS, MAX_EVENTS, MAX_LINE_BYTES
from workc.bundle.projection import Projection
from workc.kernel import events
from workc.kernel.events import KINDS, Event, Payload
from workc.verify.case import Case
from workc.verify.event_rules import EventRules
from workc.verify.files import compare_hash
from workc.verify.reader import Reader, ReadError


class _Stop(Exception):
    """The log cannot be read further; why was said already."""


def walk(reader: Reader, entry: FileEntry, case: Case, projection: Projection) -> bool:
    """Reads the log, checks each event and feeds the projection; returns whether all was read."""
    hasher = hashlib.sha256()
    rules = EventRules(case)
    try:
        count = 0
        for line in _lines(reader, entry, hasher, case):
            count += 1
            event, payload = _parse(line, count, case)
            rules.take(line, event, payload)
            projection.add(line, event, payload)
    except ReadError as error:
        case.fail("FILE_UNREADABLE", "events", EVENTS, str(error))
        return False
    except _Stop:
        _finish_hash(reader, entry, case)
        return False
    compare_hash(entry, hasher.hexdigest(), case)
    rules.close()
    return True


def _finish_hash(reader: Reader, entry: FileEntry, case: Case) -> None:
    """Hashes the whole file after its lines could not be read to the end."""
    hasher = hashlib.sha256()
    try:
        for chunk in reader.chunks(EVENTS, entry.size):
            hasher.update(chunk)
    except ReadError as error:
        case.fail("FILE_UNREADABLE", "events", EVENTS, str(error))
        return
    compare_hash(entry, hasher.hexdigest(), case)


def _lines(reader: Reader, entry: FileEntry, hasher: hashlib._Hash, case: Case) -> Iterator[bytes]:
    rest = b""
    count = 0
    for chunk in reader.chunks(EVENTS, entry.size):
        hasher.update(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            count += 1
            _limit(line, count, case)
            yield line
        _limit(rest, count + 1, case)
    if rest or not count:
        message = "the log is empty" if not rest else "the last line has no newline"
        case.fail("BUNDLE_MALFORMED", "events", EVENTS, message, line=count + 1)
        raise _Stop


def _limit(line: bytes, number: int, case: Case) -> None:
    if len(line) > MAX_LINE_BYTES:
        message = f"a line is longer than {MAX_LINE_BYTES} bytes"
        case.fail("LIMIT_EXCEEDED", "events", EVENTS, message, line=number)
        raise _Stop
    if number > MAX_EVENTS:
        case.fail("LIMIT_EXCEEDED", "events", EVENTS, f"more than {MAX_EVENTS} events")
        raise _Stop


def _parse(line: bytes, number: int, case: Case) -> tuple[Event, Payload]:
    try:
        event = events.decode_event(line)
        if event.kind not in KINDS:
            raise _malformed(case, number, f"the kind {ascii(event.kind)} is unknown", "/kind")
        payload = events.decode_payload(event.kind, event.payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(case, number, f"not an event: {error}") from None
    if events.encode(event) != line or events.encode(payload) != bytes(event.payload):
        raise _malformed(case, number, "not canonical JSON")
    return event, payload


def _malformed(case: Case, number: int, message: str, pointer: str | None = None) -> _Stop:
    case.fail("BUNDLE_MALFORMED", "events", EVENTS, message, line=number, pointer=pointer)
    return _Stop()
