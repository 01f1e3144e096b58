"""Decide: takes the plan of the program, or asks a planner for one until it may be carried out.

Asking is a step in a lane of its own, so that its effects, its money and its failures are those of any
step. What came of it is decided in the root lane: refused with what is wrong, and asked for again, or
chosen; a human may have to let it begin (docs/adr/0026-planners.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from workc.kernel.failure import Failure, Misuse
from workc.kernel.payloads import CallHalted, Compression, EffectBound
from workc.kernel.plans import PlanAsked, PlanChosen, PlanRefused
from workc.kernel.values import Json, JsonObject
from workc.runtime.bodies import store_json
from workc.runtime.declared_effects import bounds_of
from workc.runtime.engine import Lane
from workc.runtime.fallback import planned_as
from workc.runtime.literals import literal
from workc.runtime.plan_problem import PlanProblem
from workc.runtime.planning.accepting import Accepted, accepted
from workc.runtime.planning.answer import BadPlan
from workc.runtime.planning.approving import approve_plan
from workc.runtime.planning.telling import told
from workc.runtime.run import Run, StepResult, halt_cause
from workc.runtime.step import step_body
from workc.runtime.work import failure_of, stopped
from workc.runtime.workflow.model import PlanSpec, StepSpec

PLAN_REFUSED = "PLAN_REFUSED"


@dataclass(frozen=True, slots=True)
class NoPlan:
    """Why a run has no plan that may be carried out, and the step that tells of it."""

    failure: Failure
    step: str
    halt: str | None = None


async def choose_plan(run: Run, lane: Lane) -> NoPlan | None:
    """Records the plan of a pass; returns why there is none that may be carried out, if so."""
    spec = run.program.plan
    if spec is None:
        lane.emit(_chosen(run))
        return None
    run.plan_is_approved = False
    problems: list[PlanProblem] = []
    step = spec.step
    for attempt in range(1, spec.attempts + 1):
        step = _ask_of(run, spec, attempt, problems)
        result = await _asked(run, lane, spec, step, attempt)
        if result.status != "success":
            return _no_answer(run, result)
        try:
            found = accepted(run, spec, result.value)
        except BadPlan as bad:
            problems = bad.problems
            lane.emit(_refused(run, attempt, problems))
        else:
            return await _choose(run, lane, spec, step, found)
    return NoPlan(_failure_of(problems), step.id)


async def _choose(
    run: Run, lane: Lane, spec: PlanSpec, step: StepSpec, found: Accepted
) -> NoPlan | None:
    run.program = found.program
    chosen = replace(
        _chosen(run),
        decision=store_json(run.files, found.decision),
        document=store_json(run.files, found.document),
        planner=spec.planner,
    )
    lane.emit(chosen)
    refused = await approve_plan(run, lane, spec, step)
    match refused:
        case None:
            return None
        case CallHalted(code=code):
            run.halts.add(code)
            return NoPlan(stopped(code), step.id, code)
        case Failure():
            return NoPlan(refused, step.id)


def _ask_of(run: Run, spec: PlanSpec, attempt: int, problems: list[PlanProblem]) -> StepSpec:
    """Returns the step that asks for a plan; what is told stands in ``run.planning``."""
    run.planning = told(run, spec, attempt, problems)
    step = spec.step
    if spec.planner == "function":
        names = run.program.skills[step.skill].parameters
        step = replace(step, params=literal({name: run.planning[name] for name in names}))
    return step if attempt == 1 else replace(step, id=f"{step.id}-{attempt}")


async def _asked(run: Run, lane: Lane, spec: PlanSpec, step: StepSpec, attempt: int) -> StepResult:
    effects, compression = _bounds(run)
    lane.emit(
        PlanAsked(
            attempt=attempt,
            compression=compression,
            effects=effects,
            planner=spec.planner,
            skill=step.skill,
            step=step.id,
        )
    )
    results = await lane.spawn([step_body(run, step, ())])
    run.forget(step.id)
    result = results[0]
    if not isinstance(result, StepResult):
        raise Misuse("the lane of a planner ended without a result")
    return result


def _refused(run: Run, attempt: int, problems: list[PlanProblem]) -> PlanRefused:
    listed: list[Json] = [msgspec.to_builtins(problem) for problem in problems]
    return PlanRefused(
        attempt=attempt, code=problems[0].code, problems=store_json(run.files, listed)
    )


def _failure_of(problems: list[PlanProblem]) -> Failure:
    first, more = problems[0], len(problems) - 1
    where = f"{first.path}: " if first.path else ""
    rest = f" (and {more} more)" if more else ""
    return Failure(
        code=PLAN_REFUSED,
        message=f"the plan was refused: {where}{first.message}{rest}",
        details={"problems": [msgspec.to_builtins(problem) for problem in problems]},
    )


def _no_answer(run: Run, result: StepResult) -> NoPlan:
    halt = halt_cause([result], run.halts)
    return NoPlan(failure_of(result, halt), result.id, halt)


def _chosen(run: Run) -> PlanChosen:
    plan: list[Json] = [_planned(step) for step in run.program.steps]
    effects, compression = _bounds(run)
    return PlanChosen(
        compression=compression,
        effects=effects,
        plan=store_json(run.files, plan),
        steps=len(plan),
    )


def _bounds(run: Run) -> tuple[list[EffectBound] | UnsetType, Compression | UnsetType]:
    """Returns the effects of the plan: those that are declared, else those that a policy allows."""
    limits = run.effects
    if limits is None:
        return UNSET, UNSET
    effects, compression = bounds_of(limits.declared or ())
    return effects, UNSET if compression is None else compression


def _planned(step: StepSpec) -> JsonObject:
    fallback = planned_as(step.on_failure)
    said: JsonObject = {} if fallback is None else {"on_failure": fallback}
    if step.resources:
        said["resources"] = list[Json](sorted(step.resources))
    return {"id": step.id, "needs": list[Json](step.needs), **said, "skill": step.skill}
