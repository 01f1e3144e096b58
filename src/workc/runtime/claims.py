"""Claims: which lane of a run holds which resource, who waits for it, and the number of each move.

Lanes of one run wait in the order in which they asked; against other runs decides the port
(``workc.runtime.coordinating``). A value of the records: those of a run that goes on are recalled.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workc.kernel.events import Entry, Path
from workc.kernel.kinds import Payload
from workc.kernel.payloads import given
from workc.kernel.resources import ResourceAnswered, ResourceReleased


@dataclass(frozen=True, slots=True)
class Holder:
    """The lane that holds a resource, its step, and the token with which it does."""

    lane: Path
    step: str
    token: int


@dataclass(frozen=True, slots=True)
class Waiter:
    """A lane that waits for a resource, and its step."""

    lane: Path
    step: str


class Claims:
    """Takes what was granted and released in one run; ``before`` are its records so far."""

    def __init__(self, run_id: str = "", before: Iterable[Entry] = ()) -> None:
        self._run_id = run_id
        self._held: dict[str, Holder] = {}
        self._queues: dict[str, list[Waiter]] = {}
        self._moves = 0
        for entry in sorted(before, key=_number):
            self._recall(entry)

    def _recall(self, entry: Entry) -> None:
        payload = entry.payload
        if isinstance(payload, ResourceReleased):
            self.released(payload.resource)
        elif isinstance(payload, ResourceAnswered) and isinstance(payload.token, int):
            holder = Holder(entry.at[:-1], payload.step, payload.token)
            self.granted(payload.resource, holder)

    @property
    def held(self) -> dict[str, Holder]:
        """Returns what is held now, by resource."""
        return dict(self._held)

    def owner(self, step: str) -> str:
        """Returns how others are told of a step of this run."""
        return f"{self._run_id} {step}"

    def is_next(self, resource: str, lane: Path) -> bool:
        """Returns whether no lane of this run holds the resource, and none waits before this one."""
        queue = self._queues.get(resource)
        return resource not in self._held and (not queue or queue[0].lane == lane)

    def before(self, resource: str, lane: Path) -> str:
        """Returns who of this run holds a resource, or waits for it right before this lane."""
        queue = self._queues.get(resource, [])
        ahead = [waiter.step for waiter in queue if waiter.lane != lane]
        holder = self._held.get(resource)
        return self.owner(holder.step if holder is not None else ahead[-1])

    def wait(self, resource: str, lane: Path, step: str) -> None:
        """Lets a lane wait for a resource, behind all that do already, unless it is one of them."""
        queue = self._queues.setdefault(resource, [])
        if all(waiter.lane != lane for waiter in queue):
            queue.append(Waiter(lane, step))

    def leave(self, resource: str, lane: Path) -> None:
        """Takes a lane out of those that wait for a resource."""
        queue = self._queues.get(resource, [])
        self._queues[resource] = [waiter for waiter in queue if waiter.lane != lane]

    def granted(self, resource: str, holder: Holder) -> int:
        """Gives a resource to a lane and returns the number of the move."""
        self.leave(resource, holder.lane)
        self._held[resource] = holder
        return self._move()

    def renewed(self, resource: str, token: int) -> None:
        """Notes that what a lane holds was claimed again for it, since the run had stopped."""
        holder = self._held[resource]
        self._held[resource] = Holder(holder.lane, holder.step, token)

    def released(self, resource: str) -> int:
        """Takes a resource from the lane that holds it and returns the number of the move."""
        del self._held[resource]
        return self._move()

    def _move(self) -> int:
        self._moves += 1
        return self._moves - 1


def claim_number(payload: Payload) -> int | None:
    """Returns the number of a move of resources, None of what is none."""
    if isinstance(payload, ResourceAnswered | ResourceReleased):
        return given(payload.n)
    return None


def _number(entry: Entry) -> int:
    number = claim_number(entry.payload)
    return -1 if number is None else number
