"""Mutants of every field of the documents and of the events.

Of the documents the edit itself says what must be found. In events the edits here break the form of
a line, so they are found there once the hash of the file is repaired, however far it is sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.sim.tamper.attack import Doc
from workc.sim.tamper.field_edits import BREAKING, EDITS, OF_SPELLING, edited, sites
from workc.sim.tamper.mutant import Cell, Group, Mutant, groups
from workc.sim.tamper.parts import Component
from workc.sim.tamper.place import BAD_EVENT, HASH
from workc.sim.tamper.pointer import Tokens, pointer_of
from workc.sim.tamper.rungs import CHANGED, DIGESTED, LISTED
from workc.sim.tamper.v02.subject import Subject

_DOCUMENTS: dict[Component, str] = {"receipt": RECEIPT, "manifest": MANIFEST}
_EVENT_RUNGS = (CHANGED, LISTED, DIGESTED)
_REMOVE = "field.remove"
_ON_EVENTS = (*BREAKING, _REMOVE)
#: Members of payloads that may be absent without a breach of the form (section 6).
_OPTIONAL = frozenset(
    {
        ("ApprovalAsked", "timeout_ms"),
        ("GateEvaluated", "effect"),
        ("GateEvaluated", "failure"),
        ("GateEvaluated", "value"),
        ("EffectAnswered", "data"),
        ("EffectAnswered", "errors"),
        ("EffectAsked", "effect"),
        ("ItemObserved", "part"),
        ("ItemObserved", "redactions"),
        ("LensAssembled", "Committed"),
        ("LensAssembled", "Draft"),
        ("LensAssembled", "Immutable"),
        ("LensAssembled", "Published"),
        ("LensAssembled", "Staged"),
        ("LensAssembled", "at_least"),
        ("LensAssembled", "claims"),
        ("LensAssembled", "failure"),
        ("LensAssembled", "part"),
        ("LensAssembled", "requires"),
        ("LensAssembled", "scripted"),
        ("PlanChosen", "compression"),
        ("PlanAsked", "compression"),
        ("PlanAsked", "effects"),
        ("PlanChosen", "decision"),
        ("PlanChosen", "document"),
        ("PlanChosen", "effects"),
        ("PlanChosen", "planner"),
        ("RunStarted", "continues"),
        ("RunStarted", "parent"),
        ("BudgetReserved", "refused_by"),
        ("BudgetReserved", "shared_left"),
        ("BudgetReserved", "step_ceiling"),
        ("BudgetReserved", "tokens"),
        ("BudgetSettled", "tokens"),
        ("Locked", "code"),
        ("RunStarted", "calls"),
        ("RunStarted", "lens_script"),
        ("RunStarted", "limits"),
        ("RunStarted", "max_backtracks"),
        ("RunStarted", "stages"),
        ("RunStarted", "tokens"),
        ("RunStarted", "wall_ms"),
        ("StrategySuggested", "failure"),
        ("VerificationRun", "backtrack"),
        ("VerificationRun", "gate"),
        ("VerificationRun", "of"),
        ("VerificationRun", "failure"),
        ("VerificationRun", "kind"),
        ("VerificationRun", "value"),
        ("WorkEnded", "backtrack"),
        ("WorkEnded", "error_class"),
        ("WorkEnded", "gate"),
        ("WorkEnded", "of"),
        ("WorkEnded", "failure"),
        ("WorkEnded", "halt"),
        ("WorkEnded", "output"),
        ("WorkEnded", "step"),
    }
)


#: Members that may be absent where none of the others is there.
_UNLESS: dict[tuple[str, str], tuple[str, ...]] = {
    ("ItemObserved", "effect"): ("value",),
    ("LensAssembled", "quality"): ("at_least", "claims", "requires"),
}
#: Parts of payloads of which members may be absent.
_PARTS = frozenset({"at_least", "backtrack", "claims", "limits", "results", "weighed"})


def _rungs(component: Component, name: str) -> tuple[int, ...]:
    """Returns how far an edit of a document can be sealed: not past bytes that are no receipt."""
    is_no_receipt = component == "receipt" and name in OF_SPELLING
    return (CHANGED,) if is_no_receipt else (CHANGED, DIGESTED)


#: A manifest holds ASCII only.
_ON_DOCUMENTS: dict[Component, list[str]] = {
    "receipt": [*EDITS],
    "manifest": [name for name in EDITS if name != "text.nfd"],
}

GROUPS: list[Group] = [
    *(
        g
        for c, names in _ON_DOCUMENTS.items()
        for name in names
        for g in groups(name, [c], _rungs(c, name))
    ),
    *(g for name in _ON_EVENTS for g in groups(name, ["events"], _EVENT_RUNGS)),
]


def cells(subject: Subject, lines: list[int]) -> Iterator[Cell]:
    """Yields the cells of all operators on the fields of the documents and of some lines."""
    for component, path in _DOCUMENTS.items():
        found = sites(subject.files[path])
        for name in _ON_DOCUMENTS[component]:
            for rung in _rungs(component, name):
                make = _of_document(subject, path, name, found[name], rung)
                yield Cell(Group(name, component, rung), len(found[name]), make)
    yield from _on_events(subject, lines)


def _on_events(subject: Subject, lines: list[int]) -> Iterator[Cell]:
    found = {line: sites(subject.lines[line]) for line in lines}
    for name in _ON_EVENTS:
        places = [
            (line, tokens)
            for line in lines
            for tokens in found[line][name]
            if not _keeps_form(name, subject.events[line], tokens)
        ]
        for rung in _EVENT_RUNGS:
            make = _of_event(subject, name, places, rung)
            yield Cell(Group(name, "events", rung), len(places), make)


def _of_document(
    subject: Subject, path: str, name: str, found: list[Tokens], rung: int
) -> Callable[[int], Mutant | None]:
    def make(number: int) -> Mutant | None:
        tokens = found[number]
        data = edited(name, subject.files[path], tokens)
        if data is None:
            return None
        where = pointer_of(tokens) or "the whole"
        if rung == DIGESTED:
            return subject.resealed(path, data, where)
        expected = subject.found_in(path, data)
        return Mutant(subject.other_than(path, data), expected, f"{path}, {where}")

    return make


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


def _keeps_form(name: str, event: Doc, tokens: Tokens) -> bool:
    """Returns whether an edit leaves a line that is an event still."""
    if name not in {"field.rename", _REMOVE} or tokens[:1] != ("payload",):
        return False
    kind = str(event["kind"])
    # The names in these are the workflow's own.
    if kind == "RunStarted" and len(tokens) == 3 and tokens[1] in ("code", "programs"):
        return True
    last = pointer_of(tokens).rpartition("/")[2]
    unless = _UNLESS.get((kind, last))
    is_optional = (kind, last) in _OPTIONAL or last == "retry_after_ms"
    is_optional |= unless is not None and not event["payload"].keys() & unless
    return name == _REMOVE and is_optional and _is_of_payload(tokens)


def _is_of_payload(tokens: Tokens) -> bool:
    """Returns whether a place is a member of a payload, or of such a part of it."""
    return len(tokens) == 2 or tokens[1] in _PARTS or "retry_after_ms" in tokens
