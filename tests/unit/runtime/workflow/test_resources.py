"""What is wrong with the resources of a step in a file, by place; and what a file without fault gives."""

import pytest

from workc.runtime.workflow.loader import find_problems, load_workflow, read_workflow
from workc.runtime.workflow.model import SkillInfo

ANY = {"type": "object", "properties": {}, "additionalProperties": True}
KNOWN = {"anything": SkillInfo(input_schema=ANY)}


def flow(more):
    return f"workc: 1\nname: n\nsteps: {{s: {{skill: anything, {more}}}}}\n".encode()


PLACE = "steps.s.resources"


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ("resources: []", PLACE),
        ("resources: db", PLACE),
        ("resources: [1]", f"{PLACE}[0]"),
        ("resources: ['']", f"{PLACE}[0]"),
        (f"resources: [{'x' * 201}]", f"{PLACE}[0]"),
        (f"resources: [{', '.join(f'r{n}' for n in range(17))}]", PLACE),
        ("resources: [db, other, db]", f"{PLACE}[2]"),
        ("resources: [a, '${inputs.x}']", f"{PLACE}[1]"),
        ("resources: ['$${a}']", f"{PLACE}[0]"),
        ("resources_wait_ms: 5", "steps.s.resources_wait_ms"),
        ("resources: [db], resources_wait_ms: -1", "steps.s.resources_wait_ms"),
        ("resources: [db], resources_wait_ms: 1.5", "steps.s.resources_wait_ms"),
    ],
)
def test_a_problem_is_told_at_its_place(more, path):
    problems = find_problems(flow(more), "f.yaml", KNOWN)
    assert [(each.path, each.code) for each in problems] == [(path, "INVALID_WORKFLOW")]
    assert all(each.fix for each in problems)


def test_as_many_and_as_long_as_may_be_are_read():
    names = [f"r{n:02}" for n in range(15)] + ["x" * 200]
    found = load_workflow(read_workflow(flow(f"resources: [{', '.join(names)}]"), "f.yaml"), KNOWN)
    assert found.steps[0].resources == tuple(names)
    assert found.steps[0].resources_wait_ms is None
    found = load_workflow(
        read_workflow(flow("resources: [$a], resources_wait_ms: 0"), "f.yaml"), KNOWN
    )
    assert (found.steps[0].resources, found.steps[0].resources_wait_ms) == (("$a",), 0)


def test_a_step_without_resources_says_nothing():
    (step,) = load_workflow(read_workflow(flow("with: {x: 1}"), "f.yaml"), KNOWN).steps
    assert (step.resources, step.resources_wait_ms) == ((), None)
