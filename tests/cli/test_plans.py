"""What people see of plans: as they are asked for, judged and carried out, and afterwards."""

import json

import pytest

PLANNER = """\
import workc

@workc.planner
def tries(attempt: int) -> object:
    step = {"id": "say", "skill": "json_transform", "with": {"data": "hi", "expression": "@"}}
    if attempt == 1:
        return {"steps": [{**step, "skill": "speak"}]}
    other = {**step, "id": "again", "depends_on": ["say"]}
    return {"steps": [step, other], "rationale": "It is short."}
"""
FLOW = """\
workc: 1
name: planned
skills: [planner.py]
plan: {function: tries, allow: [json_transform]%s}
output: "${steps.again.result}"
"""


@pytest.fixture
def flow(folder):
    def write(more=""):
        (folder / "planner.py").write_text(PLANNER)
        (folder / "planned.yaml").write_text(FLOW % more)

    return write


def test_a_run_prints_each_plan_as_it_is_refused_or_accepted(workc, flow):
    flow()
    done = workc("run", "planned.yaml", "--out", "bundle")
    assert (done.exit_code, done.stdout) == (0, '"hi"\n')
    said = [line.strip() for line in done.stderr.splitlines()]
    refused = said.index("✗ the plan was refused  SKILL_NOT_FOUND")
    assert said[refused + 1].startswith('steps.say.skill: there is no skill "speak"')
    assert said.index("plan of 2 steps") > refused
    assert "say  json_transform" in said
    assert "again  json_transform  after say" in said


def test_a_bundle_shows_who_was_asked_and_what_came_of_it(workc, flow):
    flow()
    workc("run", "planned.yaml", "--out", "bundle")
    shown = workc("show", "bundle").stdout
    assert "✗ plan  function tries  refused  SKILL_NOT_FOUND" in shown
    assert "✓ plan-2  function tries  chosen  It is short." in shown
    told = workc("explain", "bundle").stdout
    assert "its plan was" in told
    plans = workc("show", "bundle", "--json").document["plans"]
    assert [(plan["step"], plan["chosen"], plan["code"]) for plan in plans] == [
        ("plan", False, "SKILL_NOT_FOUND"),
        ("plan-2", True, None),
    ]


def test_a_run_without_a_plan_ends_with_1_and_says_what_was_wrong(workc, flow):
    flow(", attempts: 1")
    done = workc("run", "planned.yaml", "--out", "bundle")
    assert done.exit_code == 1
    assert "PLAN_REFUSED" in done.stderr
    assert workc("verify-bundle", "bundle").exit_code == 0


def test_a_check_says_who_plans_and_with_what(workc, flow):
    flow()
    done = workc("check", "planned.yaml")
    assert done.exit_code == 0
    assert "tries plans the steps when it runs, with json_transform" in " ".join(
        done.stdout.split()
    )


def test_the_schema_of_a_plan_is_published(workc):
    assert json.loads(workc("schema", "plan").stdout)["title"] == "workc plan, version 1"
