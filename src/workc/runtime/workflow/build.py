"""Builds the workflow from a document in which no problem was found."""

from __future__ import annotations

import re

import msgspec

from workc.kernel.gates import GateKind
from workc.kernel.payloads import Limits
from workc.kernel.permille import WHOLE
from workc.kernel.plans import Planner
from workc.kernel.recovery import ErrorClass
from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.check_effects import declared_in, effects_of
from workc.runtime.workflow.check_inputs import without_default
from workc.runtime.workflow.check_steps import needs_of, takes_of
from workc.runtime.workflow.facts import CHILD_PREFIX, listed, members, skill_of, texts
from workc.runtime.workflow.json_schema import GATE_OF_COMMAND, GATE_WAYS
from workc.runtime.workflow.lens import build_lens, declaring
from workc.runtime.workflow.model import (
    ApprovalSpec,
    CheckSpec,
    ChildSpec,
    CommandSpec,
    GateSpec,
    GoingOn,
    HumanGate,
    InputSpec,
    OnFailure,
    PlanSpec,
    RetrySpec,
    RunGates,
    StepGates,
    StepSpec,
    Then,
    WorkflowFile,
    backtracks_of,
    command_gate,
    gates_of_all,
)
from workc.runtime.workflow.plan_keys import ATTEMPTS, MAX_CHILDREN, MAX_DEPTH, MAX_STEPS
from workc.runtime.workflow.resolve_keys import RESOLVE_STEP
from workc.runtime.workflow.schema_words import WORKFLOW_PATTERN
from workc.runtime.workflow.source import Document
from workc.runtime.workflow.strategy_spec import SignalSpec, StrategySpec
from workc.stages.network import NetworkPolicy

#: The step that asks for a plan; another ask of the same pass has a number behind it.
PLAN_STEP = "plan"


def build_workflow(document: Document) -> WorkflowFile:
    """Returns the workflow that a checked document describes."""
    file = members(document.value)
    budget = members(file.get("budget"))
    verify = tuple(_check(members(spec)) for spec in listed(file.get("verify")))
    steps = _steps(document, members(file.get("steps")))
    gates = _run_gates(members(file.get("gates")))
    recovery = msgspec.convert(members(file.get("recovery")), dict[ErrorClass, GoingOn])
    lens = build_lens(members(file.get("lens")))
    resolver = _resolver(members(file.get("lens")))
    return WorkflowFile(
        name=str(file["name"]),
        description=str(file.get("description", "")),
        inputs=tuple(
            _input(name, members(spec)) for name, spec in members(file.get("inputs")).items()
        ),
        secrets=tuple(texts(file.get("secrets"))),
        skills=tuple(texts(file.get("skills"))),
        budget_ceiling_cents=_count(budget.get("ceiling_cents")),
        limits=msgspec.convert(_without(budget, "ceiling_cents"), Limits),
        timeout_ms=_count(file.get("timeout_ms")),
        policy=_policy(members(file.get("policy"))),
        effects=declaring(declared_in(file), lens),
        lens=lens,
        resolver=resolver,
        steps=steps,
        plan=_plan(file["plan"]) if "plan" in file else None,
        signals=tuple(
            SignalSpec(name=name, that=str(that))
            for name, that in members(file.get("signals")).items()
        ),
        strategies=tuple(_strategy(members(each)) for each in listed(file.get("strategies"))),
        gates=gates,
        verify=verify,
        max_backtracks=backtracks_of(
            verify,
            (gate for _, gate in gates_of_all(gates, steps)),
            recovery,
            _count(file.get("max_backtracks")),
            resolves=resolver is not None,
        ),
        recovery=recovery,
        output=file.get("output"),
    )


def _without(record: JsonObject, name: str) -> JsonObject:
    return {key: value for key, value in record.items() if key != name}


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) else None


def _input(name: str, spec: JsonObject) -> InputSpec:
    return InputSpec(
        name=name,
        schema=without_default(spec),
        has_default="default" in spec,
        default=spec.get("default"),
    )


def _policy(policy: JsonObject) -> NetworkPolicy | None:
    network = policy.get("network")
    return None if network is None else msgspec.convert(network, NetworkPolicy)


def _steps(document: Document, steps: JsonObject) -> tuple[StepSpec, ...]:
    position = {step_id: index for index, step_id in enumerate(steps)}
    return tuple(_step(document, step_id, members(steps[step_id]), position) for step_id in steps)


def _step(document: Document, step_id: str, step: JsonObject, position: dict[str, int]) -> StepSpec:
    needs = tuple(sorted(needs_of(step), key=position.__getitem__))
    return StepSpec(
        id=step_id,
        skill=str(skill_of(step)),
        params=members(step.get("with")),
        depends_on=tuple(texts(step.get("depends_on"))),
        needs=needs,
        takes=tuple(sorted(takes_of(step), key=position.__getitem__)),
        retry=msgspec.convert(members(step.get("retry")), RetrySpec),
        timeout_ms=_count(step.get("timeout_ms")),
        approval=_approval(members(step.get("approval"))),
        gates=_step_gates(members(step.get("gates")), needs),
        on_failure=_on_failure(step.get("on_failure")),
        budget_ceiling_cents=_count(members(step.get("budget")).get("ceiling_cents")),
        child=_child(step),
        effects=effects_of(step),
        resources=tuple(texts(step.get("resources"))),
        resources_wait_ms=_count(step.get("resources_wait_ms")),
        description=str(step.get("description", "")),
        line=document.key_line(("steps", step_id)),
    )


