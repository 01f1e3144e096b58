"""One run as its lanes see it: what is fixed when it starts, and what the steps have given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from workc.kernel.children import ChildJoined
from workc.kernel.digest import TAG_ID, TAG_KEY, tagged
from workc.kernel.events import Path, dotted
from workc.kernel.failure import Failure
from workc.kernel.fallbacks import FallbackTaken
from workc.kernel.gates import GateEvaluated
from workc.kernel.lens import LensAssembled
from workc.kernel.lens_quality import Seen
from workc.kernel.payloads import Backtrack, Limits, ScriptedQuality, StepStatus, Target
from workc.kernel.required_checks import VerifyRules
from workc.kernel.risk import ApprovalRules, DecideRules
from workc.kernel.rng import SeededRng, derive
from workc.kernel.selectors import Effect
from workc.kernel.values import Json, JsonObject
from workc.runtime.bodies import Files
from workc.runtime.children import ChildRuns, NoChildren
from workc.runtime.guarding import Guard, unguarded
from workc.runtime.injection import Injected, Injection
from workc.runtime.program import Program
from workc.runtime.workflow.model import NO_FEEDBACK
from workc.runtime.workflow.strategy_spec import NO_STRATEGY
from workc.stages.effect_limits import EffectLimits

#: When lanes saw different causes, the run ends with the one that stands first here.
HALT_ORDER: tuple[str, ...] = (
    "BUDGET_BOUND_VIOLATED",
    "BUDGET_EXCEEDED",
    "QUOTA_EXCEEDED",
    "TIMEOUT",
    "ABORTED",
)


class StepResult(msgspec.Struct, frozen=True):
    """What became of a step. ``halt`` is the cause if a halt of the run ended it.

    ``tolerated`` says that it gave nothing, and that the run is to go on as if it were not there.
    ``unmade`` is why its fallback value could not be made, if it could not.
    """

    id: str
    skill: str
    status: StepStatus
    value: Json = None
    failure: Failure | None = None
    attempts: int = 0
    halt: str | None = None
    tolerated: bool = False
    unmade: str = ""

    @property
    def failed_itself(self) -> bool:
        """Returns whether it failed, or may not begin, and neither because of another nor tolerated."""
        return (
            not self.tolerated
            and self.failure is not None
            and self.failure.code not in {"UPSTREAM_FAILED", "HALTED"}
        )


@dataclass(slots=True)
class Run:
    """What every lane of a run shares. ``results`` is filled by the step lanes as they end.

    ``pass_number`` counts the passes from 1; ``feedback`` says why the one before was not enough.
    ``effects`` is what every effect must lie within, None if nothing bounds them; then ``bases``
    are the base URLs of providers that were set when it began. ``asking`` is when a policy has a
    human asked, ``required`` what it requires of a lock level, ``deciding`` what it lets a step do that
    nobody decided about; ``decided`` are the lanes that a gate or a human let begin.
    ``fallen`` are the fallbacks by lane. ``gates`` are the last evaluations of gates in this pass with
    their places, by step, if they are of one, and gate, ``backs`` where to they send the run back if they
    failed. ``recovered`` are the codes of failures after which it went back. ``rules`` are those that the run has recorded.
    ``halts`` are causes of a halt that the root lane saw itself. The code of skills that a replay
    runs again, and of a workflow function, runs in ``guard``. ``joined`` says of each step whose
    child has ended last how that ended, and whether it is critical. ``seen`` are the items that it looked
    at before it decided, ``lens`` what work is shown of them, and ``assembled`` what they have come to,
    by ``lens_script`` if a script says that. ``planning`` is what a planner is told,
    ``plan_is_approved`` says that a human let its plan begin, and ``strategy`` is the one that was applied.
    """

    program: Program
    files: Files
    run_id: str
    seed: int
    inputs: JsonObject
    ceiling_micro_cents: int
    deadline_ms: int | None
    guard: Guard = unguarded
    nonce: str = ""
    is_child: bool = False
    children: ChildRuns = field(default_factory=NoChildren)
    limits: Limits = field(default_factory=Limits)
    effects: EffectLimits | None = None
    asking: ApprovalRules | None = None
    required: VerifyRules = field(default_factory=VerifyRules)
    deciding: DecideRules | None = None
    decided: set[Path] = field(default_factory=set[Path])
    bases: Mapping[str, str] = field(default_factory=dict[str, str])
    injected: Injected = field(default_factory=dict[tuple[str, int], Injection])
    results: dict[str, StepResult] = field(default_factory=dict[str, StepResult])
    claimed: set[str] = field(default_factory=set[str])
    halts: set[str] = field(default_factory=set[str])
    fallen: dict[Path, FallbackTaken] = field(default_factory=dict[Path, FallbackTaken])
    joined: dict[str, tuple[ChildJoined, bool]] = field(
        default_factory=dict[str, tuple[ChildJoined, bool]]
    )
    lens_script: Sequence[ScriptedQuality] = ()
    seen: tuple[Seen, ...] = ()
    lens: JsonObject = field(default_factory=dict[str, Json])
    assembled: LensAssembled = field(default_factory=lambda: LensAssembled(items=0))
    pass_number: int = 1
    spent_micro_cents: int = 0
    planning: JsonObject = field(default_factory=dict[str, Json])
    plan_is_approved: bool = False
    strategy: JsonObject = field(default_factory=lambda: NO_STRATEGY)
    feedback: JsonObject = field(default_factory=lambda: {"pass": 1, **NO_FEEDBACK})
    gates: dict[tuple[str | None, str], tuple[Path, GateEvaluated]] = field(
        default_factory=dict[tuple[str | None, str], tuple[Path, GateEvaluated]]
    )
    backs: dict[tuple[str | None, str], Target] = field(
        default_factory=dict[tuple[str | None, str], Target]
    )
    recovered: set[str] = field(default_factory=set[str])
    rules: JsonObject = field(default_factory=dict[str, Json])
    _values: dict[str, Json] = field(default_factory=dict[str, Json])

    def scope(self) -> dict[str, Json]:
        """Returns what references may name: inputs, the lens, values of successful steps, the feedback."""
        return {
            "feedback": self.feedback,
            "inputs": self.inputs,
            "lens": self.lens,
            "planning": self.planning,
            "steps": self._values,
            "strategy": self.strategy,
        }

    def values_of(self, steps: Iterable[str]) -> JsonObject:
        """Returns the values of those of these steps that succeeded, in their order."""
        return {step: self._values[step] for step in steps if step in self._values}

    def take(self, result: StepResult) -> None:
        """Keeps the result of a step that is over."""
        self.results[result.id] = result
        if result.status == "success":
            self._values[result.id] = result.value

    def forget(self, step: str) -> None:
        """Forgets a step that is over and is none of the plan."""
        del self.results[step]
        self._values.pop(step, None)

    @property
    def left_micro_cents(self) -> int:
        """Returns what may still be spent, while nothing is reserved."""
        return max(0, self.ceiling_micro_cents - self.spent_micro_cents)

    @property
    def fallbacks(self) -> tuple[FallbackTaken, ...]:
        """Returns the fallbacks in order of their lanes, whichever came first."""
        return tuple(self.fallen[path] for path in sorted(self.fallen))

    def within(self, step: tuple[Effect, ...] | None) -> EffectLimits | None:
        """Returns what the effects of a step that declares these must lie within, None for all."""
        return self.effects and msgspec.structs.replace(self.effects, step=step)

    def is_over(self, time_ms: int) -> bool:
        """Returns whether the run's time is over at that time."""
        return self.deadline_ms is not None and time_ms >= self.deadline_ms

    @property
    def may_go_back(self) -> bool:
        """Returns whether another pass may follow this one."""
        return self.pass_number <= self.program.max_backtracks

    def go_back(self, feedback: JsonObject, backtrack: Backtrack) -> None:
        """Begins another pass: nothing of the one before is left but why it was not enough."""
        self.pass_number += 1
        if backtrack.error_class:
            self.recovered.add(backtrack.code)
        self.feedback = {"pass": self.pass_number, **feedback}
        for kept in (
            self.results,
            self.claimed,
            self.halts,
            self.fallen,
            self.gates,
            self.backs,
            self.joined,
            self._values,
        ):
            kept.clear()

    @property
    def in_pass(self) -> str:
        """Returns what tells names that are derived in one pass from those of another."""
        return "" if self.pass_number == 1 else f"\0pass {self.pass_number}"

    def idempotency_key(self, step: str) -> str:
        """Returns the key of a step: the same for each of its attempts, in this pass of this run only."""
        return tagged(TAG_KEY, f"{self.run_id}\0{step}{self.in_pass}".encode())[:32]

    def uuid(self, lane: Path, count: int) -> str:
        """Returns the ``count``-th UUID of a lane, version 8 (RFC 9562, section 5.8)."""
        raw = tagged(TAG_ID, f"{self.run_id}\0{dotted(lane)}\0{count}{self.in_pass}".encode())
        variant = "89ab"[int(raw[16], 16) % 4]
        return f"{raw[:8]}-{raw[8:12]}-8{raw[13:16]}-{variant}{raw[17:20]}-{raw[20:32]}"

    def rng(self, lane: Path, purpose: str) -> SeededRng:
        """Returns the generator of a lane for one purpose."""
        return SeededRng(derive(self.seed, f"{purpose}:{dotted(lane)}{self.in_pass}"))


def derived_number(rng: SeededRng) -> int:
    """Returns the next number that code is given: the high 53 bits, which any JSON reader holds."""
    return rng.next_u64() >> 11


def halt_cause(results: Iterable[StepResult], others: Iterable[str] = ()) -> str | None:
    """Returns why the run was stopped, if it was: the same whoever saw it first.

    ``others`` are the causes that were seen outside of steps.
    """
    seen = {*others, *(result.halt for result in results)}
    return next((code for code in HALT_ORDER if code in seen), None)
