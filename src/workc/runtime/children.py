"""Children as the engine sees them: what is to run, how it ended, and who runs it.

A child is a run of its own. Its id, nonce and seed are derived from the run and the place where it
was spawned, so that a replay names the same child.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from workc.kernel.children import ChildSpawned
from workc.kernel.digest import TAG_ID, tagged
from workc.kernel.events import Path, dotted
from workc.kernel.failure import Failure, Misuse
from workc.kernel.payloads import Limits
from workc.kernel.phases import Outcome
from workc.kernel.rng import derive
from workc.kernel.values import JsonObject

#: What stands between the id of the first run of a family and what tells a child of it.
FAMILY_SIGN = "."
#: So much of a digest tells the children of one family apart: 80 bits.
_OWN_DIGITS = 20
#: The id of a first run is kept to so many characters, so that a child's has at most 64.
_ROOT_CHARS = 64 - len(FAMILY_SIGN) - _OWN_DIGITS


@dataclass(frozen=True, slots=True)
class Order:
    """A child that is to run, with its inputs as they were bound. ``program`` names what it runs."""

    spawned: ChildSpawned
    program: str
    inputs: JsonObject
    limits: Limits
    seed: int


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """How a child ended. ``output`` is canonical JSON, None if there is none."""

    outcome: Outcome
    proof_digest: str
    spent_micro_cents: int
    output: bytes | None = None
    failure: Failure | None = None


class ChildRuns(Protocol):
    """Runs the children of one run; may be used from several threads."""

    def run(self, order: Order, paused: Callable[[], None]) -> ChildEnd | None:
        """Returns how the child ended; None if the run was stopped before the child began.

        One that has ended is not run again, and one that has begun goes on. ``paused`` is called
        while it waits for a human and for nothing else.

        Raises:
            Refusal: its evidence cannot be written or read.
        """
        ...

    def stop(self, code: str) -> None:
        """Lets every child that runs, and each that is asked for later, end as a stopped run does."""
        ...

    def interrupt(self) -> None:
        """Ends every child that runs as a crash would; its journal is kept."""
        ...


class NoChildren:
    """Is asked for no child: that of a replay, and of runs that can have none."""

    def run(self, order: Order, paused: Callable[[], None]) -> ChildEnd | None:
        """Raises Misuse."""
        raise Misuse(f"nobody runs the child of {order.spawned.step}")

    def stop(self, code: str) -> None:
        """Does nothing."""

    def interrupt(self) -> None:
        """Does nothing."""


def family_of(run_id: str) -> str:
    """Returns the id of the first run of the family that a run is of, its own if it has no parent."""
    return run_id.partition(FAMILY_SIGN)[0]


def is_child(run_id: str) -> bool:
    """Returns whether an id is that of a child."""
    return FAMILY_SIGN in run_id


def child_run_id(run_id: str, place: Path) -> str:
    """Returns the id of the child that is spawned at a place of a run.

    >>> child_run_id("01kdvdna008zjcwjw9dkehvayf", (4, 0, 1))
    '01kdvdna008zjcwjw9dkehvayf.8e9525cb88e470cd4c1d'
    """
    own = _derived("run", run_id, place)[:_OWN_DIGITS]
    return f"{family_of(run_id)[:_ROOT_CHARS]}{FAMILY_SIGN}{own}"


def child_nonce(run_id: str, nonce: str, place: Path) -> str:
    """Returns the nonce of a child, derived from that of its parent."""
    return _derived(f"nonce\0{nonce}", run_id, place)[:32]


def child_seed(seed: int, place: Path) -> int:
    """Returns the seed of a child, derived from that of its parent."""
    return derive(seed, f"child:{dotted(place)}")


def _derived(purpose: str, run_id: str, place: Path) -> str:
    return tagged(TAG_ID, f"child\0{purpose}\0{run_id}\0{dotted(place)}".encode())
