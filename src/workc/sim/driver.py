"""The simulated driver: one thread, virtual time, answers in the order of their virtual times.

It performs asks as the live driver does, through the same ports and with the same records, but
nothing waits: the clock jumps to the next answer. Ties are broken by the order of the asks.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext

from workc.kernel.events import Entry, Path
from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.gates import Decision
from workc.runtime.answering import Answer, Answering, call_awaiting, call_now
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
from workc.runtime.coordinating import Coordinator
from workc.runtime.ports import Granted, Held
from workc.runtime.session import Session
from workc.sim.clock import FakeClock
from workc.sim.ports import Scripted, ScriptedWorld, respond, seen
from workc.skills.looking import observed_of
from workc.stages.effects import FileRead, HttpRequest, HttpResponse, PortResult
from workc.stages.observation import GivenText, Observed

#: Stands in the queue for a time at which somebody may have what it waits for.
_WAKE = Scripted()


class SimDriver:
    """Drives one session to its end in virtual time; asynchronous functions run in ``guard``."""

    def __init__(
        self,
        answering: Answering,
        world: ScriptedWorld,
        clock: FakeClock,
        guard: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._answering = answering
        self._world = world
        self._clock = clock
        self._guard = guard
        self._queue: list[tuple[int, int, Ask, Scripted | None]] = []
        self._count = 0
        self._coordinator = Coordinator(answering.claims, lambda: world.coordination(clock))
        # Who waits for a resource, each with when its time is over, and who is woken before that.
        self._parked: dict[Path, tuple[Ask, Wait, int]] = {}
        self._woken_at: dict[Path, int] = {}

    def interrupt(self) -> None:
        """Does nothing: a simulation is over before anybody could stop it."""

    def stop(self) -> None:
        """Does nothing: while a child is simulated its parent does nothing else."""

    def drive(self, session: Session) -> object:
        """Returns what the run gave."""
        self._coordinator.claim_again()
        asks = session.turn()
        while not session.done:
            if session.aborted:
                asks = session.turn(self._give_up(asks))
                continue
            self._add(asks)
            if not self._queue:
                raise Misuse("the run waits for something that nobody was asked for")
            asks = session.turn([self._next()])
        self._coordinator.let_go()
        return session.result

    def _give_up(self, asks: Sequence[Ask]) -> list[Entry]:
        """Answers whatever is under way, and what was to begin, after a step stopped the run."""
        begun = [queued for queued in sorted(self._queue, key=_order) if queued[3] is not _WAKE]
        self._queue = []
        self._parked.clear()
        if not (begun or asks):
            raise Misuse("the run waits for something that nobody was asked for")
        return [
            *(self._ended(ask, begun=False) for ask in asks),
            *(self._ended(ask, begun=True) for _, _, ask, _ in begun),
        ]

    def _ended(self, ask: Ask, *, begun: bool) -> Entry:
        if isinstance(ask.question, Release):
            return self._answering.entry(ask, self._coordinator.release(ask.question))
        return self._answering.given_up(ask, begun=begun)

    def _add(self, asks: Sequence[Ask]) -> None:
        now = self._clock.now_ms()
        for ask in asks:
            self._count += 1
            # The script is used up in the order of the asks, not in that of the answers.
            found = _asked_of(self._world, ask)
            due = now + self._delay(ask, found)
            heapq.heappush(self._queue, (due, self._count, ask, found))
            if isinstance(ask.question, Wait):
                self._coordinator.wait(ask, ask.question)
                self._parked[ask.at] = ask, ask.question, due

    def _next(self) -> Entry:
        while True:
            woken = self._woken()
            if woken is not None:
                return woken
            due, _, ask, found = heapq.heappop(self._queue)
            self._clock.at_least(due)
            if found is not _WAKE:
                self._parked.pop(ask.at, None)
                return self._due(ask, found)

    def _woken(self) -> Entry | None:
        """Returns the answer to the first of those who wait for a resource that has come, if any has."""
        for ask, wait, over_ms in self._parked.values():
            found = self._tried(ask, wait, over_ms)
            if found is not None:
                del self._parked[ask.at]
                self._queue = [queued for queued in self._queue if queued[2].at != ask.at]
                heapq.heapify(self._queue)
                return self._answering.entry(ask, found)
        return None

    def _tried(self, ask: Ask, wait: Wait, over_ms: int) -> Granted | Failure | None:
        """Returns what becomes of a wait at this time, or None if it is not over."""
        found = self._coordinator.claim(ask, wait)
        if not isinstance(found, Held):
            return found
        free_ms = self._clock.time_ms + (found.for_ms or 0)
        if found.for_ms is not None and free_ms < over_ms and ask.at not in self._woken_at:
            self._count += 1
            self._woken_at[ask.at] = free_ms
            heapq.heappush(self._queue, (free_ms, self._count, ask, _WAKE))
        return None

    def _due(self, ask: Ask, found: Scripted | None) -> Entry:
        if isinstance(ask.question, Approve):
            decided = self._world.approvals.get(ask.question.step)
            decision: Decision = "timed_out" if decided is None else decided
            return self._answering.decided(ask, ask.question, decision)
        if isinstance(ask.question, Child):
            end = ask.question.runs.run(ask.question.order, _nobody)
            return self._answering.joined(ask, ask.question, end)
        if isinstance(ask.question, Timer | Wait) or _is_late(ask, found):
            return self._answering.over(ask)
        return self._answering.entry(ask, self._answer(ask, found))

    def _delay(self, ask: Ask, found: Scripted | None) -> int:
        match ask.question:
            case Timer(after_ms=after):
                return after
            case Approve():
                return self._until_decided(ask.question)
            case Child(order=order):
                return self._world.delays.get(order.spawned.step, 0)
            case Wait():
                return ask.timeout_ms or 0
            case _:
                delay = 0 if found is None else found.delay_ms
                if isinstance(ask.question, Look):
                    delay += ask.question.after_ms
                return delay if ask.timeout_ms is None else min(delay, max(0, ask.timeout_ms))

    def _until_decided(self, question: Approve) -> int:
        if question.step in self._world.approvals:
            return 0
        if question.deadline_ms is None:
            raise Misuse(f"nobody is scripted to approve {question.step}, and it waits for ever")
        return self._answering.ms_until(question.deadline_ms)

    def _answer(self, ask: Ask, found: Scripted | None) -> Answer:
        match ask.question:
            case Call(skill=skill) if skill.kind == "function":
                return call_now(ask.question)
            case Call():
                return run_now(call_awaiting(ask.question, self._guard))
            case Effect() | Probe() if found is not None:
                return respond(ask.question.request, found)
            case Look():
                return ask.question.refused or _seen(ask.question, found)
            case Claim():
                return self._coordinator.claim(ask, ask.question)
            case Release():
                return self._coordinator.release(ask.question)
            case _:
                raise Misuse("the desk answers the ledger's asks")


def _nobody() -> None:
    """Is told that a child waits for people: in a simulation it never does."""


def _order(queued: tuple[int, int, Ask, Scripted | None]) -> tuple[int, int]:
    return queued[0], queued[1]


def _asked_of(world: ScriptedWorld, ask: Ask) -> Scripted | None:
    question = ask.question
    if isinstance(question, Effect | Probe):
        return world.take(question.request)
    if not isinstance(question, Look) or question.refused is not None:
        return None
    request = question.request
    return None if isinstance(request, GivenText) else world.take(request)


def _seen(look: Look, found: Scripted | None) -> Observed | Failure:
    request = look.request
    if isinstance(request, GivenText):
        return Observed(data=request.text.encode())
    scripted = found or Scripted()
    if not isinstance(request, HttpRequest | FileRead):
        return seen(request, scripted)
    answer = respond(request, scripted)
    try:
        return (
            observed_of(answer) if isinstance(answer, HttpResponse | PortResult) else _none(answer)
        )
    except Refusal as refusal:
        return refusal.failure


def _none(answer: object) -> Failure:
    if isinstance(answer, Failure):
        return answer
    raise Misuse("an item of a lens is asked of no model")


def _is_late(ask: Ask, found: Scripted | None) -> bool:
    return found is not None and ask.timeout_ms is not None and found.delay_ms > ask.timeout_ms


def run_now(work: Coroutine[object, object, Answer]) -> Answer:
    """Returns what a coroutine gives that waits for nothing, or ``NONDETERMINISTIC``."""
    try:
        # A bare yield lets others run first (``asyncio.sleep(0)``); here there are none.
        while work.send(None) is None:
            pass
    except StopIteration as end:
        answer: Answer = end.value
        return answer
    work.close()
    message = "the function awaits an event loop, which a simulation has none of"
    return Failure(code="NONDETERMINISTIC", message=message)
