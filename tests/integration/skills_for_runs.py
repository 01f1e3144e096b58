"""Skills and workflows of every kind, for runs that are recorded and replayed."""

import asyncio
import time

import workc
from workc import Failure, Refusal, StepFailed
from workc.runtime.workflow.model import RetrySpec
from workc.stages.effects import HttpRequest

BIG = 70_000


@workc.skill(pure=True)
def double(x: int) -> int:
    return helper(x)


def helper(x):
    return 2 * x


@workc.skill(pure=True)
def fail(words: str) -> int:
    raise ValueError(words)


@workc.skill(pure=True)
def big(char: str) -> str:
    return char * BIG


@workc.skill(pure=True)
async def double_later(x: int) -> int:
    await asyncio.sleep(0.01)
    first, second = await asyncio.gather(_same(x), _same(x))
    return first + second


async def _same(x):
    await asyncio.sleep(0)
    return x


@workc.skill
def opaque(x: int) -> int:
    return 3 * x


@workc.skill
async def opaque_later(x: int) -> int:
    await asyncio.sleep(0)
    return 4 * x


@workc.skill(pure=True, timeout_ms=30)
def never(x: int) -> int:

    time.sleep(0.5)
    return x


@workc.skill(effects=("Network", "Cost"))
async def drawn(ctx: workc.Context, x: int) -> list[str]:
    grant = await ctx.reserve(x)
    await ctx.sleep_ms(1)
    await ctx.settle(grant, x // 2, "usage")
    return [ctx.uuid(), ctx.uuid(), str(ctx.random()), str(ctx.now_ms()), ctx.idempotency_key]


@workc.skill(effects=("Network",))
async def flaky(ctx: workc.Context, url: str) -> int:
    response = await ctx.http(HttpRequest(method="GET", url=url))
    if response.status != 200:
        raise Refusal(Failure(code="HTTP_5XX", message="no luck", retry_after_ms=2))
    return response.status


@workc.workflow
async def succeeds(ctx, n: int):
    values = await ctx.gather(*(ctx.call(double, x=i) for i in range(n)))
    return {"values": values, "more": await ctx.call(double_later, x=5)}


@workc.workflow(verify=[{"id": "is_six", "that": "output == `6`"}])
async def opaque_work(ctx):
    return await ctx.call(opaque, x=2)


@workc.workflow
async def opaque_async(ctx):
    return await ctx.call(opaque_later, x=2)


@workc.workflow
async def fails(ctx):
    return await ctx.call(fail, words="it broke")


@workc.workflow(verify=[{"id": "never", "that": "output == `7`"}])
async def unverified(ctx):
    return await ctx.call(double, x=2)


@workc.workflow
async def recovers(ctx):
    try:
        await ctx.call(fail, words="first", step="first")
    except StepFailed as error:
        return [error.failure.code, await ctx.call(double, x=1)]


@workc.workflow
async def large(ctx):
    text = await ctx.call(big, char="ä")
    again = await ctx.call(big, char="b")
    return text + again


@workc.workflow
async def times_out(ctx):
    return await ctx.call(never, x=1, retry=RetrySpec(max_attempts=2, base_delay_ms=1))


@workc.workflow
async def halted(ctx):
    first = await ctx.call(drawn, x=400_000)
    second = await ctx.call(drawn, x=5_000_000)
    return [first, second]


@workc.workflow
async def caught_halt(ctx):
    try:
        await ctx.call(drawn, x=5_000_000)
    except StepFailed:
        return "went on"


@workc.workflow
async def derives(ctx):
    await ctx.sleep_ms(1)
    mine = [ctx.uuid(), str(ctx.random()), str(ctx.now_ms())]
    return [mine, *await ctx.gather(ctx.call(drawn, x=10), ctx.call(drawn, x=11))]


@workc.workflow(timeout_ms=50)
async def waits_too_long(ctx):
    await ctx.call(double, x=1)
    await ctx.sleep_ms(3_600_000)


@workc.workflow
async def empty(ctx):
    return await ctx.gather()


@workc.workflow
async def retried(ctx, url: str):
    return await ctx.call(flaky, url=url, retry=RetrySpec(max_attempts=3, base_delay_ms=1))
