"""Resealed edits of the events and of the sequence of phases (sections 5, 6 and 9)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import dropwhile

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import BAD_EVENT, NOT_SAID, TABLE, UNPROVABLE, Place
from workc.sim.tamper.rungs import DIGESTED
from workc.sim.tamper.v01.draft import Draft
from workc.sim.tamper.v01.phases import is_within


def _reorder(draft: Draft) -> None:
    sequence = draft.receipt["phase_sequence"]
    for number in range(len(draft.events) - 2):
        swapped = [*draft.events]
        swapped[number], swapped[number + 1] = swapped[number + 1], swapped[number]
        if not is_within([event["phase"] for event in swapped], sequence):
            draft.events = swapped
            return
    raise does_not_apply("no events whose order their phases tell")


def _reorder_in_phase(draft: Draft) -> None:
    for number, (one, other) in enumerate(zip(draft.events, draft.events[1:-1], strict=False)):
        if number and one["phase"] == other["phase"] and one["ts_utc"] < other["ts_utc"]:
            draft.events[number], draft.events[number + 1] = other, one
            return
    raise does_not_apply("no two events of one phase at two times")


def _cut(draft: Draft) -> None:
    draft.events.pop()


def _leave_unended(draft: Draft) -> None:
    draft.end = b""


def _forget_intent(draft: Draft) -> None:
    draft.events = [event for event in draft.events if event["kind"] != "IntentSet"]


def _rename_loop(draft: Draft) -> None:
    draft.receipt["loop_id"] += "x"


def _rename_loop_throughout(draft: Draft) -> None:
    for record in (draft.receipt, draft.manifest, *draft.events):
        record["loop_id"] += "x"


def _say_more(draft: Draft) -> None:
    draft.events[0]["payload"]["zz_more"] = 1


def _sequence(change: Callable[[list[str]], list[str]]) -> Callable[[Draft], None]:
    def edit(draft: Draft) -> None:
        draft.receipt["phase_sequence"] = change(draft.receipt["phase_sequence"])

    return edit


def _skip_observe(draft: Draft) -> None:
    """Lets sequence and events begin with the second phase, so that they fit each other."""
    phases = _without_observe(draft.receipt["phase_sequence"])
    draft.receipt["phase_sequence"] = phases
    for event in draft.events:
        if event["phase"] == "Observe":
            event["phase"] = phases[0]


def _without_observe(phases: list[str]) -> list[str]:
    return [*dropwhile(lambda phase: phase == "Observe", phases)]


def _lock_twice(draft: Draft) -> None:
    if any(record["kind"] == "Prompt" for record in draft.receipt["hitl"]):
        raise does_not_apply("a prompt, after which it may")
    draft.receipt["phase_sequence"].append("Lock")


def _add_phase(draft: Draft) -> None:
    """Lets the events go through a phase that is not in the sequence."""
    event: Doc = draft.events[0]
    draft.events.insert(1, {**event, "event_id": "zz-added", "kind": "Noted", "phase": "Lock"})


def _events(edit: Callable[[Draft], None], expected: Place, text: str) -> Attack[Draft]:
    return Attack(edit, expected, text, DIGESTED)


EVENT_ATTACKS: Attacks[Draft] = {
    "EventsReordered": _events(_reorder, TABLE, "Two events change their order."),
    "EventsReorderedInPhase": _events(
        _reorder_in_phase, NOT_SAID, "Two events of one phase change their order."
    ),
    "LogCut": _events(_cut, TABLE, "The log ends before its end."),
    "LogUnended": _events(_leave_unended, BAD_EVENT, "The last line has no end."),
    "IntentForgotten": _events(_forget_intent, NOT_SAID, "Nobody said what the work is for."),
    "LoopRenamed": _events(_rename_loop, NOT_SAID, "The receipt is of another loop."),
    "LoopRenamedThroughout": _events(_rename_loop_throughout, UNPROVABLE, "It was another loop."),
    "PayloadWidened": _events(_say_more, UNPROVABLE, "An event says more than it did."),
    "SequenceBegunLate": _events(
        _sequence(_without_observe), TABLE, "The sequence does not begin with Observe."
    ),
    "ObserveSkipped": _events(_skip_observe, TABLE, "It never looked, the events say so too."),
    "PhaseJumped": _events(
        _sequence(lambda phases: [phases[0], "Verify", *phases[1:]]), TABLE, "A phase too early."
    ),
    "LockedTwice": _events(_lock_twice, TABLE, "It waited for a human that nobody asked."),
    "PhaseAdded": _events(_add_phase, TABLE, "The events go through a phase of no sequence."),
}
