"""The rules that events obey one after the other: chain, times, places, table, pairs.

Each rule looks at one event and the one before it, so a log of any length needs no more memory
than its open pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

from workc.bundle.layout import EVENTS
from workc.kernel.chain import GENESIS, link
from workc.kernel.digest import TAG_REQUEST, tagged
from workc.kernel.events import (
    KINDS,
    Body,
    EffectAnswered,
    EffectAsked,
    Event,
    Locked,
    Path,
    Payload,
    RetryScheduled,
    SkillAsked,
    SkillExecuted,
)
from workc.kernel.lanes import END, ROOT_LANE, SPAWNING, START, STEP_LANE
from workc.kernel.phases import FIRST, may_follow, may_lock_from
from workc.verify.case import Case
from workc.verify.verdict import Step, VerifyFailCode


@dataclass(slots=True)
class _Before:
    """The event before this one, as far as rules need it."""

    link: str = GENESIS
    ts: int = 0
    at: Path = ()
    payload: Payload | None = None
    phase: str = ""


class EventRules:
    """Takes the events in order and adds a finding for each rule that one of them breaks."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._before = _Before()
        self._root_kind = START
        self._count = 0
        self._retry: RetryScheduled | None = None

    def take(self, line: bytes, event: Event, payload: Payload) -> None:
        """Checks the next event."""
        self._count += 1
        self._chain(event)
        self._times(event, payload)
        self._phase(event, payload)
        self._lanes(event, payload)
        self._pair(event, payload)
        before = self._before
        before.link, before.ts, before.at = link(line), event.ts, event.at
        before.payload, before.phase = payload, event.phase

    def close(self) -> None:
        """Checks the end of the log: a terminal event is mandatory."""
        last = self._before.payload
        if not isinstance(last, Locked):
            message = "the log does not end with Locked: it was cut, or the run has not ended"
            self._fail("EVENT_CHAIN_MISMATCH", "events", message)

    def _fail(self, code: VerifyFailCode, step: Step, message: str, **details: object) -> None:
        expected, actual = details.get("expected"), details.get("actual")
        pointer = details.get("pointer")
        self._case.fail(
            code,
            step,
            EVENTS,
            message,
            line=self._count,
            pointer=pointer if isinstance(pointer, str) else None,
            expected=expected,
            actual=actual,
        )

    def _chain(self, event: Event) -> None:
        if event.seq != self._count - 1:
            self._fail(
                "EVENT_CHAIN_MISMATCH",
                "events",
                "seq is not the line's number, counted from 0",
                pointer="/seq",
                expected=self._count - 1,
                actual=event.seq,
            )
        if event.prev != self._before.link:
            self._fail(
                "EVENT_CHAIN_MISMATCH",
                "events",
                "prev is not the hash of the line before",
                pointer="/prev",
                expected=self._before.link,
                actual=event.prev,
            )

    def _times(self, event: Event, payload: Payload) -> None:
        at_ms = event.at_ms if isinstance(event.at_ms, int) else None
        expected = self._before.ts if at_ms is None else max(self._before.ts, at_ms)
        if event.ts != expected:
            self._fail(
                "EVENT_CHAIN_MISMATCH",
                "events",
                "ts is not the largest time so far",
                pointer="/ts",
                expected=expected,
                actual=event.ts,
            )
        if _is_answer(payload) != (at_ms is not None):
            message = f"{event.kind} has at_ms if and only if it is an answer"
            self._fail("BUNDLE_MALFORMED", "events", message, pointer="/at_ms")

    def _phase(self, event: Event, payload: Payload) -> None:
        rule, before = KINDS[event.kind], self._before.phase
        if event.phase != rule.phase:
            message = f"{event.kind} stands in phase {rule.phase}"
            self._fail(
                "FSM_ILLEGAL_TRANSITION", "table", message, pointer="/phase", actual=event.phase
            )
        if before == "":
            legal = event.phase == FIRST
        elif isinstance(payload, Locked):
            legal = may_lock_from(
                KINDS[self._kind_before()].phase, payload.outcome, payload.lock_level
            )
        else:
            legal = may_follow(KINDS[self._kind_before()].phase, event.phase)
        if not legal:
            message = f"{event.phase} must not follow {before or 'nothing'}"
            self._fail("FSM_ILLEGAL_TRANSITION", "table", message, pointer="/phase")

    def _kind_before(self) -> str:
        return type(self._before.payload).__name__

    def _lanes(self, event: Event, payload: Payload) -> None:
        before, at = self._before.at, tuple(event.at)
        if not _place_follows(before, at):
            self._fail(
                "FSM_ILLEGAL_TRANSITION",
                "table",
                "the place is not the next one of its lane, nor the first of a new one",
                pointer="/at",
                expected=f"after {_place(before)}",
                actual=_place(at),
            )
            return
        if len(at) == 1:
            self._root(event.kind, at)
        else:
            self._step_lane(event.kind, at)

    def _root(self, kind: str, at: Path) -> None:
        if len(self._before.at) > 1:
            self._must(STEP_LANE, self._kind_before(), END, at)
        legal = ROOT_LANE.get(self._root_kind, ())
        if kind not in legal:
            self._illegal(self._root_kind, kind)
        self._root_kind = kind

    def _step_lane(self, kind: str, at: Path) -> None:
        before = self._before.at
        if len(before) > 1 and before[:-1] == at[:-1]:
            self._must(STEP_LANE, self._kind_before(), kind, at)
            return
        if len(before) > 1:
            self._must(STEP_LANE, self._kind_before(), END, at)
        elif self._root_kind not in SPAWNING:
            self._illegal(self._root_kind, "a lane of a step")
        self._must(STEP_LANE, START, kind, at)
        self._retry = None

    def _must(self, table: dict[str, tuple[str, ...]], before: str, after: str, at: Path) -> None:
        if after not in table.get(before, ()):
            self._illegal(before, after)

    def _illegal(self, before: str, after: str) -> None:
        message = f"{after} must not follow {before} in a lane"
        self._fail("FSM_ILLEGAL_TRANSITION", "table", message, pointer="/kind")

    def _pair(self, event: Event, payload: Payload) -> None:
        asked = self._before.payload
        match payload:
            case EffectAsked():
                self._digest(payload)
            case EffectAnswered() if isinstance(asked, EffectAsked):
                self._same("request", asked.digest, payload.request)
            case SkillExecuted():
                self._attempt(payload)
            case RetryScheduled():
                self._retries(payload)
            case _:
                pass

    def _digest(self, payload: EffectAsked) -> None:
        inline = payload.request.inline
        if isinstance(inline, str):
            self._same("digest", tagged(TAG_REQUEST, inline.encode("utf-8")), payload.digest)

    def _attempt(self, payload: SkillExecuted) -> None:
        asked = self._before.payload
        if isinstance(asked, SkillAsked):
            self._same("request", asked.request, payload.request)
            self._same("mode", "opaque", payload.mode)
        elif payload.mode == "opaque":
            self._fail("FSM_ILLEGAL_TRANSITION", "table", "an opaque call was not asked for")
        expected = self._retry.attempt + 1 if self._retry else 1
        self._same("attempt", expected, payload.attempt)

    def _retries(self, payload: RetryScheduled) -> None:
        executed = self._before.payload
        if isinstance(executed, SkillExecuted):
            code = executed.failure.code if executed.failure else None
            self._same("code", code, payload.code)
            self._same("attempt", executed.attempt, payload.attempt)
        self._retry = payload

    def _same(self, field: str, expected: object, actual: object) -> None:
        if expected != actual:
            message = f"{field} does not fit the event that it belongs to"
            self._fail(
                "FSM_ILLEGAL_TRANSITION",
                "table",
                message,
                pointer=f"/payload/{field}",
                expected=expected,
                actual=actual,
            )


def _is_answer(payload: Payload) -> bool:
    answer = KINDS[type(payload).__name__].answer
    if answer == "maybe" and isinstance(payload, SkillExecuted):
        return isinstance(payload.request, str)
    return answer == "yes"


def _place_follows(before: Path, at: Path) -> bool:
    """Returns whether ``at`` is the next place of a lane that is open, or the first of a new one."""
    if before == ():
        return at == (0,)
    *lane, count = before
    if at == (*lane, count + 1) or at == (*lane, count + 1, 0, 0):
        return True
    while len(lane) >= 2:
        *lane, place, child = lane
        if at in ((*lane, place, child + 1, 0), (*lane, place + 1), (*lane, place + 1, 0, 0)):
            return True
    return False


def _place(at: Path) -> str:
    return ".".join(map(str, at)) or "the start"
