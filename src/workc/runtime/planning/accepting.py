"""Whether a plan that was given may be carried out: everything is asked before anything is done.

1. It is read as the workflow file would be with these steps in place of its ``plan``: skills, names,
   parameters, references, cycles, gates, checks. It may use what the file allows, and no secrets.
2. Its steps and children are no more than there may be, and no step is called as a planner's is.
3. What it declares as effects lies within what the file declares.
4. What it may cost at most, and what it is sure to ask for, is judged by ``Program.judge``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from workc.kernel.selectors import uncovered
from workc.kernel.values import Json, JsonObject
from workc.runtime.plan_problem import PlanProblem
from workc.runtime.planning.answer import (
    MAX_MESSAGE_CHARS,
    MAX_PROBLEMS,
    BadPlan,
    PlanAnswer,
    read_answer,
)
from workc.runtime.program import PlanCase, Program
from workc.runtime.run import Run
from workc.runtime.skill_info import infos_of
from workc.runtime.workflow.build import PLAN_STEP, build_workflow
from workc.runtime.workflow.document import parse_document
from workc.runtime.workflow.facts import gates_of, listed, members
from workc.runtime.workflow.graph import plan_order
from workc.runtime.workflow.loader import check
from workc.runtime.workflow.model import PlanSpec, StepSpec, uses_of
from workc.runtime.workflow.problems import Problem, Report
from workc.runtime.workflow.source import Document, Source, no_places
from workc.stages.skill import Skill

_RESERVED = re.compile(rf"{PLAN_STEP}(-[0-9]+)?")
#: Parameters of built-in skills that say where a key goes, or who gets the environment, in which keys
#: and secrets are: the author of a file says it, no planner.
_KEYED: Mapping[str, frozenset[str]] = {
    "exec": frozenset({"env"}),
    "llm_invoke": frozenset({"api_key_env", "base_url"}),
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A plan that may be carried out: ``program`` is that of the run with its steps."""

    program: Program
    document: JsonObject
    decision: JsonObject


def accepted(run: Run, spec: PlanSpec, value: Json) -> Accepted:
    """Returns the plan that a planner gave, as it may be carried out.

    Raises:
        BadPlan: it may not; it says all that is wrong, as far as it came.
    """
    answer = read_answer(value)
    _refuse_limits(run, spec, answer)
    program = _read(run, spec, answer)
    # What is not allowed may not even be there, so that nothing else can be asked about it.
    problems = list(_not_allowed(spec, program)) or [*_beyond(run, program), *_judged(run, program)]
    if problems:
        raise BadPlan(_shortened(problems))
    listed: list[Json] = [{"id": name, **step} for name, step in answer.steps.items()]
    output: JsonObject = {"output": answer.output} if answer.has_output else {}
    return Accepted(
        program=program,
        document={"steps": listed, **output},
        decision={"alternatives": answer.alternatives, "rationale": answer.rationale},
    )


def _judged(run: Run, program: Program) -> list[PlanProblem]:
    case = PlanCase(
        program=program,
        inputs=run.inputs,
        left_micro_cents=run.left_micro_cents,
        effects=run.effects,
        bases=run.bases,
        rules=run.rules,
    )
    return [] if program.judge is None else program.judge(case)


def _shortened(problems: list[PlanProblem]) -> list[PlanProblem]:
    """Returns as many problems, and as much of each, as a planner is told."""
    return [
        PlanProblem(code=each.code, message=each.message[:MAX_MESSAGE_CHARS], path=each.path[:200])
        for each in problems[:MAX_PROBLEMS]
    ]


def _refuse_limits(run: Run, spec: PlanSpec, answer: PlanAnswer) -> None:
    problems = list(_limit_problems(run, spec, answer))
    if problems:
        raise BadPlan(_shortened(problems))


def _limit_problems(run: Run, spec: PlanSpec, answer: PlanAnswer) -> Iterator[PlanProblem]:
    if len(answer.steps) > spec.max_steps:
        message = f"the plan has {len(answer.steps)} steps, and may have {spec.max_steps}"
        yield PlanProblem(code="QUOTA_EXCEEDED", message=message, path="steps")
    children = [step["workflow"] for step in answer.steps.values() if "workflow" in step]
    if len(children) > spec.max_children:
        message = f"the plan starts {len(children)} runs, and may start {spec.max_children}"
        yield PlanProblem(code="QUOTA_EXCEEDED", message=message, path="steps")
    for name in filter(_RESERVED.fullmatch, answer.steps):
        message = f"{name} is the name of a step that plans; name it otherwise"
        yield PlanProblem(code="INVALID_WORKFLOW", message=message, path=f"steps.{name}")
    for name, step in answer.steps.items():
        for parameter in sorted(_keyed(step)):
            message = f"{parameter} says who gets a key, and a plan may not; leave it out"
            path = f"steps.{name}.with.{parameter}"
            yield PlanProblem(code="POLICY_VIOLATION", message=message, path=path)
    if answer.has_output and "output" in _file_of(run.program):
        message = "the workflow file says what the run gives; leave output out"
        yield PlanProblem(code="INVALID_WORKFLOW", message=message, path="output")


