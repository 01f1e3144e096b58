"""``ctx.call(..., on_failure=...)``: the forms of a workflow file, the same evidence, every misuse."""

import json
from pathlib import Path

import pytest

import workc
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.runtime.workflow.model import RetrySpec
from workc.stages.effects import SecretName, SecretText


@workc.skill(pure=True)
def refuses(text: str = "") -> str:
    """Says no."""
    raise workc.Refusal(workc.Failure(code="INVALID_INPUT", message=f"no {text}"))


@workc.skill(pure=True)
def shout(text: str) -> str:
    """Says it louder."""
    return text.upper()


def flow(on_failure, catch=False, text="a"):
    """Returns a workflow of one call that fails."""

    @workc.workflow(skills=[refuses, shout])
    async def one(ctx):
        """Calls what fails."""
        try:
            return [await ctx.call(refuses, text=text, step="a", on_failure=on_failure)]
        except workc.StepFailed as failed:
            if not catch:
                raise
            return failed.failure.code

    return one


SWAPPED = RetrySpec(base_delay_ms=2, max_delay_ms=1)
INSTEAD = {"skill": shout, "with": {"text": "${x}"}, "retry": RetrySpec(max_attempts=1)}


@pytest.mark.parametrize(
    ("said", "output", "action"),
    [
        ("skip", [None], "skip"),
        ({"then": "skip", "when": ["VALIDATION"]}, [None], "skip"),
        ({"value": {"n": "${y}"}}, [{"n": "${y}"}], "value"),
        (INSTEAD, ["${X}"], "skill"),
        ({**INSTEAD, "skill": "shout", "retry": {"max_attempts": 2}, "timeout_ms": 9}, ["${X}"], "skill"),
    ],
)  # fmt: skip
def test_each_form_has_the_evidence_of_a_file(tmp_path, proven, said, output, action):
    one = flow(said)
    outcome = workc.run(one, out=tmp_path / "out")
    assert (outcome.status, outcome.ok, outcome.output) == ("partial", True, output)
    assert [(t.step, t.action, t.code) for t in outcome.fallbacks] == [
        ("a", action, "INVALID_INPUT")
    ]
    events = proven(outcome.bundle, workflow=one)
    assert [e["kind"] for e in events].count("FallbackTaken") == 1


def test_a_step_that_is_named_after_its_place_falls_back_too(tmp_path, proven):
    @workc.workflow(skills=[refuses, shout])
    async def nameless(ctx):
        """Calls what fails."""
        return await ctx.call(refuses, text="a", on_failure=INSTEAD)

    outcome = workc.run(nameless, out=tmp_path / "out")
    assert (outcome.output, outcome.fallbacks[0].step) == ("${X}", "refuses-4.0")
    proven(outcome.bundle, workflow=nameless)


def test_other_codes_fail_as_ever(tmp_path, proven):
    one = flow({"value": 1, "when": ["TIMEOUT"]})
    outcome = workc.run(one, out=tmp_path / "out")
    assert (outcome.status, outcome.code, outcome.fallbacks) == ("failure", "INVALID_INPUT", ())
    proven(outcome.bundle, workflow=one)


@pytest.mark.parametrize("catch", [False, True])
def test_an_abort_ends_the_run_whatever_the_function_catches(tmp_path, proven, catch):
    one = flow("abort", catch)
    outcome = workc.run(one, out=tmp_path / "out")
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "ABORTED", "a")
    proven(outcome.bundle, workflow=one)


