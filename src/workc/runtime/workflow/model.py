"""A checked workflow as values: what the engine runs. Nothing here can be wrong any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, TypeAlias

import msgspec

from workc.kernel import canonical
from workc.kernel.gates import BARRING, GateKind, When
from workc.kernel.payloads import Limits, Target
from workc.kernel.plans import Planner
from workc.kernel.recovery import ErrorClass
from workc.kernel.selectors import Effect
from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.lens import LensSpec
from workc.runtime.workflow.strategy_spec import SignalSpec, StrategySpec
from workc.stages.network import NetworkPolicy
from workc.stages.schema import Schema

Level: TypeAlias = Literal["Syntactic", "Semantic", "Regression", "Acceptance"]
#: What ``${feedback....}`` gives beside ``pass``, in a pass that has none before it.
NO_FEEDBACK: JsonObject = {
    "code": "",
    "error_class": "",
    "failed": [],
    "gate": "",
    "message": "",
    "of": "",
}
#: What follows a failure: another pass that begins in this phase, or none.
GoingOn: TypeAlias = Target | Literal["stop"]


class SkillInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks must know about a skill.

    ``input_schema`` is an object schema of the subset of ``workc.stages.schema``. Secrets may stand
    only inside the parameters ``secret_params``. ``expression_params`` hold JMESPath. ``gate_params``
    are what it takes if it may be a gate, which a pure function may; else None. ``compiled`` is what
    ``input_schema`` was compiled to, where it was.
    """

    input_schema: JsonObject
    secret_params: tuple[str, ...] = ()
    expression_params: tuple[str, ...] = ()
    gate_params: tuple[str, ...] | None = None
    compiled: Schema | None = None

    def schema_of(self, param: str) -> Schema:
        """Returns the schema of a parameter.

        Raises:
            LookupError: there is no such parameter.
        """
        return (self.compiled or Schema(self.input_schema)).member(param)


class InputSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A declared input: its JSON Schema (``default`` taken out) and its default, if it has one."""

    name: str
    schema: JsonObject
    has_default: bool = False
    default: Json = None

    @property
    def type(self) -> str:
        """Returns the declared type: string, integer, number, boolean, object or array."""
        return str(self.schema["type"])


class RetrySpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a step says about its retries; None leaves it to the catalog."""

    max_attempts: int | None = None
    base_delay_ms: int | None = None
    max_delay_ms: int | None = None
    multiplier_permille: int | None = None
    jitter_permille: int | None = None


#: The name of the gate that ``approval`` of a step is.
APPROVAL = "approval"


class ApprovalSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a human is asked before a step begins; the question may hold references.

    ``timeout_ms`` is how long the answer may take; None: for ever.
    """

    question: str
    timeout_ms: int | None = None


class CommandSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The program of a gate: its arguments, its working folder, and how long it may take."""

    argv: tuple[str, ...]
    cwd: str | None = None
    timeout_ms: int = 60_000


class GateSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One gate that is evaluated.

    ``that`` is an expression, the name of a function or a rule, or what ``command`` runs, as JSON.
    ``on_fail`` is what it says of its failure.
    """

    id: str
    kind: GateKind
    that: str
    command: CommandSpec | None = None
    on_fail: GoingOn | None = None

    def back_to(self, when: When) -> Target | None:
        """Returns where a run goes back to if the gate fails then and the run may; None: nowhere.

        A gate that keeps work from beginning says that the plan does not fit, if it says nothing else.
        """
        if self.on_fail == "stop":
            return None
        return self.on_fail or ("Decide" if when in BARRING else None)


def command_gate(name: str, command: CommandSpec, on_fail: GoingOn | None = None) -> GateSpec:
    """Returns the gate that runs a program."""
    that = canonical.encode(list[Json](command.argv)).decode()
    return GateSpec(id=name, kind="command", that=that, command=command, on_fail=on_fail)


class HumanGate(msgspec.Struct, frozen=True, kw_only=True):
    """One gate that a human answers before a step begins."""

    id: str
    asked: ApprovalSpec


class StepGates(msgspec.Struct, frozen=True, kw_only=True):
    """The gates of a step: before each of its attempts, and on what it gave.

    ``sees`` are the steps whose values they may look at: all of them are over when it begins.
    """

    pre: tuple[GateSpec | HumanGate, ...] = ()
    post: tuple[GateSpec, ...] = ()
    sees: tuple[str, ...] = ()


class RunGates(msgspec.Struct, frozen=True, kw_only=True):
    """The gates of a run: before its first step, and on its output."""

    pre: tuple[GateSpec, ...] = ()
    post: tuple[GateSpec, ...] = ()


Then: TypeAlias = Literal["fail", "skip", "abort", "value", "skill"]


class OnFailure(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a run when a step has failed for good; ``value`` and ``params`` may hold references.

    ``when`` are the codes, or categories of codes, that it is said of; empty: of all. ``value`` is
    set for the action ``value``, and what follows it for ``skill``.
    """

    then: Then
    when: tuple[str, ...] = ()
    value: Json = None
    skill: str = ""
    params: JsonObject = {}
    retry: RetrySpec = RetrySpec()
    timeout_ms: int | None = None


class ChildSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a step says of the run that it starts: what that may cost, and whether it must succeed."""

    ceiling_cents: int | None = None
    critical: bool = True


class StepSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One step. ``params`` still holds its references.

    ``depends_on`` is what the file says; ``needs`` adds the steps that ``params`` refers to, all of
    them in file order; ``takes`` are those of ``needs`` whose output it refers to. ``effects`` are
    what it declares, None if nothing. ``line`` is where the step stands in the file, from 1; 0 if there is none.
    """

    id: str
    skill: str
    params: JsonObject = {}
    depends_on: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    retry: RetrySpec = RetrySpec()
    timeout_ms: int | None = None
    approval: ApprovalSpec | None = None
    gates: StepGates = StepGates()
    on_failure: OnFailure | None = None
    budget_ceiling_cents: int | None = None
    child: ChildSpec | None = None
    effects: tuple[Effect, ...] | None = None
    resources: tuple[str, ...] = ()
    resources_wait_ms: int | None = None
    description: str = ""
    line: int = 0

    @property
    def barriers(self) -> tuple[GateSpec | HumanGate, ...]:
        """Returns what it must pass to begin, its approval last: nobody is asked in vain."""
        asked = self.approval
        own = () if asked is None else (HumanGate(id=APPROVAL, asked=asked),)
        return (*self.gates.pre, *own)

    @property
    def instead(self) -> StepSpec | None:
        """Returns the step as another skill does it when its own has failed, if one may."""
        found = self.on_failure
        if found is None or found.then != "skill":
            return None
        return msgspec.structs.replace(
            self,
            skill=found.skill,
            params=found.params,
            retry=found.retry,
            timeout_ms=found.timeout_ms,
            approval=None,
            # What let the step begin let it begin with this skill too; what it gives is judged anew.
            gates=msgspec.structs.replace(self.gates, pre=()),
            on_failure=None,
            child=None,
        )


class PlanSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes the plan of a run that names no steps, and what it may be.

    ``step`` is the planner's call. ``allow`` are the skills that the plan may use, of a workflow file
    that of running it as a child. ``attempts`` is how often a planner is asked at most; ``max_depth``
    how many generations of children may stand below the run. ``approval`` is what a human is asked
    about each plan, None if nobody is.
    """

    planner: Planner
    step: StepSpec
    allow: tuple[str, ...]
    attempts: int
    max_steps: int
    max_children: int
    max_depth: int
    approval: ApprovalSpec | None = None


def uses_of(steps: Iterable[StepSpec]) -> Iterator[StepSpec]:
    """Yields every use of a skill that steps may come to: each step, and what may run instead."""
    for step in steps:
        yield step
        if step.instead is not None:
            yield step.instead


class CheckSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One check of ``verify``: a JMESPath over ``{inputs, lens, steps, output}`` that must give true (no other value passes).

    ``on_fail`` is the phase to which the run goes back if it does not hold; None: it has failed.
    ``asks`` is the function or the command that is asked in place of the expression.
    """

    id: str
    level: Level
    that: str
    on_fail: Target | None = None
    asks: GateSpec | None = None


def backtracks_of(
    checks: Iterable[CheckSpec],
    gates: Iterable[GateSpec],
    recovery: Mapping[ErrorClass, GoingOn],
    most: int | None,
    *,
    resolves: bool = False,
) -> int:
    """Returns how often a run may go back: once, where something asks for it and nothing is said.

    ``resolves`` says that a conflict of its lens may be resolved, after which it goes back once more.
    """
    of_gates = [gate.on_fail for gate in gates]
    said = [*(check.on_fail for check in checks), *of_gates, *recovery.values()]
    asked = [each for each in said if each not in {None, "stop"}]
    return most if most is not None else int(bool(asked)) + resolves


class WorkflowFile(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow; ``steps`` in file order.

    ``max_backtracks`` is how often the run may go back, ``recovery`` where to after a failure of a class.
    ``plan`` is who makes its plan, None if it names its steps.
    ``budget_ceiling_cents`` and ``timeout_ms`` are None when absent; 0 means 0. ``limits`` are those
    of the budget beside money. ``effects`` are all that the file declares, of the run and of its
    steps and its lens; None if it declares none. ``lens`` is what it looks at, None if nothing,
    ``resolver`` the step that resolves what that contradicts itself about.
    """

    name: str
    description: str = ""
    inputs: tuple[InputSpec, ...] = ()
    secrets: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    budget_ceiling_cents: int | None = None
    limits: Limits = Limits()
    timeout_ms: int | None = None
    policy: NetworkPolicy | None = None
    effects: tuple[Effect, ...] | None = None
    lens: LensSpec | None = None
    resolver: StepSpec | None = None
    steps: tuple[StepSpec, ...] = ()
    plan: PlanSpec | None = None
    signals: tuple[SignalSpec, ...] = ()
    strategies: tuple[StrategySpec, ...] = ()
    gates: RunGates = RunGates()
    verify: tuple[CheckSpec, ...] = ()
    max_backtracks: int = 0
    recovery: dict[ErrorClass, GoingOn] = {}
    output: Json = None


def gates_of_all(
    gates: RunGates, steps: Iterable[StepSpec]
) -> Iterator[tuple[StepSpec | None, GateSpec]]:
    """Yields every gate that is evaluated, with its step if it is of one."""
    for gate in (*gates.pre, *gates.post):
        yield None, gate
    for step in steps:
        for own in (*step.gates.pre, *step.gates.post):
            if isinstance(own, GateSpec):
                yield step, own


def asked_by(checks: Iterable[CheckSpec]) -> Iterator[GateSpec]:
    """Yields what is asked by checks that are no expressions."""
    return (check.asks for check in checks if check.asks is not None)


def gate_functions(workflow: WorkflowFile) -> Iterator[str]:
    """Yields the names of the functions that gates and checks of a workflow use."""
    gates = (gate for _, gate in gates_of_all(workflow.gates, workflow.steps))
    for gate in (*gates, *asked_by(workflow.verify)):
        if gate.kind == "function":
            yield gate.that
