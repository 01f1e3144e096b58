"""The rules that events obey one after the other: chain, times, phases, places, tables.

Each rule looks at one event and the one before it, so a log of any length needs no more memory
than one event (docs/spec/bundle-0.2.md, sections 4 and 5). Nearly all events break none of them:
``take`` compares, and only what differs is looked at closely.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import UNSET

from workc.bundle.layout import EVENTS
from workc.kernel.chain import GENESIS
from workc.kernel.events import Event, Path
from workc.kernel.kinds import KINDS, Payload, is_answer
from workc.kernel.lanes import (
    END,
    ROOT_LANE,
    SIGNED,
    SPAWNING,
    START,
    STEP_LANE,
    LaneTable,
    comes_as,
    left_as,
)
from workc.kernel.payloads import Locked
from workc.kernel.phases import FIRST, Phase, may_follow, may_lock_from
from workc.verify.case import Case
from workc.verify.rules import Rule
from workc.verify.v02 import rules

#: Before the first place, so that what may come next is [0].
_NOWHERE: Path = (-1,)
#: How a place follows the one before: in its lane, in the next lane of a step, in the root lane.
Advance = Literal["on", "lane", "root", "no"]
#: A step from event to event: how the place advances, the signs of the root lane and of the event
#: before, and those as which the next one comes and is left.
_Step: TypeAlias = tuple[Advance, str, str, str, str]
#: By the type of an event's payload: its kind's name and phase, and whether it answers if all do.
_KINDS: Mapping[type[Payload], tuple[str, Phase, bool | None]] = {
    rule.payload: (kind, rule.phase, None if rule.answer == "maybe" else rule.answer == "yes")
    for kind, rule in KINDS.items()
}


class SequenceRules:
    """Takes the events in order and adds a finding for each rule that one of them breaks."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._count = 0
        # Of the event before: what its successor's prev must be, its ts, place and sign.
        self._link = GENESIS
        self._ts = 0
        self._at = _NOWHERE
        self._sign = START
        self._phase: Phase | None = None
        self._root_sign = START
        # Steps from place to place that broke no rule, so that each is looked at once.
        self._good: set[_Step] = set()
        self._found = 0

    def take(self, leaves: list[bytes], events: list[Event]) -> None:
        """Checks the next events; ``leaves`` are the leaf hashes of their lines."""
        self._check_order(events)
        self._check_chain([self._link, *(leaf.hex() for leaf in leaves)], events)
        self._check_times(events)
        self._count += len(events)

    def _check_chain(self, links: list[str], events: list[Event]) -> None:
        numbers = range(self._count, self._count + len(events))
        prevs, seqs = [event.prev for event in events], [event.seq for event in events]
        self._link = links[-1]
        if prevs == links[:-1] and seqs == list(numbers):
            return
        for number, link, event in zip(numbers, links, events, strict=False):
            if event.seq != number:
                self._differs(rules.EVENT_NUMBER, number, "/seq", number, event.seq)
            if event.prev != link:
                self._differs(rules.EVENT_LINK, number, "/prev", link, event.prev)

    def _check_times(self, events: list[Event]) -> None:
        ts = self._ts
        for number, event in enumerate(events, self._count):
            at_ms = event.at_ms
            if at_ms is not UNSET and at_ms > ts:
                ts = at_ms
            if event.ts != ts:
                self._differs(rules.EVENT_TIME, number, "/ts", ts, event.ts)
                ts = event.ts
        self._ts = ts

    def _check_order(self, events: list[Event]) -> None:
        """Checks what is an answer, the phases, and the places with the tables of their lanes."""
        for number, event in enumerate(events, self._count):
            payload = event.payload
            kind, phase, answers = _KINDS[type(payload)]
            if answers is None:
                answers = is_answer(payload)
            if answers == (event.at_ms is UNSET):
                message = f"{kind} has at_ms if and only if it is an answer"
                self._fail(rules.ANSWER_HAS_TIME, number, message, "/at_ms")
            if event.phase != phase or phase is not self._phase:
                self._check_phase(number, event, kind, phase)
            at, comes, leaves = event.at, kind, kind
            if kind in SIGNED:
                comes = comes_as(kind, event.payload)
                leaves = left_as(kind, event.payload, self._sign)
            step = (_advance(self._at, at), self._root_sign, self._sign, comes, leaves)
            if step not in self._good:
                self._check_place(number, at, step)
            self._at, self._sign, self._phase = at, leaves, phase

    def close(self) -> None:
        """Checks the end of the log: a terminal event is mandatory."""
        if self._sign != "Locked":
            message = "the log does not end with Locked: it was cut, or the run has not ended"
            self._fail(rules.LOG_ENDS_WITH_LOCKED, self._count - 1, message, "/kind")

    def _check_phase(self, number: int, event: Event, kind: str, phase: Phase) -> None:
        if event.phase != phase:
            self._fail(rules.PHASE_OF_KIND, number, f"{kind} stands in phase {phase}", "/phase")
        if not self._may_come(phase, event.payload):
            message = f"{kind} in phase {phase} must not follow {self._sign}"
            self._fail(rules.PHASE_FOLLOWS, number, message, "/phase")

    def _may_come(self, phase: Phase, payload: Payload) -> bool:
        if self._phase is None:
            return phase == FIRST
        if isinstance(payload, Locked):
            return may_lock_from(self._phase, payload.outcome, payload.lock_level)
        return may_follow(self._phase, phase)

    def _check_place(self, number: int, at: Path, step: _Step) -> None:
        """Checks a step from one place to the next; one that is good need not be looked at again."""
        found, (_, _, _, comes, leaves) = self._found, step
        self._check_follows(number, at, step[0])
        if len(at) == 1:
            self._close_lane(number)
            self._must(number, rules.ROOT_LANE_TABLE, ROOT_LANE, self._root_sign, comes)
            self._root_sign = leaves
        elif at[-1]:
            self._must(number, rules.STEP_LANE_TABLE, STEP_LANE, self._sign, comes)
        else:
            self._close_lane(number)
            self._open_lane(number, comes)
        if self._found == found and step[1] == self._root_sign:
            self._good.add(step)

    def _check_follows(self, number: int, at: Path, advance: Advance) -> None:
        if advance == "no":
            message = "the place is not one that may come next"
            self._fail(rules.PLACE_FOLLOWS, number, message, "/at", self._at, at)

    def _open_lane(self, number: int, comes: str) -> None:
        if self._root_sign not in SPAWNING:
            message = f"a lane of a step must not follow {self._root_sign}"
            self._fail(rules.LANE_MAY_OPEN, number, message, "/kind")
        self._must(number, rules.STEP_LANE_TABLE, STEP_LANE, START, comes)

    def _close_lane(self, number: int) -> None:
        if len(self._at) > 1:
            self._must(number, rules.STEP_LANE_TABLE, STEP_LANE, self._sign, END)

    def _must(self, number: int, rule: Rule, table: LaneTable, before: str, after: str) -> None:
        if after not in table.get(before, ()):
            self._fail(rule, number, f"{after} must not follow {before} in a lane", "/kind")

    def _differs(
        self, rule: Rule, number: int, pointer: str, expected: object, actual: object
    ) -> None:
        self._fail(rule, number, f"not so: {rule.text}", pointer, expected, actual)

    def _fail(
        self,
        rule: Rule,
        number: int,
        message: str,
        pointer: str,
        expected: object = None,
        actual: object = None,
    ) -> None:
        self._found += 1
        self._case.fail(
            rule,
            EVENTS,
            message,
            line=number + 1,
            pointer=pointer,
            expected=expected,
            actual=actual,
        )


def _advance(before: Path, at: Path) -> Advance:
    """Returns how the place ``at`` comes right after the place ``before``, or that it may not.

    A place is ``(i,)`` in the root lane or ``(k, j, i)`` in the j-th lane below the place k.
    """
    if len(at) == 1:
        return "root" if at[0] == before[0] + 1 else "no"
    if len(at) != 3:
        return "no"
    k, j, i = at
    if len(before) == 3 and k == before[0]:
        if j == before[1]:
            return "on" if i == before[2] + 1 else "no"
        return "lane" if i == 0 and j == before[1] + 1 else "no"
    return "lane" if j == i == 0 and k == before[0] + 1 else "no"
