"""Whether a human must let the plan of a planner begin, and what he or she is asked.

A plan that a file names needs no decision of its own: its steps are asked about one by one, as the
policy says. The plan of a planner is asked about as a whole if its file says so, or if the policy would
have a human asked about a step that may do all that the plan may. Then the plan is shown, and who let it
begin is not asked about its steps again by the policy.
"""

from __future__ import annotations

from workc.kernel.failure import Failure
from workc.kernel.payloads import CallHalted
from workc.kernel.phases import LockLevel
from workc.kernel.selectors import Effect
from workc.runtime.approval import ask_human
from workc.runtime.engine import Lane
from workc.runtime.policy.approval import question_of
from workc.runtime.run import Run
from workc.runtime.workflow.model import ApprovalSpec, HumanGate, PlanSpec, StepSpec, uses_of

#: The name of the gate that is asked about a plan.
PLAN_GATE = "plan"


async def approve_plan(
    run: Run, lane: Lane, spec: PlanSpec, step: StepSpec
) -> Failure | CallHalted | None:
    """Asks whether the plan may begin, if anybody must be; returns why it may not, or the halt."""
    asked = spec.approval or _of_policy(run)
    run.plan_is_approved = asked is not None
    if asked is None:
        return None
    shown = "; ".join(_line(each) for each in run.program.steps)
    # Names of steps and skills hold no reference.
    question = f"{asked.question} Its steps: {shown}"
    gate = HumanGate(
        id=PLAN_GATE, asked=ApprovalSpec(question=question, timeout_ms=asked.timeout_ms)
    )
    return await ask_human(run, lane, step.id, gate)


def _line(step: StepSpec) -> str:
    needs = f" after {', '.join(step.needs)}" if step.needs else ""
    return f"{step.id}: {step.skill}{needs}"


def _of_policy(run: Run) -> ApprovalSpec | None:
    """Returns what the policy has a human asked before the plan of a planner."""
    if run.asking is None:
        return None
    skills = run.program.skills
    acting = [step for step in uses_of(run.program.steps) if not skills[step.skill].pure]
    if not acting:
        return None
    level: LockLevel = "Committed" if run.program.checks else "Staged"
    question = question_of(run.asking, "the plan", _effects_of(run, acting), level)
    if question is None:
        return None
    return ApprovalSpec(question=question.replace("${", "$${"), timeout_ms=run.asking.timeout_ms)


def _effects_of(run: Run, steps: list[StepSpec]) -> set[Effect]:
    """Returns what steps may do, as far as it is declared: their own effects, or all of the run's."""
    whole = () if run.effects is None else run.effects.declared or ()
    return {
        effect for step in steps for effect in (whole if step.effects is None else step.effects)
    }