def test_what_a_function_catches_itself_leaves_no_fallback():
    outcome = workc.run(flow(None, catch=True))
    assert (outcome.status, outcome.output, outcome.fallbacks) == ("success", "INVALID_INPUT", ())


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("skp", "on_failure is fail, skip, abort or a mapping, not 'skp'"),
        (3, "on_failure is a word or a mapping, not an int"),
        ({}, "on_failure has one of then, value, skill"),
        (
            {"then": "skip", "value": 1},
            "on_failure has one of then, value, skill, not then and value",
        ),
        ({"then": "value"}, "on_failure is fail, skip, abort or a mapping, not 'value'"),
        ({"valeu": 1}, "on_failure has no 'valeu'; it has then, value"),
        ({"value": 1, "with": {}}, "on_failure has with only beside skill"),
        ({"value": 1, "when": "TIMEOUT"}, "when is a list of failure codes or categories"),
        ({"value": 1, "when": []}, "when is a list of failure codes or categories"),
        ({"value": 1, "when": [["TIMEOUT"]]}, "when is a list of failure codes or categories"),
        ({"value": 1, "when": ["TIMEOT"]}, 'category "TIMEOT"; did you mean TIMEOUT?'),
        ({"value": 1, "when": ["transient"]}, 'category "transient"; did you mean TRANSIENT?'),
        ({"value": 1, "when": ["ZZ"]}, 'no failure code or category "ZZ"; `workc failures` lists'),
        ({"value": 1, "when": ["IN_DOUBT"]}, "nothing but abort may follow IN_DOUBT; write then:"),
        ({"then": "abort", "when": ["BUDGET_EXCEEDED"]}, "it stops the run by itself; leave the"),
        ({"skill": "none"}, "no skill is named 'none'"),
        ({"skill": 3}, "a skill, or the name of one, is called, not an int"),
        ({"skill": shout, "with": [1]}, "with is a mapping, not a list"),
        ({"skill": shout, "timeout_ms": -1}, "timeout_ms is a whole number"),
        ({"skill": shout, "retry": {"attempts": 1}}, "retry: "),
        (
            {"skill": shout, "retry": {"max_attempts": 101}},
            "max_attempts is a whole number from 1 to 100, not 101",
        ),
        (
            {"skill": shout, "retry": {"max_attempts": 0}},
            "max_attempts is a whole number from 1 to 100, not 0",
        ),
        (
            {"skill": shout, "retry": {"multiplier_permille": 9}},
            "multiplier_permille is a whole number from 1000 to",
        ),
        ({"skill": shout, "retry": SWAPPED}, "base_delay_ms (2) is more than max_delay_ms (1)"),
        ({"skill": shout, "retry": 3}, "retry is a RetrySpec, not an int"),
    ],
)
def test_each_misuse_says_what_is_meant(said, words):
    outcome = workc.run(flow(said))
    assert (outcome.ok, outcome.code) == (False, "SKILL_FAILED")
    assert words in outcome.message


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({1: "one"}, "expected strings as names, got a name of type int"),
        ({(1, 2): 1}, "got a name of type tuple"),
        ([{None: 1}], "got a name of type NoneType"),
        ("\ud800", "a string with a lone surrogate"),
        ({"\ud800": 1}, "an object with a key that is not a string of text"),
        ({1}, "got a set, which has no order"),
        (float("nan"), "got NaN"),
        (2**53, "an integer outside"),
        (SecretText((SecretName("S"),)), "got a secret"),
    ],
)
def test_a_value_that_is_no_json_is_refused_where_it_comes_in(tmp_path, proven, value, words):
    one = flow({"value": value})
    outcome = workc.run(one, out=tmp_path / "out")
    assert (outcome.code, outcome.attempts, outcome.step) == ("INVALID_OUTPUT", 0, None)
    assert words in outcome.message
    proven(outcome.bundle, workflow=one)


@pytest.mark.parametrize("name", [1, None, (1, 2), "\ud800"])
def test_parameters_are_refused_where_they_come_in_too(name):
    outcomes = [
        workc.run(flow({"skill": shout, "with": {"text": {name: 1}}})),
        workc.run(flow({"skill": shout, "with": {name: "a"}})),
        workc.run(flow(None, text={name: SecretText((SecretName("S"),))})),
    ]
    assert [(each.code, each.step) for each in outcomes] == [("INVALID_INPUT", None)] * 3


@pytest.mark.parametrize("retry", [{"max_attempts": 0}, RetrySpec(max_attempts=0)])
def test_retries_of_the_call_itself_have_the_same_bounds(retry):
    @workc.workflow(skills=[refuses])
    async def one(ctx):
        """Calls with a retry that is none."""
        await ctx.call(refuses, retry=retry)

    outcome = workc.run(one)
    assert "max_attempts is a whole number from 1 to 100, not 0" in outcome.message


