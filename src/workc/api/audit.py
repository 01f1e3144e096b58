"""The audit before spending: what a workflow will do, in which order, where, and for how much at most.

Nothing runs and no address is asked. A finding is a *problem* (the run would be refused) or a
*warning* (it may be).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from workc.api.bounds import Bound, bound_of, known_params, unknown_references
from workc.api.determinism import Reaching, reaching
from workc.api.programs import FileProgram, Workflow
from workc.api.settings import Settings
from workc.kernel.ledger import MICRO_CENTS_PER_CENT
from workc.kernel.values import Json, JsonObject
from workc.runtime.context import money
from workc.runtime.workflow.inputs import bind_inputs
from workc.runtime.workflow.model import StepSpec
from workc.skills.llm_invoke import KEY_NAMES
from workc.skills.registry import builtin_skills
from workc.stages.skill import Skill

LLM = "llm_invoke"


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to know before running. ``code`` is of the failure catalog, if it has one.

    Of one about code ``skill``, ``file`` and ``line`` (from 1) say where, ``instead`` what to use.
    """

    level: Literal["problem", "warning"]
    message: str
    step: str | None = None
    code: str | None = None
    skill: str | None = None
    file: str | None = None
    line: int | None = None
    instead: str | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the plan; steps of one ``wave`` may run at once, waves count from 1."""

    step: str
    skill: str
    wave: int
    needs: tuple[str, ...]
    effects: tuple[str, ...]
    target: str
    cost: Bound | None = None


class SecretUse(msgspec.Struct, frozen=True, kw_only=True):
    """A secret by name, never by value, and whether the environment has it."""

    name: str
    is_set: bool


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What the audit found. ``total_micro_cents`` is None while a bound is not known."""

    name: str
    kind: Literal["file", "function"]
    plan: tuple[Planned, ...]
    remarks: tuple[Remark, ...]
    secrets: tuple[SecretUse, ...]
    ceiling_micro_cents: int
    total_micro_cents: int | None
    prices_date: str
    prices_sha256: str

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
    ceiling = _ceiling(found.workflow.budget_ceiling_cents, settings)
    secrets = _secrets(found, settings)
    worst = [step.cost.worst_micro_cents for step in plan if step.cost is not None]
    total = None if None in worst else sum(cost or 0 for cost in worst)
    remarks = [
        *(remark for step in plan for remark in _cost_remarks(step, ceiling)),
        *_total_remarks(total, ceiling, plan),
        *(_unset(secret) for secret in secrets if not secret.is_set),
        *_check_remarks(len(found.program.checks)),
        *code,
    ]
    return _result(found.program.name, "file", plan, remarks, secrets, ceiling, total, settings)


def _result(
    name: str,
    kind: Literal["file", "function"],
    plan: list[Planned],
    remarks: list[Remark],
    secrets: list[SecretUse],
    ceiling: int,
    total: int | None,
    settings: Settings,
) -> Audit:
    return Audit(
        name=name,
        kind=kind,
        plan=tuple(plan),
        remarks=tuple(remarks),
        secrets=tuple(secrets),
        ceiling_micro_cents=ceiling,
        total_micro_cents=total,
        prices_date=settings.price_table.date,
        prices_sha256=settings.price_table.sha256,
    )


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
    ceiling = _ceiling(None, settings)
    return _result(found.name, "function", [], remarks, [], ceiling, None, settings)


def _known_inputs(found: FileProgram, given: Mapping[str, Json]) -> JsonObject:
    """Returns the inputs that have a value now: those given and those with a default."""
    known = [s for s in found.workflow.inputs if s.name in given or s.has_default]
    return bind_inputs(msgspec.structs.replace(found.workflow, inputs=tuple(known)), given)


def _ceiling(cents: int | None, settings: Settings) -> int:
    own = [] if cents is None else [cents * MICRO_CENTS_PER_CENT]
    asked = [] if settings.ceiling_micro_cents is None else [settings.ceiling_micro_cents]
    return min([*own, *asked], default=0)


def _plan(found: FileProgram, inputs: JsonObject, settings: Settings) -> list[Planned]:
    waves: dict[str, int] = {}
    plan: list[Planned] = []
    for step in found.program.steps:
        waves[step.id] = 1 + max((waves[need] for need in step.needs), default=0)
        skill = found.program.skills[step.skill]
        plan.append(
            Planned(
                step=step.id,
                skill=step.skill,
                wave=waves[step.id],
                needs=step.needs,
                effects=("Unknown",) if skill.effects is None else skill.effects,
                target=_target(step, inputs),
                cost=_cost(step, skill, inputs, settings),
            )
        )
    return plan


def _cost(
    step: StepSpec, skill: Skill[..., object], inputs: JsonObject, settings: Settings
) -> Bound | None:
    if builtin_skills().get(LLM) is not skill:
        return None
    return bound_of(step, skill, settings.price_table, inputs)


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


def _cost_remarks(step: Planned, ceiling: int) -> list[Remark]:
    cost = step.cost
    if cost is None:
        return []
    if cost.failure is not None:
        failure = cost.failure
        return [Remark(level="problem", message=failure.message, step=step.step, code=failure.code)]
    least = cost.bound_micro_cents or cost.known_part_micro_cents or 0
    if least > ceiling:
        message = f"one call may cost {money(least)}, more than the budget of {money(ceiling)}"
        return [Remark(level="problem", message=message, step=step.step, code="BUDGET_EXCEEDED")]
    if cost.depends_on:
        message = f"its cost depends on {', '.join(cost.depends_on)}"
        return [Remark(level="warning", message=message, step=step.step)]
    return []


def _total_remarks(total: int | None, ceiling: int, plan: list[Planned]) -> list[Remark]:
    if total is not None and total > ceiling:
        message = f"all attempts together may cost {money(total)}; the budget may refuse some"
        return [Remark(level="warning", message=message)]
    others = [step.step for step in plan if step.cost is None and "Cost" in step.effects]
    if others:
        message = f"what {', '.join(others)} may cost is known only when it reserves"
        return [Remark(level="warning", message=message)]
    return []


def _secrets(found: FileProgram, settings: Settings) -> list[SecretUse]:
    names = [*found.workflow.secrets]
    for step in found.program.steps:
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
    members: dict[str, Json] = msgspec.to_builtins(step)
    if step.cost is not None:
        cost: dict[str, Json] = msgspec.to_builtins(step.cost)
        members["cost"] = {**cost, "worst_micro_cents": step.cost.worst_micro_cents}
    return members
