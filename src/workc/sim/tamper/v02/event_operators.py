"""Mutants of the values in events that leave every line well formed.

Each is sealed up to every rung, so each layer of the format has to find it in its turn; past the
last only the rules that bind the field to others are left (:mod:`workc.sim.tamper.v02.event_fields`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workc.bundle.layout import EVENTS
from workc.sim.tamper.attack import Doc
from workc.sim.tamper.mutant import Cell, Group, Mutant, groups
from workc.sim.tamper.place import BAD_EVENT, CHAIN, TABLE, Place
from workc.sim.tamper.pointer import find, pointer_of, put
from workc.sim.tamper.rungs import CHAINED, RUNGS
from workc.sim.tamper.v02.draft import Draft, last_pass
from workc.sim.tamper.v02.event_fields import FIELDS
from workc.sim.tamper.v02.event_fields_plans import PLAN_FIELDS
from workc.sim.tamper.v02.event_fields_resources import RESOURCE_FIELDS
from workc.sim.tamper.v02.event_fields_strategies import STRATEGY_FIELDS
from workc.sim.tamper.v02.field import Field
from workc.sim.tamper.v02.ladder import EVENT_LINK, Edit, found_at
from workc.sim.tamper.v02.subject import Subject


def _number(event: Doc) -> None:
    event["seq"] += 1


def _unlink(event: Doc) -> None:
    event["prev"] = "f" * 64


def _delay(event: Doc) -> None:
    event["ts"] += 1


def _move(event: Doc) -> None:
    event["at"][-1] += 1


def _dephase(event: Doc) -> None:
    event["phase"] = "Verify" if event["phase"] == "Act" else "Act"


def _rename(event: Doc) -> None:
    event["kind"] += "x"


#: What an event says of itself (section 4): how it is changed, what notices it.
_FRAMES: dict[str, tuple[Callable[[Doc], None], Place]] = {
    "frame.seq": (_number, CHAIN),
    "frame.prev": (_unlink, CHAIN),
    "frame.ts": (_delay, CHAIN),
    "frame.at": (_move, TABLE),
    "frame.phase": (_dephase, TABLE),
    "frame.kind": (_rename, BAD_EVENT),
}
_FIELDS = (*FIELDS, *PLAN_FIELDS, *STRATEGY_FIELDS, *RESOURCE_FIELDS)
_FRAME_RUNGS = range(CHAINED + 1)


def name_of(field: Field) -> str:
    """Returns the operator that changes a field."""
    return f"event.{field.kind}.{'.'.join(str(step) for step in field.path if step != 0)}"


GROUPS: list[Group] = [
    *(
        g
        for name in sorted({name_of(field) for field in _FIELDS})
        for g in groups(name, ["events"], RUNGS)
    ),
    *(g for name in _FRAMES for g in groups(name, ["events"], _FRAME_RUNGS)),
]


def cells(subject: Subject) -> Iterator[Cell]:
    """Yields the cells of all operators on the values of events."""
    last = {event["seq"] for event in last_pass(subject.events)}
    for field in _FIELDS:
        lines = [
            n
            for n, event in enumerate(subject.events)
            if _is_about(field, subject, event) and (n in last or field.path[0] == "backtrack")
        ]
        for rung in RUNGS:
            make = _of_field(subject, field, lines, rung)
            yield Cell(Group(name_of(field), "events", rung), len(lines), make)
    for name in _FRAMES:
        for rung in _FRAME_RUNGS:
            make = _of_frame(subject, name, rung)
            yield Cell(Group(name, "events", rung), len(subject.events), make)


def _is_about(field: Field, subject: Subject, event: Doc) -> bool:
    return bool(event["kind"] == field.kind and field.when(subject, event))


def _of_field(
    subject: Subject, field: Field, lines: list[int], rung: int
) -> Callable[[int], Mutant]:
    def make(number: int) -> Mutant:
        draft, line = subject.draft(), lines[number]
        draft.kept.add("bodies")
        payload = draft.events[line]["payload"]
        put(payload, field.path, field.change(find(payload, field.path)))
        edit = Edit(
            own=field.own,
            touches=field.touches,
            link=_link(subject, line),
        )
        return _mutant(
            draft, line, pointer_of(("payload", *field.path)), found_at(edit, rung), rung
        )

    return make


def _of_frame(subject: Subject, name: str, rung: int) -> Callable[[int], Mutant]:
    change, own = _FRAMES[name]
    field = name.removeprefix("frame.")

    def make(line: int) -> Mutant:
        draft = subject.draft()
        draft.kept.add(field)
        change(draft.events[line])
        edit = Edit(own=(own,), link=_link(subject, line))
        return _mutant(draft, line, f"/{field}", found_at(edit, rung), rung)

    return make


def _link(subject: Subject, line: int) -> Place | None:
    return None if line == len(subject.events) - 1 else EVENT_LINK


def _mutant(draft: Draft, line: int, pointer: str, expected: Place, rung: int) -> Mutant:
    return Mutant(draft.seal(rung), expected, f"{EVENTS}, line {line + 1}, {pointer}")