PLAN = """
workc: 1
name: bounded
budget: {ceiling_cents: 90}
steps:
  a:
    skill: llm_invoke
    with: {model: gpt-4o-mini, prompt: hi, max_tokens: 100}
    retry: {max_attempts: 2, base_delay_ms: 5, max_delay_ms: 5, jitter_permille: 0}
    timeout_ms: 1000
OTHER
"""
OTHER = """
    on_failure:
      skill: llm_invoke
      with: {model: gpt-4o, prompt: hi, max_tokens: 100}
      retry: {max_attempts: 3, base_delay_ms: 7, max_delay_ms: 7, jitter_permille: 0}
      timeout_ms: 2000
"""


def simulate(tmp_path, other):
    (tmp_path / "plan.yaml").write_text(PLAN.replace("OTHER", other))
    return simulated({}, settings=Settings()).simulate(tmp_path / "plan.yaml")


def test_the_bounds_hold_the_other_skill(tmp_path):
    alone, both = simulate(tmp_path, ""), simulate(tmp_path, OTHER)
    own = PLAN.replace("gpt-4o-mini", "gpt-4o").replace("max_attempts: 2", "max_attempts: 3")
    (tmp_path / "own.yaml").write_text(own.replace("OTHER", ""))
    other = simulated({}, settings=Settings()).simulate(tmp_path / "own.yaml")
    assert both.cost_micro_cents == alone.cost_micro_cents + other.cost_micro_cents
    assert alone.waiting_ms == 2 * 1000 + 5
    assert both.waiting_ms == alone.waiting_ms + 3 * 2000 + 14
    assert (both.steps[0].attempts, both.steps[0].on_failure) == (5, "skill llm_invoke")


def test_effects_and_prices_of_the_other_skill_are_looked_at(tmp_path):
    text = """
workc: 1
name: pure
steps:
  a:
    skill: json_transform
    with: {data: 1, expression: "@"}
    on_failure: {skill: llm_invoke, with: {model: no-such, prompt: hi, max_tokens: 1}}
"""
    (tmp_path / "plan.yaml").write_text(text)
    found = simulated({}, settings=Settings()).simulate(tmp_path / "plan.yaml")
    assert "Cost" in found.effects
    assert "PRICE_UNKNOWN" in {remark.code for remark in found.remarks}
    assert not found.ok


ASKS = """
workc: 1
name: asks
steps:
  a:
    skill: json_transform
    with: {data: 1, expression: "@"}
    on_failure: {skill: SKILL}
"""


def test_a_contract_must_allow_the_other_skill(tmp_path):
    (tmp_path / "plan.yaml").write_text(
        ASKS.replace("SKILL", "http_call, with: {url: 'http://h/'}")
    )
    contract = workc.ResourceContract(
        contract_id="c", principal="p", allowed_operations=("json_transform",)
    )
    outcome = workc.Runtime(contract=contract).run(tmp_path / "plan.yaml")
    assert outcome.code == "OPERATION_NOT_ALLOWED"


def test_the_key_of_the_other_skill_is_asked_for_before_the_run(tmp_path):
    model = "llm_invoke, with: {model: gpt-4o-mini, prompt: hi, max_tokens: 9}"
    (tmp_path / "plan.yaml").write_text(ASKS.replace("SKILL", model))
    outcome = workc.Runtime(settings=Settings(environment={})).run(tmp_path / "plan.yaml")
    assert (outcome.code, outcome.run_id) == ("UNAUTHORIZED", None)


def test_the_receipt_of_a_function_lists_fallbacks_by_their_lanes(tmp_path):
    @workc.workflow(skills=[refuses])
    async def many(ctx):
        """Calls at once what fails."""
        calls = [ctx.call(refuses, step=f"s{n}", on_failure={"value": n}) for n in range(5)]
        return await ctx.gather(*calls)

    outcome = workc.run(many, out=tmp_path / "out")
    receipt = json.loads((Path(outcome.bundle) / "receipt.json").read_bytes())
    assert [each["step"] for each in receipt["fallbacks"]] == [f"s{n}" for n in range(5)]
    assert [each.step for each in outcome.fallbacks] == [f"s{n}" for n in range(5)]
    assert outcome.output == [0, 1, 2, 3, 4]
