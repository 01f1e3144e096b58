"""``on_failure`` in a workflow file: what is built of it, and every mistake with its line and fix."""

import pytest

from workc.kernel.catalog import CATALOG
from workc.kernel.fallbacks import NEVER_TOLERATED
from workc.runtime.fallback import action_of, planned_as
from workc.runtime.workflow.loader import find_problems, load_workflow, read_workflow
from workc.runtime.workflow.model import OnFailure, RetrySpec, SkillInfo

KNOWN = {
    "get": SkillInfo(
        input_schema={
            "type": "object",
            "properties": {"url": {"type": "string"}},
            "required": ["url"],
            "additionalProperties": False,
        }
    )
}
FLOW = """\
workc: 1
name: n
inputs: {i: {type: string}}
secrets: [KEY]
steps:
  a: {skill: get, with: {url: x}}
  b: {skill: get, with: {url: x}, depends_on: [a], on_failure: %s}
"""


def built(said):
    flow = load_workflow(read_workflow((FLOW % said).encode(), "n.yaml"), KNOWN)
    return flow.steps[1]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("fail", OnFailure(then="fail")),
        ("skip", OnFailure(then="skip")),
        ("abort", OnFailure(then="abort")),
        ("{then: skip, when: [TIMEOUT]}", OnFailure(then="skip", when=("TIMEOUT",))),
        ("{value: null}", OnFailure(then="value")),
        ("{value: [1, '${inputs.i}']}", OnFailure(then="value", value=[1, "${inputs.i}"])),
        (
            "{skill: get, with: {url: y}, retry: {max_attempts: 2}, timeout_ms: 3, when: [TRANSIENT]}",
            OnFailure(
                then="skill", skill="get", params={"url": "y"}, timeout_ms=3,
                retry=RetrySpec(max_attempts=2), when=("TRANSIENT",),
            ),
        ),
    ],
)  # fmt: skip
def test_each_form_is_built(said, expected):
    assert built(said).on_failure == expected


def test_what_a_fallback_refers_to_is_needed_and_taken():
    step = built("{value: '${steps.a.x}'}")
    assert (step.needs, step.takes) == (("a",), ("a",))
    assert built("skip").takes == ()
    assert built("skip").needs == ("a",)


