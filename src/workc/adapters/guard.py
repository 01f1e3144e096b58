"""The guard of a live run: what a skill's code reaches around ``ctx`` is noted, or refused.

Only code that a replay runs again is watched: pure skills, skills with ``ctx``, workflow functions.
A function whose effects are unknown may do what it likes: a replay takes its recorded value. The
skills that come with workc are not watched.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Literal, TypeAlias

from workc.adapters.isolation import Kind, Watched
from workc.kernel.failure import Refusal, refuse
from workc.runtime.guarding import Guard, unguarded
from workc.skills.registry import builtin_skills

GuardMode: TypeAlias = Literal["off", "warn", "refuse"]

_WORDS: dict[Kind, str] = {
    "clock": "calls {what}",
    "environment": "reads {what}",
    "thread": "starts a thread",
    "world": "reaches outside ({what})",
}


class SkillGuard:
    """Watches the code of one run. In mode ``warn`` its ``notes`` say what was reached, each once."""

    def __init__(self, mode: GuardMode = "off") -> None:
        self._mode = mode
        self._notes: dict[str, None] = {}
        self._trusted = frozenset(skill.function for skill in builtin_skills().values())

    @property
    def watch(self) -> Guard:
        """Returns what a run is given as its guard."""
        return unguarded if self._mode == "off" else self._context

    @property
    def notes(self) -> tuple[str, ...]:
        """Returns what was reached, sorted: steps may work in any order."""
        return tuple(sorted(self._notes))

    def _context(self, name: str, function: object) -> AbstractContextManager[None]:
        if function in self._trusted:
            return nullcontext()
        return Watched(_StepWatcher(name, self._notes if self._mode == "warn" else None))


class _StepWatcher:
    """Is told what one piece of code reaches."""

    def __init__(self, name: str, notes: dict[str, None] | None) -> None:
        self._name = name
        self._notes = notes
        self._broken: Refusal | None = None

    def reached(self, kind: Kind, what: str, frame: FrameType) -> None:
        if kind not in _WORDS:
            return
        text = f"the code {_WORDS[kind].format(what=what)}{place_of(frame)}"
        if self._notes is not None:
            self._notes[f"{self._name}: {text}: a replay may come out different"] = None
            return
        self._broken = refuse("NONDETERMINISTIC", f"{text}, which the guard refuses", call=what)
        raise self._broken

    def end(self) -> Refusal | None:
        return self._broken


def place_of(frame: FrameType) -> str:
    """Returns in which file and line the code does it that is not Python's own."""
    each: FrameType | None = frame
    while each is not None:
        package = str(each.f_globals.get("__name__", "")).partition(".")[0]
        if package == "workc":
            return ""
        if package not in sys.stdlib_module_names or package == "__main__":
            return f" in line {each.f_lineno} of {Path(each.f_code.co_filename).name}"
        each = each.f_back
    return ""
