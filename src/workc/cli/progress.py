"""What a run does, on stderr while it does it: one line a step as it ends.

On a terminal a line below says what is awaited; it is drawn by rich, which is imported only then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import msgspec

from workc.api.kin_story import gate_story
from workc.api.lens_story import LensStory
from workc.api.timeline import StepStory, Timeline
from workc.cli.budget_text import budget_text
from workc.cli.columns import columns
from workc.cli.lens_text import lens_line
from workc.cli.live_line import Told
from workc.cli.plan_text import chosen_lines, refused_lines
from workc.cli.resource_text import resource_lines
from workc.cli.state import State
from workc.cli.story_text import back_line, gate_line, step_line
from workc.cli.text import count, money, printable
from workc.kernel.events import Entry
from workc.kernel.gates import GateEvaluated
from workc.kernel.kinds import Payload
from workc.kernel.lens import ItemObserved, LensAssembled
from workc.kernel.payloads import Limits, RunStarted
from workc.kernel.plans import PlanChosen, PlanRefused
from workc.kernel.resolving import ConflictFound, ConflictResolved

#: The narrowest and the widest column of step names.
_MIN_WIDTH, _MAX_WIDTH = 8, 60
#: So many steps that are awaited are named.
_MAX_NAMED = 3


@dataclass
class _Child:
    """A child that is watched: the steps that lead to it, and what it does."""

    way: tuple[str, ...]
    timeline: Timeline = field(default_factory=Timeline)


class Progress:
    """Watches a run: give it each record."""

    def __init__(self, state: State, *, quiet: bool) -> None:
        self.timeline = Timeline()
        self.started: RunStarted | None = None
        self._state = state
        self._width = _MIN_WIDTH
        self._lens = LensStory()
        self._told = Told(state, quiet=quiet)
        self._kin: dict[str, _Child] = {}
        # A run and its children are told from threads of their own.
        self._lock = threading.RLock()

    @property
    def run_id(self) -> str | None:
        """Returns the id of the run, once it is known."""
        return self.started.run_id if self.started is not None else None

    def shown(self) -> AbstractContextManager[object]:
        """Returns the context in which progress is drawn."""
        return self._told.shown

    def recall(self, entry: Entry) -> None:
        """Takes a record of before; nothing is written for it."""
        self._learn(entry)
        self.timeline.take(entry.at, entry.at_ms, entry.payload)

    def __call__(self, entry: Entry) -> None:
        """Takes a record as it is made; whatever goes wrong in showing it, the work goes on."""
        with self._lock:
            self._learn(entry)
            self._try(lambda: self._show(entry))

    def child(self, run_id: str, entry: Entry) -> None:
        """Takes a record of a child, from any thread."""
        with self._lock:
            self._try(lambda: self._show_child(run_id, entry))

    def recall_child(self, run_id: str, entry: Entry) -> None:
        """Takes a record of before of a child, whose parent's were told before; nothing is written."""
        self._take(run_id, entry)

    def _try(self, show: Callable[[], None]) -> None:
        try:
            show()
        except Exception:  # noqa: BLE001 - what is shown must not decide about the work
            self._told.silence()

    def say(self, line: str) -> None:
        """Writes a line about the run, also to who wants to hear nothing else."""
        self._told.say(line)

    def abandon(self) -> None:
        """Gives the terminal back, for a process that ends at once."""
        self._told.abandon()

    def _show(self, entry: Entry) -> None:
        if isinstance(entry.payload, RunStarted):
            self._told.line(_head(entry.payload))
        passes = len(self.timeline.passes)
        for story in self.timeline.take(entry.at, entry.at_ms, entry.payload):
            self._step(story)
        for done in self.timeline.passes[passes:]:
            self._told.line(f"  {back_line(done)}")
        if isinstance(entry.payload, LensAssembled) and self._lens.quality:
            self._told.line(f"  {lens_line(self._state.console, self._lens, err=True)}")
        for line in (*self._of_plan(entry.payload), *resource_lines(entry.payload, self.run_id)):
            self._told.line(line)
        if isinstance(entry.payload, GateEvaluated):
            gate = gate_line(self._state.console, gate_story(entry.payload), err=True)
            self._told.line(f"  {gate}")
        self._told.awaits(self._awaited)

    def _show_child(self, run_id: str, entry: Entry) -> None:
        child, stories = self._take(run_id, entry)
        for story in stories:
            named = msgspec.structs.replace(story, step="/".join((*child.way, story.step)))
            line = step_line(self._state.console, named, self._width, err=True)
            self._told.line("  " * (1 + len(child.way)) + line)

    def _take(self, run_id: str, entry: Entry) -> tuple[_Child, list[StepStory]]:
        """Returns a child, and what became of its steps by a record of it."""
        payload = entry.payload
        if isinstance(payload, RunStarted) and payload.parent:
            before = self._kin.get(payload.parent.run_id)
            way = () if before is None else before.way
            self._kin[run_id] = _Child((*way, payload.parent.step))
        # One whose records of before could not be read has no start here.
        child = self._kin.setdefault(run_id, _Child((run_id,)))
        if isinstance(payload, PlanChosen):
            child.timeline.planned(payload)
        return child, child.timeline.take(entry.at, entry.at_ms, payload)

    def _of_plan(self, payload: Payload) -> list[str]:
        if isinstance(payload, PlanRefused):
            return [f"  {line}" for line in refused_lines(self._state.console, payload)]
        return chosen_lines(payload) if isinstance(payload, PlanChosen) else []

    def _learn(self, entry: Entry) -> None:
        payload = entry.payload
        if isinstance(payload, RunStarted):
            self.started = payload
        if isinstance(payload, ItemObserved | LensAssembled | ConflictFound | ConflictResolved):
            self._lens.take(payload)
        if isinstance(payload, PlanChosen):
            names = self.timeline.planned(payload)
            self._width = min(_MAX_WIDTH, max([_MIN_WIDTH, *map(columns, names)]))

    def _step(self, story: StepStory) -> None:
        self._told.line("  " + step_line(self._state.console, story, self._width, err=True))

    def _awaited(self) -> str:
        names = [story.step for story in self.timeline.running()]
        shown = ", ".join(printable(name, 40) for name in names[:_MAX_NAMED])
        more = f" and {count(len(names) - _MAX_NAMED, 'other')}" if len(names) > _MAX_NAMED else ""
        spent = money(self.timeline.spent_micro_cents)
        return f"{shown or 'working'}{more} · spent {spent}"


def _head(started: RunStarted) -> str:
    budget = budget_text(started.ceiling_micro_cents, started.limits or Limits())
    return f"run {started.run_id} · {printable(started.name, 64)} · seed {started.seed} · budget {budget}"
