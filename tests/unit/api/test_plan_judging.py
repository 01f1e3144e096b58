"""What forbids a plan, asked of the judge alone."""

import pytest

import workc
from workc.api.plan_judging import judged_plan
from workc.kernel.selectors import Effect
from workc.runtime.child_step import child_skill
from workc.runtime.program import ChildProgram, PlanCase, Program
from workc.runtime.workflow.model import OnFailure, StepSpec
from workc.skills.prices import builtin_prices
from workc.skills.registry import builtin_skills
from workc.stages.effect_limits import EffectLimits, EffectRules

MODEL = {"model": "gpt-4o-mini", "prompt": "hi", "max_tokens": 100}


@workc.skill
def opaque() -> int:
    return 1


@workc.skill(effects=["Cost"])
async def paid(ctx) -> int:
    return 1


def program(*steps, **skills):
    return Program(
        name="p",
        description="",
        kind="file",
        text=b"",
        path="evidence/program.yaml",
        skills={**builtin_skills(), "opaque": opaque, "paid": paid, **skills},
        code={},
        prices=builtin_prices(),
        steps=steps,
    )


def problems(*steps, left=10**9, effects=None, rules=None, skills=None):
    case = PlanCase(
        program=program(*steps, **(skills or {})),
        inputs={},
        left_micro_cents=left,
        effects=effects,
        bases={},
        rules=rules or {},
    )
    return [(each.code, each.path) for each in judged_plan(case)]


def step(skill, name="a", **more):
    return StepSpec(id=name, skill=skill, **more)


def test_the_worst_case_of_all_steps_must_fit_into_what_is_left():
    two = [step("llm_invoke", name, params=MODEL) for name in "ab"]
    # Two steps, four attempts each; what one reserves is the bound of the audit.
    assert problems(*two, left=10**8) == []
    assert problems(*two, left=1_000) == [("BUDGET_EXCEEDED", "steps")]


def test_a_ceiling_bounds_what_is_not_known():
    open_ended = {**MODEL, "prompt": "${steps.x}"}
    assert problems(step("llm_invoke", params=open_ended)) == [("BUDGET_EXCEEDED", "steps.a")]
    assert problems(step("llm_invoke", params=open_ended, budget_ceiling_cents=1)) == []
    assert problems(step("paid")) == [("BUDGET_EXCEEDED", "steps.a")]
    assert problems(step("paid", budget_ceiling_cents=1), left=999_999) == [
        ("BUDGET_EXCEEDED", "steps")
    ]


def test_what_may_run_instead_is_paid_for_too():
    instead = OnFailure(then="skill", skill="llm_invoke", params=MODEL)
    both = step("llm_invoke", params=MODEL, on_failure=instead)
    alone = step("llm_invoke", params=MODEL)
    least = next(n for n in range(10**4, 10**7, 10**4) if not problems(alone, left=n))
    assert problems(both, left=least) == [("BUDGET_EXCEEDED", "steps")]
    assert problems(both, left=2 * least) == []


def test_a_model_without_a_price_is_refused():
    params = {**MODEL, "model": "nobody-knows"}
    assert problems(step("llm_invoke", params=params)) == [("PRICE_UNKNOWN", "steps.a")]


@pytest.mark.parametrize(("unknown", "found"), [("allow", []), ("deny", [("POLICY_VIOLATION", "steps.a")])])  # fmt: skip
def test_a_policy_says_whether_code_of_unknown_effects_may_run(unknown, found):
    limits = EffectLimits(policy=EffectRules(allow=(), unknown=unknown))
    assert problems(step("opaque"), effects=limits) == found


def test_what_the_policy_does_not_allow_is_refused():
    allow = (Effect("Network", "net:http://a.example/"),)
    limits = EffectLimits(policy=EffectRules(allow=allow))
    assert problems(step("http_call", params={"url": "http://a.example/x"}), effects=limits) == []
    assert problems(step("http_call", params={"url": "http://b.example/x"}), effects=limits) == [
        ("POLICY_VIOLATION", "steps.a")
    ]


@pytest.mark.parametrize(
    ("skill", "params"),
    [
        ("read_file", {"path": "repo/in.txt"}),
        ("write_file", {"path": "repo/in.txt", "text": ""}),
        ("exec", {"argv": ["make"]}),
        ("publish", {"to": "repo/dist", "files": []}),
    ],
)
def test_what_is_not_granted_on_this_machine_is_refused(skill, params):
    one = step(skill, params=params)
    assert problems(one) == [("OPERATION_NOT_ALLOWED", "steps.a")]
    granted = {"roots": {"repo": "rw"}, "programs": ["make"], "publish": ["repo/dist"]}
    assert problems(one, rules=granted) == []


def test_an_address_is_not_judged_where_somebody_stands_in_for_the_world():
    one = step("http_call", params={"url": "http://169.254.169.254/"})
    assert problems(one) == [("EXTERNAL_CALL_BLOCKED", "steps.a")]
    assert problems(one, rules={"stubs": "{}"}) == []


def test_a_plan_starts_no_more_runs_than_a_file_may():
    child = ChildProgram(program(), {"type": "object"}, dict, descendants=600)
    skills = {"workflow:c": child_skill("workflow:c", child)}
    assert problems(step("workflow:c"), skills=skills) == []
    two = [step("workflow:c", name) for name in "ab"]
    assert problems(*two, skills=skills) == [("QUOTA_EXCEEDED", "steps")]
