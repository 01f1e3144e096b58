"""The passes of a run: what the lanes of each have said of their steps, and what gates let begin.

A fold over the root lane and the names of steps. Each pass begins with nothing of the one before
(docs/spec/bundle-0.2.md, section 5).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from workc.kernel.events import Path
from workc.kernel.fallbacks import FallbackTaken
from workc.kernel.gates import GateEvaluated
from workc.kernel.payloads import given
from workc.kernel.plans import PlanAsked, PlanChosen


class StepFound(msgspec.Struct):
    """What the lane of a step says: its skill, if it came to that, why it was skipped, its fallback.

    ``claimed`` are the resources that it claimed, None if it claimed none.
    """

    skill: str | None = None
    claimed: list[str] | None = None
    has_worked: bool = False
    because: list[str] = []
    fallback: FallbackTaken | None = None


class PassFound(NamedTuple):
    """One pass of a run: its plan, if there was one, and its steps in the order of their lanes.

    ``barred`` says that a gate, or a human, kept all of them from beginning.

    Steps of a function that are named after their place are left out, so that memory does not
    follow their number.
    """

    plan: PlanChosen | None
    steps: dict[str, StepFound]
    barred: bool


class Passes:
    """Takes what is said in the pass at hand; ``found`` are those that are over.

    ``gates`` are those that failed last, each with its step; ``has_begun`` says whether work has begun.
    """

    def __init__(self) -> None:
        self.found: list[PassFound] = []
        self.plan: PlanChosen | None = None
        self.steps: dict[str, StepFound] = {}
        self.gates: set[tuple[str | None, str]] = set()
        self.has_begun = False
        self._is_barred = False

    def evaluated(self, gate: GateEvaluated) -> None:
        """Takes a gate; one of the run may keep all steps from beginning."""
        (self.gates.discard if gate.passed else self.gates.add)((given(gate.step), gate.gate))
        self._is_barred |= gate.when == "pre_run" and not gate.passed

    def leave(self, at: Path) -> None:
        """Takes the place of the event with which another lane begins, or the root lane goes on."""
        self.has_begun = self.has_begun or len(at) > 1

    def begin(self, plan: PlanAsked | PlanChosen) -> None:
        """Takes a plan, or that one is asked for: that is none, and gates stand before its own lanes."""
        self.plan, self.has_begun = plan if isinstance(plan, PlanChosen) else None, False

    def close(self, planners: Collection[str], *, barred: bool) -> None:
        """Ends the pass at hand; what follows is another one, under the same plan until it has its own.

        The steps of ``planners`` are none of the plan; ``barred`` says that a human did not let it begin.
        """
        steps = {name: each for name, each in self.steps.items() if name not in planners}
        self.found.append(PassFound(self.plan, steps, self._is_barred or barred))
        self.steps, self.gates, self.has_begun = {}, set(), False
        self._is_barred = False
