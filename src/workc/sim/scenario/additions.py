"""What a scenario may say beyond the testing specification: all of it may be left out.

A scenario that says none of this is written as the specification writes it.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import Meta

from workc.kernel.gates import Decision
from workc.kernel.phases import LockLevel
from workc.sim.bounded import U32, U64, Permille
from workc.sim.scenario.always import refuse_no_expression
from workc.sim.scenario.scripts import Script

ErrorClass: TypeAlias = Literal["Recoverable", "Unrecoverable", "PatternFailure", "Catastrophic"]
BackTo: TypeAlias = Literal["Act", "Decide", "Orient", "stop"]
#: So far a clock jumps ahead at most: a hundred years.
MAX_JUMP_MS = 3_155_760_000_000
#: How many generations and children a scenario may ask for at most.
MAX_DEPTH, MAX_FANOUT = 15, 100


class ActError(Script, frozen=True, kw_only=True):
    """The action of the step at this index, from 0, fails the first ``times`` times.

    ``code`` is from the failure catalog; without it the class of error has one.
    """

    at_step: U64
    error_class: ErrorClass = msgspec.field(name="class", default="Recoverable")
    code: str | None = None
    times: Annotated[int, Meta(ge=1, le=1000)] = 1


class ApprovalAnswer(Script, frozen=True, kw_only=True):
    """What a human decides of the step of this name; of others it is ``approved``."""

    step: str
    decision: Decision


class Budgets(Script, frozen=True, kw_only=True):
    """Limits of the run. ``ceiling_cents`` and the others of money are those of a workflow file.

    ``max_backtracks`` is how often it may go back, ``max_attempts`` how often a step is tried,
    ``max_observations`` how often the lens is looked at, ``max_depth`` how many generations of
    children there may be, ``max_fanout`` how many children a run may have.
    """

    ceiling_cents: U32 = 0
    wall_ms: U64 | None = None
    max_backtracks: Annotated[int, Meta(ge=0, le=100)] = 1
    max_attempts: Annotated[int, Meta(ge=1, le=100)] = 3
    max_observations: Annotated[int, Meta(ge=1, le=100)] = 1
    max_depth: Annotated[int, Meta(ge=0, le=MAX_DEPTH)] = 3
    max_fanout: Annotated[int, Meta(ge=0, le=MAX_FANOUT)] = 8


class LensNeeds(Script, frozen=True, kw_only=True):
    """What the lens must be: the keys that coverage counts, and the least quality in permille.

    Without ``requires`` all keys are counted. ``deciding`` is the least to decide by,
    ``committed`` the least to lock as Committed.
    """

    requires: tuple[str, ...] | None = None
    deciding: Permille = 0
    committed: Permille = 0


class SignalValue(Script, frozen=True, kw_only=True):
    """A signal that strategies are weighed by, in permille."""

    name: str
    permille: Permille


class StrategyScript(Script, frozen=True, kw_only=True):
    """A strategy: its match grows with its signal above the threshold."""

    id: str
    signal: str
    threshold: Permille = 0
    weight: Permille = 1000


class ClockJump(Script, frozen=True, kw_only=True):
    """The clock jumps ahead at the look of this number, from 0."""

    at_look: U64
    ms: Annotated[int, Meta(ge=0, le=MAX_JUMP_MS)]


class Faults(Script, frozen=True, kw_only=True):
    """What goes wrong around the run.

    The process crashes when it has written so many records in all of its journal, and goes on
    after; the clock jumps ahead.
    """

    crash_at: tuple[U64, ...] = ()
    clock_jumps: tuple[ClockJump, ...] = ()


class Recovery(Script, frozen=True, kw_only=True):
    """Where the run goes back to after a failure of each class; ``checks`` after a failed check."""

    checks: BackTo = "Act"
    recoverable: BackTo = msgspec.field(name="Recoverable", default="stop")
    unrecoverable: BackTo = msgspec.field(name="Unrecoverable", default="stop")
    pattern_failure: BackTo = msgspec.field(name="PatternFailure", default="stop")


class Expected(Script, frozen=True, kw_only=True):
    """More that must come of the run.

    ``events`` are kinds of events that come in this order, others between them. ``sometimes`` are
    marks (``phase Verify>Act``, ``event ChildSpawned``, ``code TIMEOUT``), each of which some scenario
    of a suite must reach. ``always`` are expressions (:mod:`workc.sim.scenario.always`) that are never
    false, whatever goes wrong. With ``invariants_only`` nothing else is expected than these and what
    holds of every run.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"always"})

    lock_level: LockLevel | None = None
    events: tuple[str, ...] = ()
    sometimes: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    invariants_only: bool = False

    def __post_init__(self) -> None:
        """Refuses what is no expression."""
        for number, text in enumerate(self.always):
            refuse_no_expression(text, f"always[{number}]")
