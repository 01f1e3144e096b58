"""The budget is hard: asked before each call, stopped at once, charged for what was billed alone."""

import json
from pathlib import Path

import pytest

import workc
from workc import BudgetTracker, Runtime
from workc.adapters.driver import Interrupted
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.store import Store
from workc.testkit.provider import Answer, Fault, Provider, Tokens

#: gpt-5-mini: 25,000,000 micro-cents a million tokens of input, 200,000,000 of output.
USED = Tokens(input=12, output=2)
COST = 12 * 25 + 2 * 200
RETRY = "retry: {max_attempts: 3, base_delay_ms: 1, max_delay_ms: 1}"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "test-key-0000")


@pytest.fixture
def provider():
    with Provider(respond=lambda asked: Answer(text="Hello.", tokens=USED)) as server:
        yield server


def ask(prompt, more=""):
    """Returns a step that asks the model."""
    return (
        f"{{skill: llm_invoke, with: {{model: gpt-5-mini, prompt: {prompt}, max_tokens: 50, "
        f'base_url: "${{inputs.provider}}"}}{more}}}'
    )


@pytest.fixture
def run(tmp_path, provider):
    """Returns a function: steps in, each after the one before; the outcome out."""

    def run(budget, *steps, runtime=None, server=provider):
        lines = ["workc: 1", "name: spend", "inputs: {provider: {type: string}}", "steps:"]
        for number, step in enumerate(steps):
            needs = f", depends_on: [s{number - 1}]" if number else ""
            lines.append(f"  s{number}: {step[:-1]}{needs}}}")
        lines[3:3] = [f"budget: {{{budget}}}"] if budget else []
        path = tmp_path / "spend.yaml"
        path.write_text("\n".join([*lines, 'output: "${steps.s0.text}"', ""]))
        out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
        outcome = (runtime or Runtime()).run(path, {"provider": server.openai_url}, out=out)
        verdict = workc.verify_bundle(out)
        assert verdict.ok, verdict.failures
        assert workc.replay(out).identical
        return outcome

    return run


def receipt(outcome):
    return json.loads((Path(outcome.bundle) / "receipt.json").read_bytes())


def moves(outcome):
    lines = (Path(outcome.bundle) / "events.jsonl").read_bytes().splitlines()
    events = [json.loads(line) for line in lines]
    return sorted(
        (event["payload"] for event in events if event["kind"].startswith("Budget")),
        key=lambda move: move["n"],
    )


def test_single_skill_budget_check(run, provider):
    outcome = run("ceiling_cents: 0", ask("hi"))
    assert outcome.code == "BUDGET_EXCEEDED"
    assert provider.requests == [], "it was asked before anything was sent"
    assert moves(outcome)[0]["granted"] is False
    assert outcome.cost_micro_cents == 0


def test_workflow_budget_accumulation(run, provider):
    outcome = run("ceiling_cents: 1", ask("one"), ask("two"), ask("three"))
    assert outcome.ok
    assert len(provider.requests) == 3
    spent = [move["spent"] for move in moves(outcome) if "basis" in move]
    assert spent == [COST, 2 * COST, 3 * COST]
    money = receipt(outcome)["money"]
    assert (money["spent_micro_cents"], money["calls"], money["tokens"]) == (3 * COST, 3, 3 * 14)


@pytest.mark.parametrize(
    ("budget", "code", "requests"),
    [
        ("ceiling_cents: 1, calls: 2", "QUOTA_EXCEEDED", 2),
        ("ceiling_cents: 1, wall_ms: 0", "TIMEOUT", 0),
    ],
)
def test_budget_exceeded_mid_workflow(run, provider, budget, code, requests):
    outcome = run(budget, *(ask(name, f", {RETRY}") for name in ("one", "two", "three")))
    assert (outcome.code, outcome.status) == (code, "failure")
    assert len(provider.requests) <= requests, "it stopped at once"
    found = receipt(outcome)
    assert found["halt"] == code
    assert found["counts"]["steps_skipped"] + found["counts"]["steps_failed"] >= 1


def test_tokens_run_out_between_two_steps(run, provider):
    (reserved, _) = moves(run("ceiling_cents: 1", ask("one")))
    outcome = run(f"ceiling_cents: 1, tokens: {reserved['tokens']}", ask("one"), ask("two"))
    assert outcome.code == "QUOTA_EXCEEDED"
    assert f"more than are left of the {reserved['tokens']}" in outcome.message
    assert len(provider.requests) == 2, "one call in each run"


