"""Who answers for the world: a desk that gives effects their answers without asking anybody.

Stubs and recordings are worlds. Their answers are recorded as any others, so that a run over them
verifies and replays like a live one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from workc.kernel.events import Entry
from workc.kernel.failure import Failure
from workc.runtime.answering import Answering
from workc.runtime.asks import Ask, Call, Effect, Look, Probe
from workc.runtime.bodies import Files
from workc.runtime.session import Desk
from workc.stages.effects import EffectResponse
from workc.stages.observation import Observed
from workc.stages.skill import Result


class World(Protocol):
    """Answers at once what a run asks, or refuses it."""

    def of_effect(self, effect: Effect) -> EffectResponse | Failure | None:
        """Returns the answer to a request, or None if the driver is to get it."""
        ...

    def of_call(self, call: Call) -> Result | Failure | None:
        """Returns the answer of a function, or None if it is to be called."""
        ...

    def of_look(self, look: Look) -> Observed | Failure | None:
        """Returns what is seen of an item of the lens, or None if the driver is to look."""
        ...


class WorldDesk:
    """Answers effects from a world; what another desk answers, a halt above all, it leaves to it."""

    def __init__(self, desk: Desk, world: World, files: Files, now_ms: Callable[[], int]) -> None:
        self._desk = desk
        self._world = world
        self._answering = Answering(files, now_ms)

    def answer(self, ask: Ask) -> Entry | None:
        """Returns the answer where there is one at once, else None."""
        entry = self._desk.answer(ask)
        if entry is not None:
            return entry
        found = self._found(ask)
        return None if found is None else self._answering.entry(ask, found)

    def _found(self, ask: Ask) -> EffectResponse | Result | Observed | Failure | None:
        match ask.question:
            case Effect():
                return self._world.of_effect(ask.question)
            case Probe():
                return self._world.of_effect(ask.question.effect)
            case Call():
                return self._world.of_call(ask.question)
            case Look(refused=None):
                return self._world.of_look(ask.question)
            case _:
                return None
