"""One tracker over many runs: threads, tasks, runtimes; steps of one run under one ceiling."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import workc
from workc import BudgetTracker, Misuse, Refusal, Runtime
from workc.stages.effects import ModelRequest
from workc.testkit.provider import Answer, Provider, Tokens

#: What one call is set to cost; nine in ten of what it reserves are freed again.
BOUND = 100_000


@workc.skill(effects=("Cost",), idempotent=True)
async def pay(ctx: workc.Context, bound: int, actual: int, tokens: int = 0) -> int:
    grant = await ctx.reserve(bound, tokens)
    await ctx.sleep_ms(1)
    await ctx.settle(grant, actual, "usage", tokens)
    return actual


@workc.workflow
async def once(ctx: workc.WorkflowContext, bound: int, actual: int) -> int:
    return int(await ctx.call(pay, bound=bound, actual=actual))


@workc.workflow
async def many(ctx: workc.WorkflowContext, count: int, bound: int) -> int:
    calls = [ctx.call(pay, bound=bound, actual=bound // 2, tokens=3) for _ in range(count)]
    return sum(await ctx.gather(*calls))


def moves(bundle):
    events = map(json.loads, (Path(bundle) / "events.jsonl").read_bytes().splitlines())
    return [event["payload"] for event in events if event["kind"].startswith("Budget")]


def test_runs_in_threads_and_runtimes_share_one_ceiling_that_is_never_passed(tmp_path):
    tracker = BudgetTracker(ceiling_cents=1)
    runtimes = [Runtime(budget=tracker), Runtime(budget=tracker, budget_cents=1)]

    def run(number):
        out = tmp_path / str(number)
        return runtimes[number % 2].run(once, {"bound": BOUND, "actual": BOUND}, out=out)

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(run, range(24)))
    codes = sorted(outcome.code for outcome in outcomes)
    assert codes == ["BUDGET_EXCEEDED"] * 14 + ["OK"] * 10, "exactly what fits"
    assert (tracker.spent, tracker.remaining, tracker.reserved) == (10 * BOUND, 0, 0)
    for outcome in outcomes:
        assert workc.verify_bundle(outcome.bundle).ok
        assert workc.replay(outcome.bundle, workflow=once).identical
        reserved = moves(outcome.bundle)[0]
        assert reserved["granted"] == (reserved["bound"] <= reserved["shared_left"])
        assert reserved.get("refused_by") == (None if reserved["granted"] else "shared")


def test_tasks_share_one_ceiling(tmp_path):
    tracker = BudgetTracker(ceiling_cents=1)
    runtime = Runtime(budget=tracker)

    async def work():
        inputs = {"bound": 4 * BOUND, "actual": 1}
        return await asyncio.gather(*(runtime.arun(once, inputs) for _ in range(6)))

    outcomes = asyncio.run(work())
    granted = [outcome for outcome in outcomes if outcome.ok]
    assert 2 <= len(granted) <= 6
    assert tracker.spent == len(granted)
    assert tracker.reserved == 0


def test_whoever_reserves_outside_of_runs_has_the_same_ceiling():
    tracker = BudgetTracker(ceiling_cents=1)
    grant = tracker.reserve(1)
    refused = Runtime(budget=tracker).run(once, {"bound": 1, "actual": 1})
    assert "of the budget that runs share" in refused.message
    tracker.release(grant)
    assert Runtime(budget=tracker).run(once, {"bound": 1, "actual": 1}).ok


@pytest.mark.parametrize("max_parallel", [1, 8])
def test_steps_at_once_are_refused_only_when_they_do_not_fit_at_that_move(tmp_path, max_parallel):
    runtime = Runtime(budget_cents=1, max_parallel=max_parallel)
    outcome = runtime.run(many, {"count": 30, "bound": BOUND}, out=tmp_path / "out")
    verdict = workc.verify_bundle(tmp_path / "out")
    assert verdict.ok, verdict.failures
    found = sorted(moves(tmp_path / "out"), key=lambda move: move["n"])
    for move in found:
        assert move["reserved"] + move["spent"] <= 1_000_000
    refused = [move for move in found if move.get("granted") is False]
    assert outcome.ok == (not refused)
    for move in refused:
        assert move["reserved"] + move["spent"] + move["bound"] > 1_000_000
    assert workc.replay(tmp_path / "out", workflow=many).identical


@workc.workflow
async def tries_other_ways(ctx: workc.WorkflowContext, bound: int) -> list[str]:
    """A step that may not cost so much is an exception like any other; the run goes on."""
    try:
        await ctx.call(pay, bound=bound, actual=1, budget_cents=0)
    except workc.StepFailed as error:
        return [error.failure.code, str(await ctx.call(pay, bound=bound, actual=1, budget_cents=1))]
    return []


def test_a_step_ceiling_of_a_function_fails_the_step_and_not_the_run(tmp_path):
    outcome = Runtime(budget_cents=1).run(tries_other_ways, {"bound": 5}, out=tmp_path / "out")
    assert outcome.output == ["STEP_CEILING_EXCEEDED", "1"]
    assert workc.verify_bundle(tmp_path / "out").ok
    assert workc.replay(tmp_path / "out", workflow=tries_other_ways).identical


@workc.skill(effects=("Cost",))
async def uses_more(ctx: workc.Context, tokens: int) -> None:
    grant = await ctx.reserve(10, 5)
    await ctx.settle(grant, 1, "usage", tokens)


@workc.workflow
async def overdraws(ctx: workc.WorkflowContext, tokens: int) -> None:
    await ctx.call(uses_more, tokens=tokens)


@pytest.mark.parametrize(
    ("limit", "tokens", "code"),
    [(100, 5, "OK"), (100, 6, "BUDGET_BOUND_VIOLATED"), (None, 6, "OK")],
)
def test_tokens_above_their_bound_stop_a_run_that_limits_them(tmp_path, limit, tokens, code):
    runtime = Runtime(budget_cents=1, budget_tokens=limit)
    outcome = runtime.run(overdraws, {"tokens": tokens}, out=tmp_path / "out")
    assert outcome.code == code
    verdict = workc.verify_bundle(tmp_path / "out")
    assert verdict.ok, verdict.failures
    assert workc.replay(tmp_path / "out", workflow=overdraws).identical


@workc.skill(effects=("Cost",))
async def settles_oddly(ctx: workc.Context, how: str) -> None:
    grant = await ctx.reserve(10, None if how == "without" else 5)
    match how:
        case "huge":
            await ctx.reserve(1, 2**40 + 1)
        case "without":
            await ctx.settle(grant, 1, "usage", 1)
        case "silent":
            await ctx.settle(grant, 1, "usage")
        case "other":
            await ctx.settle(grant, 10, "bound", 4)
        case _:
            await ctx.settle(grant, 1, "usage", -1)


@workc.workflow
async def odd(ctx: workc.WorkflowContext, how: str) -> None:
    await ctx.call(settles_oddly, how=how)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("without", "only if reserve() was given tokens"),
        ("silent", "takes the tokens that were used"),
        ("other", "means 5 tokens, not 4"),
        ("negative", "a whole number"),
        ("huge", "from 0 to 1099511627776"),
    ],
)
def test_a_settlement_that_no_record_could_hold_is_a_mistake_and_costs_its_bound(
    tmp_path, how, words
):
    outcome = Runtime(budget_cents=1).run(odd, {"how": how}, out=tmp_path / "out")
    assert words in outcome.message
    assert outcome.cost_micro_cents == 10
    assert workc.verify_bundle(tmp_path / "out").ok


@workc.skill(effects=("Cost", "Llm", "Network"))
async def asks_for_free(ctx: workc.Context) -> None:
    await ctx.model(ModelRequest(provider="openai", path="/x", body=b"{}"))


@workc.workflow
async def free_of_charge(ctx: workc.WorkflowContext) -> None:
    await ctx.call(asks_for_free)


def test_a_model_call_without_a_reservation_is_not_made(tmp_path):
    outcome = Runtime(budget_cents=1).run(free_of_charge, out=tmp_path / "out")
    assert not outcome.ok
    assert "reserve the most that a model call may cost" in outcome.message
    assert outcome.side_effects == ()
    assert workc.verify_bundle(tmp_path / "out").ok


@workc.workflow
async def sleeps_and_pays(ctx: workc.WorkflowContext) -> None:
    await ctx.call(pay, bound=1, actual=1)
    await ctx.sleep_ms(60_000)
    await ctx.call(pay, bound=1, actual=1)


def test_the_time_of_the_budget_ends_a_run_like_its_own_time_limit(tmp_path):
    runtime = Runtime(budget_cents=1, budget_wall_ms=40)
    outcome = runtime.run(sleeps_and_pays, out=tmp_path / "out")
    assert (outcome.code, outcome.error["details"]["scope"]) == ("TIMEOUT", "run")
    assert workc.verify_bundle(tmp_path / "out").ok
    assert workc.replay(tmp_path / "out", workflow=sleeps_and_pays).identical


@pytest.mark.parametrize(
    "make",
    [
        lambda: Runtime(budget_calls=-1),
        lambda: Runtime(budget_tokens=1.5),
        lambda: Runtime(budget_wall_ms=2**53),
        lambda: Runtime(budget=5),
    ],
)
def test_limits_that_are_no_whole_numbers_are_a_misuse(make):
    with pytest.raises(Misuse, match="budget"):
        make()


def test_the_lowest_of_what_workflow_runtime_and_tracker_say_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "test-key-0000")
    path = tmp_path / "low.yaml"
    path.write_text(
        "workc: 1\nname: low\nbudget: {ceiling_cents: 3, calls: 5, tokens: 9000}\n"
        "steps: {a: {skill: json_transform, with: {data: 1, expression: '@'}}}\n"
    )
    runtime = Runtime(budget_cents=4, budget_calls=7, budget_tokens=8000, budget=BudgetTracker(2))
    outcome = runtime.run(path, out=tmp_path / "out")
    money = json.loads((tmp_path / "out/receipt.json").read_bytes())["money"]
    assert outcome.ok
    assert money["ceiling_micro_cents"] == 2_000_000
    assert money["limits"] == {"calls": 5, "tokens": 8000}


def test_a_tracker_is_charged_for_what_a_provider_really_billed(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "test-key-0000")
    tracker = BudgetTracker(1)
    with Provider([Answer(text="Hi.", tokens=Tokens(input=12, output=2))] * 2) as provider:
        asked = {"model": "gpt-5-mini", "prompt": "hi", "max_tokens": 50}
        runtime = Runtime(budget=tracker)
        for _ in range(2):
            assert runtime.execute("llm_invoke", {**asked, "base_url": provider.openai_url}).ok
    assert (tracker.spent, tracker.reserved) == (1400, 0)
    with pytest.raises(Refusal):
        tracker.reserve(micro_cents=1_000_000 - 1399)
