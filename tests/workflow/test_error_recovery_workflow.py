"""Transient failure, retry, success: what was tried is recorded, and the run is a success."""

import pytest

from workc.api.simulation import simulated
from workc.kernel.failure import Failure
from workc.sim.ports import Scripted

SHOP = "https://shop.example/items"
FETCH = """
workc: 1
name: fetch
budget: {ceiling_cents: 1}
steps:
  items:
    skill: http_call
    retry: {base_delay_ms: 1, max_delay_ms: 2}
    with: {url: "%s"}
output: "${steps.items.body}"
"""
ASK = """
workc: 1
name: ask
budget: {ceiling_cents: 1}
steps:
  note:
    skill: llm_invoke
    retry: {base_delay_ms: 1, max_delay_ms: 2}
    with: {model: gpt-5-mini, max_tokens: 100, prompt: "Summarize this."}
output: "${steps.note.text}"
"""


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_transient_status_is_tried_again(status, stub_runtime, run_workflow):
    runtime = stub_runtime(http={SHOP: [{"status": status}, {"body": ["pen"]}]})
    outcome = run_workflow(runtime, FETCH % SHOP)
    assert (outcome.ok, outcome.output, outcome.attempts) == (True, ["pen"], 2)
    assert [effect.target for effect in outcome.side_effects] == [f"GET {SHOP}"] * 2


def test_a_model_that_is_overloaded_is_asked_again_and_paid_once(stub_runtime, run_workflow):
    answers = [{"status": 429, "retry_after_s": 0}, {"text": "Short.", "tokens": 10}]
    outcome = run_workflow(stub_runtime(llm={"summarize": answers}), ASK)
    once = run_workflow(stub_runtime(llm={"summarize": answers[1]}), ASK)
    assert (outcome.output, outcome.attempts, once.attempts) == ("Short.", 2, 1)
    assert outcome.cost_micro_cents == once.cost_micro_cents > 0


def test_what_stays_broken_fails_with_the_code_of_the_last_attempt(stub_runtime, run_workflow):
    runtime = stub_runtime(http={SHOP: [{"status": 502}, {"status": 503}]})
    outcome = run_workflow(runtime, FETCH % SHOP)
    assert (outcome.code, outcome.attempts, outcome.exit_code) == ("SERVICE_UNAVAILABLE", 3, 8)
    assert outcome.error["retryable"] is True
    assert len(outcome.side_effects) == 3


@pytest.mark.parametrize(
    "code", ["TIMEOUT", "DNS_FAILURE", "CONNECTION_REFUSED", "CONNECTION_RESET"]
)
def test_a_transport_that_fails_is_tried_again_in_virtual_time(code, run_workflow):
    broken = Scripted(failure=Failure(code=code, message="scripted"))
    script = {f"GET {SHOP}": [broken, Scripted(chunks=(b'["pen"]',))]}
    outcome = run_workflow(simulated(script, seed=3), FETCH % SHOP)
    assert (outcome.output, outcome.attempts) == (["pen"], 2)
