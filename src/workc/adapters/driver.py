"""The live driver: performs asks on threads and an event loop, and brings the answers back.

One thread, the caller's, turns the session; everything else only puts what it got into a queue.
So the order of answers, of moves of the ledger and of journal lines is one order. Timers and
timeouts are kept here too. A pure call with no time limit, alone in flight, runs on the caller's
own thread: a hand-over would cost more than most of them.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from workc.adapters.event_loops import no_loop
from workc.adapters.workers import Loop, Threads
from workc.kernel.events import Entry, Path
from workc.kernel.failure import Misuse
from workc.runtime.answering import Answer, Answering, call_awaiting, call_now, perform
from workc.runtime.asks import Ask, Call, Effect, Timer
from workc.runtime.ports import Ports
from workc.runtime.session import Session

#: A queue cannot wait for longer than the system's clock can count; it is asked again.
_LONGEST_WAIT_S = 3600.0


class Interrupted(Exception):
    """The run was told to stop; what came until then is in its journal and it can be resumed."""


@dataclass(frozen=True, slots=True)
class _Done:
    at: Path
    result: Answer


@dataclass(slots=True)
class _Flight:
    ask: Ask
    cancel: Callable[[], None] | None = None


class Driver:
    """Drives one session to its end."""

    def __init__(
        self,
        answering: Answering,
        ports: Ports,
        *,
        threads: int = 16,
    ) -> None:
        self._answering = answering
        self._ports = ports
        self._threads = Threads(threads)
        # Functions have a loop of their own: one that blocks it must not hold up the network.
        self._loop = Loop()
        self._skill_loop = Loop()
        self._interrupted = False
        self._done: SimpleQueue[_Done | None] = SimpleQueue()
        self._flights: dict[Path, _Flight] = {}
        self._due: list[tuple[float, Path]] = []

    def interrupt(self) -> None:
        """Stops the run at the next turn; may be called from a signal handler."""
        self._done.put(None)

    def drive(self, session: Session) -> object:
        """Returns what the run gave.

        Raises:
            Interrupted: :meth:`interrupt` was called.
        """
        try:
            asks = session.turn()
            while not session.done:
                answers = self._perform(asks)
                if self._interrupted:
                    session.keep(answers)
                    raise Interrupted
                asks = session.turn(answers)
            return session.result
        finally:
            self._close()

    def _perform(self, asks: Sequence[Ask]) -> list[Entry]:
        if len(asks) == 1 and not self._flights and _runs_here(asks[0]):
            return [self._call_here(asks[0])]
        for ask in asks:
            self._start(ask)
        if not self._flights:
            raise Misuse("the run waits for something that nobody was asked for")
        return self._wait()

    def _call_here(self, ask: Ask) -> Entry:
        if not self._done.empty():
            self._drain()
        question = ask.question
        if not isinstance(question, Call):
            raise Misuse("only a call runs here")
        return self._answering.entry(ask, call_now(question, no_loop))

    def _start(self, ask: Ask) -> None:
        flight = _Flight(ask)
        self._flights[ask.at] = flight
        match ask.question:
            case Timer(after_ms=after):
                self._at(after, ask.at)
            case Call():
                flight.cancel = self._start_call(ask.at, ask.question)
            case Effect():
                flight.cancel = self._start_effect(ask.at, ask.question)
            case _:
                raise Misuse("the desk answers the ledger's asks")
        if ask.timeout_ms is not None and not isinstance(ask.question, Timer):
            self._at(ask.timeout_ms, ask.at)

    def _at(self, after_ms: int, at: Path) -> None:
        heapq.heappush(self._due, (time.monotonic() + after_ms / 1000, at))

    def _start_call(self, at: Path, call: Call) -> Callable[[], None]:
        if call.skill.kind == "async_function":
            return self._skill_loop.submit(lambda: self._await_call(at, call))
        self._threads.submit(lambda: self._make_call(at, call))
        return self._threads.replace_one

    def _make_call(self, at: Path, call: Call) -> None:
        try:
            self._done.put(_Done(at, call_now(call)))
        except KeyboardInterrupt:
            self.interrupt()

    async def _await_call(self, at: Path, call: Call) -> None:
        try:
            self._done.put(_Done(at, await call_awaiting(call)))
        except KeyboardInterrupt:
            self.interrupt()

    def _start_effect(self, at: Path, effect: Effect) -> Callable[[], None]:
        return self._loop.submit(lambda: self._await_effect(at, effect))

    async def _await_effect(self, at: Path, effect: Effect) -> None:
        self._done.put(_Done(at, await perform(effect, self._ports)))

    def _wait(self) -> list[Entry]:
        """Waits for the first answer and takes every other that has come by then."""
        while True:
            entries = [*self._take(block=True), *self._drain(), *self._fire()]
            if entries or self._interrupted:
                return entries

    def _take(self, *, block: bool) -> list[Entry]:
        try:
            done = self._done.get(block=block, timeout=self._until_due() if block else None)
        except Empty:
            return []
        if done is None:
            self._interrupted = True
            return []
        flight = self._flights.pop(done.at, None)
        return [] if flight is None else [self._answering.entry(flight.ask, done.result)]

    def _drain(self) -> list[Entry]:
        entries: list[Entry] = []
        while not self._done.empty():
            entries += self._take(block=False)
        return entries

    def _until_due(self) -> float | None:
        while self._due and self._due[0][1] not in self._flights:
            heapq.heappop(self._due)
        if not self._due:
            return None
        return min(max(0.0, self._due[0][0] - time.monotonic()), _LONGEST_WAIT_S)

    def _fire(self) -> list[Entry]:
        entries: list[Entry] = []
        while self._due and self._due[0][0] <= time.monotonic():
            _, at = heapq.heappop(self._due)
            flight = self._flights.pop(at, None)
            if flight is not None:
                entries.append(self._over(flight))
        return entries

    def _over(self, flight: _Flight) -> Entry:
        if flight.cancel is not None:
            flight.cancel()
        return self._answering.over(flight.ask)

    def _close(self) -> None:
        self._threads.close()
        self._loop.close()
        self._skill_loop.close()


def _runs_here(ask: Ask) -> bool:
    question = ask.question
    return (
        isinstance(question, Call)
        and question.pure
        and ask.timeout_ms is None
        and question.skill.kind == "function"
    )
