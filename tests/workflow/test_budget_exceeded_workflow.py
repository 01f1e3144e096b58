"""A workflow that hits its ceiling: it halts there, with its code, and its evidence holds."""

import pytest

CENT = 1_000_000
TWO_CALLS = """
workc: 1
name: two_calls
budget: {ceiling_cents: %d}
steps:
  first:
    skill: llm_invoke
    with: {model: gpt-5-mini, max_tokens: 4000, prompt: "Analyze this."}
  second:
    skill: llm_invoke
    with: {model: gpt-5-mini, max_tokens: 4000, prompt: "Summarize ${steps.first.text}"}
  third:
    skill: http_call
    depends_on: [second]
    with: {url: "https://api.github.com/zen"}
output: "${steps.third.body}"
"""
#: What the first call is billed for leaves too little of a cent for the second.
DEAR = {"analyze": {"text": "Analysis result.", "tokens": 4000}}


def test_a_ceiling_of_nothing_stops_before_the_first_call(workflow_runtime, run_workflow):
    outcome = run_workflow(workflow_runtime, TWO_CALLS % 0)
    assert (outcome.status, outcome.code, outcome.exit_code) == ("failure", "BUDGET_EXCEEDED", 3)
    assert (outcome.step, outcome.cost_micro_cents) == ("first", 0)
    assert outcome.side_effects == ()
    assert (outcome.error["category"], outcome.error["retryable"]) == ("RESOURCE", False)


def test_what_does_not_fit_any_more_is_not_sent(stub_runtime, run_workflow):
    outcome = run_workflow(stub_runtime(llm=DEAR), TWO_CALLS % 1)
    assert (outcome.code, outcome.step) == ("BUDGET_EXCEEDED", "second")
    assert [effect.type for effect in outcome.side_effects] == ["model"]
    assert 0 < outcome.cost_micro_cents <= CENT
    details = outcome.error["details"]
    assert details["left_micro_cents"] == CENT - outcome.cost_micro_cents
    assert details["bound_micro_cents"] > details["left_micro_cents"]
    assert outcome.error["hint"]


def test_with_enough_money_the_same_workflow_succeeds(stub_runtime, run_workflow):
    outcome = run_workflow(stub_runtime(llm=DEAR), TWO_CALLS % 2)
    assert (outcome.code, outcome.output) == ("OK", "Keep it logically awesome.")
    assert [effect.type for effect in outcome.side_effects] == ["model", "model", "http"]


@pytest.mark.parametrize("own", [0, 1])
def test_the_lower_one_of_two_ceilings_holds(own, stub_runtime, run_workflow):
    outcome = run_workflow(stub_runtime(llm=DEAR, budget_cents=own), TWO_CALLS % 2)
    assert outcome.code == "BUDGET_EXCEEDED"
    assert outcome.error["details"]["ceiling_micro_cents"] == own * CENT
