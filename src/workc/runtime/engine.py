"""The engine: lanes of work that ask and are answered, without any I/O.

A *lane* is one sequential coroutine: the run itself, a step. A lane records what it decides
(:meth:`Lane.emit`), asks (:meth:`Lane.ask`), starts lanes below it (:meth:`Lane.spawn`) and waits
for others (:meth:`Lane.join`). The engine runs lanes until each of them waits, hands out what they
recorded and asked, and takes answers by place. It is a pure function of program, inputs and
answers: the order in which answers arrive changes no record's place or content.

It refuses a coroutine that awaits anything else: code ``NONDETERMINISTIC``.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from types import coroutine
from typing import TypeAlias, cast

from workc.kernel.arguments import a
from workc.kernel.events import Entry, Path
from workc.kernel.failure import Misuse, refuse
from workc.kernel.kinds import Payload
from workc.runtime.asks import Ask, Question

Work: TypeAlias = "Coroutine[object, object, object]"
Body: TypeAlias = "Callable[[Lane], Work]"


@dataclass(frozen=True, slots=True)
class _Spawn:
    bodies: Sequence[Body]


@dataclass(frozen=True, slots=True)
class _Join:
    lanes: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Enter:
    """Wait until one of the places for lanes at work is free."""


_Operation: TypeAlias = "Ask | _Spawn | _Join | _Enter"
#: The same for isinstance: a union would be made anew each time.
_OPERATIONS = (Ask, _Spawn, _Join, _Enter)


@coroutine
def _suspend(operation: object) -> Generator[object, object, object]:
    return (yield operation)


class Lane:
    """One sequential coroutine with its place, its count of records and its time.

    ``now_ms`` is the ``at_ms`` of the last answer the lane has seen, its own or, after a join, that
    of the lanes it waited for: time stands still between answers.
    """

    __slots__ = ("_count", "_out", "now_ms", "path", "work")

    def __init__(self, path: Path, now_ms: int, out: list[Entry]) -> None:
        self.path = path
        self.now_ms = now_ms
        self.work: Work | None = None
        self._count = 0
        self._out = out

    @property
    def next_place(self) -> Path:
        """Returns the place that the next record of this lane takes."""
        return (*self.path, self._count)

    def take(self) -> Path:
        """Returns the next place in this lane and moves on."""
        at = self.next_place
        self._count += 1
        return at

    def emit(self, payload: Payload) -> None:
        """Records something the lane decided or is about to do."""
        self._out.append(Entry(at=self.take(), payload=payload))

    async def ask(self, question: Question, timeout_ms: int | None = None) -> Payload:
        """Asks the world and returns the payload of the answer."""
        answer = await _suspend(Ask(self.take(), question, timeout_ms))
        if not isinstance(answer, Entry):
            raise Misuse("the engine was answered with something that is no entry")
        if isinstance(answer.at_ms, int):
            self.now_ms = answer.at_ms
        return answer.payload

    async def enter(self) -> None:
        """Waits until this lane may work: the engine lets so many lanes work at once."""
        await _suspend(_Enter())

    async def spawn(self, bodies: Sequence[Body]) -> list[object]:
        """Runs lanes below this one at once and returns their results in order."""
        results = await _suspend(_Spawn(bodies))
        return cast("list[object]", results)

    async def join(self, lanes: Sequence[Path]) -> None:
        """Waits until the lanes at these places are over."""
        await _suspend(_Join(tuple(lanes)))


class Engine:
    """Runs the lanes of one run. Drive it: ``run()``, perform the asks, ``answer()``, again.

    At most ``max_lanes`` lanes that asked to enter work at once; that bounds what is reserved and
    in flight, and changes no record but the times and the moves of the ledger, which are answers.
    Lanes run inside ``guard``.
    """

    def __init__(
        self,
        root: Body,
        start_ms: int = 0,
        max_lanes: int | None = None,
        guard: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._guard = guard
        self._free = max_lanes if max_lanes is not None else sys.maxsize
        self._working: set[Path] = set()
        self._entering: deque[Lane] = deque()
        self._out: list[Entry] = []
        self._asks: list[Ask] = []
        self._ready: deque[tuple[Lane, object]] = deque()
        self._pending: dict[Path, Lane] = {}
        self._results: dict[Path, object] = {}
        self._ended_ms: dict[Path, int] = {}
        self._waiters: dict[Path, list[tuple[Lane, _Join | None]]] = {}
        self._missing: dict[Path, int] = {}
        self._children: dict[Path, list[Path]] = {}
        self._start(Lane((), start_ms, self._out), root)

    @property
    def done(self) -> bool:
        """Returns whether the root lane is over."""
        return () in self._results

    @property
    def result(self) -> object:
        """Returns what the root lane returned."""
        return self._results[()]

    def run(self) -> tuple[list[Entry], list[Ask]]:
        """Runs every lane until it waits; returns what was recorded and asked, in that order."""
        if self._ready:
            with self._guard():
                self._run_ready()
        entries, asks = self._out[:], self._asks
        self._out.clear()
        self._asks = []
        return entries, asks

    def _run_ready(self) -> None:
        while self._ready:
            lane, value = self._ready.popleft()
            self._step(lane, value)

    def answer(self, entry: Entry) -> None:
        """Delivers the answer that stands at ``entry.at``.

        Raises:
            Misuse: nothing was asked there.
        """
        lane = self._pending.pop(entry.at, None)
        if lane is None:
            raise Misuse(f"nothing was asked at {entry.at}")
        self._ready.append((lane, entry))

    def close(self) -> None:
        """Ends every lane that still waits, so that none of them is left half run."""
        waiting = [lane for lanes in self._waiters.values() for lane, _ in lanes]
        ready = [lane for lane, _ in self._ready]
        for lane in (*self._pending.values(), *self._entering, *ready, *waiting):
            if lane.work is not None:
                # What the code of a lane does in its last moment is recorded nowhere.
                with suppress(Exception):
                    lane.work.close()

    def _start(self, lane: Lane, body: Body) -> None:
        lane.work = body(lane)
        self._ready.append((lane, None))

    def _step(self, lane: Lane, value: object) -> None:
        work = lane.work
        if work is None:
            return
        try:
            operation = work.send(value)
            while not isinstance(operation, _OPERATIONS):
                operation = work.throw(_foreign(operation))
        except StopIteration as end:
            self._finish(lane, end.value)
            return
        self._wait(lane, operation)

    def _wait(self, lane: Lane, operation: _Operation) -> None:
        match operation:
            case Ask():
                self._pending[operation.at] = lane
                self._asks.append(operation)
            case _Spawn():
                self._spawn(lane, operation.bodies)
            case _Join():
                self._await(lane, operation.lanes, operation)
            case _Enter():
                self._entering.append(lane)
                self._admit()

    def _admit(self) -> None:
        while self._free and self._entering:
            lane = self._entering.popleft()
            self._free -= 1
            self._working.add(lane.path)
            self._ready.append((lane, None))

    def _leave(self, lane: Lane) -> None:
        if lane.path in self._working:
            self._working.remove(lane.path)
            self._free += 1
            self._admit()

    def _spawn(self, lane: Lane, bodies: Sequence[Body]) -> None:
        place = lane.take()
        paths = [(*place, index) for index in range(len(bodies))]
        self._children[lane.path] = paths
        self._await(lane, tuple(paths), None)
        for path, body in zip(paths, bodies, strict=True):
            self._start(Lane(path, lane.now_ms, self._out), body)

    def _await(self, lane: Lane, paths: tuple[Path, ...], join: _Join | None) -> None:
        open_paths = [path for path in paths if path not in self._results]
        self._missing[lane.path] = len(open_paths)
        for path in open_paths:
            self._waiters.setdefault(path, []).append((lane, join))
        if not open_paths:
            self._resume(lane, join)

    def _finish(self, lane: Lane, result: object) -> None:
        lane.work = None
        self._leave(lane)
        self._results[lane.path] = result
        self._ended_ms[lane.path] = lane.now_ms
        for waiter, join in self._waiters.pop(lane.path, ()):
            self._missing[waiter.path] -= 1
            if self._missing[waiter.path] == 0:
                self._resume(waiter, join)

    def _resume(self, lane: Lane, join: _Join | None) -> None:
        del self._missing[lane.path]
        paths = join.lanes if join is not None else tuple(self._children.pop(lane.path))
        lane.now_ms = max([lane.now_ms, *(self._ended_ms[path] for path in paths)])
        results = None if join else [self._forget(path) for path in paths]
        self._ready.append((lane, results))

    def _forget(self, path: Path) -> object:
        del self._ended_ms[path]
        return self._results.pop(path)


def _foreign(operation: object) -> Exception:
    return refuse(
        "NONDETERMINISTIC",
        f"the code awaited {a(operation)}, which the engine does not control",
        awaited=type(operation).__qualname__,
    )
