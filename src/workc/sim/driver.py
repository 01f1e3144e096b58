"""The simulated driver: one thread, virtual time, answers in the order of their virtual times.

It performs asks as the live driver does, through the same ports and with the same records, but
nothing waits: the clock jumps to the next answer. Ties are broken by the order of the asks.
"""

from __future__ import annotations

import heapq
from collections.abc import Coroutine, Sequence
from typing import TypeVar

from workc.kernel.events import Entry
from workc.kernel.failure import Misuse
from workc.runtime.answering import Answer, Answering, perform
from workc.runtime.asks import Ask, Call, Effect, Timer
from workc.runtime.session import Session
from workc.sim.clock import FakeClock
from workc.sim.ports import ScriptedWorld, key_of
from workc.stages.skill import invoke, invoke_async

T = TypeVar("T")


class SimDriver:
    """Drives one session to its end in virtual time."""

    def __init__(self, answering: Answering, world: ScriptedWorld, clock: FakeClock) -> None:
        self._answering = answering
        self._world = world
        self._clock = clock
        self._queue: list[tuple[int, int, Ask]] = []
        self._count = 0

    def interrupt(self) -> None:
        """Does nothing: a simulation is over before anybody could stop it."""

    def drive(self, session: Session) -> object:
        """Returns what the run gave."""
        self._add(session.turn())
        while not session.done:
            if not self._queue:
                raise Misuse("the run waits for something that nobody was asked for")
            self._add(session.turn([self._next()]))
        return session.result

    def _add(self, asks: Sequence[Ask]) -> None:
        now = self._clock.now_ms()
        for ask in asks:
            self._count += 1
            heapq.heappush(self._queue, (now + self._delay(ask), self._count, ask))

    def _delay(self, ask: Ask) -> int:
        match ask.question:
            case Timer(after_ms=after):
                return after
            case Effect():
                delay = self._world.peek_delay(key_of(ask.question.request))
                return delay if ask.timeout_ms is None else min(delay, ask.timeout_ms)
            case _:
                return 0

    def _next(self) -> Entry:
        due, _, ask = heapq.heappop(self._queue)
        self._clock.at_least(due)
        if isinstance(ask.question, Timer) or self._is_late(ask):
            return self._answering.over(ask)
        return self._answering.entry(ask, self._answer(ask))

    def _is_late(self, ask: Ask) -> bool:
        if ask.timeout_ms is None or not isinstance(ask.question, Effect):
            return False
        return self._world.peek_delay(key_of(ask.question.request)) > ask.timeout_ms

    def _answer(self, ask: Ask) -> Answer:
        match ask.question:
            case Call(skill=skill, params=params) if skill.kind == "function":
                return invoke(skill, params)
            case Call(skill=skill, params=params):
                return run_now(invoke_async(skill, params))
            case Effect():
                return run_now(perform(ask.question, self._world))
            case _:
                raise Misuse("the desk answers the ledger's asks")


def run_now(work: Coroutine[object, object, T]) -> T:
    """Returns what a coroutine gives that waits for nothing.

    Raises:
        Misuse: it waits for something; in virtual time nothing would come.
    """
    try:
        work.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    work.close()
    raise Misuse("a skill awaits an event loop, which a simulation has none of")
