"""Mutants of the values in events, and of whole events, each sealed up to every rung.

The hash of a line is in the line: until it is repaired (rung 3) it gives every edit away. Past the
digest only what the receipt repeats and the phases are left.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from workc.bundle.layout import EVENTS
from workc.sim.tamper.attack import Doc
from workc.sim.tamper.changing import change
from workc.sim.tamper.mutant import Cell, Group, Mutant, groups
from workc.sim.tamper.operation import ReorderEvents
from workc.sim.tamper.place import CHAIN, DIGEST, HASH, NOT_SAID, TABLE, Place, first
from workc.sim.tamper.rungs import CHAINED, CHANGED, DIGESTED, LISTED, RECEIPTED, ROOTED
from workc.sim.tamper.v01.phases import is_within
from workc.sim.tamper.v01.places import ROOTS
from workc.sim.tamper.v01.subject import Subject

_RUNGS = range(DIGESTED + 1)
_RECORD_RUNGS = (CHANGED, LISTED, RECEIPTED, CHAINED, DIGESTED)
#: Kinds that no rule reads.
_FREE = frozenset(
    {"SignalsCaptured", "LensAssembled", "SkillExecuted", "OrientFromFailure", "RetryScheduled"}
)
_OLD_TIME = "1970-01-01T00:00:00Z"


def _put(**words: object) -> Callable[[Doc], None]:
    return lambda event: event.update(words)


def _number(event: Doc) -> None:
    event["seq"] += 1


def _rename(event: Doc) -> None:
    event["kind"] += "x"


def _widen(event: Doc) -> None:
    event["payload"]["zz_more"] = None


#: Of each field the edit, and what no rung repairs; the edit of a frame is kept from the repair.
_FIELDS: dict[str, tuple[Callable[[Doc], None], tuple[Place, ...]]] = {
    "frame.seq": (_number, (CHAIN,)),
    "frame.prev_event_hash": (_put(prev_event_hash="f" * 64), (CHAIN,)),
    "frame.event_hash": (_put(event_hash="f" * 64), (CHAIN,)),
    "event.event_id": (_put(event_id="zz-other"), ()),
    "event.loop_id": (_put(loop_id="zz-other"), (NOT_SAID,)),
    "event.ts_utc": (_put(ts_utc=_OLD_TIME), (NOT_SAID,)),
    "event.payload": (_widen, ()),
    "event.kind": (_rename, ()),
}

_Edit = Callable[[list[Doc], int], None]


def _delete(events: list[Doc], number: int) -> None:
    del events[number]


def _double(events: list[Doc], number: int) -> None:
    events.insert(number, copy.deepcopy(events[number]))


def _swap(events: list[Doc], number: int) -> None:
    events[number], events[number + 1] = events[number + 1], events[number]


def _replay(events: list[Doc], number: int) -> None:
    events.insert(len(events) - 1, copy.deepcopy(events[number]))


def _reverse(events: list[Doc], _number: int) -> None:
    events.reverse()


#: Of each operator the edit, and how many events it does not apply to.
_RECORDS: dict[str, tuple[_Edit, int]] = {
    "record.delete": (_delete, 0),
    "record.duplicate": (_double, 0),
    "record.swap": (_swap, 1),
    "record.replay": (_replay, 1),
    "record.reverse": (_reverse, 0),
}
_SWAP, _REVERSE = "record.swap", "record.reverse"


def _rungs(name: str) -> tuple[int, ...]:
    """Returns how far an operator is sealed: an event twice breaks nothing but hashes."""
    return _RECORD_RUNGS[:-1] if name == "record.duplicate" else _RECORD_RUNGS


GROUPS: list[Group] = [
    *(g for name in _FIELDS for g in groups(name, ["events"], _RUNGS)),
    *(g for name in _RECORDS for g in groups(name, ["events"], _rungs(name))),
]


def cells(subject: Subject) -> Iterator[Cell]:
    """Yields the cells of all operators on the values of events and on whole events."""
    count = len(subject.events)
    free = [n for n, event in enumerate(subject.events) if event["kind"] in _FREE]
    for name in _FIELDS:
        lines = free if name == "event.kind" else [*range(count)]
        for rung in _RUNGS:
            make = _of_field(subject, name, lines, rung)
            yield Cell(Group(name, "events", rung), len(lines), make)
    for name, (_, rest) in _RECORDS.items():
        size = 1 if name == _REVERSE else count - rest
        for rung in _rungs(name):
            yield Cell(Group(name, "events", rung), size, _of_record(subject, name, rung))


def _of_field(subject: Subject, name: str, lines: list[int], rung: int) -> Callable[[int], Mutant]:
    edit, own = _FIELDS[name]
    kind, _, field = name.partition(".")

    def make(number: int) -> Mutant:
        draft, line = subject.draft(), lines[number]
        if kind == "frame":
            draft.kept.add(field)
        edit(draft.events[line])
        expected = first([*own, *_left_by(rung)])
        return Mutant(draft.seal(rung), expected, f"{EVENTS}, line {line + 1}, /{field}")

    return make


def _left_by(rung: int) -> Iterator[Place]:
    """Yields what an edit of an event breaks that was not repaired yet."""
    if rung < LISTED:
        yield HASH
    if rung < CHAINED:
        yield CHAIN
    if rung < ROOTED:
        yield ROOTS["event_log_root"]
    if rung < DIGESTED:
        yield DIGEST


def _of_record(subject: Subject, name: str, rung: int) -> Callable[[int], Mutant | None]:
    edit, _ = _RECORDS[name]

    def make(number: int) -> Mutant | None:
        where = f"{EVENTS}, line {number + 1}"
        if name == _SWAP and rung == CHANGED:
            op = ReorderEvents(swap_i=number, swap_j=number + 1)
            lines = change(op, subject.files).files[EVENTS] or b""
            return Mutant(subject.other_than(EVENTS, lines), HASH, where, op)
        draft = subject.draft()
        edit(draft.events, number)
        expected = _expected(subject, draft.events, rung)
        return None if expected is None else Mutant(draft.seal(rung), expected, where)

    return make


def _expected(subject: Subject, events: list[Doc], rung: int) -> Place | None:
    """Returns what is found of other events; None if the receipt may repeat them or not."""
    if rung == CHANGED:
        return HASH
    is_chained = rung >= CHAINED or events == subject.events[: len(events)]
    if not is_chained:
        return CHAIN
    is_ended = (events[-1]["kind"], events[-1]["phase"]) == ("Locked", "Lock")
    if not is_ended or not is_within([str(e["phase"]) for e in events], subject.phases):
        return TABLE
    return ROOTS["event_log_root"] if rung < ROOTED else None
