"""What is wrong with ``plan``, ``signals`` and ``strategies`` of a file, by place."""

import pytest

from workc.runtime.workflow.loader import (
    declared_workflows,
    find_problems,
    load_workflow,
    read_workflow,
)
from workc.runtime.workflow.model import SkillInfo

ANY = {"type": "object", "properties": {}, "additionalProperties": True}
KNOWN = {
    "anything": SkillInfo(input_schema=ANY),
    "pure": SkillInfo(input_schema=ANY, gate_params=("prompt",)),
    "wants": SkillInfo(input_schema=ANY, gate_params=("goal",)),
}
HEAD = "workc: 1\nname: n\n"
STEPS = "steps: {s: {skill: anything, with: {x: '${strategy.id}'}}}\n"


def found(text, known=KNOWN):
    return [(each.path, each.code, each.message) for each in find_problems((HEAD + text).encode(), "f.yaml", known)]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ("", "", "INVALID_WORKFLOW"),
        (f"{STEPS.replace('strategy.id', 'feedback.of')}plan: {{skill: anything, allow: [pure]}}\n", "plan", "INVALID_WORKFLOW"),
        ("plan: {allow: [anything]}\n", "plan", "INVALID_WORKFLOW"),
        ("plan: {skill: anything, function: pure, allow: [pure]}\n", "plan", "INVALID_WORKFLOW"),
        ("plan: {skill: anything}\n", "plan", "INVALID_WORKFLOW"),
        ("plan: {skill: anything, allow: []}\n", "plan.allow", "INVALID_WORKFLOW"),
        ("plan: {skill: anything, allow: [pure, pure]}\n", "plan.allow[1]", "INVALID_WORKFLOW"),
        ("plan: {skill: anything, allow: [nothing]}\n", "plan.allow[0]", "SKILL_NOT_FOUND"),
        ("plan: {skill: nothing, allow: [pure]}\n", "plan.skill", "SKILL_NOT_FOUND"),
        ("plan: {function: nothing, allow: [pure]}\n", "plan.function", "SKILL_NOT_FOUND"),
        ("plan: {function: anything, allow: [pure]}\n", "plan.function", "INVALID_WORKFLOW"),
        ("plan: {function: wants, allow: [pure]}\n", "plan.function", "INVALID_WORKFLOW"),
        ("plan: {function: pure, with: {x: 1}, allow: [pure]}\n", "plan.with", "INVALID_WORKFLOW"),
        ("plan: {skill: anything, attempts: 11, allow: [pure]}\n", "plan.attempts", "INVALID_WORKFLOW"),
        ("plan: {skill: anything, with: {x: '${planning.goal}'}, allow: [pure]}\n", "plan.with.x", "UNRESOLVED_REFERENCE"),
        ("plan: {skill: anything, with: {x: '${steps.s}'}, allow: [pure]}\n", "plan.with.x", "UNRESOLVED_REFERENCE"),
        ("steps: {s: {skill: anything, with: {x: '${planning.prompt}'}}}\n", "steps.s.with.x", "UNRESOLVED_REFERENCE"),
        (STEPS, "steps.s.with.x", "UNRESOLVED_REFERENCE"),
        (STEPS + "strategies: [{id: a}]\n", "strategies[0]", "INVALID_WORKFLOW"),
        (STEPS + "strategies: [{id: a, when: '`1`'}, {id: a, when: '`1`'}]\n", "strategies[1].id", "INVALID_WORKFLOW"),
        (STEPS + "strategies: [{id: a, when: signals.x}]\n", "strategies[0].when", "UNRESOLVED_REFERENCE"),
        (STEPS + "strategies: [{id: a, when: inputs.x}]\n", "strategies[0].when", "UNRESOLVED_REFERENCE"),
        (STEPS + "strategies: [{id: a, when: ']'}]\n", "strategies[0].when", "INVALID_EXPRESSION"),
        (STEPS + "strategies: [{id: a, when: '`1`', weight: 1001}]\n", "strategies[0].weight", "INVALID_WORKFLOW"),
        (STEPS + "signals: {x: inputs.y}\nstrategies: [{id: a, when: '`1`'}]\n", "signals.x", "UNRESOLVED_REFERENCE"),
        (STEPS + "signals: {x: feedback.why}\nstrategies: [{id: a, when: '`1`'}]\n", "signals.x", "UNRESOLVED_REFERENCE"),
        (STEPS + "signals: {a b: '`1`'}\nstrategies: [{id: a, when: '`1`'}]\n", "signals[\"a b\"]", "INVALID_WORKFLOW"),
    ],
)  # fmt: skip
def test_a_problem_is_told_at_its_place(text, path, code):
    assert (path, code) in [(place, kind) for place, kind, _ in found(text)]


@pytest.mark.parametrize(
    "text",
    [
        "plan: {skill: anything, with: {x: '${planning.prompt}'}, allow: [pure]}\n",
        "plan: {function: pure, allow: [anything]}\noutput: '${steps.any.thing}'\n",
        "plan: {function: pure, allow: [anything]}\nverify: [{id: c, that: 'steps.any == `1`'}]\n",
        STEPS + "signals: {x: feedback.pass}\nstrategies: [{id: a, when: signals.x}]\n",
    ],
)  # fmt: skip
def test_what_only_a_plan_will_know_is_no_problem(text):
    assert found(text) == []


def test_a_plan_and_strategies_are_built_with_what_is_left_out():
    text = "plan: {skill: anything, allow: [pure, sub/a.yaml], max_steps: 3}\nstrategies: [{id: a, when: '`1`'}]\n"
    known = {**KNOWN, "workflow:sub/a.yaml": SkillInfo(input_schema=ANY)}
    made = load_workflow(read_workflow((HEAD + text).encode(), "f.yaml"), known)
    plan = made.plan
    assert (plan.planner, plan.step.id, plan.allow) == ("skill", "plan", ("pure", "workflow:sub/a.yaml"))  # fmt: skip
    assert (plan.attempts, plan.max_steps, plan.max_children, plan.max_depth) == (2, 3, 10, 3)
    assert [(each.version, each.threshold, each.weight) for each in made.strategies] == [("1", 0, 1000)]  # fmt: skip
    assert declared_workflows(read_workflow((HEAD + text).encode(), "f.yaml")) == ("sub/a.yaml",)


def test_more_strategies_than_there_may_be_are_refused():
    many = ", ".join(f"{{id: s{n}, when: '`1`'}}" for n in range(101))
    assert found(f"{STEPS}strategies: [{many}]\n") == [
        ("strategies", "INVALID_WORKFLOW", "more than 100 strategies")
    ]
