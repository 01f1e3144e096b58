"""The rules that events obey one after the other: chain, times, phases, the end.

Each rule looks at one event, the one before it and the receipt, so a log of any length needs no
more memory than one event (docs/spec/bundle-0.1.md, sections 5, 6 and 9).
"""

from __future__ import annotations

from workc.bundle.layout import EVENTS
from workc.bundle.v01.digests import GENESIS
from workc.verify.case import Case
from workc.verify.rules import Rule
from workc.verify.v01 import rules
from workc.verify.v01.phases import Follower
from workc.verify.v01.records import Event, Receipt, instant

#: The kinds that the format names; another one is hashed like any other and noted.
KINDS = frozenset(
    {
        "IntentSet",
        "SignalsCaptured",
        "LensAssembled",
        "PlanChosen",
        "SkillExecuted",
        "ActError",
        "VerificationRun",
        "HitlPrompt",
        "HitlDecision",
        "ChildSpawned",
        "ChildJoined",
        "Locked",
        "OrientFromFailure",
        "RetryScheduled",
        "StrategySuggested",
        "StrategyApplied",
    }
)


class EventChecks:
    """Takes the events in order and adds a finding for each rule that one of them breaks."""

    def __init__(self, receipt: Receipt | None, case: Case) -> None:
        self._case = case
        self._receipt = receipt
        self._phases = None if receipt is None else Follower(receipt.phase_sequence)
        self._line = 0
        self._link = GENESIS
        self._last: Event | None = None
        # How many events are of kinds that are not known, and the first such kind.
        self._strange = 0
        self._strange_kind = ""

    def take(self, event: Event, computed_hash: str) -> None:
        """Checks the next event, whose ``event_hash`` must be ``computed_hash``."""
        self._line += 1
        self._check_chain(event, computed_hash)
        self._check_time(event)
        if self._receipt is not None:
            self._check_loop(event, self._receipt.loop_id)
        if self._phases is not None and not self._phases.take(event.phase):
            message = f"phase_sequence holds no further {event.phase}"
            self._fail(rules.EVENTS_SUBSEQUENCE, message, "/phase")
        if event.kind not in KINDS:
            self._strange_kind = self._strange_kind if self._strange else event.kind
            self._strange += 1
        self._link = event.event_hash
        self._last = event

    @property
    def ended(self) -> str:
        """Returns the time of the last event so far."""
        return "" if self._last is None else self._last.ts_utc

    def close(self) -> None:
        """Checks the end of the log and takes note of kinds that are not known."""
        last = self._last
        if last is None or (last.kind, last.phase) != ("Locked", "Lock"):
            message = "the log does not end with Locked in phase Lock"
            self._fail(rules.ENDS_LOCKED, message, "/kind")
        if self._strange:
            first = self._strange_kind
            self._case.note(
                f"events of kinds that are not known: {self._strange}, the first {first}"
            )

    def _check_chain(self, event: Event, computed_hash: str) -> None:
        if event.seq != self._line - 1:
            message = "seq is not the line's number, counted from 0"
            self._fail(rules.EVENT_SEQ, message, "/seq", self._line - 1, event.seq)
        if event.prev_event_hash != self._link:
            message = "prev_event_hash is not the event_hash of the line before"
            self._fail(
                rules.EVENT_PREV, message, "/prev_event_hash", self._link, event.prev_event_hash
            )
        if event.event_hash != computed_hash:
            message = "event_hash is not the hash of the event"
            self._fail(rules.EVENT_HASH, message, "/event_hash", computed_hash, event.event_hash)

    def _check_time(self, event: Event) -> None:
        if self._last is not None:
            if instant(event.ts_utc) < instant(self._last.ts_utc):
                message = "the time goes back"
                before = self._last.ts_utc
                self._fail(rules.TIMES_ASCEND, message, "/ts_utc", before, event.ts_utc)
        elif self._receipt is not None and event.ts_utc != self._receipt.timestamp_utc:
            message = "the first event is not of the time of the receipt"
            start = self._receipt.timestamp_utc
            self._fail(rules.SAME_START, message, "/ts_utc", start, event.ts_utc)

    def _check_loop(self, event: Event, loop_id: str) -> None:
        if event.loop_id != loop_id:
            message = "the event is of another loop than the receipt"
            self._fail(rules.SAME_LOOP, message, "/loop_id", loop_id, event.loop_id)

    def _fail(
        self,
        rule: Rule,
        message: str,
        pointer: str,
        expected: object = None,
        actual: object = None,
    ) -> None:
        self._case.fail(
            rule,
            EVENTS,
            message,
            line=self._line,
            pointer=pointer,
            expected=expected,
            actual=actual,
        )
