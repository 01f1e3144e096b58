"""Answers from what was recorded: the world of a replay, and the past of a resumed run.

A replay answers every ask from its captures and never from anywhere else: an ask that has none is
``CAPTURE_MISSING``. Pure calls are made again and compared. A resumed run takes recorded answers
as they are; an effect that was asked for and not answered is ``IN_DOUBT``.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET

from workc.kernel.arguments import a
from workc.kernel.children import ChildJoined, ChildSpawned
from workc.kernel.events import Entry, dotted
from workc.kernel.failure import Failure
from workc.kernel.gates import ApprovalAnswered, GateEvaluated
from workc.kernel.kinds import Payload
from workc.kernel.lens import ItemObserved
from workc.kernel.payloads import (
    BudgetReserved,
    BudgetSettled,
    CallHalted,
    EffectAnswered,
    EffectAsked,
    SkillAsked,
    SkillExecuted,
    TimerFired,
    given,
)
from workc.kernel.resources import ResourceAnswered, ResourceHeld, ResourceReleased
from workc.runtime.asks import (
    Approve,
    Ask,
    Call,
    Child,
    Claim,
    Effect,
    Halt,
    Look,
    Probe,
    Release,
    Reserve,
    Settle,
    Spawn,
    Timer,
    Wait,
)
from workc.runtime.bodies import Files
from workc.runtime.calls import record_call
from workc.runtime.divergence import Diverged, Divergence, differing
from workc.runtime.effects import record_answer
from workc.runtime.probes import is_broken_off
from workc.runtime.recorded import Recorded
from workc.runtime.session import Desk, is_effect
from workc.stages.skill import Result

#: What each kind of ask may be answered with, beside CallHalted.
_ANSWERS: dict[type, tuple[type[Payload], ...]] = {
    Call: (SkillExecuted,),
    Effect: (EffectAnswered,),
    Probe: (GateEvaluated,),
    Timer: (TimerFired,),
    Reserve: (BudgetReserved,),
    Settle: (BudgetSettled,),
    Approve: (ApprovalAnswered,),
    Halt: (CallHalted,),
    Spawn: (ChildSpawned,),
    Child: (ChildJoined,),
    Look: (ItemObserved,),
    Claim: (ResourceAnswered, ResourceHeld),
    Wait: (ResourceAnswered,),
    Release: (ResourceReleased,),
}

#: What the record of an item says of what was asked for.
_ASKED_OF_ITEM = ("effect", "how", "item", "part", "round", "source", "weight")

#: What is answered for a call that was ended, or that could not or must not be made.
_CUT_OFF = frozenset(
    {"ABORTED", "CONTRACT_EXPIRED", "NONDETERMINISTIC", "OPERATION_NOT_ALLOWED", "TIMEOUT"}
)


class CaptureDesk:
    """Answers every ask of a replay; ``call`` makes a pure call again."""

    def __init__(self, recorded: Recorded, files: Files, call: Callable[[Call], Result]) -> None:
        self._recorded = recorded
        self._files = files
        self._call = call

    def answer(self, ask: Ask) -> Entry:
        """Returns the recorded answer, a pure call's made anew.

        Raises:
            Diverged: there is none, it answers something else, or the call gave something else.
        """
        entry = self._recorded.entry(ask.at)
        if entry is None:
            raise Diverged(_missing(ask, self._recorded.step_at(ask.at)))
        payload = entry.payload
        if isinstance(payload, CallHalted):
            return entry
        _compare_kind(ask, entry, self._recorded)
        if isinstance(ask.question, Call) and isinstance(payload, SkillExecuted):
            return self._called(ask, ask.question, entry, payload)
        _compare_ask(ask, payload)
        return entry

    def _called(self, ask: Ask, call: Call, entry: Entry, payload: SkillExecuted) -> Entry:
        if not call.pure or _was_cut_off(payload):
            _compare_ask(ask, payload)
            return entry
        _compare_digest(ask, call.request, str(payload.request))
        now = record_call(self._files, call, self._call(call))
        made = Entry(at=ask.at, payload=now, at_ms=entry.at_ms)
        recorded = self._recorded.payload(ask.at)
        divergence = differing(ask.at, recorded, made) if recorded else None
        if divergence is not None:
            raise Diverged(divergence)
        return made


def _was_cut_off(payload: SkillExecuted) -> bool:
    """Returns whether the driver, not the function, ended the call: that is an answer too."""
    failure = payload.failure
    return bool(failure) and failure.code in _CUT_OFF  # type: ignore[union-attr]


class Comparison:
    """Compares what a replay records with what was recorded; everything is written anew."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    def check(self, entry: Entry) -> bool:
        """Returns False: the entry is to be written; raises Diverged if another is recorded."""
        _compare(self._recorded, entry)
        return False

    def recall(self, ask: Ask) -> Entry | None:
        """Returns None: the desk answers."""
        return None


