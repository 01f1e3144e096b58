"""The rules that events obey one after the other: chain, times, places, table, pairs.

Each rule looks at one event and the one before it, so a log of any length needs no more memory
than one event (docs/spec/bundle-0.2.md, sections 4 and 5).
"""

from __future__ import annotations

from msgspec import UNSET

from workc.bundle.layout import EVENTS
from workc.kernel.chain import GENESIS
from workc.kernel.digest import TAG_REQUEST, tagged
from workc.kernel.events import (
    KINDS,
    BudgetReserved,
    BudgetSettled,
    EffectAnswered,
    EffectAsked,
    Event,
    KindRule,
    Locked,
    Path,
    Payload,
    RetryScheduled,
    SkillAsked,
    SkillExecuted,
    StepSkipped,
)
from workc.kernel.lanes import END, ROOT_LANE, SPAWNING, START, STEP_LANE, LaneTable
from workc.kernel.phases import FIRST, Phase, may_follow, may_lock_from
from workc.verify.case import Case
from workc.verify.verdict import Step, VerifyFailCode

#: Before the first place, so that what may come next is [0].
_NOWHERE: Path = (-1,)


class EventRules:
    """Takes the events in order and adds a finding for each rule that one of them breaks."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._count = 0
        # Of the event before: what its successor's prev must be, its ts, place, kind and payload.
        self._link = GENESIS
        self._ts = 0
        self._at = _NOWHERE
        self._kind = START
        self._payload: Payload | None = None
        # Of the root lane, its last kind; of the lane at hand, its step and its attempt.
        self._root_kind = START
        self._step: str | None = None
        self._attempt = 1

    def take(self, leaf: bytes, event: Event, payload: Payload) -> None:
        """Checks the next event; ``leaf`` is the leaf hash of its line."""
        self._count += 1
        rule = KINDS[event.kind]
        self._check_chain(event)
        self._check_times(event, payload, rule)
        self._check_phase(event, payload, rule.phase)
        self._check_place(event.at, event.kind)
        self._check_pair(payload)
        self._link = leaf.hex()
        self._ts = event.ts
        self._at = event.at
        self._kind = event.kind
        self._payload = payload

    def close(self) -> None:
        """Checks the end of the log: a terminal event is mandatory."""
        if self._kind != "Locked":
            message = "the log does not end with Locked: it was cut, or the run has not ended"
            self._fail("EVENT_CHAIN_MISMATCH", "events", message, "/kind")

    def _check_chain(self, event: Event) -> None:
        if event.seq != self._count - 1:
            message = "seq is not the line's number, counted from 0"
            self._broken(message, "/seq", self._count - 1, event.seq)
        if event.prev != self._link:
            message = "prev is not the hash of the line before"
            self._broken(message, "/prev", self._link, event.prev)

    def _check_times(self, event: Event, payload: Payload, rule: KindRule) -> None:
        expected = self._ts
        if event.at_ms is not UNSET and event.at_ms > expected:
            expected = event.at_ms
        if event.ts != expected:
            self._broken("ts is not the largest time so far", "/ts", expected, event.ts)
        if (event.at_ms is not UNSET) != _is_answer(payload, rule):
            message = f"{event.kind} has at_ms if and only if it is an answer"
            self._fail("BUNDLE_MALFORMED", "events", message, "/at_ms")

    def _check_phase(self, event: Event, payload: Payload, phase: Phase) -> None:
        if event.phase != phase:
            self._illegal(f"{event.kind} stands in phase {phase}", "/phase")
        if not self._may_come(phase, payload):
            self._illegal(f"{event.kind} in phase {phase} must not follow {self._kind}", "/phase")

    def _may_come(self, phase: Phase, payload: Payload) -> bool:
        if self._kind == START:
            return phase == FIRST
        before = KINDS[self._kind].phase
        if before == phase:
            return True
        if isinstance(payload, Locked):
            return may_lock_from(before, payload.outcome, payload.lock_level)
        return may_follow(before, phase)

    def _check_place(self, at: Path, kind: str) -> None:
        if not place_follows(self._at, at):
            self._illegal("the place is not one that may come next", "/at", self._at, at)
        if len(at) == 1:
            self._close_lane()
            self._must(ROOT_LANE, self._root_kind, kind)
            self._root_kind = kind
        elif at[-1]:
            self._must(STEP_LANE, self._kind, kind)
        else:
            self._close_lane()
            self._open_lane(kind)

    def _open_lane(self, kind: str) -> None:
        if self._root_kind not in SPAWNING:
            self._illegal(f"a lane of a step must not follow {self._root_kind}", "/kind")
        self._must(STEP_LANE, START, kind)
        self._step = None
        self._attempt = 1

    def _close_lane(self) -> None:
        if len(self._at) > 1:
            self._must(STEP_LANE, self._kind, END)

    def _must(self, table: LaneTable, before: str, after: str) -> None:
        if after not in table.get(before, ()):
            self._illegal(f"{after} must not follow {before} in a lane", "/kind")

    def _check_pair(self, payload: Payload) -> None:
        match payload:
            case SkillExecuted():
                self._check_executed(payload)
            case SkillAsked():
                self._same("attempt", self._attempt, payload.attempt)
                self._check_step(payload.step)
            case EffectAsked():
                self._check_asked(payload)
            case EffectAnswered():
                if isinstance(self._payload, EffectAsked):
                    self._same("request", self._payload.digest, payload.request)
            case RetryScheduled():
                self._check_retry(payload)
            case BudgetReserved() | BudgetSettled() | StepSkipped():
                self._check_step(payload.step)
            case _:
                pass

    def _check_step(self, step: str) -> None:
        if self._step is None:
            self._step = step
        elif self._step != step:
            self._same("step", self._step, step)

    def _check_executed(self, payload: SkillExecuted) -> None:
        asked = self._payload
        if isinstance(asked, SkillAsked):
            self._same("request", asked.request, payload.request)
            self._same("mode", "opaque", payload.mode)
        elif payload.mode == "opaque":
            self._illegal("an opaque call was not asked for", "/payload/mode")
        self._same("attempt", self._attempt, payload.attempt)
        self._check_step(payload.step)

    def _check_asked(self, payload: EffectAsked) -> None:
        inline = payload.request.inline
        if inline is not UNSET:
            self._same("digest", tagged(TAG_REQUEST, inline.encode()), payload.digest)
        self._same("attempt", self._attempt, payload.attempt)
        self._check_step(payload.step)

    def _check_retry(self, payload: RetryScheduled) -> None:
        executed = self._payload
        if isinstance(executed, SkillExecuted):
            code = None if executed.failure is UNSET else executed.failure.code
            self._same("code", code, payload.code)
            self._same("attempt", executed.attempt, payload.attempt)
        self._check_step(payload.step)
        self._attempt = payload.attempt + 1

    def _same(self, field: str, expected: object, actual: object) -> None:
        if expected != actual:
            message = f"{field} does not fit the events before it in its lane"
            self._illegal(message, f"/payload/{field}", expected, actual)

    def _broken(self, message: str, pointer: str, expected: object, actual: object) -> None:
        self._fail("EVENT_CHAIN_MISMATCH", "events", message, pointer, expected, actual)

    def _illegal(
        self, message: str, pointer: str, expected: object = None, actual: object = None
    ) -> None:
        self._fail("FSM_ILLEGAL_TRANSITION", "table", message, pointer, expected, actual)

    def _fail(
        self,
        code: VerifyFailCode,
        step: Step,
        message: str,
        pointer: str,
        expected: object = None,
        actual: object = None,
    ) -> None:
        self._case.fail(
            code,
            step,
            EVENTS,
            message,
            line=self._count,
            pointer=pointer,
            expected=expected,
            actual=actual,
        )


def _is_answer(payload: Payload, rule: KindRule) -> bool:
    if isinstance(payload, SkillExecuted):
        return payload.request is not UNSET
    return rule.answer == "yes"


def place_follows(before: Path, at: Path) -> bool:
    """Returns whether the place ``at`` may come right after the place ``before``.

    A place is ``(i,)`` in the root lane or ``(k, j, i)`` in the j-th lane below the place k.
    """
    if len(at) == 1:
        return at[0] == before[0] + 1
    if len(at) != 3:
        return False
    k, j, i = at
    if j == i == 0:
        return k == before[0] + 1
    if len(before) != 3 or k != before[0]:
        return False
    return i == before[2] + 1 if j == before[1] else i == 0 and j == before[1] + 1
