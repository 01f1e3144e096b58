"""Answers as entries: what every driver does with what came back, live or simulated."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from msgspec import UNSET, UnsetType

from workc.kernel.children import ChildJoined
from workc.kernel.digest import sha256_hex
from workc.kernel.events import Entry
from workc.kernel.failure import Failure, Misuse
from workc.kernel.gates import ApprovalAnswered, Decision
from workc.kernel.kinds import Payload
from workc.kernel.payloads import Body, CallHalted, TimerFired
from workc.kernel.values import JsonObject
from workc.runtime.asks import (
    Approve,
    Ask,
    Call,
    Child,
    Claim,
    Effect,
    Look,
    Probe,
    Release,
    Timer,
    Wait,
)
from workc.runtime.bodies import Files, failure_from, record_failure, store_file
from workc.runtime.calls import record_call
from workc.runtime.children import ChildEnd
from workc.runtime.claims import Claims
from workc.runtime.coordinating import Released, locked
from workc.runtime.effects import record_answer
from workc.runtime.guarding import Context, within
from workc.runtime.item_records import record_item
from workc.runtime.ports import Granted, Held, Ports
from workc.runtime.probes import halted_answer, record_probe
from workc.runtime.resource_records import record_claim, record_release
from workc.stages.effects import (
    EffectRequest,
    EffectResponse,
    FileRead,
    FileWrite,
    HttpRequest,
    ModelRequest,
    ProgramRun,
    Publication,
)
from workc.stages.exception import failure_of_port
from workc.stages.observation import Observed
from workc.stages.skill import Result, Skill, invoke, invoke_async

Answer = Result | EffectResponse | Observed | Granted | Held | Released | Failure


class Answering:
    """Turns what came back for an ask into the entry that records it; ``claims`` are the run's."""

    def __init__(
        self,
        files: Files,
        now_ms: Callable[[], int],
        clean: Callable[[Result], Result] | None = None,
        claims: Claims | None = None,
    ) -> None:
        self.claims = Claims() if claims is None else claims
        self._files = files
        self._now_ms = now_ms
        self._clean = clean

    def entry(self, ask: Ask, answer: Answer) -> Entry:
        """Returns the entry of an answer that has just come."""
        now_ms = self._now_ms()
        return Entry(at=ask.at, payload=self._payload(ask, answer, now_ms), at_ms=now_ms)

    def over(self, ask: Ask) -> Entry:
        """Returns the entry of an ask whose time is over.

        A timer has fired, nobody has approved, and all else has failed.
        """
        if isinstance(ask.question, Timer):
            return Entry(at=ask.at, payload=TimerFired(), at_ms=self._now_ms())
        if isinstance(ask.question, Approve):
            return self.decided(ask, ask.question, "timed_out")
        limit = ask.timeout_ms
        if isinstance(ask.question, Wait):
            return self.entry(ask, locked(ask.question.resource, ask.question.by, limit or 0))
        failure = Failure(
            code="TIMEOUT", message=f"no answer within {limit} ms", details={"timeout_ms": limit}
        )
        return self.entry(ask, failure)

    def given_up(self, ask: Ask, *, begun: bool) -> Entry:
        """Returns the entry of an ask that nobody answers any more because a step stopped the run.

        What was ``begun`` may have happened, and fails; what was not is halted, as is any wait.
        """
        # Of what is only looked at there is no halt: it was not seen.
        is_broken_off = begun and isinstance(ask.question, Call | Effect | Probe)
        if isinstance(ask.question, Look) or is_broken_off:
            message = "the run was stopped meanwhile; whether this happened is not known"
            failure = Failure(code="ABORTED", message=message, details={"scope": "run"})
            return self.entry(ask, failure)
        halted = halted_answer(ask.question, "ABORTED")
        return Entry(at=ask.at, payload=halted, at_ms=self._now_ms())

    def decided(self, ask: Ask, question: Approve, decision: Decision) -> Entry:
        """Returns the entry of an approval that a script decides."""
        answer = ApprovalAnswered(
            by=UNSET if decision == "timed_out" else "script",
            decision=decision,
            gate=question.gate,
            note="",
            step=question.step,
        )
        return Entry(at=ask.at, payload=answer, at_ms=self._now_ms())

    def joined(self, ask: Ask, child: Child, end: ChildEnd | None) -> Entry:
        """Returns the entry of a child that has ended; None: it never began."""
        payload = CallHalted(code="ABORTED") if end is None else self._joined(child, end)
        return Entry(at=ask.at, payload=payload, at_ms=self._now_ms())

    def _joined(self, child: Child, end: ChildEnd) -> ChildJoined:
        spawned, failure, output = child.order.spawned, end.failure, end.output
        value: Body | UnsetType = UNSET
        if output is not None:
            # Never in the line: the receipt repeats it.
            path = f"evidence/{sha256_hex(output)}.json"
            value = store_file(self._files, path, "json", output)
        return ChildJoined(
            child_run_id=spawned.child_run_id,
            failure=UNSET if failure is None else record_failure(self._files, failure),
            outcome=end.outcome,
            proof_digest=end.proof_digest,
            spawn_index=spawned.spawn_index,
            spent_micro_cents=end.spent_micro_cents,
            value=value,
        )

    def ms_until(self, time_ms: int) -> int:
        """Returns how long it is until a time of the driver's clock, 0 if that has come."""
        return max(0, time_ms - self._now_ms())

    def _payload(self, ask: Ask, answer: Answer, now_ms: int) -> Payload:
        question = ask.question
        if isinstance(question, Look) and isinstance(answer, Observed | Failure):
            return record_item(self._files, question, answer, now_ms)
        if isinstance(question, Call) and isinstance(answer, Result | Failure):
            return record_call(self._files, question, self._cleaned(question, answer))
        if isinstance(question, Effect) and isinstance(answer, EffectResponse | Failure):
            return record_answer(self._files, question.digest, answer)
        if isinstance(question, Probe) and isinstance(answer, EffectResponse | Failure):
            return record_probe(self._files, question, answer)
        if isinstance(question, Claim | Wait) and isinstance(answer, Granted | Held | Failure):
            return record_claim(self._files, self.claims, ask.at[:-1], question, answer)
        if isinstance(question, Release) and isinstance(answer, Released):
            return record_release(self.claims, question, answer)
        raise Misuse("an answer does not fit what was asked")

    def _cleaned(self, call: Call, answer: Result | Failure) -> Result | Failure:
        # A pure function knows no secret; one that reads the environment is not pure.
        if self._clean is None or call.pure or isinstance(answer, Failure):
            return answer
        return self._clean(answer)