@pytest.mark.parametrize(
    ("said", "message", "fix"),
    [
        ("skp", "'skp' is not one of fail, skip, abort", "did you mean skip?"),
        ("other", "'other' is not one of fail, skip, abort", "write one of fail, skip, abort, or"),
        ("3", "this must be a text or a mapping, not a whole number", "What becomes of the run"),
        ("{then: skp}", "'skp' is not one of fail, skip, abort", "did you mean skip?"),
        ("{}", "there is none of then, value, skill here", "write one of then, value, skill"),
        ("{then: skip, value: 1}", "there is then and value here, and only one of them may be", "keep one of then and value"),
        ("{value: 1, skill: get}", "there is value and skill here, and only one", "keep one of value"),
        ("{valeu: 1}", "there is no key 'valeu' here", "did you mean value?"),
        ("{value: 1, with: {}}", "with is said of a skill, and there is none here", "add skill"),
        ("{value: 1, timeout_ms: 1}", "timeout_ms is said of a skill", "add skill, or leave it out"),
        ("{value: '${steps.c}'}", "${steps.c}: there is no step 'c'", "write the id of a step"),
        ("{value: '${steps.b}'}", "the step 'b' waits for itself", "remove this"),
        ("{value: '${secrets.KEY}'}", "a secret cannot stand here", "a value holds none"),
        ("{value: {'${x}': 1}}", "is not read for references", "put the reference in a value"),
        ("{skill: gte}", "there is no skill 'gte'", "did you mean get?"),
        ("{skill: get}", "missing parameters: url", "add url under with"),
        ("{skill: get, with: {url: x, ur: 1}}", "there is no parameter 'ur'", "did you mean url?"),
        ("{skill: get, with: {url: 1}}", "expected string, got", "compare with the skill"),
        ("{skill: get, with: {url: '${steps.c}'}}", "there is no step 'c'", "write the id of a step"),
        ("{skill: get, with: {url: x}, retry: {max_attempts: 0}}", "0 is less than 1", "write 1"),
        (
            "{skill: get, with: {url: x}, retry: {base_delay_ms: 2, max_delay_ms: 1}}",
            "base_delay_ms (2) is more than max_delay_ms (1)", "swap",
        ),
        ("{then: skip, when: []}", "this list is empty", "The failure codes"),
        ("{then: skip, when: [TIMEOT]}", "no failure code or category 'TIMEOT'", "did you mean TIMEOUT?"),
        ("{then: skip, when: [x]}", "no failure code or category 'x'", "`workc failures` lists"),
        ("{then: skip, when: [transient]}", "no failure code or category 'transient'", "did you mean TRANSIENT?"),
        ("{then: skip, when: [PERMISSION]}", "nothing but abort may follow PERMISSION", "then: abort"),
        ("{value: 1, when: [IN_DOUBT]}", "nothing but abort may follow IN_DOUBT", "then: abort"),
        ("{value: 1, when: [BUDGET_EXCEEDED]}", "BUDGET_EXCEEDED never comes to on_failure", "leave"),
        ("{value: 1, when: [GATE_FAILED]}", "GATE_FAILED never comes to on_failure", "leave"),
        ("{then: abort, when: [QUOTA_EXCEEDED]}", "it stops the run by itself", "leave the code out"),
        ("{then: abort, when: [APPROVAL_DENIED]}", "the step is skipped then", "leave the code out"),
        ("{then: abort, when: [UPSTREAM_FAILED]}", "the step is skipped then", "leave the code out"),
        ("{then: abort, when: [HALTED]}", "the run has been stopped then", "leave the code out"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_line_and_a_fix(said, message, fix):
    found = find_problems((FLOW % said).encode(), "n.yaml", KNOWN)
    assert [problem.line for problem in found] == [7] * len(found)
    wanted = message.replace("'", '"')
    assert any(wanted in problem.message and fix in problem.fix for problem in found), found
    assert all(problem.code in CATALOG for problem in found)


def test_two_ways_are_one_problem():
    found = find_problems(
        (FLOW % "{value: 1, skill: get, with: {ur: 1}}").encode(), "n.yaml", KNOWN
    )
    assert len(found) == 1


@pytest.mark.parametrize("said", ["{then: abort, when: [PERMISSION]}", "{then: skip, when: [RESOURCE]}"])  # fmt: skip
def test_what_may_be_said_of_a_category_is(said):
    assert find_problems((FLOW % said).encode(), "n.yaml", KNOWN) == []


def test_no_failure_is_tolerated_that_forbids_or_that_proves_or_that_is_ours():
    grave = {"PERMISSION", "INTEGRITY", "INTERNAL"}
    forbidden = {code for code, entry in CATALOG.items() if entry.category in grave}
    assert forbidden <= NEVER_TOLERATED <= CATALOG.keys()


@pytest.mark.parametrize("code", sorted(CATALOG))
@pytest.mark.parametrize("then", ["skip", "value", "skill", "abort", "fail"])
def test_what_is_done_about_a_code_is_what_is_said_if_it_may_be(code, then):
    expected = None if then == "fail" or (then != "abort" and code in NEVER_TOLERATED) else then
    assert action_of(OnFailure(then=then), code) == expected
    category = CATALOG[code].category
    assert action_of(OnFailure(then=then, when=(category,)), code) == expected
    assert action_of(OnFailure(then=then, when=("CONFLICT_OF_NONE",)), code) is None


def test_a_plan_says_what_may_be_done():
    assert planned_as(None) is None
    assert planned_as(OnFailure(then="fail")) is None
    assert planned_as(OnFailure(then="value")) == "value"
    assert planned_as(OnFailure(then="skill", skill="get")) == "skill get"
