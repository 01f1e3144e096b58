"""The simulated world: scripted answers in virtual time."""

import asyncio
import json
from dataclasses import replace

import pytest

import workc
from workc import Failure
from workc.api.replay import replay
from workc.api.settings import Settings
from workc.api.simulation import EPOCH_MS, simulated
from workc.runtime.workflow.model import RetrySpec
from workc.sim.clock import FakeClock, SeededEntropy
from workc.sim.ports import Scripted, ScriptedWorld, key_of
from workc.stages.effects import HttpRequest, ModelRequest

URL = "http://a/"
KEY = f"GET {URL}"


@workc.workflow
async def three(ctx):
    calls = [
        ctx.call(
            "http_call", url=URL, step=f"s{i}", retry=RetrySpec(max_attempts=1), timeout_ms=100
        )
        for i in range(3)
    ]
    try:
        return [found["status"] for found in await ctx.gather(*calls)]
    except workc.StepFailed as error:
        return [error.step, ctx.now_ms() - EPOCH_MS]


def test_the_same_script_and_seed_give_the_same_bundle_and_another_seed_another(tmp_path):
    script = {KEY: [Scripted(status=200, delay_ms=5), Scripted(status=204)]}
    digests = [simulated(script, seed=seed).run(three).proof_digest for seed in (1, 1, 2)]
    assert digests[0] == digests[1] != digests[2]


def test_answers_are_used_up_in_the_order_of_the_asks_and_the_last_repeats():
    script = {
        KEY: [
            Scripted(status=200, delay_ms=90),
            Scripted(status=201, delay_ms=1),
            Scripted(status=202),
        ]
    }
    assert simulated(script).run(three).output == [200, 201, 202]


def test_what_takes_longer_than_its_time_is_a_timeout_when_that_is_over():
    script = {KEY: [Scripted(delay_ms=10), Scripted(delay_ms=5_000), Scripted(delay_ms=10)]}
    step, passed = simulated(script, step_ms=0).run(three).output
    assert (step, passed) == ("s1", 100)


def test_what_is_not_in_the_script_is_blocked_and_scripted_failures_come_out(tmp_path):
    assert simulated({}).execute("http_call", {"url": URL}).code == "EXTERNAL_CALL_BLOCKED"
    script = {KEY: [Scripted(failure=Failure(code="TLS_ERROR", message="m"))]}
    assert simulated(script).execute("http_call", {"url": URL}).code == "TLS_ERROR"


def test_waiting_takes_no_time_and_a_day_passes():
    @workc.workflow
    async def waits(ctx):
        await ctx.sleep_ms(86_400_000)
        return ctx.now_ms() - EPOCH_MS

    assert simulated({}).run(waits).output >= 86_400_000


def test_a_model_is_scripted_by_provider_and_name():
    body = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
    }
    script = {"openai gpt-4o-mini": [Scripted(chunks=(json.dumps(body).encode(),))]}

    base = replace(Settings(), ceiling_micro_cents=10**9)
    outcome = simulated(script, settings=base).execute(
        "llm_invoke", {"model": "gpt-4o-mini", "prompt": "hello", "max_tokens": 5}
    )
    assert outcome.ok, outcome
    assert outcome.output["text"] == "hi"
    assert outcome.cost_micro_cents > 0


@pytest.mark.parametrize(
    ("wait", "code"), [("none", "OK"), ("zero", "OK"), ("loop", "NONDETERMINISTIC")]
)
def test_an_asynchronous_function_runs_as_far_as_it_needs_no_loop(tmp_path, wait, code):
    @workc.skill(pure=True)
    async def later(wait: str) -> int:
        if wait == "zero":
            await asyncio.sleep(0)
        if wait == "loop":
            await asyncio.sleep(1)
        return 1

    outcome = simulated({}).execute(later, {"wait": wait}, out=tmp_path / "b")
    assert outcome.code == code
    assert replay(tmp_path / "b", skills={"later": later}).identical


def test_keys_of_requests():
    assert (
        key_of(HttpRequest(method="GET", url=URL, query=(("a", "1"), ("b", "2"))))
        == f"{KEY}?a=1&b=2"
    )
    assert key_of(ModelRequest(provider="openai", path="/x", body=b"no json")) == "openai "
    assert (
        key_of(ModelRequest(provider="anthropic", path="/x", body=b'{"model":"m"}'))
        == "anthropic m"
    )


def test_the_scripted_ports_answer_like_real_ones():
    world = ScriptedWorld({KEY: [Scripted(chunks=(b"a", b"b"))]})
    found = asyncio.run(world.http().send(HttpRequest(method="GET", url=URL)))
    assert (found.status, found.body, found.url) == (200, b"ab", URL)
    with pytest.raises(workc.Refusal, match="EXTERNAL_CALL_BLOCKED"):
        asyncio.run(world.model().send(ModelRequest(provider="openai", path="/x", body=b"{}")))


def test_the_clock_moves_only_when_told_and_never_back():
    clock = FakeClock(10, 2)
    assert [clock.now_ms(), clock.now_ms()] == [10, 12]
    clock.advance()
    clock.advance(100)
    clock.at_least(5)
    assert clock.now_ms() == 116
    clock.at_least(500)
    asyncio.run(clock.sleep_ms(7))
    assert clock.now_ms() == 507
    assert SeededEntropy(3).draw(9) == SeededEntropy(3).draw(9)
    assert len(SeededEntropy(3).draw(9)) == 9
