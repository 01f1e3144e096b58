"""Coordinating: resources are given to the lanes of a run, in turn, and as the port lets it have them.

What every driver does with asks about resources, live or simulated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workc.kernel.failure import Failure, Refusal
from workc.runtime.asks import Ask, Claim, Release, Wait
from workc.runtime.claims import Claims, Holder
from workc.runtime.ports import CoordinationPort, Granted, Held
from workc.stages.exception import failure_of_port

LOCKED = "RESOURCE_LOCKED"


@dataclass(frozen=True, slots=True)
class Released:
    """A resource was let go; ``token`` is the one with which it was held."""

    token: int


class Coordinator:
    """Answers asks about resources; ``make`` gives the port, which is made when it is first needed."""

    def __init__(self, claims: Claims, make: Callable[[], CoordinationPort]) -> None:
        self._claims = claims
        self._make = make
        self._made: CoordinationPort | None = None

    @property
    def _port(self) -> CoordinationPort:
        if self._made is None:
            self._made = self._make()
        return self._made

    def claim_again(self) -> None:
        """Claims what the lanes of a run held when it stopped.

        Raises:
            Refusal: ``RESOURCE_LOCKED`` if another holds one of them now.
        """
        for resource, holder in self._claims.held.items():
            found = self._port.claim(resource, self._claims.owner(holder.step))
            if isinstance(found, Held):
                self.let_go()
                raise Refusal(locked(resource, found.by))
            self._claims.renewed(resource, found.token)

    def claim(self, ask: Ask, question: Claim | Wait) -> Granted | Held | Failure:
        """Returns what becomes of a claim now: it is granted, held by another, or fails."""
        resource, lane = question.resource, ask.at[:-1]
        if not self._claims.is_next(resource, lane):
            return Held(self._claims.before(resource, lane))
        try:
            return self._port.claim(resource, self._claims.owner(question.step))
        except Exception as error:  # noqa: BLE001 - a port's bug must become an answer, or the run hangs
            return failure_of_port(error)

    def wait(self, ask: Ask, question: Wait) -> None:
        """Lets a lane wait in turn; after a run has stopped nobody did so far."""
        self._claims.wait(question.resource, ask.at[:-1], question.step)

    def release(self, question: Release) -> Released:
        """Lets go of what a lane holds."""
        holder: Holder = self._claims.held[question.resource]
        self._port.release(question.resource, holder.token)
        return Released(holder.token)

    def put_back(self, granted: Granted) -> None:
        """Lets go of what was granted when nobody waited for it any more."""
        self._port.release(granted.resource, granted.token)

    def let_go(self) -> None:
        """Lets go of everything that is still held."""
        if self._made is not None:
            self._made.let_go()


def locked(resource: str, by: str, waited_ms: int = 0) -> Failure:
    """Returns the failure of a claim that another kept from being granted for so long."""
    after = f" after {waited_ms} ms" if waited_ms else ""
    return Failure(
        code=LOCKED,
        message=f"{resource} is held by {told(by)}{after}",
        details={"held_by": by, "resource": resource},
    )


def told(by: str) -> str:
    """Returns in words who holds a resource."""
    run, _, step = by.partition(" ")
    return f"step {step} of run {run}" if step else by