def _child(step: JsonObject) -> ChildSpec | None:
    if "workflow" not in step:
        return None
    return ChildSpec(
        ceiling_cents=_count(step.get("budget_cents")), critical=step.get("critical") is not False
    )


def _resolver(lens: JsonObject) -> StepSpec | None:
    if "resolve" not in lens:
        return None
    said = members(lens["resolve"])
    return StepSpec(
        id=RESOLVE_STEP,
        skill=str(skill_of(said)),
        params=members(said.get("with")),
        child=ChildSpec(ceiling_cents=_count(said.get("budget_cents")), critical=False),
    )


def _plan(said: Json) -> PlanSpec:
    plan = members(said)
    planner: Planner = "skill" if "skill" in plan else "function"
    step = StepSpec(
        id=PLAN_STEP,
        skill=str(plan[planner]),
        params=members(plan.get("with")),
        retry=msgspec.convert(members(plan.get("retry")), RetrySpec),
        timeout_ms=_count(plan.get("timeout_ms")),
        budget_ceiling_cents=_count(plan.get("budget_cents")),
    )
    return PlanSpec(
        planner=planner,
        step=step,
        allow=tuple(map(_allowed, texts(plan.get("allow")))),
        attempts=_or(plan, "attempts", ATTEMPTS),
        max_steps=_or(plan, "max_steps", MAX_STEPS),
        max_children=_or(plan, "max_children", MAX_CHILDREN),
        max_depth=_or(plan, "max_depth", MAX_DEPTH),
        approval=_approval(members(plan.get("approval"))),
    )


def _or(record: JsonObject, name: str, otherwise: int) -> int:
    found = _count(record.get(name))
    return otherwise if found is None else found


def _allowed(name: str) -> str:
    """Returns the name of an allowed skill: of a file, that of running it."""
    return f"{CHILD_PREFIX}{name}" if re.search(WORKFLOW_PATTERN, name) else name


def _approval(spec: JsonObject) -> ApprovalSpec | None:
    return msgspec.convert(spec, ApprovalSpec) if spec else None


def _run_gates(said: JsonObject) -> RunGates:
    return RunGates(pre=_evaluated(said.get("pre")), post=_evaluated(said.get("post")))


def _step_gates(said: JsonObject, sees: tuple[str, ...]) -> StepGates:
    gates = [members(gate) for gate in listed(said.get("pre"))]
    pre = tuple(_human(gate) if "approval" in gate else _gate(gate) for gate in gates)
    return StepGates(pre=pre, post=_evaluated(said.get("post")), sees=sees)


def _evaluated(said: Json) -> tuple[GateSpec, ...]:
    return tuple(_gate(members(gate)) for gate in listed(said))


def _human(gate: JsonObject) -> HumanGate:
    asked = msgspec.convert(members(gate["approval"]), ApprovalSpec)
    return HumanGate(id=str(gate["id"]), asked=asked)


def _gate(gate: JsonObject) -> GateSpec:
    on_fail = msgspec.convert(gate.get("on_fail"), GoingOn | None)
    if "command" in gate:
        beside: JsonObject = {key: gate[key] for key in GATE_OF_COMMAND if key in gate}
        command = msgspec.convert({**beside, "argv": gate["command"]}, CommandSpec)
        return command_gate(str(gate["id"]), command, on_fail)
    kind = next(way for way in GATE_WAYS if way in gate)
    return GateSpec(
        id=str(gate["id"]),
        kind=msgspec.convert(kind, GateKind),
        that=str(gate[kind]),
        on_fail=on_fail,
    )


def _on_failure(said: Json) -> OnFailure | None:
    if said is None:
        return None
    spec = members({"then": said} if isinstance(said, str) else said)
    chosen = next(name for name in ("then", "value", "skill") if name in spec)
    return OnFailure(
        then=msgspec.convert(spec["then"] if chosen == "then" else chosen, Then),
        when=tuple(texts(spec.get("when"))),
        value=spec.get("value"),
        skill=str(spec.get("skill", "")),
        params=members(spec.get("with")),
        retry=msgspec.convert(members(spec.get("retry")), RetrySpec),
        timeout_ms=_count(spec.get("timeout_ms")),
    )


def _strategy(spec: JsonObject) -> StrategySpec:
    return StrategySpec(
        id=str(spec["id"]),
        when=str(spec["when"]),
        version=str(spec.get("version", "1")),
        threshold=_or(spec, "threshold", 0),
        weight=_or(spec, "weight", WHOLE),
        parameters=members(spec.get("parameters")),
    )


def _check(spec: JsonObject) -> CheckSpec:
    said: JsonObject = {key: spec[key] for key in ("id", "level", "on_fail") if key in spec}
    asks = None if "that" in spec else _gate(_without(spec, "on_fail"))
    that = spec["that"] if asks is None else asks.that
    fields: JsonObject = {"level": "Semantic", **said, "that": that}
    made = msgspec.convert(fields, CheckSpec)
    return msgspec.structs.replace(made, asks=asks)
