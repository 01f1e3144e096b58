"""A run that is refused somewhere and raised in steps ends as one that had enough from the start."""

import json
import sys
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import workc
from workc import StepFailed
from workc.api.replay import replay
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.kernel.ledger import MICRO_CENTS_PER_CENT as CENT
from workc.sim.ports import Scripted
from workc.stages.effects import HttpRequest

sys.path.insert(0, str(Path(__file__).parents[1] / "second_verifier"))
import verifier as second

URL = "http://93.184.216.34"
TENTH = CENT // 10
ENOUGH = 1_000


@workc.skill(name="pay", effects=("Cost", "Network"))
async def pay(ctx: workc.Context, path: str, bound: int, actual: int) -> str:
    """Asks for nothing, then pays for a request, which may be answered with 503 first."""
    await ctx.http(HttpRequest(method="GET", url=f"{URL}{path}/free"))
    grant = await ctx.reserve(bound * TENTH)
    response = await ctx.http(HttpRequest(method="GET", url=f"{URL}{path}"))
    if response.status >= 500:
        await ctx.settle(grant, 0, "released")
        raise workc.Refusal(workc.Failure(code="SERVICE_UNAVAILABLE", message="busy"))
    await ctx.settle(grant, actual * TENTH, "usage")
    return f"{path} {ctx.uuid()}"


@workc.skill(pure=True)
def same(path: str) -> str:
    """Gives its input."""
    return path


@workc.skill
def opaque(path: str) -> str:
    """Gives its input."""
    return path


@workc.workflow(skills=[pay, same, opaque])
async def buys(ctx, rounds: list[list[dict[str, object]]]):
    """Does rounds of things at once; what fails is told and the next round is begun."""
    told = []
    for number, each in enumerate(rounds):
        calls = [planned(ctx, f"/{number}-{index}", one) for index, one in enumerate(each)]
        try:
            told.append(await ctx.gather(*calls))
        except StepFailed as failed:
            told.append([failed.failure.code])
        if number % 2:
            await ctx.sleep_ms(5)
    return [*told, ctx.random()]


def planned(ctx, path, one):
    match one["kind"]:
        case "pay":
            # What may cost nothing in all is refused, and no other step is.
            least = 0 if one["capped"] else None
            bound, actual = one["bound"], min(one["bound"], one["actual"])
            return ctx.call(pay, path=path, bound=bound, actual=actual, budget_cents=least)
        case "same":
            return ctx.call(same, path=path)
        case _:
            return ctx.call(opaque, path=path)


WORK = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["pay", "pay", "pay", "same", "opaque"]),
        "bound": st.integers(1, 30),
        "actual": st.integers(0, 30),
        "capped": st.integers(0, 9).map(lambda n: n == 0),
        "busy": st.booleans(),
        "delay": st.integers(0, 20),
    }
)
ROUNDS = st.lists(st.lists(WORK, min_size=1, max_size=4), min_size=1, max_size=4)


def runtime_of(rounds, store, cents):
    free = {
        f"GET {URL}/{number}-{index}/free": [Scripted(delay_ms=one["delay"])]
        for number, each in enumerate(rounds)
        for index, one in enumerate(each)
    }
    script = free | {
        f"GET {URL}/{number}-{index}": [
            *([Scripted(status=503)] if one["busy"] else []),
            Scripted(chunks=(b"ok",), delay_ms=(number * 7 + index * 3) % 11),
        ]
        for number, each in enumerate(rounds)
        for index, one in enumerate(each)
    }
    limit = Settings(store=store, ceiling_micro_cents=cents * CENT)
    return simulated(script, settings=limit)


def events(bundle):
    return [json.loads(line) for line in (Path(bundle) / "events.jsonl").read_bytes().splitlines()]


def bare(log):
    """Returns what happened, without times, the budget and what follows from the order of moves."""
    found = {}
    for event in log:
        payload = dict(event["payload"])
        for name in ("n", "grant", "reserved", "spent", "ceiling_micro_cents", "continues"):
            payload.pop(name, None)
        found[tuple(event["at"])] = event["kind"], payload
    return found


def answers(log):
    """Returns what the world answered, with the times, by place."""
    return {
        tuple(event["at"]): json.dumps([event["at_ms"], event["payload"]])
        for event in log
        if event["kind"] in {"EffectAnswered", "TimerFired"} or "request" in event["payload"]
        if "at_ms" in event
    }


def check(bundle):
    files = {
        str(path.relative_to(bundle)): path.read_bytes()
        for path in Path(bundle).rglob("*")
        if path.is_file()
    }
    verdict = workc.verify_bundle(bundle)
    assert verdict.ok, verdict.failures
    assert second.verify(files) == []


@settings(max_examples=60, deadline=None)
@given(ROUNDS, st.integers(0, 3), st.lists(st.integers(1, 4), max_size=8))
def test_a_budget_raised_in_steps_gives_what_enough_of_it_gives(rounds, cents, steps):
    with tempfile.TemporaryDirectory() as folder:
        enough = runtime_of(rounds, Path(folder) / "enough", ENOUGH).run(buys, {"rounds": rounds})
        runtime = runtime_of(rounds, Path(folder) / "store", cents)
        outcome = runtime.run(buys, {"rounds": rounds})
        check(outcome.bundle)
        asked = answers(events(outcome.bundle))
        for step in [*steps, *[1] * 200]:
            if outcome.code != "BUDGET_EXCEEDED":
                break
            cents += step
            higher = runtime.resume("last", workflow=buys, budget_cents=cents)
            if higher.code == "INVALID_INPUT":
                assert "takes a budget of $" in higher.message
                continue
            outcome = higher
            check(outcome.bundle)
            log = events(outcome.bundle)
            assert answers(log).items() >= asked.items(), "an answer is gone, or another"
            asked = answers(log)
        assert (outcome.status, outcome.output) == (enough.status, enough.output)
        assert outcome.cost_micro_cents == enough.cost_micro_cents
        assert bare(events(outcome.bundle)) == bare(events(enough.bundle))
        assert replay(outcome.bundle, workflow=buys).identical