def test_a_step_that_may_not_cost_so_much_fails_alone(run, provider):
    outcome = run("ceiling_cents: 1", ask("one"), ask("two", ", budget: {ceiling_cents: 0}"))
    assert (outcome.status, outcome.code) == ("partial", "STEP_CEILING_EXCEEDED")
    assert outcome.output == "Hello."
    assert "halt" not in receipt(outcome)
    assert len(provider.requests) == 1


def test_budget_exceeded_error_code(run):
    outcome = run("", ask("hi"), runtime=Runtime(budget_cents=0))
    assert (outcome.code, outcome.exit_code) == ("BUDGET_EXCEEDED", 3)
    assert outcome.error["category"] == "RESOURCE"
    assert outcome.error["retryable"] is False
    assert outcome.error["step"] == "s0"


def test_the_money_runs_out_between_two_steps_and_nothing_more_is_sent(run, provider):
    tracker = BudgetTracker(ceiling_cents=1)
    tracker.reserve(micro_cents=1_000_000 - 60_000)
    outcome = run("", *map(ask, ("one", "two", "three")), runtime=Runtime(budget=tracker))
    assert outcome.ok
    tracker.reserve(micro_cents=tracker.remaining - 40_000)
    outcome = run("", ask("x" * 2000), runtime=Runtime(budget=tracker))
    assert outcome.code == "BUDGET_EXCEEDED"
    assert moves(outcome)[0]["refused_by"] == "shared"
    assert len(provider.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_budget_refund_on_failure(run, status):
    with Provider([Fault(status=status)] * 3) as faulty:
        outcome = run("ceiling_cents: 1", ask("hi", f", {RETRY}"), server=faulty)
        assert not outcome.ok
        settled = [move for move in moves(outcome) if "basis" in move]
        assert len(settled) == len(faulty.requests) > 0
    assert {(move["actual"], move["basis"]) for move in settled} == {(0, "released")}
    assert outcome.cost_micro_cents == receipt(outcome)["money"]["calls"] == 0


def test_what_a_provider_bills_for_a_failed_step_is_charged_and_says_so(run):
    with Provider([Answer(text="", finish="content_filter", tokens=USED)]) as filtering:
        outcome = run("ceiling_cents: 1", ask("hi"), server=filtering)
    assert outcome.code == "LLM_CONTENT_FILTERED"
    assert (outcome.cost_micro_cents, moves(outcome)[-1]["basis"]) == (COST, "usage")


def test_budget_tracking_survives_workflow_retries(run):
    """Each attempt reserves again, under the run's ceiling and the step's."""
    script = [Fault(status=503), Fault(status=503), Answer(text="Hello.", tokens=USED)]
    with Provider(script) as flaky:
        step = ask("hi", f", {RETRY}, budget: {{ceiling_cents: 1}}")
        outcome = run("ceiling_cents: 1", step, server=flaky)
        assert len(flaky.requests) == 3
    assert outcome.ok
    reserved = [move for move in moves(outcome) if "bound" in move]
    assert [move["granted"] for move in reserved] == [True] * 3
    assert {move["step_ceiling"] for move in reserved} == {1_000_000}
    assert [move["actual"] for move in moves(outcome) if "basis" in move] == [0, 0, COST]
    assert outcome.cost_micro_cents == COST


@workc.workflow(name="twice")
async def twice(ctx: workc.WorkflowContext, url: str) -> list[str]:
    asked = {"model": "gpt-5-mini", "max_tokens": 50, "base_url": url}
    first = await ctx.call("llm_invoke", prompt="one", **asked)
    await ctx.sleep_ms(1)
    second = await ctx.call("llm_invoke", prompt="two", budget_cents=1, **asked)
    return [first["text"], second["text"]]


@pytest.mark.parametrize("is_same_process", [True, False])
def test_budget_tracking_survives_resume(tmp_path, provider, is_same_process):
    """What was spent before the stop counts after it, in the run and in a shared ceiling."""
    store, drivers = Store(tmp_path / "store"), []

    def watch(entry):
        if entry.kind == "TimerSet":
            drivers[0].interrupt()

    tracker = BudgetTracker(1)
    runtime = Runtime(store=store.path, budget=tracker, budget_calls=1)
    with pytest.raises(Interrupted):
        runtime.run(twice, {"url": provider.openai_url}, watch=watch, on_driver=drivers.append)
    assert tracker.spent == COST
    again = tracker if is_same_process else BudgetTracker(1)
    outcome = resume(store, "last", Settings(budget=again), workflow=twice)
    assert outcome.code == "QUOTA_EXCEEDED", "the one call was made before the stop"
    assert again.spent == outcome.cost_micro_cents == COST
    assert again.reserved == 0
    assert workc.verify_bundle(outcome.bundle).ok
    assert workc.replay(outcome.bundle, workflow=twice).identical
    assert len(provider.requests) == 1