def call_now(call: Call, guard: Callable[[], AbstractContextManager[None]] = nullcontext) -> Result:
    """Returns what a synchronous function gives; whatever it raises is a failure.

    Raises:
        KeyboardInterrupt: it is meant for the process.
    """
    return result_of(call.skill, call.params, within(guard, call.guard))


def result_of(
    skill: Skill[..., object], params: JsonObject, guard: Context = nullcontext
) -> Result:
    """Returns what the function of a skill gives inside ``guard``; raises as :func:`call_now` does."""
    try:
        return invoke(skill, params, guard)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a call without an answer would hang the run
        return Result(failure=failure_from(error))


async def call_awaiting(
    call: Call, guard: Callable[[], AbstractContextManager[None]] = nullcontext
) -> Result:
    """Returns what an asynchronous function gives; raises as :func:`call_now` does."""
    try:
        with guard(), call.guard():
            return await invoke_async(call.skill, call.params)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a call without an answer would hang the run
        return Result(failure=failure_from(error))


async def perform(effect: Effect, ports: Ports) -> EffectResponse | Failure:
    """Returns what a port gives for an effect, whatever happens in it."""
    try:
        return await _sent(effect.request, ports)
    except Exception as error:  # noqa: BLE001 - a port's bug must become an answer, or the run hangs
        return failure_of_port(error)


async def _sent(request: EffectRequest, ports: Ports) -> EffectResponse:
    match request:
        case HttpRequest():
            return await ports.http().send(request)
        case ModelRequest():
            return await ports.model().send(request)
        case FileRead() | FileWrite():
            return await ports.files().send(request)
        case ProgramRun():
            return await ports.programs().send(request)
        case Publication():
            return await ports.publications().send(request)
