"""What became of each step, told by the records alone: as they arrive, or from a journal or bundle.

Records may come in order of arrival or in logical order; within a lane both are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from workc.api.resource_story import ResourceStory, tell_resource
from workc.kernel.children import ChildSpawned
from workc.kernel.events import Path
from workc.kernel.fallbacks import FallbackTaken
from workc.kernel.gates import ApprovalAnswered, ApprovalAsked
from workc.kernel.kinds import Payload
from workc.kernel.payloads import (
    Backtrack,
    BudgetReserved,
    BudgetSettled,
    EffectAnswered,
    EffectAsked,
    FailureRecord,
    RetryScheduled,
    SkillAsked,
    SkillExecuted,
    StepSkipped,
    VerificationRun,
    WorkEnded,
    given,
)
from workc.kernel.plans import PlanChosen
from workc.kernel.resolving import LENS_CONFLICT, ConflictResolved
from workc.kernel.resources import ResourceAnswered, ResourceHeld, ResourceReleased
from workc.kernel.values import Json, JsonObject
from workc.runtime.lane_times import LaneTimes, PlannedStep, planned_steps
from workc.runtime.taken_fallback import TakenFallback, taken_fallback

StepState = Literal["success", "failure", "skipped", "running"]

_AHEAD = (
    SkillAsked,
    EffectAsked,
    BudgetReserved,
    BudgetSettled,
    RetryScheduled,
    ApprovalAsked,
    ChildSpawned,
    FallbackTaken,
)


class EffectStory(msgspec.Struct, kw_only=True):
    """One effect: what was asked (``target``) and how it was answered, if it was.

    ``code`` is that of a failure, or ``OK`` for an answer that has no ``status``.
    """

    port: str
    target: str
    attempt: int
    status: int | None = None
    code: str | None = None


class RetryStory(msgspec.Struct, frozen=True, kw_only=True):
    """One failed attempt that was followed by another."""

    attempt: int
    code: str
    after_ms: int


class StepStory(msgspec.Struct, kw_only=True):
    """What became of a step. Times are ms since 1970; ``mode`` says how it was recorded.

    ``waited_ms`` is how much of its time passed until a human had answered; what passed from then
    until the run was resumed, no record tells from work.
    ``resources`` are its claims of what it needs alone.
    ``waits``: it did not begin, a human has to say whether it may.
    ``fallback`` is what was done after its own skill had failed for good: ``status`` is then what
    became of it, with another skill if one ran instead.
    """

    step: str
    skill: str = ""
    status: StepState = "running"
    code: str | None = None
    message: str = ""
    attempts: int = 0
    mode: str = ""
    started_ms: int = 0
    ended_ms: int | None = None
    waited_ms: int = 0
    waits: bool = False
    cost_micro_cents: int = 0
    needs: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    effects: list[EffectStory] = []
    retries: list[RetryStory] = []
    resources: list[ResourceStory] = []
    fallback: TakenFallback | None = None

    @property
    def duration_ms(self) -> int | None:
        """Returns how long it took, waits included; None while it runs."""
        return None if self.ended_ms is None else max(0, self.ended_ms - self.started_ms)

    def to_json(self) -> JsonObject:
        """Returns the story as JSON."""
        found: JsonObject = msgspec.to_builtins(self)
        return {**found, "duration_ms": self.duration_ms}


class PassStory(msgspec.Struct, frozen=True, kw_only=True):
    """A pass that was not the last: what became of its steps, and why and whereto the run went back.

    ``gate`` is the gate because of which it did, ``error_class`` the class of the failure; else empty.
    """

    code: str
    of: str
    to: str
    steps: list[StepStory]
    gate: str = ""
    error_class: str = ""

    @property
    def why(self) -> str:
        """Returns why, in words."""
        if self.code == "VERIFICATION_FAILED":
            return f"the check {self.of} did not hold"
        if self.code == LENS_CONFLICT:
            return "items of the lens contradicted each other"
        if self.gate:
            whose = f" of step {self.of}" if self.of else ""
            return f"the gate {self.gate}{whose} did not hold"
        what = "the gate" if self.code == "GATE_FAILED" else "step"
        told = f"{what} {self.of} failed with {self.code}" if self.of else self.code
        return f"{told} ({self.error_class})" if self.error_class else told

    def to_json(self) -> JsonObject:
        """Returns the story as JSON."""
        steps: list[Json] = [step.to_json() for step in self.steps]
        return {
            "code": self.code,
            "error_class": self.error_class,
            "gate": self.gate,
            "of": self.of,
            "to": self.to,
            "steps": steps,
        }


class Timeline:
    """Takes records one by one and keeps a story per step of the pass at hand; ``passes`` are those before.

    ``describe`` says what an effect was aimed at; without it the targets are empty.
    """

    def __init__(self, describe: Callable[[EffectAsked], str] | None = None) -> None:
        self.steps: dict[str, StepStory] = {}
        self.passes: list[PassStory] = []
        self.spent_micro_cents = 0
        self.reserved_micro_cents = 0
        self.calls = self.tokens = 0
        self.records = 0
        self._describe = describe
        self._plan: dict[str, PlannedStep] = {}
        self._lane_step: dict[Path, str] = {}
        self._times = LaneTimes()
        self._failed: list[StepStory] = []
        self._moved_on = False
        self._asked: dict[str, ApprovalAsked] = {}
        self._asked_ms: dict[str, int] = {}

    @property
    def waiting(self) -> list[tuple[ApprovalAsked, int | None]]:
        """Returns the questions that nobody has answered, each with when its time is over, if ever."""
        return [(asked, self._over_ms(asked)) for asked in self._asked.values()]

    def _over_ms(self, asked: ApprovalAsked) -> int | None:
        timeout = given(asked.timeout_ms)
        return None if timeout is None else self._asked_ms[asked.step] + timeout

    def take(self, at: Path, at_ms: object, payload: Payload) -> list[StepStory]:
        """Takes one record and returns the steps of which it is now sure that they are over."""
        self.records += 1
        over = self._turn(is_answer=isinstance(at_ms, int), payload=payload)
        lane = at[:-1]
        self._times.take(lane, at_ms)
        if isinstance(payload, PlanChosen):
            steps = _planned(payload)
            self._plan = {planned.id: planned for planned in steps}
            self._times.plan(steps)
        ended = self._take(lane, payload)
        if (
            isinstance(payload, ConflictResolved | WorkEnded | VerificationRun)
            and payload.backtrack
        ):
            self._turn_back(payload.backtrack)
        return over if ended is None else [*over, ended]

    def planned(self, payload: PlanChosen) -> list[str]:
        """Returns the ids of the steps of a plan, in its order."""
        return [planned.id for planned in _planned(payload)]

    def running(self) -> list[StepStory]:
        """Returns the steps that have begun and not ended."""
        return [story for story in self.steps.values() if story.status == "running"]

    def _turn_back(self, backtrack: Backtrack) -> None:
        steps = list(self.steps.values())
        self.passes.append(
            PassStory(
                code=backtrack.code,
                of=given(backtrack.of) or "",
                to=backtrack.to,
                steps=steps,
                gate=given(backtrack.gate) or "",
                error_class=given(backtrack.error_class) or "",
            )
        )
        self.steps = {}

    def _turn(self, *, is_answer: bool, payload: Payload) -> list[StepStory]:
        """Returns failed steps that were not tried again when the engine had its turn."""
        fresh = is_answer and self._moved_on
        self._moved_on = not is_answer
        if fresh or isinstance(payload, ConflictResolved | WorkEnded):
            over = self._failed
        elif isinstance(payload, StepSkipped):
            # The cause is told before what follows from it.
            over = [story for story in self._failed if story.step in payload.because]
        else:
            over = []
        self._failed = [story for story in self._failed if story not in over]
        return over

    def _take(self, lane: Path, payload: Payload) -> StepStory | None:
        match payload:
            case ApprovalAnswered():
                self._decided(lane, payload.step)
            case SkillExecuted():
                return self._executed(lane, payload)
            case StepSkipped():
                return self._skipped(lane, payload)
            case EffectAnswered():
                self._answered(lane, payload)
            case ResourceHeld() | ResourceAnswered() | ResourceReleased():
                claims = self._story(lane, payload.step).resources
                tell_resource(claims, payload, self._times.now(lane))
            case _ if isinstance(payload, _AHEAD):
                self._ahead(lane, payload)
            case _:
                pass
        return None

    def _decided(self, lane: Path, step: str) -> None:
        if self._asked.pop(step, None) is not None:
            waited_ms = self._times.now(lane) - self._asked_ms.pop(step)
            story = self._story(lane, step)
            story.waited_ms += max(0, waited_ms)
            story.waits = False

    def _story(self, lane: Path, step: str) -> StepStory:
        found = self.steps.get(step)
        if found is None:
            planned = self._plan.get(step, PlannedStep(step))
            found = StepStory(
                step=step,
                skill=planned.skill,
                started_ms=self._times.began(lane),
                needs=planned.needs,
            )
            self.steps[step] = found
            self._lane_step[lane] = step
        return found

    def _executed(self, lane: Path, payload: SkillExecuted) -> StepStory | None:
        story = self._story(lane, payload.step)
        if story.fallback is None:
            story.skill = payload.skill
        story.attempts, story.mode = payload.attempt, payload.mode
        story.ended_ms = max(story.started_ms, self._times.now(lane))
        if isinstance(payload.failure, FailureRecord):
            story.status = "failure"
            story.code, story.message = payload.failure.code, payload.failure.message
            self._failed.append(story)
            return None
        story.status, story.code, story.message = "success", None, ""
        return story

    def _skipped(self, lane: Path, payload: StepSkipped) -> StepStory:
        story = self._story(lane, payload.step)
        story.status, story.code = "skipped", payload.code
        story.because = tuple(payload.because)
        story.ended_ms = story.started_ms
        return story

    def _answered(self, lane: Path, payload: EffectAnswered) -> None:
        story = self.steps.get(self._lane_step.get(lane, ""))
        if story is None or not story.effects:
            return
        # A lane asks one thing at a time, so an answer is to what was asked last.
        asked = story.effects[-1]
        if isinstance(payload.failure, FailureRecord):
            asked.code = payload.failure.code
        elif payload.response:
            asked.status = payload.response.status
        else:
            asked.code = "OK"

    def _ahead(self, lane: Path, payload: Payload) -> None:
        match payload:
            case RetryScheduled():
                story = self._story(lane, payload.step)
                self._failed = [other for other in self._failed if other is not story]
                story.status, story.ended_ms = "running", None
                story.retries.append(
                    RetryStory(
                        attempt=payload.attempt, code=payload.code, after_ms=payload.after_ms
                    )
                )
            case SkillAsked():
                story = self._story(lane, payload.step)
                story.skill = story.skill or payload.skill
            case EffectAsked():
                target = self._describe(payload) if self._describe is not None else ""
                self._story(lane, payload.step).effects.append(
                    EffectStory(port=payload.port, target=target, attempt=payload.attempt)
                )
            case BudgetReserved() | BudgetSettled():
                self._paid(lane, payload)
            case ApprovalAsked():
                self._story(lane, payload.step).waits = True
                self._asked[payload.step] = payload
                self._asked_ms[payload.step] = self._times.now(lane)
            case ChildSpawned():
                self._story(lane, payload.step)
            case FallbackTaken():
                self._fell_back(self._story(lane, payload.step), payload)
            case _:
                pass

    def _fell_back(self, story: StepStory, taken: FallbackTaken) -> None:
        story.fallback = taken_fallback(taken)
        if taken.action == "skill":
            self._failed = [other for other in self._failed if other is not story]
            story.status, story.ended_ms = "running", None

    def _paid(self, lane: Path, payload: BudgetReserved | BudgetSettled) -> None:
        story = self._story(lane, payload.step)
        self.spent_micro_cents = max(self.spent_micro_cents, payload.spent)
        self.reserved_micro_cents = payload.reserved
        if isinstance(payload, BudgetSettled):
            story.cost_micro_cents += payload.actual
            self.calls += payload.basis != "released"
            self.tokens += payload.tokens or 0


def _planned(payload: PlanChosen) -> list[PlannedStep]:
    inline = payload.plan.inline
    return planned_steps(inline) if isinstance(inline, str) else []


def plain(value: object) -> Json:
    """Returns a value of this module as JSON."""
    found: Json = msgspec.to_builtins(value)
    return found
