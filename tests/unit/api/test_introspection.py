"""What a runtime answers about itself and about plans: nothing makes it raise but misuse."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workc
from workc import (
    HttpCallSkill,
    LLMInvokeSkill,
    Misuse,
    NetworkPolicy,
    Quota,
    ResourceContract,
    Runtime,
    SkillMetadata,
    StructuredOutcome,
)
from workc.api.bounds import STANDARD_ATTEMPTS
from workc.api.published import schema_of
from workc.api.settings import Settings
from workc.kernel.catalog import CATALOG
from workc.skills.registry import builtin_skills
from workc.stages import schema

PLAN = {
    "workc": 1,
    "name": "plan",
    "inputs": {"text": {"type": "string"}},
    "budget": {"ceiling_cents": 5},
    "steps": {
        "page": {
            "skill": "http_call",
            "retry": {"max_attempts": 2, "base_delay_ms": 100, "max_delay_ms": 100},
            "with": {"url": "https://shop.example/items", "timeout_ms": 1000},
        },
        "shape": {
            "skill": "json_transform",
            "with": {"data": "${steps.page.body}", "expression": "@"},
        },
        "note": {
            "skill": "llm_invoke",
            "timeout_ms": 500,
            "retry": {"max_attempts": 1},
            "with": {
                "model": "gpt-5-mini",
                "max_tokens": 100,
                "prompt": "Summarize ${inputs.text}",
                "api_key_env": "",
            },
        },
    },
    "output": "${steps.note.text}",
}


@workc.skill
def opaque(n: int) -> int:
    """Nobody knows its effects."""
    return n


@workc.workflow
async def flow(ctx) -> int:
    """Does nothing."""
    return 1


def fits(name, document):
    assert json.loads(json.dumps(document)) == document
    published = {**schema_of(name)}
    del published["$schema"]
    assert schema.problems(published, document) == []


def test_each_builtin_skill_describes_itself():
    runtime = Runtime()
    runtime.register_skill("opaque", opaque)
    for name in runtime.skills:
        found = runtime.describe_skill(name)
        assert isinstance(found, SkillMetadata)
        assert found.skill_id.startswith(f"{name}@{found.version}:sha256:")
        assert found.description
        fits("skill", found.to_json())
    llm, http, shape, own = map(
        runtime.describe_skill, ("llm_invoke", "http_call", "json_transform", "opaque")
    )
    assert llm.permissions == llm.side_effects == ("Cost", "Llm", "Network")
    assert (llm.cost_estimate.basis, http.cost_estimate.basis) == ("reserved", "free")
    assert (llm.timeout_ms, http.timeout_ms, shape.timeout_ms) == (120_000, 30_000, None)
    assert (shape.permissions, shape.side_effects, shape.tags) == ((), (), ("builtin", "pure"))
    assert (own.side_effects, own.permissions) == (("Unknown",), ("Unknown",))
    assert (own.cost_estimate.basis, own.cost_estimate.at_most_micro_cents) == ("unknown", None)
    assert own.tags == ("registered", "function")
    assert llm.retry_policy.max_attempts == STANDARD_ATTEMPTS
    assert (llm.retry_policy.idempotent, own.retry_policy.idempotent) == (True, False)


def test_a_stubbed_skill_says_so_and_an_unknown_one_is_misuse():
    runtime = Runtime()
    runtime.register_skill("http_call", HttpCallSkill(allow_external=False))
    assert runtime.describe_skill("http_call").tags == ("builtin", "context", "stubbed")
    with pytest.raises(Misuse, match="known: exec, http_call, json_transform, llm_invoke, publish"):
        runtime.describe_skill("http_cal")


def test_a_runtime_tells_what_was_tried(tmp_path):
    runtime = Runtime(budget_cents=3)
    assert runtime.query().last_outcome is None
    runtime.run(flow)
    runtime.run(tmp_path / "none.yaml")
    last = runtime.execute("json_transform", {"data": 1, "op": "sort"})
    state = runtime.query()
    assert [(each.name, each.code) for each in state.tried] == [
        ("flow", "OK"),
        (str(tmp_path / "none.yaml"), "INVALID_WORKFLOW"),
        ("json_transform", "TRANSFORM_FAILED"),
    ]
    assert state.last_outcome == last
    assert (state.left_micro_cents, state.spent_micro_cents) == (3_000_000, 0)
    assert state.allowed_skills == tuple(sorted(builtin_skills()))
    fits("state", state.to_json())


def test_only_the_newest_runs_are_remembered():
    runtime = Runtime()
    for _ in range(103):
        runtime.execute("none", {})
    assert len(runtime.query().tried) == 100


def test_under_a_contract_it_tells_what_is_left_of_it():
    made = ResourceContract(
        contract_id="C",
        principal="p",
        budget_cents=1,
        allowed_operations=("llm_invoke", "elsewhere"),
        quotas={"llm_invoke": Quota(uses=2)},
        expires_at="2099-01-01T00:00:00Z",
    )
    runtime = Runtime(contract=made)
    runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True))
    params = {"model": "gpt-5-mini", "max_tokens": 100, "prompt": "Summarize"}
    cost = runtime.execute("llm_invoke", params).cost_micro_cents
    state = runtime.query()
    assert (state.spent_micro_cents, state.left_micro_cents) == (cost, 1_000_000 - cost)
    assert state.uses_left == {"llm_invoke": 1, "elsewhere": None}
    assert (state.allowed_skills, state.expires_at) == (("llm_invoke",), "2099-01-01T00:00:00Z")
    fits("state", state.to_json())
    fits("contract", made.to_json())


def bounds(found):
    return {each.step: (each.cost_micro_cents, each.waiting_ms) for each in found.steps}


def test_a_plan_is_bounded_with_all_its_retries():
    found = Runtime(settings=Settings(environment={})).simulate(PLAN, {"text": "this"})
    assert found.ok, found.remarks
    # 1000 ms twice; the wait between is 100 ms and at most a quarter more.
    page = 2 * 1000 + 125
    cost, waiting = bounds(found)["note"]
    assert bounds(found) == {"page": (0, page), "shape": (0, 0), "note": (cost, 500)}
    assert waiting == 500
    assert found.waiting_ms == page
    assert found.cost_micro_cents == cost > 0
    assert found.effects == ("Cost", "Llm", "Network")
    assert found.missing == ()
    fits("simulation", found.to_json())


def test_steps_that_need_one_another_wait_one_after_the_other():
    page = PLAN["steps"]["page"]
    steps = {"one": page, "two": {**page, "depends_on": ["one"]}, "three": page}
    found = Runtime().simulate({"workc": 1, "name": "p", "steps": steps, "output": 1})
    assert found.waiting_ms == 2 * (2 * 1000 + 125)


def test_a_run_stays_within_what_was_simulated():
    plan = {**PLAN, "steps": {"note": PLAN["steps"]["note"]}}
    runtime = Runtime(budget_cents=5)
    runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True))
    found = runtime.simulate(plan, {"text": "this"})
    params = {**PLAN["steps"]["note"]["with"], "prompt": "Summarize this"}
    outcome = runtime.execute("llm_invoke", params)
    assert 0 < outcome.cost_micro_cents <= found.cost_micro_cents


def test_what_is_not_known_has_no_bound():
    runtime = Runtime()
    runtime.register_skill("opaque", opaque)
    plan = {
        "workc": 1,
        "name": "p",
        "steps": {"a": {"skill": "opaque", "with": {"n": 1}}},
        "output": 1,
    }
    found = runtime.simulate(plan)
    assert bounds(found) == {"a": (None, None)}
    assert (found.cost_micro_cents, found.waiting_ms) == (None, None)
    assert runtime.simulate({**plan, "timeout_ms": 7}).waiting_ms == 7
    note = Runtime().simulate(PLAN)
    assert (note.cost_micro_cents, bounds(note)["note"]) == (None, (None, 500))
    function = runtime.simulate(flow)
    assert (function.ok, function.steps, function.cost_micro_cents) == (True, (), None)


@pytest.mark.parametrize(
    ("made", "codes"),
    [
        ({"allowed_operations": ("http_call",)}, {"OPERATION_NOT_ALLOWED"}),
        ({"expires_at": "2020-01-01T00:00:00Z"}, {"CONTRACT_EXPIRED"}),
        ({"policy": NetworkPolicy(offline=True)}, {"EXTERNAL_CALL_BLOCKED"}),
        ({"policy": NetworkPolicy(deny_hosts=("*.example",))}, {"EXTERNAL_CALL_BLOCKED"}),
        ({}, set()),
    ],
)
def test_missing_permissions_are_named(made, codes):
    everything = ("http_call", "json_transform", "llm_invoke")
    given_members = {"allowed_operations": everything, "budget_cents": 5, **made}
    contract = ResourceContract(contract_id="C", principal="p", **given_members)
    found = Runtime(contract=contract).simulate(PLAN, {"text": "this"})
    assert set(found.missing) == codes
    assert found.ok is not bool(codes)
    assert {remark.code for remark in found.remarks if remark.code} >= codes


def test_a_quota_that_is_used_up_and_a_budget_that_is_too_low_are_problems():
    everything = ("http_call", "json_transform", "llm_invoke")
    contract = ResourceContract(
        contract_id="C",
        principal="p",
        allowed_operations=everything,
        quotas={"http_call": Quota(uses=0)},
    )
    found = Runtime(contract=contract).simulate(PLAN, {"text": "this"})
    codes = {remark.code for remark in found.remarks if remark.level == "problem"}
    assert codes == {"BUDGET_EXCEEDED", "QUOTA_EXCEEDED"}
    assert found.missing == ()


def test_an_invalid_plan_tells_every_problem():
    found = Runtime().simulate({"workc": 1, "name": "p", "stps": {}, "output": "${inputs.x}"})
    assert not found.ok
    assert len(found.remarks) >= 2
    assert {remark.level for remark in found.remarks} == {"problem"}
    fits("simulation", found.to_json())


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["http_call", "llm_invoke", "${inputs.a}", "${steps.a.b}", "http://[", "1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=3) | st.sampled_from(["skill", "with", "url", "a", "retry", "type"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
PLANS = st.dictionaries(st.sampled_from([*PLAN, "verify", "timeout_ms", "policy"]), JSON).map(
    lambda drawn: {"workc": 1, "name": "fuzzed", **drawn}
)
STEPS = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.fixed_dictionaries(
        {"skill": st.sampled_from(["http_call", "json_transform", "llm_invoke", "none"])},
        optional={"with": JSON, "timeout_ms": JSON, "retry": JSON, "depends_on": JSON},
    ),
    max_size=2,
)
RUNTIME = Runtime(
    allow_external=False,
    contract=ResourceContract(
        contract_id="C",
        principal="p",
        budget_cents=1,
        allowed_operations=("http_call", "json_transform", "llm_invoke"),
        quotas={"http_call": Quota(per_minute=1000)},
    ),
)
RUNTIME.register_skill("http_call", HttpCallSkill(allow_external=False))
RUNTIME.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True))


@given(PLANS | st.builds(lambda steps: {**PLAN, "steps": steps}, STEPS), JSON)
@settings(max_examples=300, deadline=None)
def test_no_plan_and_no_inputs_make_it_raise(plan, inputs):
    found = RUNTIME.simulate(plan, inputs)
    assert found.ok is not any(remark.level == "problem" for remark in found.remarks)
    json.dumps(found.to_json())


@given(JSON)
@settings(max_examples=100, deadline=None)
def test_what_is_no_plan_is_misuse_and_any_text_is_told(plan):
    if isinstance(plan, str | dict):
        assert not RUNTIME.simulate(plan).ok
        return
    with pytest.raises(Misuse):
        RUNTIME.simulate(plan)


@given(JSON)
@settings(max_examples=100, deadline=None)
def test_no_name_makes_asking_raise_but_misuse(name):
    for ask, known in ((RUNTIME.describe_skill, RUNTIME.skills), (workc.failures, CATALOG)):
        if isinstance(name, str) and name in known:
            assert ask(name)
        else:
            with pytest.raises(Misuse, match=r"there is no|no skill is named"):
                ask(name)


@given(st.sampled_from(["http_call", "json_transform", "llm_invoke", "none", ""]), JSON)
@settings(max_examples=300, deadline=None)
def test_no_parameters_make_a_use_raise(skill, params):
    outcome = RUNTIME.execute(skill, params)
    assert isinstance(outcome, StructuredOutcome)
    assert outcome.code != "INTERNAL_ERROR", outcome.error
    json.dumps(outcome.to_json())
    assert RUNTIME.query().last_outcome == outcome


@given(JSON)
@settings(max_examples=100, deadline=None)
def test_no_inputs_make_a_run_raise(inputs):
    outcome = RUNTIME.run(flow, inputs)
    assert outcome.code in {"OK", "INVALID_INPUT", "CONTRACT_EXPIRED"}
