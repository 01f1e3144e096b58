"""What a run or a single call gives back: one value, whatever happened. Nothing here raises."""

from __future__ import annotations

from typing import Literal

import msgspec

from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Failure
from workc.kernel.phases import Outcome
from workc.kernel.values import Json, JsonObject
from workc.runtime.failed_gate import FailedGate
from workc.runtime.taken_fallback import TakenFallback

#: ``paused``: the run waits for a human and goes on when it is resumed.
Status = Literal["success", "failure", "partial", "skipped", "paused"]

#: Who answers an effect: the other side, a stub table, or what was recorded of it.
AnsweredBy = Literal["world", "stub", "recording"]

#: Of the receipt's word, the outcome's and the one that `ls` shows.
STATUS_OF: dict[Outcome, Status] = {"success": "success", "partial": "partial", "failed": "failure"}


class SideEffect(msgspec.Struct, frozen=True):
    """One effect that was asked for: what kind, at what it aimed, and who answers such effects."""

    type: str
    target: str
    by: AnsweredBy = "world"


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """When it began and ended, in ms since 1970."""

    started_ms: int
    ended_ms: int

    @property
    def duration_ms(self) -> int:
        """Returns how long it took."""
        return self.ended_ms - self.started_ms


class ChildOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a child; without an ``outcome`` it never came to an end."""

    run_id: str
    step: str
    outcome: Outcome | None
    critical: bool
    proof_digest: str | None
    cost_micro_cents: int


class StructuredOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of work. ``code`` is ``OK`` or one of the catalog's.

    ``result`` is a mapping: the output, or ``{"value": output}`` where the output is none.
    ``error`` is a mapping with ``code, category, retryable, hint, retry_after_ms, message,
    details`` and ``step``, or None. ``cost_micro_cents`` is what was spent. ``bundle`` is where
    the evidence stands, if it was kept. ``fallbacks`` are what was done about steps that had failed,
    in order of the steps, and ``failed_gates`` the gates that did not hold. ``children`` are the runs that
    it started, in the order in which they were spawned; what they cost is part of its own cost.
    ``notes`` are warnings about the run, a sentence each: what a guard saw, of
    which the evidence holds nothing, and injected failures that never came.
    """

    status: Status
    code: str
    message: str
    output: Json = None
    result: JsonObject | None = None
    error: JsonObject | None = None
    side_effects: tuple[SideEffect, ...] = ()
    cost_micro_cents: int = 0
    attempts: int = 0
    timings: Timings = Timings(started_ms=0, ended_ms=0)
    run_id: str | None = None
    step: str | None = None
    bundle: str | None = None
    proof_digest: str | None = None
    fallbacks: tuple[TakenFallback, ...] = ()
    failed_gates: tuple[FailedGate, ...] = ()
    children: tuple[ChildOutcome, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Returns whether the work did what its workflow asks for.

        A partial success is none, unless nothing failed but what the workflow says to tolerate: then
        its code is ``OK``, and ``fallbacks`` say what that was.
        """
        return self.status == "success" or (self.status == "partial" and self.code == "OK")

    @property
    def stubbed(self) -> bool:
        """Returns whether a stub stood in for the world somewhere: then it says nothing of that."""
        return any(effect.by == "stub" for effect in self.side_effects)

    @property
    def exit_code(self) -> int:
        """Returns what the command line exits with; 2 says that nothing was run."""
        if self.ok:
            return 0
        found = CATALOG[self.code].exit if self.code in CATALOG else 1
        return 1 if found == 2 and self.run_id is not None else found

    def to_json(self) -> JsonObject:
        """Returns the outcome as JSON, schema ``workc.outcome/1``."""
        return {
            "schema": "workc.outcome/1",
            "run_id": self.run_id,
            "ok": self.ok,
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "output": self.output,
            "result": self.result,
            "error": self.error,
            "step": self.step,
            "side_effects": [
                {"type": e.type, "target": e.target, "by": e.by} for e in self.side_effects
            ],
            "stubbed": self.stubbed,
            "cost_micro_cents": self.cost_micro_cents,
            "attempts": self.attempts,
            "timings": {
                "started_ms": self.timings.started_ms,
                "ended_ms": self.timings.ended_ms,
                "duration_ms": self.timings.duration_ms,
            },
            "bundle": self.bundle,
            "proof_digest": self.proof_digest,
            "fallbacks": [msgspec.to_builtins(taken) for taken in self.fallbacks],
            "failed_gates": [msgspec.to_builtins(gate) for gate in self.failed_gates],
            "children": [msgspec.to_builtins(child) for child in self.children],
            "notes": list[Json](self.notes),
        }


def as_mapping(output: Json) -> JsonObject:
    """Returns the output as a mapping."""
    return output if isinstance(output, dict) else {"value": output}


def error_of(failure: Failure, step: str | None = None) -> JsonObject:
    """Returns a failure with everything that the catalog says of it."""
    entry = CATALOG[failure.code]
    return {
        "code": failure.code,
        "category": entry.category,
        "retryable": entry.retryable,
        "hint": entry.hint,
        "retry_after_ms": failure.retry_after_ms,
        "message": failure.message,
        "details": failure.details,
        "step": step,
    }


def refused(failure: Failure) -> StructuredOutcome:
    """Returns the outcome of work that was refused before it began."""
    return StructuredOutcome(
        status="failure", code=failure.code, message=failure.message, error=error_of(failure)
    )
