"""Judges the plan of a planner: what it may cost at most, and what it is sure to ask for.

The numbers and permissions are those of the audit behind ``workc check``, under what the run has left
and what it has recorded. A step whose cost is not known before it runs must say its ceiling, so that the
worst case of a plan is always known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from workc.api.bounds import bound_of
from workc.api.child_files import generations, refuse_large_family
from workc.api.composition import composition_remarks
from workc.api.known_requests import (
    address_failure,
    effect_failure,
    grant_failure,
    known_request,
)
from workc.kernel.failure import Failure, Misuse, Refusal, refuse
from workc.kernel.ledger import MICRO_CENTS_PER_CENT
from workc.kernel.values import JsonObject
from workc.runtime.amounts import money
from workc.runtime.child_step import ChildSkill, children_in
from workc.runtime.plan_problem import PlanProblem
from workc.runtime.program import ChildProgram, PlanCase
from workc.runtime.spawning import child_ceiling
from workc.runtime.workflow.model import (
    ChildSpec,
    PlanSpec,
    RunGates,
    StepSpec,
    gates_of_all,
    uses_of,
)
from workc.skills.registry import builtin_skills
from workc.stages.effect_limits import decide_unknown
from workc.stages.effects import EffectRequest, ProgramRun
from workc.stages.grants import Grants, grants_of
from workc.stages.network import NetworkPolicy
from workc.stages.stage.types import base_of

_LLM = "llm_invoke"


def plan_skills(plan: PlanSpec | None) -> tuple[str, ...]:
    """Returns the skills that a run may use because of its planner: that, and what it may plan with."""
    return () if plan is None else tuple(dict.fromkeys((plan.step.skill, *plan.allow)))


def refuse_deep_plan(plan: PlanSpec | None, children: Mapping[str, ChildProgram]) -> None:
    """Refuses a planner that may start more generations than its file says.

    Raises:
        Refusal: ``INVALID_WORKFLOW``.
    """
    depth = generations(children)
    if plan is not None and depth > plan.max_depth:
        message = f"a plan could start {depth} generations of runs; max_depth is {plan.max_depth}"
        raise refuse("INVALID_WORKFLOW", message)


def judged_plan(case: PlanCase) -> list[PlanProblem]:
    """Returns what forbids a plan: steps that cannot fit together, its cost, its effects, its children.

    Effects are what it may ask for: addresses, files, programs.
    """
    return [*_misfits(case), *_costs(case), *_permissions(case), *_families(case)]


def _misfits(case: PlanCase) -> Iterator[PlanProblem]:
    # The inputs have values by now, which say more than what is declared of them.
    inputs = {name: base_of(value) for name, value in case.inputs.items()}
    for remark in composition_remarks(case.program, inputs):
        path = "output" if remark.step is None else f"steps.{remark.step}"
        yield PlanProblem(code="INVALID_WORKFLOW", message=remark.message, path=path)


def _families(case: PlanCase) -> Iterator[PlanProblem]:
    try:
        refuse_large_family(
            (step.skill for step in case.program.steps), children_in(case.program.skills)
        )
    except Refusal as refusal:
        yield PlanProblem(code="QUOTA_EXCEEDED", message=refusal.failure.message, path="steps")


def _costs(case: PlanCase) -> Iterator[PlanProblem]:
    total = 0
    for step in case.program.steps:
        own = _cost_of(case, step)
        if isinstance(own, PlanProblem):
            yield own
        else:
            total += own
    if total > case.left_micro_cents:
        left = money(case.left_micro_cents)
        message = f"the plan may cost up to {money(total)}, and {left} of the budget is left"
        yield PlanProblem(code="BUDGET_EXCEEDED", message=message, path="steps")


def _cost_of(case: PlanCase, step: StepSpec) -> int | PlanProblem:
    """Returns what a step may cost at most, or why that is not known."""
    cents = step.budget_ceiling_cents
    ceiling = None if cents is None else cents * MICRO_CENTS_PER_CENT
    worst = 0
    for use in uses_of([step]):
        found = _cost_of_use(case, use)
        if isinstance(found, Failure):
            return _problem(step, found)
        if found is None and ceiling is None:
            message = "what it may cost depends on what only the run will know"
            fix = 'give budget: {"ceiling_cents": N}'
            failure = Failure(code="BUDGET_EXCEEDED", message=f"{message}; {fix}")
            return _problem(step, failure)
        worst += found or 0
        if found is None:
            return ceiling or 0
    return worst if ceiling is None else min(worst, ceiling)


def _cost_of_use(case: PlanCase, use: StepSpec) -> int | Failure | None:
    skill = case.program.skills[use.skill]
    if isinstance(skill, ChildSkill):
        return child_ceiling(skill.child, use.child or ChildSpec())
    if builtin_skills().get(_LLM) is not skill:
        return None if "Cost" in (skill.effects or ()) else 0
    bound = bound_of(use, skill, case.program.prices, case.inputs)
    return bound.worst_micro_cents if bound.failure is None else bound.failure


def _permissions(case: PlanCase) -> Iterator[PlanProblem]:
    network = msgspec.convert(case.rules.get("network", {}), NetworkPolicy)
    # Where somebody stands in for the world, no address is reached.
    stood_in = bool({"stubs", "recording"} & case.rules.keys())
    grants = _grants(case.rules)
    for use in uses_of(case.program.steps):
        for failure in _refusals(case, use, None if stood_in else network, grants):
            yield _problem(use, failure)
    for step, gate in gates_of_all(RunGates(), case.program.steps):
        if step is not None and gate.command is not None:
            request = ProgramRun(argv=gate.command.argv, cwd=gate.command.cwd)
            yield from (_problem(step, each) for each in _denied(case, step, request, grants))


def _refusals(
    case: PlanCase, use: StepSpec, network: NetworkPolicy | None, grants: Grants
) -> Iterator[Failure]:
    skill, limits = case.program.skills[use.skill], case.effects
    if limits is not None and not skill.pure and skill.kind != "context":
        unknown = decide_unknown(limits)
        if unknown is not None:
            yield unknown
    blocked = None if network is None else address_failure(use, case.inputs, network)
    if blocked is not None:
        yield blocked
    request = known_request(use, skill, case.inputs)
    if request is not None:
        yield from _denied(case, use, request, grants)


def _denied(
    case: PlanCase, use: StepSpec, request: EffectRequest, grants: Grants
) -> Iterator[Failure]:
    """Yields why a request may not be made: effects that bound the run, and what it is granted."""
    limits = case.effects
    beyond = None if limits is None else effect_failure(use, request, limits, case.bases)
    for failure in (beyond, grant_failure(request, grants)):
        if failure is not None:
            yield failure


def _grants(rules: JsonObject) -> Grants:
    try:
        return grants_of(rules)
    except Misuse:
        return Grants()


def _problem(step: StepSpec, failure: Failure) -> PlanProblem:
    return PlanProblem(code=failure.code, message=failure.message, path=f"steps.{step.id}")
