"""The audit before spending: what a workflow will do, in which order, where, and for how much at most.

Nothing runs and no address is asked. A finding is a *problem* (the run would be refused) or a
*warning* (it may be).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from workc.api.bounds import Bound, bound_of, known_params, unknown_references
from workc.api.budgets import with_budget_of
from workc.api.composition import composition_remarks, declared_types
from workc.api.cost_remarks import Costly, Remark, cost_remarks, totals_of
from workc.api.determinism import Reaching, reaching
from workc.api.effect_remarks import effect_remarks, shown_effects
from workc.api.needs import GateNote, Needs, gates_in, grant_remarks, needs_of
from workc.api.policies import lock_refusal
from workc.api.programs import FileProgram
from workc.api.settings import Settings
from workc.api.workflows import Workflow
from workc.kernel.ledger import MICRO_CENTS_PER_CENT
from workc.kernel.payloads import Limits
from workc.kernel.payloads import given as known
from workc.kernel.values import Json, JsonObject
from workc.runtime.child_step import ChildSkill
from workc.runtime.fallback import planned_as
from workc.runtime.program import Program
from workc.runtime.spawning import child_ceiling
from workc.runtime.workflow.inputs import bind_inputs
from workc.runtime.workflow.model import ChildSpec, StepSpec
from workc.skills.llm_invoke import KEY_NAMES
from workc.skills.registry import builtin_skills
from workc.stages.skill import Skill

LLM = "llm_invoke"


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a skill: what it does, where, and for how much at most."""

    skill: str
    effects: tuple[str, ...]
    target: str
    cost: Bound | None = None

    @property
    def worst_micro_cents(self) -> int | None:
        """Returns what all attempts can cost at most; None while that is not known."""
        if self.cost is not None:
            return self.cost.worst_micro_cents
        return None if {"Cost", "Unknown"} & {*self.effects} else 0


class Planned(Use, frozen=True, kw_only=True):
    """One step of the plan; steps of one ``wave`` may run at once, waves count from 1.

    ``on_failure`` is what it says of its failure, ``fail`` if it says nothing; ``instead`` is the
    skill that may then run in its place.
    """

    step: str
    wave: int
    needs: tuple[str, ...]
    on_failure: str = "fail"
    instead: Use | None = None

    @property
    def uses(self) -> tuple[Use, ...]:
        """Returns the step itself, and what may run instead."""
        return (self,) if self.instead is None else (self, self.instead)

    @property
    def all_effects(self) -> tuple[str, ...]:
        """Returns the effects that it may come to, each once."""
        return tuple(dict.fromkeys(effect for use in self.uses for effect in use.effects))