def _keyed(step: JsonObject) -> set[str]:
    uses = [step, members(step.get("on_failure"))]
    return {
        parameter
        for use in uses
        for parameter in _KEYED.get(str(use.get("skill")), frozenset())
        & members(use.get("with")).keys()
    }


def _file_of(program: Program) -> JsonObject:
    """Returns what the file of a run says, which was found valid before it began."""
    document = parse_document(program.text, program.path, Report(program.path))
    return {} if document is None else members(document.value)


def _read(run: Run, spec: PlanSpec, answer: PlanAnswer) -> Program:
    """Returns the program with the steps of a plan, read as its file would be with them."""
    said = {key: value for key, value in _file_of(run.program).items() if key not in _LEFT_OUT}
    output: JsonObject = {"output": answer.output} if answer.has_output else {}
    # What a plan says has no place in a file; problems say where they are by name.
    document = Document({**said, "steps": {**answer.steps}, **output}, Source(""), no_places)
    known = _allowed(run.program.skills, spec, said)
    report = Report("plan")
    check(document, infos_of(known), report)
    found = [
        PlanProblem(code=each.code, message=f"{each.message}; {_fix(each, known)}", path=each.path)
        for each in report.problems()
    ]
    if found:
        raise BadPlan(_shortened(found))
    workflow = build_workflow(document)
    by_id = {step.id: step for step in workflow.steps}
    steps = tuple(by_id[name] for name in plan_order(workflow.steps))
    return replace(run.program, steps=steps, output=workflow.output)


def _fix(problem: Problem, known: Iterable[str]) -> str:
    if problem.code == "SKILL_NOT_FOUND":
        return f"a plan may use {', '.join(known)}"
    return problem.fix


#: What of the file is not the plan's: its planner, and secrets, which no planner may send anywhere.
_LEFT_OUT = frozenset({"plan", "secrets", "skills"})


def _allowed(
    skills: Mapping[str, Skill[..., object]], spec: PlanSpec, said: JsonObject
) -> dict[str, Skill[..., object]]:
    """Returns the skills that there are for a plan: what is allowed, and gates and checks of the file."""
    checks = map(members, listed(said.get("verify")))
    asking = (*(gate for _, gate in gates_of(said)), *checks)
    gates = {str(each.get("function")) for each in asking}
    return {name: skill for name, skill in skills.items() if name in spec.allow or name in gates}


def _not_allowed(spec: PlanSpec, program: Program) -> Iterator[PlanProblem]:
    """Yields which steps use what is there as a gate of the file alone."""
    for use in uses_of(program.steps):
        if use.skill not in spec.allow:
            message = f"a plan may use {', '.join(spec.allow)}, and not {use.skill}"
            path = f"steps.{use.id}.skill"
            yield PlanProblem(code="SKILL_NOT_FOUND", message=message, path=path)


def _beyond(run: Run, program: Program) -> Iterator[PlanProblem]:
    """Yields what steps declare beyond what the file does, and where nothing would bound them."""
    for step in program.steps:
        yield from _beyond_of(run, step)


def _beyond_of(run: Run, step: StepSpec) -> Iterator[PlanProblem]:
    if step.effects is None:
        return
    path = f"steps.{step.id}.effects"
    if step.child is not None:
        message = "the file of a child says what it may do, and a plan does not; leave it out"
        yield PlanProblem(code="EFFECT_NOT_DECLARED", message=message, path=path)
        return
    if run.effects is None:
        message = "the workflow declares no effects, so that a step cannot; leave it out"
        yield PlanProblem(code="EFFECT_NOT_DECLARED", message=message, path=path)
        return
    for effect in uncovered(run.effects.run or (), step.effects) if run.effects.run else ():
        message = f"the workflow does not declare {effect.op} {effect.selector}"
        yield PlanProblem(code="EFFECT_NOT_DECLARED", message=message, path=path)
