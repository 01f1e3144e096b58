"""A program: what a run executes, whether it came from a file or from a Python function.

Both forms give the same :class:`Program`; the flow of a run (``workc.runtime.flow``) knows no
third thing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from workc.kernel.payloads import Limits
from workc.kernel.recovery import ErrorClass
from workc.kernel.selectors import Effect
from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.lens import LensSpec
from workc.runtime.workflow.model import CheckSpec, GoingOn, RunGates, StepSpec
from workc.stages.context import PriceTable
from workc.stages.network import NetworkPolicy
from workc.stages.skill import Skill


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that decides what a run does, but its inputs.

    ``code`` maps each skill that may be used to the digest of its code.
    ``steps`` stand in plan order (needs before those who need them) and are empty for a function, which then is ``function``.
    ``text`` is what the bundle keeps as the program, at ``path``. ``secrets`` names the
    environment variables that may be used as such. ``max_backtracks`` is how often a run may go back,
    ``recovery`` where to after a failure of a class.
    ``effects`` are all that it declares, None if it declares none.
    ``lens`` is what a run looks at before it decides, None if nothing.
    ``programs`` are the texts of all runs that it may start, and that these may, by name.
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
    function: Callable[..., Awaitable[object]] | None = None
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
