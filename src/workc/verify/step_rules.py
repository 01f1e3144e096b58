"""The rules of steps: one lane each, one skill, known code, money settled where it was reserved.

A fold over the events that keeps of each step its skill, and of each open reservation its lane; so
memory follows the number of steps (docs/spec/bundle-0.2.md, sections 5 and 7).
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from workc.bundle.layout import EVENTS
from workc.kernel.events import (
    BudgetReserved,
    BudgetSettled,
    CallHalted,
    EffectAsked,
    Event,
    Path,
    Payload,
    RunStarted,
    SkillAsked,
    SkillExecuted,
    StepSkipped,
)
from workc.verify.case import Case
from workc.verify.verdict import Step, VerifyFailCode


class StepFound(msgspec.Struct):
    """What the lane of a step says: its skill, if it came to that, and why it was skipped."""

    skill: str | None = None
    because: list[str] = []


class StepRules:
    """Takes the events in order. ``steps`` stand in the order of their lanes.

    ``stopped`` says what stopped the run, if anything did. ``requests`` are paths of files with
    the digests that they must have.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._line = 0
        self._lane: Path = ()
        self._found: StepFound | None = None
        self._code: dict[str, str] = {}
        self._grants: dict[int, tuple[Path, int]] = {}
        self.steps: dict[str, StepFound] = {}
        self.stopped: str | None = None
        self.requests: set[tuple[str, str]] = set()

    def take(self, event: Event, payload: Payload) -> None:
        """Checks the next event against those before it."""
        self._line += 1
        if event.at[:-1] != self._lane:
            self._leave()
            self._lane = event.at[:-1]
        match payload:
            case RunStarted():
                self._code = payload.code
            case CallHalted():
                self.stopped = "a call was halted"
            case SkillAsked() | SkillExecuted():
                self._skill(payload)
            case EffectAsked():
                self._asked(payload)
            case BudgetReserved():
                self._reserved(payload)
            case BudgetSettled():
                self._settled(payload)
            case StepSkipped():
                self._step(payload.step).because = payload.because
            case _:
                pass

    def _leave(self) -> None:
        if self._lane and self._found is None:
            self._illegal("the lane before is of no step", "/at")
        self._found = None

    def _step(self, step: str) -> StepFound:
        if self._found is None:
            if step in self.steps:
                self._illegal("the step has a lane already", "/payload/step")
            self._found = self.steps.setdefault(step, StepFound())
        return self._found

    def _skill(self, payload: SkillAsked | SkillExecuted) -> None:
        found = self._step(payload.step)
        found.skill = found.skill or payload.skill
        if found.skill != payload.skill:
            self._illegal("the skill is not that of the lane", "/payload/skill")
        if payload.request is not UNSET and payload.skill not in self._code:
            self._illegal("the code of the skill is not that of the run", "/payload/skill")

    def _asked(self, payload: EffectAsked) -> None:
        self._step(payload.step)
        if payload.request.path is not UNSET:
            self.requests.add((payload.request.path, payload.digest))

    def _reserved(self, payload: BudgetReserved) -> None:
        self._step(payload.step)
        if payload.granted:
            self._grants[payload.n] = (self._lane, payload.bound)
        else:
            self.stopped = "a reservation was refused"

    def _settled(self, payload: BudgetSettled) -> None:
        self._step(payload.step)
        lane, bound = self._grants.pop(payload.grant, (None, 0))
        if lane != self._lane:
            message = "the reservation does not stand before its settlement in the same lane"
            self._fail("BUDGET_INVALID", "money", message, "/payload/grant")
            return
        if payload.actual > bound:
            self.stopped = "a settlement was above its bound"
        expected = {"released": 0, "bound": bound}.get(payload.basis, payload.actual)
        if payload.actual != expected:
            message = f"a settlement by {payload.basis} has the actual {expected}"
            self._fail("BUDGET_INVALID", "money", message, "/payload/actual")

    def _illegal(self, message: str, pointer: str) -> None:
        self._fail("FSM_ILLEGAL_TRANSITION", "table", message, pointer)

    def _fail(self, code: VerifyFailCode, step: Step, message: str, pointer: str) -> None:
        self._case.fail(code, step, EVENTS, message, line=self._line, pointer=pointer)
