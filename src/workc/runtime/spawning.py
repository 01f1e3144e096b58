"""What a child is given when a step spawns it: its ceiling, its limits, its id; all of it derived."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from workc.kernel.children import ChildJoined, ChildSpawned
from workc.kernel.events import Path
from workc.kernel.failure import Failure
from workc.kernel.ledger import MICRO_CENTS_PER_CENT
from workc.kernel.payloads import FailureRecord, Limits, given
from workc.kernel.values import JsonObject
from workc.runtime.asks import Child, Spawn
from workc.runtime.children import Order, child_nonce, child_run_id, child_seed
from workc.runtime.program import ChildProgram
from workc.runtime.run import Run
from workc.runtime.workflow.model import ChildSpec

#: More tokens than any call uses, so that the sum of thousands is a number that a record holds.
MAX_CALL_TOKENS = 2**40


def child_ceiling(child: ChildProgram, spec: ChildSpec) -> int:
    """Returns what a child may spend, in micro-cents: the lower of what step and program say, or 0."""
    own = None if spec.ceiling_cents is None else spec.ceiling_cents * MICRO_CENTS_PER_CENT
    ceilings = [each for each in (own, child.ceiling_micro_cents) if each is not None]
    return min(ceilings, default=0)


def child_limits(run: Run, child: ChildProgram, left_ms: int | None) -> Limits:
    """Returns the limits of a child: its own and its parent's, and of time what is left to the step."""
    own, parent = child.limits, run.limits
    # What the parent counts is reserved as that of one call.
    most = UNSET if parent.tokens is UNSET else MAX_CALL_TOKENS
    return Limits(
        calls=_least(own.calls, parent.calls),
        tokens=_least(own.tokens, parent.tokens, most),
        wall_ms=_least(own.wall_ms, UNSET if left_ms is None else left_ms),
    )


def _least(*limits: int | UnsetType) -> int | UnsetType:
    return min((each for each in limits if each is not UNSET), default=UNSET)


def spawn_of(run: Run, place: Path, step: str, ceiling: int, *, critical: bool) -> Spawn:
    """Returns the question that numbers the child which is spawned at a place."""
    return Spawn(
        ceiling_micro_cents=ceiling,
        child_run_id=child_run_id(run.run_id, place),
        critical=critical,
        nonce=child_nonce(run.run_id, run.nonce, place),
        step=step,
    )


def child_of(
    run: Run,
    place: Path,
    spawned: ChildSpawned,
    program: str,
    inputs: JsonObject,
    limits: Limits,
) -> Child:
    """Returns the question that runs a child which was spawned at a place."""
    seed = child_seed(run.seed, place)
    return Child(Order(spawned, program, inputs, limits, seed), run.children)


def failure_of_child(joined: ChildJoined) -> Failure:
    """Returns the failure of a step whose child failed."""
    own: FailureRecord | None = given(joined.failure)
    code, why = ("nothing", "") if own is None else (own.code, f": {own.message}")
    return Failure(
        code="CHILD_FAILED",
        message=f"the child {joined.child_run_id} failed with {code}{why}",
        details={"child_run_id": joined.child_run_id, "code": code},
    )
