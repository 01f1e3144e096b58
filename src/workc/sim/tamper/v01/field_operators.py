"""Mutants of every field of the documents and of the events.

A receipt is listed: an edit of it is found by that (rung 0), then by its own hash or by the part of
``integrity`` that was edited (rung 1); what has not its form is found with its hash repaired too
(rung 2). Lines are open objects: what breaks one is what is not canonical, and their own fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.sim.tamper.field_edits import EDITS, OF_SPELLING, edited, sites
from workc.sim.tamper.mutant import Cell, Group, Mutant, groups
from workc.sim.tamper.place import BAD_EVENT, HASH
from workc.sim.tamper.pointer import Tokens, pointer_of
from workc.sim.tamper.rungs import CHANGED, DIGESTED, LISTED, RECEIPTED
from workc.sim.tamper.v01.subject import Subject

_EVENT_RUNGS = (CHANGED, LISTED, DIGESTED)
#: Past what a count of format 0.2 may be; here it is an integer like any other.
_SPELLING = [name for name in OF_SPELLING if name != "number.too-large"]
#: Edits of the value that a field of a line's own does not bear; ``event_id`` may be anything.
_OF_LINE = ("field.rename", "field.remove", "field.null", "field.retype", "number.negative")
_ANY = {"field.null", "field.retype"}
#: Edits after which a receipt may have another form.
_FORMING = (*_OF_LINE, "field.empty")
#: Only what was spelled in one piece can be taken apart.
_ASCII = "text.nfd"

GROUPS: list[Group] = [
    *(g for name in EDITS for g in groups(name, ["receipt"], [CHANGED, LISTED])),
    *(g for name in _FORMING for g in groups(name, ["receipt"], [RECEIPTED])),
    *(g for name in EDITS if name != _ASCII for g in groups(name, ["manifest"], [CHANGED])),
    *(g for name in (*_SPELLING, *_OF_LINE) for g in groups(name, ["events"], _EVENT_RUNGS)),
]


def cells(subject: Subject, lines: list[int]) -> Iterator[Cell]:
    """Yields the cells of all operators on the fields of the documents and of some lines."""
    yield from _on_receipt(subject)
    found = sites(subject.files[MANIFEST])
    for name in EDITS:
        if name != _ASCII:
            make = _changed(subject, MANIFEST, name, found[name])
            yield Cell(Group(name, "manifest", CHANGED), len(found[name]), make)
    yield from _on_events(subject, lines)


def _on_receipt(subject: Subject) -> Iterator[Cell]:
    found = sites(subject.files[RECEIPT])
    for name in EDITS:
        size = len(found[name])
        bare = _changed(subject, RECEIPT, name, found[name])
        yield Cell(Group(name, "receipt", CHANGED), size, bare)
        listed = _sealed(subject, name, found[name], _listed)
        yield Cell(Group(name, "receipt", LISTED), size, listed)
        if name in _FORMING:
            hashed = _sealed(subject, name, found[name], Subject.hashed)
            yield Cell(Group(name, "receipt", RECEIPTED), size, hashed)


def _listed(subject: Subject, data: bytes, at: str) -> Mutant | None:
    return subject.resealed(RECEIPT, data, at)


def _sealed(
    subject: Subject,
    name: str,
    places: list[Tokens],
    seal: Callable[[Subject, bytes, str], Mutant | None],
) -> Callable[[int], Mutant | None]:
    def make(number: int) -> Mutant | None:
        data = edited(name, subject.files[RECEIPT], places[number])
        where = pointer_of(places[number]) or "the whole"
        return None if data is None else seal(subject, data, where)

    return make


def _changed(
    subject: Subject, path: str, name: str, places: list[Tokens]
) -> Callable[[int], Mutant | None]:
    def make(number: int) -> Mutant | None:
        data = edited(name, subject.files[path], places[number])
        if data is None:
            return None
        where = f"{path}, {pointer_of(places[number]) or 'the whole'}"
        return Mutant(subject.other_than(path, data), subject.found_in(path, data), where)

    return make


def _on_events(subject: Subject, lines: list[int]) -> Iterator[Cell]:
    found = {line: sites(subject.lines[line]) for line in lines}
    for name in (*_SPELLING, *_OF_LINE):
        places = [
            (line, tokens)
            for line in lines
            for tokens in found[line][name]
            if name in OF_SPELLING or _is_own(name, tokens)
        ]
        for rung in _EVENT_RUNGS:
            make = _of_event(subject, name, places, rung)
            yield Cell(Group(name, "events", rung), len(places), make)


def _is_own(name: str, tokens: Tokens) -> bool:
    """Returns whether an edit is of a line's own field, and one that the field does not bear."""
    return len(tokens) == 1 and not (tokens == ("event_id",) and name in _ANY)


def _of_event(
    subject: Subject, name: str, places: list[tuple[int, Tokens]], rung: int
) -> Callable[[int], Mutant | None]:
    def make(number: int) -> Mutant | None:
        line, tokens = places[number]
        data = edited(name, subject.lines[line], tokens)
        if data is None:
            return None
        draft = subject.draft()
        draft.spelled[line] = lambda _: data
        expected = HASH if rung == CHANGED else BAD_EVENT
        where = f"{EVENTS}, line {line + 1}, {pointer_of(tokens) or 'the whole'}"
        return Mutant(draft.seal(rung), expected, where)

    return make
