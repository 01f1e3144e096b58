"""Work at once: threads, loops, timeouts, functions that never return."""

import asyncio
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import workc
from workc import Runtime
from workc.adapters.driver import Interrupted
from workc.api.settings import Settings
from workc.runtime.workflow.model import RetrySpec
from workc.stages.effects import HttpRequest
from workc.testkit.servers import LoopbackServer, Reply

HELD = threading.Event()


@workc.skill(pure=True)
def together(x: int) -> int:
    BARRIER.wait(5)
    return x


BARRIER = threading.Barrier(4)


@workc.workflow
async def four(ctx):
    return await ctx.gather(*(ctx.call(together, x=i, timeout_ms=10_000) for i in range(4)))


def test_calls_that_are_gathered_run_at_once_and_come_back_in_order():
    outcome = Runtime(max_parallel=4).run(four)
    assert outcome.output == [0, 1, 2, 3]


@pytest.fixture(scope="module", autouse=True)
def released():
    yield
    HELD.set()
    for thread in threading.enumerate():
        if thread.name == "workc-io":
            thread.join(5)


@workc.skill
def hangs(x: int) -> int:
    HELD.wait(30)
    return x


@workc.skill
async def hangs_later(x: int) -> int:

    try:
        await asyncio.sleep(1_000)
    finally:
        CANCELLED.append(x)


CANCELLED = []


@workc.skill
async def blocks_its_loop(x: int) -> int:
    HELD.wait(30)
    return x


@pytest.mark.parametrize("skill", [hangs, hangs_later, blocks_its_loop])
def test_a_function_that_never_returns_is_cut_off_and_blocks_nothing(skill):
    @workc.workflow(skills=[skill, together_not])
    async def cut(ctx):

        slow = ctx.call(skill.name, x=1, timeout_ms=50, retry=RetrySpec(max_attempts=1))
        try:
            await ctx.gather(slow, ctx.call("together_not", x=2))
        except workc.StepFailed as error:
            return [error.failure.code, error.failure.details["timeout_ms"]]

    began = time.monotonic()
    outcome = Runtime(max_parallel=2).run(cut)
    assert outcome.output == ["TIMEOUT", 50]
    assert time.monotonic() - began < 5


@workc.skill(pure=True)
def together_not(x: int) -> int:
    return x


SPINNING = []


@workc.skill
def spins(x: int) -> int:
    SPINNING.append(threading.current_thread())
    while True:
        x += 1


@workc.skill
async def spins_on_its_loop(x: int) -> int:
    SPINNING.append(threading.current_thread())
    while True:
        x += 1


@pytest.mark.parametrize("skill", [spins, spins_on_its_loop])
@pytest.mark.parametrize("whole_run", [True, False])
def test_a_function_whose_time_is_over_is_stopped(skill, whole_run):
    @workc.workflow(skills=[skill], timeout_ms=50 if whole_run else None)
    async def cut(ctx):
        own = None if whole_run else 50
        await ctx.call(skill.name, x=1, timeout_ms=own, retry=RetrySpec(max_attempts=1))

    SPINNING.clear()
    assert Runtime().run(cut).code == "TIMEOUT"
    [thread] = SPINNING
    thread.join(10)
    assert not thread.is_alive()


def test_a_function_that_is_alone_is_stopped_when_the_run_is():
    @workc.skill(pure=True)
    def alone(x: int) -> int:
        SPINNING.append(threading.current_thread())
        driving[0].interrupt()
        while True:
            x += 1

    @workc.workflow(skills=[alone])
    async def never(ctx):
        await ctx.call("alone", x=1)

    SPINNING.clear()
    driving = []
    with pytest.raises(Interrupted):
        Runtime().run(never, on_driver=driving.append)
    [thread] = SPINNING
    thread.join(10)
    assert not thread.is_alive()


def test_an_asynchronous_function_that_is_cut_off_is_cancelled():
    @workc.workflow(skills=[hangs_later])
    async def cut(ctx):
        await ctx.call("hangs_later", x=7, timeout_ms=50, retry=RetrySpec(max_attempts=1))

    CANCELLED.clear()
    assert Runtime().run(cut).code == "TIMEOUT"
    assert CANCELLED == [7]