class SecretUse(msgspec.Struct, frozen=True, kw_only=True):
    """A secret by name, never by value, and whether the environment has it."""

    name: str
    is_set: bool


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What the audit found. ``total_...`` is what all attempts can use; None while not known.

    ``declared`` are the effects that the workflow declares, None if it declares none. ``needs`` is what
    a run must be granted, ``gates`` are those that it passes.
    """

    name: str
    kind: Literal["file", "function"]
    plan: tuple[Planned, ...]
    remarks: tuple[Remark, ...]
    secrets: tuple[SecretUse, ...]
    declared: tuple[str, ...] | None
    ceiling_micro_cents: int
    limits: Limits
    total_micro_cents: int | None = None
    total_tokens: int | None = None
    total_calls: int | None = None
    prices_date: str
    prices_sha256: str
    needs: Needs
    gates: tuple[GateNote, ...]

    @property
    def ok(self) -> bool:
        """Returns whether nothing was found that must refuse the run."""
        return not any(remark.level == "problem" for remark in self.remarks)


def audit(
    found: FileProgram | Workflow[..., object],
    given: Mapping[str, Json],
    settings: Settings,
    *,
    strict: bool = False,
) -> Audit:
    """Returns the audit of a workflow whose file is valid.

    With ``strict`` code that reaches around ``ctx`` is a problem, ``NONDETERMINISTIC``.

    Raises:
        Refusal: ``INVALID_INPUT`` if an input that is given does not fit.
    """
    code = [_code_remark(place, strict=strict) for place in reaching(found)]
    if isinstance(found, Workflow):
        return _function_audit(found, code, settings)
    inputs = _known_inputs(found, given)
    plan = _plan(found, inputs, settings)
    budget = with_budget_of(settings, found.workflow)
    ceiling = budget.ceiling_micro_cents or 0
    secrets = _secrets(found, settings)
    costly = _costly(found, plan)
    totals = totals_of(costly, passes_of(found))
    if found.program.plan is not None:
        # What a plan may cost is judged when there is one.
        totals = replace(totals, micro_cents=None, tokens=None)
    remarks = [
        *cost_remarks(costly, totals, ceiling, budget.limits),
        *_uncounted(plan),
        *_unplanned(found.program),
        *composition_remarks(found.program, declared_types(found.workflow.inputs)),
        *effect_remarks(found.program, inputs, settings),
        *_lock_remarks(found.program, settings),
        *grant_remarks(found.program, inputs, settings.ruling),
        *(_unset(secret) for secret in secrets if not secret.is_set),
        *_check_remarks(len(found.program.checks)),
        *code,
    ]
    return Audit(
        name=found.program.name,
        kind="file",
        plan=tuple(plan),
        remarks=tuple(remarks),
        secrets=tuple(secrets),
        declared=shown_effects(found.program.effects),
        ceiling_micro_cents=ceiling,
        limits=budget.limits,
        total_micro_cents=totals.micro_cents,
        total_tokens=totals.tokens,
        total_calls=totals.calls,
        prices_date=settings.price_table.date,
        prices_sha256=settings.price_table.sha256,
        needs=needs_of(found.program, inputs),
        gates=gates_in(found.program.gates, found.program.steps, found.program.checks),
    )


def passes_of(found: FileProgram) -> int:
    """Returns how often the plan may be carried out: once, and once more each time it goes back."""
    return 1 + found.program.max_backtracks


def _costly(found: FileProgram, plan: list[Planned]) -> list[Costly]:
    ceilings = {step.id: step.budget_ceiling_cents for step in found.program.known_steps}
    own = {
        name: None if cents is None else cents * MICRO_CENTS_PER_CENT
        for name, cents in ceilings.items()
    }
    return [
        Costly(step.step, use.cost, own[step.step], is_fallback=use is not step)
        for step in plan
        for use in step.uses
        if use.cost is not None
    ]


def _code_remark(place: Reaching, *, strict: bool) -> Remark:
    return Remark(
        level="problem" if strict else "warning",
        message=place.message,
        code="NONDETERMINISTIC",
        skill=place.skill,
        file=place.file,
        line=place.line,
        instead=place.instead,
    )


def _function_audit(found: Workflow[..., object], code: list[Remark], settings: Settings) -> Audit:
    remarks = [
        Remark(level="warning", message="the plan and cost of a function are known when it runs"),
        *_check_remarks(len(found.checks)),
        *code,
    ]
    budget = with_budget_of(settings, None)
    return Audit(
        name=found.name,
        kind="function",
        plan=(),
        remarks=tuple(remarks),
        secrets=(),
        declared=shown_effects(found.effects),
        ceiling_micro_cents=budget.ceiling_micro_cents or 0,
        limits=budget.limits,
        prices_date=settings.price_table.date,
        prices_sha256=settings.price_table.sha256,
        needs=Needs(options=(), hosts=(), unknown=(found.name,)),
        gates=gates_in(found.gates, (), found.checks),
    )


def _known_inputs(found: FileProgram, given: Mapping[str, Json]) -> JsonObject:
    """Returns the inputs that have a value now: those given and those with a default."""
    known = [s for s in found.workflow.inputs if s.name in given or s.has_default]
    return bind_inputs(msgspec.structs.replace(found.workflow, inputs=tuple(known)), given)


def _plan(found: FileProgram, inputs: JsonObject, settings: Settings) -> list[Planned]:
    waves: dict[str, int] = {}
    plan: list[Planned] = []
    for step in found.program.known_steps:
        waves[step.id] = 1 + max((waves[need] for need in step.needs), default=0)
        own, other = _use(step, found.program, inputs, settings), step.instead
        plan.append(
            Planned(
                **msgspec.structs.asdict(own),
                step=step.id,
                wave=waves[step.id],
                needs=step.needs,
                on_failure=planned_as(step.on_failure) or "fail",
                instead=None if other is None else _use(other, found.program, inputs, settings),
            )
        )
    return plan


def _use(step: StepSpec, program: Program, inputs: JsonObject, settings: Settings) -> Use:
    skill = program.skills[step.skill]
    return Use(
        skill=step.skill,
        effects=("Unknown",) if skill.effects is None else skill.effects,
        target=_target(step, inputs),
        cost=_cost(step, skill, inputs, settings),
    )


def _cost(
    step: StepSpec, skill: Skill[..., object], inputs: JsonObject, settings: Settings
) -> Bound | None:
    if isinstance(skill, ChildSkill):
        return _of_child(step, skill)
    if builtin_skills().get(LLM) is not skill:
        return None
    return bound_of(step, skill, settings.price_table, inputs)


def _of_child(step: StepSpec, skill: ChildSkill) -> Bound:
    """Returns what a child may use at most: all that is reserved for it, once."""
    ceiling = child_ceiling(skill.child, step.child or ChildSpec())
    return Bound(bound_micro_cents=ceiling, bound_tokens=known(skill.child.limits.tokens))


def _target(step: StepSpec, inputs: JsonObject) -> str:
    """Returns the host that a step reaches, as far as it is known now."""
    known = known_params(step.params, inputs)
    name = {"http_call": "url", LLM: "base_url"}.get(step.skill)
    if name is None:
        return ""
    if name in unknown_references(step.params, inputs):
        return f"depends on {step.params[name]}"
    provider = known.get("provider", "openai")
    if name not in known:
        return f"the address of {provider}" if step.skill == LLM else ""
    try:
        return urlsplit(str(known[name])).netloc.rpartition("@")[2]
    except ValueError:
        return str(known[name])


def _uncounted(plan: list[Planned]) -> list[Remark]:
    others = [
        step.step
        for step in plan
        if any(use.cost is None and "Cost" in use.effects for use in step.uses)
    ]
    if not others:
        return []
    message = f"what {', '.join(others)} may cost is known only when it reserves"
    return [Remark(level="warning", message=message)]


def _unplanned(program: Program) -> list[Remark]:
    plan = program.plan
    if plan is None:
        return []
    names = ", ".join(plan.allow)
    message = (
        f"{plan.step.skill} plans the steps when it runs, with {names}; each plan is judged first"
    )
    return [Remark(level="warning", message=message)]


def _lock_remarks(program: Program, settings: Settings) -> list[Remark]:
    failure = lock_refusal(program, settings.ruling)
    if failure is None:
        return []
    return [Remark(level="problem", message=failure.message, code=failure.code)]


def _secrets(found: FileProgram, settings: Settings) -> list[SecretUse]:
    names = [*found.workflow.secrets]
    for step in found.program.named_uses:
        if step.skill == LLM:
            standard = KEY_NAMES[
                "anthropic" if step.params.get("provider") == "anthropic" else "openai"
            ]
            names.append(str(step.params.get("api_key_env", standard)))
    chosen = [name for name in dict.fromkeys(names) if name]
    return [SecretUse(name=name, is_set=bool(settings.environment.get(name))) for name in chosen]


def _unset(secret: SecretUse) -> Remark:
    return Remark(level="warning", message=f"the environment has no {secret.name}")


def _check_remarks(checks: int) -> list[Remark]:
    message = "the workflow states no checks, so a run of it verifies nothing"
    return [] if checks else [Remark(level="warning", message=message)]


def audit_json(found: Audit) -> JsonObject:
    """Returns an audit as the members of ``workc.check/1``."""
    members: dict[str, Json] = msgspec.to_builtins(found)
    return {**members, "plan": [_planned_json(step) for step in found.plan]}


def _planned_json(step: Planned) -> JsonObject:
    instead = None if step.instead is None else _use_json(step.instead)
    return {**_use_json(step), "instead": instead}


def _use_json(use: Use) -> JsonObject:
    members: dict[str, Json] = msgspec.to_builtins(use)
    if use.cost is not None:
        cost: dict[str, Json] = msgspec.to_builtins(use.cost)
        worst = {
            "worst_micro_cents": use.cost.worst_micro_cents,
            "worst_tokens": use.cost.worst_tokens,
        }
        members["cost"] = {**cost, **worst}
    return members