class Past:
    """What a run recorded before it stopped: not written again, and taken as it is."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    def check(self, entry: Entry) -> bool:
        """Returns whether the entry is recorded; raises Diverged if another is."""
        if entry.at not in self._recorded:
            return False
        _compare(self._recorded, entry)
        return True

    def recall(self, ask: Ask) -> Entry | None:
        """Returns the recorded answer, if there is one."""
        return self._recorded.entry(ask.at)


class Standing:
    """What stands of a run that goes on (``workc.runtime.continuing``): answers, and written again.

    It is both who answers and what was known: what is asked beyond it waits.
    """

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    def check(self, entry: Entry) -> bool:
        """Returns False: the entry is to be written; raises Diverged if another stands there."""
        if entry.at in self._recorded:
            _compare(self._recorded, entry)
        return False

    def recall(self, ask: Ask) -> Entry | None:
        """Returns None: what it knows it answers, so that it is written."""
        return None

    def answer(self, ask: Ask) -> Entry | None:
        """Returns the answer that stands, if there is one; raises Diverged if it is to another ask."""
        entry = self._recorded.entry(ask.at)
        if entry is not None:
            _compare_kind(ask, entry, self._recorded)
            _compare_ask(ask, entry.payload)
        return entry


class DoubtfulDesk:
    """Answers asks whose effect may have happened before the run stopped; passes on the others."""

    def __init__(
        self, recorded: Recorded, files: Files, desk: Desk, now_ms: Callable[[], int]
    ) -> None:
        self._recorded = recorded
        self._files = files
        self._desk = desk
        self._now_ms = now_ms

    def answer(self, ask: Ask) -> Entry | None:
        """Returns ``IN_DOUBT`` for an effect that was asked for and not answered."""
        asked = (*ask.at[:-1], ask.at[-1] - 1)
        if not is_effect(ask) or asked not in self._recorded:
            return self._desk.answer(ask)
        before = self._recorded.entry(asked)
        if before is None or not isinstance(before.payload, EffectAsked | SkillAsked):
            return self._desk.answer(ask)
        return Entry(at=ask.at, payload=self._doubt(ask), at_ms=self._now_ms())

    def _doubt(self, ask: Ask) -> Payload:
        failure = Failure(
            code="IN_DOUBT",
            message="the run stopped after this was asked for; whether it happened is not known",
        )
        if isinstance(ask.question, Call):
            return record_call(self._files, ask.question, failure)
        digest = ask.question.digest if isinstance(ask.question, Effect) else ""
        return record_answer(self._files, digest, failure)


def refuse_unused(recorded: Recorded) -> None:
    """Raises Diverged if something is recorded that nobody has asked for by the end of the run."""
    for at in recorded.unused():
        left = recorded.entry(at)
        raise Diverged(
            Divergence(
                code="CAPTURE_UNUSED",
                message="recorded, but not asked for now",
                step=recorded.step_at(at),
                at=dotted(at),
                kind=left.kind if left else None,
            )
        )


def _compare(recorded: Recorded, entry: Entry) -> None:
    found = recorded.payload(entry.at)
    if found is None:
        raise Diverged(_unrecorded(entry))
    divergence = differing(entry.at, found, entry)
    if divergence is not None:
        raise Diverged(divergence)


def _unrecorded(entry: Entry) -> Divergence:
    step = getattr(entry.payload, "step", None)
    asked = isinstance(entry.payload, EffectAsked | SkillAsked)
    return Divergence(
        code="CAPTURE_MISSING" if asked else "REPLAY_DIVERGED",
        message=f"{entry.kind} now, where nothing was recorded",
        step=step if isinstance(step, str) else None,
        at=dotted(entry.at),
        kind=entry.kind,
        recorded="nothing",
        now=entry.kind,
    )


def _missing(ask: Ask, step: str | None) -> Divergence:
    return Divergence(
        code="CAPTURE_MISSING",
        message=f"{a(ask.question)} was asked for that has no recorded answer",
        step=getattr(ask.question, "step", step),
        at=dotted(ask.at),
        now=type(ask.question).__name__,
        recorded="nothing",
    )


def _unfit(ask: Ask, entry: Entry, step: str | None) -> Divergence:
    return Divergence(
        code="REPLAY_DIVERGED",
        message=f"{a(ask.question)} was asked for; {entry.kind} is recorded",
        step=getattr(ask.question, "step", step),
        at=dotted(ask.at),
        pointer="/kind",
        recorded=entry.kind,
        now=_ANSWERS[type(ask.question)][0].__name__,
    )


def _compare_kind(ask: Ask, entry: Entry, recorded: Recorded) -> None:
    if not isinstance(entry.payload, _ANSWERS[type(ask.question)]):
        raise Diverged(_unfit(ask, entry, recorded.step_at(ask.at)))


def _compare_ask(ask: Ask, payload: Payload) -> None:
    """Compares what is asked for now with what the recorded answer says it was asked for."""
    question = ask.question
    if isinstance(question, Call) and isinstance(payload, SkillExecuted):
        _compare_digest(ask, question.request, str(payload.request))
        _compare_field(ask, "step", question.step, payload.step)
        _compare_field(ask, "attempt", question.attempt, payload.attempt)
    elif isinstance(question, Effect) and isinstance(payload, EffectAnswered):
        _compare_digest(ask, question.digest, payload.request)
    elif isinstance(question, Approve) and isinstance(payload, ApprovalAnswered):
        _compare_field(ask, "gate", question.gate, payload.gate)
        _compare_field(ask, "step", question.step, payload.step)
    elif isinstance(question, Child) and isinstance(payload, ChildJoined):
        spawned = question.order.spawned
        _compare_field(ask, "child_run_id", spawned.child_run_id, payload.child_run_id)
        _compare_field(ask, "spawn_index", spawned.spawn_index, payload.spawn_index)
    elif isinstance(question, Probe) and isinstance(payload, GateEvaluated):
        for name in ("gate", "when", "that"):
            _compare_field(ask, name, getattr(question, name), getattr(payload, name))
        _compare_field(ask, "step", question.step, given(payload.step))
        _compare_field(ask, "effect", question.named, payload.effect)
        if question.refused is not None and not is_broken_off(payload):
            _compare_field(ask, "failure", question.refused, payload.failure)
    else:
        _compare_fields(ask, payload)


def _compare_fields(ask: Ask, payload: Payload) -> None:
    """Compares an ask whose answer repeats what was asked for, field by field."""
    question = ask.question
    if isinstance(question, Look):
        for name in _ASKED_OF_ITEM:
            _compare_field(ask, name, getattr(question.item, name), getattr(payload, name))
    elif isinstance(question, Claim | Wait | Release):
        _compare_field(ask, "resource", question.resource, getattr(payload, "resource", None))
        _compare_field(ask, "step", question.step, getattr(payload, "step", None))
    elif isinstance(question, Reserve | Settle | Spawn):
        for name in question.__dataclass_fields__:
            _compare_field(ask, name, getattr(question, name), getattr(payload, name))


def _compare_digest(ask: Ask, now: str, recorded: str) -> None:
    _compare_field(ask, "request", now, recorded)


def _compare_field(ask: Ask, name: str, now: object, recorded: object) -> None:
    if now != recorded:
        raise Diverged(
            Divergence(
                code="REPLAY_DIVERGED",
                message=f"another {name} was asked for than the recorded answer belongs to",
                step=getattr(ask.question, "step", None),
                at=dotted(ask.at),
                pointer=f"/{name}",
                recorded=_said(recorded),
                now=_said(now),
            )
        )


def _said(value: object) -> str:
    return "nothing" if value is UNSET else str(value)
