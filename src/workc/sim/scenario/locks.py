"""Scripted resources: what becomes of each claim, written down beforehand.

A claim that the script says nothing of is granted if nobody in the simulation holds the resource. Time
is that of the clock: what the script says is held stays so until then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Failure, Refusal
from workc.kernel.values import JsonObject
from workc.runtime.coordinating import LOCKED
from workc.runtime.ports import Granted, Held
from workc.sim.clock import FakeClock
from workc.sim.scenario.scripts import (
    ConflictResolution,
    Fail,
    ForceReleaseThenAcquire,
    WaitThenAcquire,
)

#: By resource, of each of its claims, from the first: what conflict it meets; None: none.
Conflicts: TypeAlias = Mapping[str, Sequence[ConflictResolution | None]]
#: Who holds what the script says is held.
SCRIPTED = "script"


@dataclass
class LockScript:
    """What is left of a script, and who holds what: one for all runs of a simulation."""

    conflicts: Conflicts = field(default_factory=dict[str, Sequence[ConflictResolution | None]])
    claims: Counter[str] = field(default_factory=Counter[str])
    tokens: Counter[str] = field(default_factory=Counter[str])
    holders: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    free_ms: dict[str, int] = field(default_factory=dict[str, int])

    def next(self, resource: str) -> ConflictResolution | None:
        """Returns what the next claim of a resource meets."""
        said, number = self.conflicts.get(resource, ()), self.claims[resource]
        self.claims[resource] += 1
        return said[number] if number < len(said) else None

    def port(self, clock: FakeClock) -> ScriptedLocks:
        """Returns the port of a run whose time is that of ``clock``."""
        return ScriptedLocks(self, clock)


class ScriptedLocks:
    """Answers :class:`workc.runtime.ports.CoordinationPort` for one run from a script."""

    def __init__(self, script: LockScript, clock: FakeClock) -> None:
        self._script = script
        self._clock = clock
        self._granted: list[Granted] = []

    def claim(self, resource: str, owner: str) -> Granted | Held:
        """Returns what the script says.

        Raises:
            Refusal: that it fails.
        """
        script, now_ms = self._script, self._clock.time_ms
        if resource in script.holders:
            return Held(script.holders[resource][0])
        if resource in script.free_ms:
            left_ms = script.free_ms[resource] - now_ms
            if left_ms > 0:
                return Held(SCRIPTED, left_ms)
            del script.free_ms[resource]
            return self._grant(resource, owner)
        match script.next(resource):
            case WaitThenAcquire(wait_ms=wait_ms):
                script.free_ms[resource] = now_ms + int(wait_ms)
                return Held(SCRIPTED, int(wait_ms))
            case Fail() as said:
                raise Refusal(_failure(resource, said))
            case ForceReleaseThenAcquire():
                self._script.tokens[resource] += 1
                return self._grant(resource, owner, self._script.tokens[resource])
            case _:
                return self._grant(resource, owner)

    def _grant(self, resource: str, owner: str, forced: int | None = None) -> Granted:
        self._script.tokens[resource] += 1
        granted = Granted(resource, self._script.tokens[resource], forced)
        self._script.holders[resource] = owner, granted.token
        self._granted.append(granted)
        return granted

    def release(self, resource: str, token: int) -> None:
        """Lets go of what was granted with this token."""
        holder = self._script.holders.get(resource)
        if holder is not None and holder[1] == token:
            del self._script.holders[resource]

    def let_go(self) -> None:
        """Lets go of everything that was granted here."""
        for granted in self._granted:
            self.release(granted.resource, granted.token)


def _failure(resource: str, said: Fail) -> Failure:
    """Returns a scripted failure; a code that the catalog lacks stands in the details."""
    is_known = said.code in CATALOG
    details: JsonObject = {"resource": resource, **({} if is_known else {"code": said.code})}
    return Failure(code=said.code if is_known else LOCKED, message=said.message, details=details)
