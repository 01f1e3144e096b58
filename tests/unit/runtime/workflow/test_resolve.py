"""What is wrong with ``resolve`` of a lens, by place."""

import pytest

from workc.runtime.workflow.loader import (
    declared_workflows,
    find_problems,
    load_workflow,
    read_workflow,
)
from workc.runtime.workflow.model import SkillInfo
from workc.runtime.workflow.problems import InvalidWorkflow

ANY = {"type": "object", "properties": {}, "additionalProperties": True}


def judge(**inputs):
    properties = {name: {"type": "integer"} for name in inputs}
    required = [name for name, is_required in inputs.items() if is_required]
    schema = {"type": "object", "properties": properties, "required": required}
    return SkillInfo(input_schema={**schema, "additionalProperties": False})


KNOWN = {
    "anything": SkillInfo(input_schema=ANY),
    "workflow:judge.yaml": judge(conflicts=True, most=False),
    "workflow:deaf.yaml": judge(most=False),
    "workflow:picky.yaml": judge(conflicts=False, most=True),
}
ITEMS = "{a: {text: '1', about: n}, b: {text: '2', about: n}}"
STEPS = "steps: {s: {skill: anything}}\n"


def flow(resolve, more=STEPS, items=ITEMS):
    return f"workc: 1\nname: n\nlens: {{items: {items}, resolve: {resolve}}}\n{more}"


def found(text):
    return [(each.path, each.code) for each in find_problems(text.encode(), "f.yaml", KNOWN)]


def said(text):
    return [each.message for each in find_problems(text.encode(), "f.yaml", KNOWN)]


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        (flow("{}"), "lens.resolve", "INVALID_WORKFLOW"),
        (flow("{workflow: judge.txt}"), "lens.resolve.workflow", "INVALID_WORKFLOW"),
        (flow("{workflow: deaf.yaml}"), "lens.resolve.workflow", "INVALID_WORKFLOW"),
        (flow("{workflow: judge.yaml, with: {conflicts: 1}}"), "lens.resolve.with.conflicts", "INVALID_WORKFLOW"),
        (flow("{workflow: judge.yaml, with: {least: 1}}"), "lens.resolve.with.least", "INVALID_WORKFLOW"),
        (flow("{workflow: judge.yaml, with: {most: x}}"), "lens.resolve.with.most", "INVALID_INPUT"),
        (flow("{workflow: picky.yaml}"), "lens.resolve", "INVALID_WORKFLOW"),
        (flow("{workflow: judge.yaml, budget_cents: -1}"), "lens.resolve.budget_cents", "INVALID_WORKFLOW"),
        (flow("{workflow: judge.yaml, with: {most: '${steps.s}'}}"), "lens.resolve.with.most", "UNRESOLVED_REFERENCE"),
        (flow("{workflow: judge.yaml, with: {most: '${lens.z}'}}"), "lens.resolve.with.most", "UNRESOLVED_REFERENCE"),
        (flow("{workflow: judge.yaml}", "max_backtracks: 0\n" + STEPS), "max_backtracks", "INVALID_WORKFLOW"),
        (flow("{workflow: judge.yaml}", items="{resolved: {text: x}}"), "lens.items.resolved", "INVALID_WORKFLOW"),
        (flow("{workflow: judge.yaml}", "steps: {resolve: {skill: anything}}\n"), "steps.resolve", "INVALID_WORKFLOW"),
    ],
)  # fmt: skip
def test_a_problem_is_told_at_its_place(text, path, code):
    assert (path, code) in found(text)


def test_the_other_problems_of_a_file_are_none_of_its_own():
    assert found(flow("{workflow: judge.yaml, with: {most: '${lens.a.value}'}}")) == []
    assert said(flow("{workflow: deaf.yaml}")) == ["this workflow takes no input conflicts"]
    unfit = {"judge.yaml": "this workflow cannot be run: it is not there"}
    with pytest.raises(InvalidWorkflow, match="this workflow cannot be run") as problem:
        load_workflow(
            read_workflow(flow("{workflow: judge.yaml}").encode(), "f.yaml"), {}, None, unfit
        )
    assert problem.value.problems[0].path == "lens.resolve.workflow"


def test_what_is_resolved_can_be_named_where_it_is_resolved():
    used = (
        STEPS + "verify: [{id: c, that: lens.resolved.found}]\noutput: '${lens.resolved.value}'\n"
    )
    assert found(flow("{workflow: judge.yaml}", used)) == []
    alone = f"workc: 1\nname: n\nlens: {{items: {ITEMS}}}\n{used}"
    assert {code for _, code in found(alone)} == {"UNRESOLVED_REFERENCE"}


def test_it_is_a_step_of_its_own_that_goes_back_once():
    text = flow("{workflow: judge.yaml, with: {most: 3}, budget_cents: 4}").encode()
    assert declared_workflows(read_workflow(text, "f.yaml")) == ("judge.yaml",)
    workflow = load_workflow(read_workflow(text, "f.yaml"), {**KNOWN})
    step = workflow.resolver
    assert (step.id, step.skill, step.params) == ("resolve", "workflow:judge.yaml", {"most": 3})
    assert (step.child.ceiling_cents, step.child.critical) == (4, False)
    assert workflow.max_backtracks == 1
