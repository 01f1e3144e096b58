"""A program: what a run executes, whether it came from a file or from a Python function.

Both forms give the same :class:`Program`; the flow of a run (``workc.runtime.flow``) knows no
third thing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from workc.kernel.payloads import Limits
from workc.kernel.recovery import ErrorClass
from workc.kernel.selectors import Effect
from workc.kernel.stage_ids import StageIds
from workc.kernel.values import Json, JsonObject
from workc.runtime.plan_problem import PlanProblem
from workc.runtime.workflow.lens import LensSpec
from workc.runtime.workflow.model import (
    CheckSpec,
    GoingOn,
    PlanSpec,
    RunGates,
    StepSpec,
    uses_of,
)
from workc.runtime.workflow.strategy_spec import SignalSpec, StrategySpec
from workc.stages.context import PriceTable
from workc.stages.effect_limits import EffectLimits
from workc.stages.network import NetworkPolicy
from workc.stages.skill import Skill

#: Says what is wrong with a plan.
Judge: TypeAlias = Callable[["PlanCase"], list[PlanProblem]]


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that decides what a run does, but its inputs.

    ``code`` maps each skill that may be used to the digest of its code.
    ``steps`` stand in plan order (needs before those who need them) and are empty for a function, which then is ``function``.
    ``text`` is what the bundle keeps as the program, at ``path``. ``secrets`` names the
    environment variables that may be used as such. ``max_backtracks`` is how often a run may go back,
    ``recovery`` where to after a failure of a class.
    ``effects`` are all that it declares, None if it declares none.
    ``lens`` is what a run looks at before it decides, None if nothing, and ``resolver`` the step that
    resolves what it contradicts itself about.
    ``plan`` is who makes the plan, None if the program names its steps; then ``judge`` says what is
    wrong with the program with such a plan, before it is carried out.
    ``strategies`` are ways to go about the work, weighed by ``signals``.
    ``programs`` are the texts of all runs that it may start, and that these may, by name.
    ``stages`` are the ids of those skills that are stages with examples.
    """

    name: str
    description: str
    kind: Literal["file", "function"]
    text: bytes
    path: str
    skills: Mapping[str, Skill[..., object]]
    code: Mapping[str, str]
    prices: PriceTable
    steps: tuple[StepSpec, ...] = ()
    plan: PlanSpec | None = None
    judge: Judge | None = None
    function: Callable[..., Awaitable[object]] | None = None
    signals: tuple[SignalSpec, ...] = ()
    strategies: tuple[StrategySpec, ...] = ()
    gates: RunGates = field(default_factory=RunGates)
    checks: tuple[CheckSpec, ...] = ()
    max_backtracks: int = 0
    recovery: Mapping[ErrorClass, GoingOn] = field(default_factory=dict[ErrorClass, GoingOn])
    output: Json = None
    timeout_ms: int | None = None
    secrets: tuple[str, ...] = ()
    programs: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    effects: tuple[Effect, ...] | None = None
    lens: LensSpec | None = None
    resolver: StepSpec | None = None
    stages: Mapping[str, StageIds] = field(default_factory=dict[str, StageIds])

    @property
    def known_steps(self) -> tuple[StepSpec, ...]:
        """Returns the steps that are known before the run: of resolver and planner, and those it names."""
        planner = () if self.plan is None else (self.plan.step,)
        resolver = () if self.resolver is None else (self.resolver,)
        return (*resolver, *planner, *self.steps)

    @property
    def named_uses(self) -> tuple[StepSpec, ...]:
        """Returns every use of a skill by these steps, and what may run instead."""
        return tuple(uses_of(self.known_steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCase:
    """A program with the steps of a plan, and what the run that would carry it out may do.

    ``left_micro_cents`` is what it may still spend, ``effects`` what all effects must lie within,
    ``rules`` are those that it has recorded.
    """

    program: Program
    inputs: JsonObject
    left_micro_cents: int
    effects: EffectLimits | None
    bases: Mapping[str, str]
    rules: JsonObject


@dataclass(frozen=True, slots=True, eq=False)
class ChildProgram:
    """What a run may start as a child: a program and what its own text says of its runs.

    ``ceiling_micro_cents`` is None where it says nothing. ``folder`` is where its files stand, seen
    from those of its parent. ``descendants`` says how many runs its steps may start, with those that
    these start, and ``generations`` how many stand below it. ``bind`` gives inputs as the program takes them, or ``INVALID_INPUT``.
    """

    program: Program
    input_schema: JsonObject
    bind: Callable[[JsonObject], JsonObject]
    ceiling_micro_cents: int | None = None
    limits: Limits = field(default_factory=Limits)
    policy: NetworkPolicy | None = None
    folder: str = ""
    descendants: int = 0
    generations: int = 0
