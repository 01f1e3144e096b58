"""Mutants of whole events: taken out, doubled, moved, played again.

With numbers, chain and times repaired (rung 3) the places give them away: they say what may come
next (docs/spec/bundle-0.2.md, section 5).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from workc.bundle.layout import EVENTS
from workc.sim.tamper.attack import Doc
from workc.sim.tamper.changing import change
from workc.sim.tamper.mutant import Cell, Group, Mutant, groups
from workc.sim.tamper.operation import ReorderEvents
from workc.sim.tamper.place import CHAIN, HASH, TABLE, Place
from workc.sim.tamper.rungs import CHAINED, CHANGED, DIGESTED, LISTED, RECEIPTED
from workc.sim.tamper.v02.subject import Subject

_RUNGS = (CHANGED, LISTED, RECEIPTED, CHAINED, DIGESTED)
#: Signs that may end the lane of a step (section 5).
_ENDS = frozenset({"CallHalted", "SkillExecuted", "StepSkipped", "post_step"})

#: An edit of the list of events at a number; what is found once the chain is repaired, or None.
_Edit = Callable[[list[Doc], int], None]
_Found = Callable[[list[Doc], int], "Place | None"]


def _delete(events: list[Doc], number: int) -> None:
    del events[number]


def _double(events: list[Doc], number: int) -> None:
    events.insert(number, copy.deepcopy(events[number]))


def _swap(events: list[Doc], number: int) -> None:
    events[number], events[number + 1] = events[number + 1], events[number]


def _reverse(events: list[Doc], _number: int) -> None:
    events.reverse()


def _replay(events: list[Doc], number: int) -> None:
    events.insert(len(events) - 1, copy.deepcopy(events[number]))


def _found_deleted(events: list[Doc], number: int) -> Place | None:
    if number == len(events) - 1:
        return CHAIN
    before = events[number - 1] if number else None
    if not _may_follow(before, events[number + 1]):
        return TABLE
    if before is None or before["at"][:-1] != events[number]["at"][:-1]:
        return None
    # The places close up: then the lane ends before, and must do so with what may end it.
    return None if before["payload"].get("when", before["kind"]) in _ENDS else TABLE


def _may_follow(before: Doc | None, after: Doc) -> bool:
    """Returns whether a place may come next."""
    at = tuple(after["at"])
    if before is None:
        return at == (0,)
    if len(before["at"]) == 1:
        (i,) = before["at"]
        return at in {(i + 1,), (i + 1, 0, 0)}
    k, j, i = before["at"]
    return at in {(k, j, i + 1), (k, j + 1, 0), (k + 1,), (k + 1, 0, 0)}


def _found_swapped(events: list[Doc], number: int) -> Place:
    return CHAIN if number == len(events) - 2 else TABLE


def _found_in_table(_events: list[Doc], _number: int) -> Place:
    return TABLE


def _found_in_chain(_events: list[Doc], _number: int) -> Place:
    return CHAIN


#: Of each operator the edit, what is found, and how many events it does not apply to.
_OPERATORS: dict[str, tuple[_Edit, _Found, int]] = {
    "record.delete": (_delete, _found_deleted, 0),
    "record.duplicate": (_double, _found_in_table, 0),
    "record.swap": (_swap, _found_swapped, 1),
    "record.replay": (_replay, _found_in_table, 1),
    "record.reverse": (_reverse, _found_in_chain, 0),
}
_SWAP, _REVERSE = "record.swap", "record.reverse"

GROUPS: list[Group] = [g for name in _OPERATORS for g in groups(name, ["events"], _RUNGS)]


def cells(subject: Subject) -> Iterator[Cell]:
    """Yields the cells of all operators on whole events."""
    for name, (_, _, rest) in _OPERATORS.items():
        size = 1 if name == _REVERSE else len(subject.events) - rest
        for rung in _RUNGS:
            yield Cell(Group(name, "events", rung), size, _maker(subject, name, rung))


def _maker(subject: Subject, name: str, rung: int) -> Callable[[int], Mutant | None]:
    edit, found, _ = _OPERATORS[name]

    def make(number: int) -> Mutant | None:
        expected = _expected(subject, found, number, rung)
        where = f"{EVENTS}, line {number + 1}"
        if expected is None:
            return None
        if name == _SWAP and rung == CHANGED:
            op = ReorderEvents(swap_i=number, swap_j=number + 1)
            lines = change(op, subject.files).files[EVENTS] or b""
            return Mutant(subject.other_than(EVENTS, lines), expected, where, op)
        draft = subject.draft()
        edit(draft.events, number)
        return Mutant(draft.seal(rung), expected, where)

    return make


def _expected(subject: Subject, found: _Found, number: int, rung: int) -> Place | None:
    if rung == CHANGED:
        return HASH
    return CHAIN if rung < CHAINED else found(subject.events, number)
