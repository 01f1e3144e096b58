"""What a lane asks of the world, as values: the seam, seen from the engine's side.

A driver answers each with a payload of ``workc.kernel.events``. An ask says where its answer will
stand (``at``), so that answers are matched by place and never by order of arrival.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TypeAlias

from msgspec import UNSET, UnsetType

from workc.kernel.events import Path
from workc.kernel.failure import Failure
from workc.kernel.gates import When
from workc.kernel.lens import ItemObserved
from workc.kernel.payloads import Basis, EffectBound, FailureRecord
from workc.kernel.values import JsonObject
from workc.runtime.children import ChildRuns, Order
from workc.runtime.guarding import Context
from workc.stages.effects import EffectRequest, ProgramRun
from workc.stages.observation import Observation
from workc.stages.skill import Skill


@dataclass(frozen=True, slots=True)
class Call:
    """Run a function with these parameters, in a context that ``guard`` gives.

    ``data`` is the parameters as they are recorded, ``request`` the digest of what is asked.
    """

    skill: Skill[..., object]
    params: JsonObject
    data: bytes
    request: str
    step: str
    attempt: int
    pure: bool
    guard: Context = nullcontext


@dataclass(frozen=True, slots=True)
class Effect:
    """Send this request of a skill through its port; ``digest`` is that of the request."""

    request: EffectRequest
    digest: str
    skill: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """Run the program of a gate; the answer is its evaluation. ``that`` is its argv as JSON.

    ``named`` is its effect, where effects are bounded; one that is ``refused`` is not run.
    """

    request: ProgramRun
    gate: str
    when: When
    that: str
    step: str | None = None
    named: EffectBound | UnsetType = UNSET
    refused: FailureRecord | None = None

    @property
    def effect(self) -> Effect:
        """Returns it as it goes through the port of programs."""
        return Effect(self.request, "", "exec")


@dataclass(frozen=True, slots=True)
class Timer:
    """Answer after this time, in ms."""

    after_ms: int


@dataclass(frozen=True, slots=True)
class Reserve:
    """Set ``bound`` micro-cents aside, and the most ``tokens`` that the call can use.

    ``step_ceiling`` is what the step may cost in all, in micro-cents.
    """

    bound: int
    step: str
    tokens: int | UnsetType = UNSET
    step_ceiling: int | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Settle:
    """Close the reservation ``grant`` (its n) with what was spent, in micro-cents and tokens."""

    grant: int
    actual: int
    basis: Basis
    step: str
    tokens: int | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Approve:
    """Wait until a human has said whether a step may begin, or the time ``deadline_ms`` has come."""

    gate: str
    step: str
    deadline_ms: int | None


@dataclass(frozen=True, slots=True)
class Halt:
    """Stop the run, with the cause ``code``; what is under way elsewhere is given up."""

    code: str


@dataclass(frozen=True, slots=True)
class Spawn:
    """Number a child, which begins right after; its ceiling is what was reserved for it."""

    ceiling_micro_cents: int
    child_run_id: str
    critical: bool
    nonce: str
    step: str


@dataclass(frozen=True, slots=True)
class Child:
    """Run a child that was numbered to its end; ``runs`` does it."""

    order: Order
    runs: ChildRuns

    @property
    def step(self) -> str:
        """Returns the step whose child it is."""
        return self.order.spawned.step


@dataclass(frozen=True, slots=True)
class Look:
    """Look at an item of the lens, ``after_ms`` from now; looking changes nothing.

    ``item`` is the record so far, ``refused`` why it must not be looked at, if so. ``skill`` is the
    operation that asks for the same.
    """

    item: ItemObserved
    request: Observation
    after_ms: int = 0
    refused: Failure | None = None
    skill: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Hold a resource for this lane alone, or say at once who holds it."""

    resource: str
    step: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Hold a resource for this lane alone as soon as that may be; it was held ``by`` another."""

    resource: str
    step: str
    by: str


@dataclass(frozen=True, slots=True)
class Release:
    """Let go of a resource that this lane holds."""

    resource: str
    step: str


Question: TypeAlias = (
    Look
    | Call
    | Effect
    | Probe
    | Timer
    | Reserve
    | Settle
    | Approve
    | Halt
    | Spawn
    | Child
    | Claim
    | Wait
    | Release
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One question, and the place of its answer. ``timeout_ms`` None: no limit but the run's."""

    at: Path
    question: Question
    timeout_ms: int | None = None