def test_a_blocked_function_does_not_hold_up_the_network():
    @workc.workflow(skills=[blocks_its_loop])
    async def both(ctx, url: str):

        blocked = ctx.call("blocks_its_loop", x=1, timeout_ms=400, retry=RetrySpec(max_attempts=1))
        try:
            await ctx.gather(blocked, ctx.call("http_call", url=url, step="get"))
        except workc.StepFailed as error:
            return error.step.startswith("blocks")

    with LoopbackServer({"/": Reply()}) as server:
        outcome = Runtime().run(both, {"url": server.base_url + "/"})
        assert outcome.output is True
        assert len(server.requests) == 1


def test_a_process_ends_although_a_function_never_returns(tmp_path):
    script = tmp_path / "hang.py"
    script.write_text(
        "import threading, workc\n"
        "@workc.skill\ndef hangs(x: int) -> int:\n    threading.Event().wait()\n"
        "@workc.skill\nasync def blocks(x: int) -> int:\n    threading.Event().wait()\n"
        "from workc.runtime.workflow.model import RetrySpec\n"
        "once = RetrySpec(max_attempts=1)\n"
        "@workc.workflow\nasync def main(ctx):\n"
        "    await ctx.gather(*(ctx.call(s, x=1, timeout_ms=20, retry=once) for s in (hangs, blocks)))\n"
        "print(workc.Runtime().run(main).code)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.stdout, done.returncode) == ("TIMEOUT\n", 0), done.stderr


class Odd(BaseException):
    pass


@workc.skill
def odd(x: int) -> int:
    raise Odd("thread")


@workc.skill
async def odd_later(x: int) -> int:

    raise asyncio.CancelledError


@workc.skill(pure=True)
def odd_here(x: int) -> int:
    raise SystemExit(4)


@pytest.mark.parametrize("skill", [odd, odd_later, odd_here])
def test_whatever_a_function_raises_is_an_answer(skill):
    assert Runtime().execute(skill, {"x": 1}).code == "SKILL_FAILED"


def test_a_keyboard_interrupt_in_a_thread_interrupts_the_run():

    @workc.skill
    def stops(x: int) -> int:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        Runtime().execute(stops, {"x": 1})


def test_many_reservations_at_once_over_threads_stay_below_the_ceiling(tmp_path):
    @workc.skill(effects=("Cost", "Network"))
    async def spend(ctx: workc.Context, url: str) -> int:

        grant = await ctx.reserve(10)
        await ctx.http(HttpRequest(method="GET", url=url))
        await ctx.settle(grant, 10, "usage")
        return 10

    @workc.workflow(skills=[spend])
    async def all_at_once(ctx, url: str):
        return sum(await ctx.gather(*(ctx.call("spend", url=url) for _ in range(20))))

    with LoopbackServer({"/": Reply()}) as server:
        for ceiling, code in ((200, "OK"), (199, "BUDGET_EXCEEDED")):
            runtime = Runtime(settings=Settings(ceiling_micro_cents=ceiling))
            outcome = runtime.run(
                all_at_once, {"url": server.base_url}, out=tmp_path / str(ceiling)
            )
            assert outcome.code == code
            assert outcome.cost_micro_cents <= ceiling
            verdict = workc.verify_bundle(tmp_path / str(ceiling))
            assert verdict.ok, verdict.failures
    assert outcome.cost_micro_cents == 190


def test_the_caller_may_be_in_an_event_loop_of_its_own():

    @workc.skill(pure=True)
    def runs_a_loop(x: int) -> int:
        async def inner():
            await asyncio.sleep(0)
            return x

        return asyncio.run(inner())

    @workc.workflow
    async def sleeps(ctx):
        await asyncio.sleep(1)

    async def main():
        return Runtime().execute(runs_a_loop, {"x": 3}).output, Runtime().run(sleeps).code

    assert asyncio.run(main()) == (3, "NONDETERMINISTIC")
    assert Runtime().run(sleeps).code == "NONDETERMINISTIC"


def test_many_runs_at_once_in_one_runtime_have_folders_of_their_own(tmp_path, flows):

    runtime = Runtime(store=tmp_path)
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda n: runtime.run(flows.succeeds, {"n": n}), range(8)))
    assert [len(outcome.output["values"]) for outcome in outcomes] == list(range(8))
    assert len({outcome.bundle for outcome in outcomes}) == 8
