"""The live driver: performs asks on threads and an event loop, and brings the answers back.

One thread turns the session; everything else only puts what it got into a queue. So the order of
answers, of moves of the ledger and of journal lines is one order. Timers and timeouts are kept here
too. A call of a synchronous function with no time limit, alone in flight, runs on that thread: a
hand-over would cost more than most of them. The caller's thread waits, so that it can leave when
it is told to stop, whatever the function does (docs/adr/0006).
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from workc.adapters.workers import GRACE_S, Loop, Threads, stop
from workc.kernel.events import Entry, Path
from workc.kernel.failure import Misuse
from workc.runtime.answering import Answer, Answering, call_awaiting, call_now, perform
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
from workc.runtime.children import ChildEnd
from workc.runtime.coordinating import Coordinator
from workc.runtime.ports import CoordinationPort, Granted, Held, Ports
from workc.runtime.session import Session
from workc.skills.looking import look_at

#: A queue cannot wait for longer than the system's clock can count; it is asked again.
_LONGEST_WAIT_S = 3600.0
#: What a run is halted with that is stopped from outside.
_STOPPED = "ABORTED"
#: So long the end of children is waited for that were interrupted: each waits for its own.
_CHILD_GRACE_S = 16 * GRACE_S
#: A signal that comes just before a wait begins does not end it: its handler runs at the next look.
_LOOK_S = 0.2
#: How often it is asked again for a resource that another holds: more and more seldom.
_FIRST_TRY_S, _LAST_TRY_S = 0.002, 0.1


class Interrupted(Exception):
    """The run was told to stop; what came until then is in its journal and it can be resumed."""


class Paused(Exception):
    """The run waits for people and for nothing else; it can be resumed once they have answered."""


@dataclass(frozen=True, slots=True)
class _Done:
    at: Path
    result: Answer


@dataclass(frozen=True, slots=True)
class _ChildDone:
    """A child has ended, never began (None), waits for people, or could not go on."""

    at: Path
    end: ChildEnd | None = None
    waits: bool = False
    error: BaseException | None = None


class _Stop:
    """The run is to be stopped as by one of its steps."""


@dataclass(frozen=True, slots=True)
class _End:
    result: object = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Flight:
    ask: Ask
    cancel: Callable[[], None] | None = None

    def give_up(self) -> None:
        """Cancels what is under way, if anything is."""
        if self.cancel is not None:
            self.cancel()


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
        self._coordinator = Coordinator(answering.claims, self._claiming)
        self._threads = Threads(threads)
        # Functions have a loop of their own: one that blocks it must not hold up the network.
        self._loop = Loop()
        self._skill_loop = Loop()
        self._interrupted = False
        self._stopping = False
        self._children: list[threading.Thread] = []
        self._done: SimpleQueue[_Done | _ChildDone | _Stop | None] = SimpleQueue()
        self._ends: SimpleQueue[_End | None] = SimpleQueue()
        self._flights: dict[Path, _Flight] = {}
        # Those of the flights that wait for a human.
        self._people: set[Path] = set()
        self._due: list[tuple[float, Path]] = []
        # Held while it is decided whether the caller leaves or waits: both threads ask for it.
        self._gate = threading.Lock()
        self._calling = False
        self._left = False

    def interrupt(self) -> None:
        """Stops the run at the next turn; may be called from a signal handler."""
        self._done.put(None)
        self._ends.put(None)

    def stop(self) -> None:
        """Ends the run as one that a step aborts: what is under way is given up, and it is locked."""
        self._done.put(_Stop())

    def drive(self, session: Session) -> object:
        """Returns what the run gave.

        Raises:
            Interrupted: :meth:`interrupt` was called.
            Paused: nothing is left to do until a human has answered.
        """
        work = contextvars.copy_context().run
        thread = threading.Thread(
            target=work, args=(self._run, session), name="workc-run", daemon=True
        )
        thread.start()
        try:
            end = self._ended() or self._stopped()
        except BaseException:
            # The caller's own Ctrl-C: what is under way is stopped as it would be by a signal.
            self.interrupt()
            self._stopped()
            raise
        finally:
            self._close(thread)
        if end.error is not None:
            raise end.error
        return end.result

    def _ended(self) -> _End | None:
        """Waits for the end and returns it, or None if the run is to be stopped."""
        while True:
            try:
                return self._ends.get(timeout=_LOOK_S)
            except Empty:
                continue

    def _stopped(self) -> _End:
        """Returns how a run ended that was told to stop; leaves one that does not end."""
        until = time.monotonic() + GRACE_S
        while not self._leave(at_once=time.monotonic() >= until):
            try:
                end = self._ends.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                continue
            if end is not None:
                return end
        return _End(error=Interrupted())

    def _leave(self, *, at_once: bool) -> bool:
        """Gives the other thread up if it is in a function, which may take any time, or at once."""
        with self._gate:
            self._left = self._calling or at_once
            return self._left

    def _run(self, session: Session) -> None:
        try:
            self._coordinator.claim_again()
            end = _End(result=self._turns(session))
        except BaseException as error:  # noqa: BLE001 - the caller's thread raises it
            end = _End(error=error)
        self._ends.put(end)

    def _claiming(self) -> CoordinationPort:
        """Returns the port of resources, for the first of a run that claims any."""
        return self._ports.coordination()

    def _turns(self, session: Session) -> object:
        asks = session.turn()
        while not session.done:
            answers = self._give_up(asks) if session.aborted else self._perform(asks)
            if self._interrupted:
                session.keep(answers)
                raise Interrupted
            if self._stopping:
                self._stopping = False
                session.stop(_STOPPED)
            asks = session.turn(answers)
        return session.result

    def _perform(self, asks: Sequence[Ask]) -> list[Entry]:
        if self._left:
            raise Interrupted
        if len(asks) == 1 and not self._flights and _runs_here(asks[0]):
            return self._call_here(asks[0])
        for ask in asks:
            self._start(ask)
        if not self._flights:
            raise Misuse("the run waits for something that nobody was asked for")
        return self._wait()

    def _give_up(self, asks: Sequence[Ask]) -> list[Entry]:
        """Answers whatever is under way, and what was to begin, after the run was stopped.

        Children were told; what they say at their end is waited for. What is let go of is let go of.
        """
        flights, self._flights = self._flights, {}
        self._people.clear()
        if self._left:
            raise Interrupted
        entries: list[Entry] = []
        for ask in asks:
            if isinstance(ask.question, Child | Release):
                self._start(ask)
            else:
                entries.append(self._answering.given_up(ask, begun=False))
        for at, flight in flights.items():
            if isinstance(flight.ask.question, Child | Release):
                self._flights[at] = flight
                continue
            flight.give_up()
            entries.append(self._answering.given_up(flight.ask, begun=True))
        if not (entries or self._flights):
            raise Misuse("the run waits for something that nobody was asked for")
        return entries or self._wait()

    def _call_here(self, ask: Ask) -> list[Entry]:
        if not self._done.empty():
            self._drain()
        question = ask.question
        if self._interrupted or not isinstance(question, Call):
            return []
        self._go(calling=True)
        try:
            result = call_now(question)
        except KeyboardInterrupt:
            raise Interrupted from None
        self._go(calling=False)
        return [self._answering.entry(ask, result)]

    def _go(self, *, calling: bool) -> None:
        """Notes whether a function is under way; ends this thread if the caller has left."""
        with self._gate:
            self._calling = calling
            if self._left:
                raise Interrupted

    def _start(self, ask: Ask) -> None:
        flight = _Flight(ask)
        self._flights[ask.at] = flight
        match ask.question:
            case Timer(after_ms=after):
                self._at(after, ask.at)
            case Approve(deadline_ms=deadline):
                self._people.add(ask.at)
                if deadline is not None:
                    self._at(self._answering.ms_until(deadline), ask.at)
            case Call():
                flight.cancel = self._start_call(ask.at, ask.question)
            case Effect():
                flight.cancel = self._start_effect(ask.at, ask.question)
            case Look():
                flight.cancel = self._start_look(ask.at, ask.question)
            case Child():
                flight.cancel = self._start_child(ask.at, ask.question)
            case Probe():
                flight.cancel = self._start_effect(ask.at, ask.question.effect)
            case _:
                flight.cancel = self._start_claim(ask)
        if ask.timeout_ms is not None and not isinstance(ask.question, Timer):
            self._at(ask.timeout_ms, ask.at)

    def _at(self, after_ms: int, at: Path) -> None:
        heapq.heappush(self._due, (time.monotonic() + after_ms / 1000, at))

    def _start_call(self, at: Path, call: Call) -> Callable[[], None]:
        if call.skill.kind == "async_function":
            return self._skill_loop.submit(lambda: self._await_call(at, call))
        return self._threads.submit(lambda: self._make_call(at, call))

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

    def _start_child(self, at: Path, child: Child) -> Callable[[], None]:
        # Not one of the pool: it ends by itself when it is told to, and is never stopped half way.
        work = contextvars.copy_context().run
        thread = threading.Thread(
            target=work, args=(self._run_child, at, child), name="workc-child", daemon=True
        )
        self._children.append(thread)
        thread.start()
        return child.runs.interrupt

    def _run_child(self, at: Path, child: Child) -> None:
        def paused() -> None:
            self._done.put(_ChildDone(at, waits=True))

        try:
            done = _ChildDone(at, end=child.runs.run(child.order, paused))
        except BaseException as error:  # noqa: BLE001 - the thread of the run raises it
            done = _ChildDone(at, error=error)
        self._done.put(done)

    def _start_effect(self, at: Path, effect: Effect) -> Callable[[], None]:
        return self._loop.submit(lambda: self._await_effect(at, effect))

    async def _await_effect(self, at: Path, effect: Effect) -> None:
        self._done.put(_Done(at, await perform(effect, self._ports)))

    def _start_look(self, at: Path, look: Look) -> Callable[[], None]:
        return self._loop.submit(lambda: self._await_look(at, look))

    async def _await_look(self, at: Path, look: Look) -> None:
        await asyncio.sleep(look.after_ms / 1000)
        self._done.put(_Done(at, look.refused or await look_at(look.request, self._ports)))

    def _start_claim(self, ask: Ask) -> Callable[[], None] | None:
        match ask.question:
            case Claim() as claim:
                self._done.put(_Done(ask.at, self._coordinator.claim(ask, claim)))
            case Release() as release:
                self._done.put(_Done(ask.at, self._coordinator.release(release)))
            case Wait() as wait:
                self._coordinator.wait(ask, wait)
                return self._loop.submit(lambda: self._await_turn(ask, wait))
            case _:
                raise Misuse("the desk answers the ledger's asks")
        return None

    async def _await_turn(self, ask: Ask, wait: Wait) -> None:
        delay_s = _FIRST_TRY_S
        found = self._coordinator.claim(ask, wait)
        while isinstance(found, Held):
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, _LAST_TRY_S)
            found = self._coordinator.claim(ask, wait)
        # Nothing is awaited in between, so that what was granted is always told.
        self._done.put(_Done(ask.at, found))

    def _wait(self) -> list[Entry]:
        """Waits for the first answer and takes every other that has come by then."""
        while True:
            only_people = len(self._people) == len(self._flights)
            entries = [*self._take(block=not only_people), *self._drain(), *self._fire()]
            if entries or self._interrupted or self._stopping:
                return entries
            if only_people:
                raise Paused

    def _take(self, *, block: bool) -> list[Entry]:
        try:
            done = self._done.get(block=block, timeout=self._until_due() if block else None)
        except Empty:
            return []
        match done:
            case None:
                self._interrupted = True
                return []
            case _Stop():
                self._stopping = True
                return []
            case _ChildDone():
                return self._child_done(done)
            case _Done():
                pass
        flight = self._flights.pop(done.at, None)
        if flight is not None:
            return [self._answering.entry(flight.ask, done.result)]
        if isinstance(done.result, Granted):
            self._coordinator.put_back(done.result)
        return []

    def _child_done(self, done: _ChildDone) -> list[Entry]:
        flight = self._flights.get(done.at)
        if flight is None or not isinstance(flight.ask.question, Child):
            return []
        if done.error is not None:
            raise done.error
        if done.waits:
            self._people.add(done.at)
            return []
        del self._flights[done.at]
        self._people.discard(done.at)
        return [self._answering.joined(flight.ask, flight.ask.question, done.end)]

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
                self._people.discard(at)
                entries.append(self._over(flight))
        return entries

    def _over(self, flight: _Flight) -> Entry:
        flight.give_up()
        return self._answering.over(flight.ask)

    def _close(self, turning: threading.Thread) -> None:
        """Gives up what is still under way; ``turning`` is the thread that turned the run."""
        with self._gate:
            is_calling = self._left and self._calling
        if is_calling:
            stop(turning)
        for flight in [*self._flights.values()]:
            flight.give_up()
        until = time.monotonic() + _CHILD_GRACE_S
        for child in self._children:
            child.join(max(0.0, until - time.monotonic()))
        self._threads.close()
        self._loop.close()
        self._skill_loop.close()
        self._coordinator.let_go()


def _runs_here(ask: Ask) -> bool:
    question = ask.question
    return (
        isinstance(question, Call) and ask.timeout_ms is None and question.skill.kind == "function"
    )
