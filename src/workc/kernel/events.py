"""Events: how a line of what a run records looks, in the bundle and in the journal.

An event stands at a place ``at``, a path of numbers: all but the last name the lane, the last
counts in it. Sorted by ``at`` the events are in logical order whoever finished first. A line is
canonical JSON (``docs/spec/bundle-0.2.md``, section 4): the fields below are in key order, so
that msgspec writes them canonically as they stand.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, TypeAlias, Union

import msgspec
from msgspec import UNSET, UnsetType

from workc.kernel.kinds import KINDS, Payload
from workc.kernel.payloads import CheckResult, Count
from workc.kernel.phases import Phase

Path: TypeAlias = tuple[int, ...]
#: A lane lies at most this deep; the last number of a place counts in the lane.
MAX_PATH_LENGTH = 64
_WrittenPath: TypeAlias = Annotated[
    tuple[Count, ...], msgspec.Meta(min_length=1, max_length=MAX_PATH_LENGTH)
]


class RawEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of ``events.jsonl``; ``payload`` is still bytes, to be decoded by its kind."""

    at: _WrittenPath
    at_ms: Count | UnsetType = UNSET
    kind: str
    payload: msgspec.Raw
    phase: Phase
    prev: str
    seq: Count
    ts: Count


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One line of ``events.jsonl``, whole: the kind is the type of the payload."""

    at: _WrittenPath
    at_ms: Count | UnsetType = UNSET
    payload: Payload
    phase: Phase
    prev: str
    seq: Count
    ts: Count


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of ``journal.jsonl``: the same, in order of arrival and with that order's chain."""

    at: _WrittenPath
    at_ms: Count | UnsetType = UNSET
    kind: str
    n: Count
    payload: msgspec.Raw
    phase: Phase
    prev: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An event before it is written anywhere: its place, its payload, and ``at_ms`` of an answer."""

    at: Path
    payload: Payload
    at_ms: int | UnsetType = UNSET

    @property
    def kind(self) -> str:
        """Returns the kind, which is the payload's type."""
        return type(self.payload).__name__

    @property
    def phase(self) -> Phase:
        """Returns the phase that the kind stands in."""
        return KINDS[self.kind].phase


_ENCODER = msgspec.json.Encoder(order="deterministic")
_EVENTS = msgspec.json.Decoder(RawEvent)
_WHOLE: msgspec.json.Decoder[Event] = msgspec.json.Decoder(
    # For each kind the event with its payload, so that a line is decoded in one pass.
    Union[  # noqa: UP007 - of a tuple that is computed
        tuple(
            msgspec.defstruct(
                kind,
                [("payload", rule.payload)],
                bases=(Event,),
                tag_field="kind",
                tag=kind,
                frozen=True,
                forbid_unknown_fields=True,
                gc=False,
            )
            for kind, rule in KINDS.items()
        )
    ]
)
_WHOLE_ENCODER = msgspec.json.Encoder(order="sorted")
_PAYLOAD_KEY = b',"payload":'
_PHASE_KEY = b',"phase":"'
_RECORDS = msgspec.json.Decoder(Record)


#: What decoding bytes may raise: the boundary that takes them turns all of these into its one error.
UNREADABLE = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)


def dotted(at: Path) -> str:
    """Returns a place, or a lane, as text: ``3.0.1``."""
    # A lane is two numbers nearly always, and this is said of every step.
    return f"{at[0]}.{at[1]}" if len(at) == 2 else ".".join(map(str, at))


def encode(value: RawEvent | Record | Payload) -> bytes:
    """Returns the canonical line, without a newline."""
    return _ENCODER.encode(value)


def encode_check(check: CheckResult) -> bytes:
    """Returns the canonical bytes of one check: a leaf of the verification tree."""
    return _ENCODER.encode(check)


def decode_event(line: bytes) -> RawEvent:
    """Returns the event of a line, its payload as bytes.

    Raises:
        UNREADABLE: the line is not one; the caller at the boundary turns these into its one error.
    """
    return _EVENTS.decode(line)


def decode_lines(data: bytes) -> list[Event]:
    """Returns the events of whole lines, each with its newline, if they are canonical.

    Raises:
        UNREADABLE: one of the lines is not the canonical spelling of an event.
    """
    found = _WHOLE.decode_lines(data)
    if _WHOLE_ENCODER.encode_lines(found) != data:
        raise ValueError("not canonical JSON")
    for event in found:
        _check(event.payload)
    return found


def _check(payload: Payload) -> None:
    """Raises ValidationError if fields of a payload or of one of its bodies do not go together."""
    if payload.is_plain():
        return
    problem = payload.problem()
    for body in payload.bodies():
        if body is not UNSET and problem is None:
            problem = body.problem()
    if problem is not None:
        raise msgspec.ValidationError(problem)


def payload_bytes(line: bytes) -> bytes:
    """Returns the payload's part of a canonical line.

    Before it stand numbers and a known kind, after it strings and numbers; and within a string a
    quotation mark is escaped. So the keys around it are found by their bytes.
    """
    start = line.index(_PAYLOAD_KEY) + len(_PAYLOAD_KEY)
    return line[start : line.rindex(_PHASE_KEY)]


def decode_record(line: bytes) -> Record:
    """Returns the journal record of a line; raises as :func:`decode_event` does."""
    return _RECORDS.decode(line)


@cache
def _payload_decoder(kind: str) -> msgspec.json.Decoder[Payload]:
    # Made when it is needed: a verification of one bundle needs none of them.
    return msgspec.json.Decoder(KINDS[kind].payload)


def decode_payload(kind: str, payload: bytes | msgspec.Raw) -> Payload:
    """Returns the payload of a known kind; raises as :func:`decode_event`, KeyError if unknown."""
    decoded = _payload_decoder(kind).decode(payload)
    _check(decoded)
    return decoded


def entry_of(record: Record) -> Entry:
    """Returns the entry that a record wrote down; raises as :func:`decode_payload` does."""
    payload = decode_payload(record.kind, record.payload)
    return Entry(at=record.at, payload=payload, at_ms=record.at_ms)
