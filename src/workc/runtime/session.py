"""A session: engine, journal and answers brought together, still without any I/O of its own.

One turn: answers are written and delivered; the lanes run; what they record is written; what they
ask is answered at once where it can be (recorded answers, the ledger); then all of it is committed
together, and only then the rest of the asks is handed out. So an ask is durable before its effect
starts, and an answer before anything outside is done because of it: lanes are pure in between, so
one commit serves the answer and the ask that follows from it (docs/adr/0004).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from workc.kernel.children import ChildSpawned
from workc.kernel.events import Entry
from workc.kernel.gates import ApprovalAsked
from workc.kernel.payloads import EffectAsked, SkillAsked, SkillExecuted
from workc.runtime.asks import Ask, Call, Effect, Halt
from workc.runtime.engine import Engine
from workc.runtime.journal import Journal


class Desk(Protocol):
    """Answers at once what can be: a governor when live, captures in a replay."""

    def answer(self, ask: Ask) -> Entry | None:
        """Returns the answer, or None if the driver has to get it."""
        ...


class Known(Protocol):
    """What was recorded before this session began."""

    def check(self, entry: Entry) -> bool:
        """Returns whether the entry is recorded already, as it is.

        Raises:
            Divergence: something else is recorded at its place.
        """
        ...

    def recall(self, ask: Ask) -> Entry | None:
        """Returns the recorded answer, or None if there is none."""
        ...


class Session:
    """Drives the engine of one run against a journal; give it answers, get what to do next."""

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        desk: Desk,
        known: Known | None = None,
        watch: Callable[[Entry], None] | None = None,
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._desk = desk
        self._known = known
        self._watch = watch
        self._aborted = False

    @property
    def aborted(self) -> bool:
        """Returns whether a step stopped the run: whoever still waits for an answer gives it up."""
        return self._aborted

    @property
    def done(self) -> bool:
        """Returns whether the run is over."""
        return self._engine.done

    @property
    def result(self) -> object:
        """Returns what the run gave."""
        return self._engine.result

    def turn(self, answers: Sequence[Entry] = ()) -> list[Ask]:
        """Takes answers and returns the asks that are to be performed now."""
        urgent = self._take(answers)
        todo: list[Ask] = []
        while True:
            entries, asks = self._engine.run()
            urgent |= self._write(entries)
            recalled, at_once, rest = self._sort(asks)
            todo += rest
            if not recalled and not at_once:
                break
            for entry in at_once:
                self._append(entry)
                urgent |= isinstance(entry.payload, ChildSpawned)
            for entry in (*recalled, *at_once):
                self._engine.answer(entry)
        self._journal.commit(effect=urgent)
        return todo

    def stop(self, code: str) -> None:
        """Stops the run with a cause from outside: whoever still waits for an answer gives it up."""
        # The desk halts as for a step that asks for it; nobody waits for this answer.
        self._desk.answer(Ask((0,), Halt(code)))
        self._aborted = True

    def keep(self, answers: Sequence[Entry]) -> None:
        """Records answers that came when the run was already told to stop; nobody acts on them."""
        for entry in answers:
            self._append(entry)
        self._journal.commit(effect=True)

    def _take(self, answers: Sequence[Entry]) -> bool:
        for entry in answers:
            self._append(entry)
            self._engine.answer(entry)
        return any(_must_last(entry) for entry in answers)

    def _write(self, entries: Sequence[Entry]) -> bool:
        urgent = False
        for entry in entries:
            if self._known is None or not self._known.check(entry):
                self._append(entry)
                urgent |= isinstance(entry.payload, EffectAsked | SkillAsked | ApprovalAsked)
        return urgent

    def _append(self, entry: Entry) -> None:
        self._journal.append(entry)
        if self._watch is not None:
            self._watch(entry)

    def _sort(self, asks: Sequence[Ask]) -> tuple[list[Entry], list[Entry], list[Ask]]:
        recalled: list[Entry] = []
        at_once: list[Entry] = []
        rest: list[Ask] = []
        for ask in asks:
            known = self._known.recall(ask) if self._known is not None else None
            if known is not None:
                recalled.append(known)
            elif (entry := self._desk.answer(ask)) is not None:
                at_once.append(entry)
                self._aborted |= isinstance(ask.question, Halt)
            else:
                rest.append(ask)
        return recalled, at_once, rest


def _must_last(entry: Entry) -> bool:
    payload = entry.payload
    return not (isinstance(payload, SkillExecuted) and payload.mode == "pure")


def is_effect(ask: Ask) -> bool:
    """Returns whether performing this ask may change the world."""
    question = ask.question
    return isinstance(question, Effect) or (isinstance(question, Call) and not question.pure)
