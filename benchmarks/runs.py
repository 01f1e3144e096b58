"""Long and wide runs: retries under a budget, the way back into a long journal, a thousand requests."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2

import workc
from benchmarks.measure import Bench, Sample, median
from benchmarks.table import row
from benchmarks.workloads import chained_lines
from workc.adapters.driver import Interrupted
from workc.api.resume import resume
from workc.api.settings import RunDriver, Settings
from workc.api.store import Store
from workc.kernel.events import Entry
from workc.kernel.failure import Failure, Refusal
from workc.runtime.workflow.model import RetrySpec
from workc.skills.http_call import http_call

STEPS = 10_000
REQUESTS = 1_000
BOUND_MICRO_CENTS = 5
COST_MICRO_CENTS = 3
ONE_IN = 10
_AT_ONCE = RetrySpec(max_attempts=20, base_delay_ms=0, max_delay_ms=0, jitter_permille=0)

#: Answers every request with the same few bytes, as fast as asyncio goes.
_SERVER = """
import asyncio
ANSWER = (b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\n"
          b"content-length: 11\\r\\n\\r\\n{\\"ok\\":true}")
class Answers(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.seen = transport, b""
    def data_received(self, data):
        self.seen += data
        while b"\\r\\n\\r\\n" in self.seen:
            _, _, self.seen = self.seen.partition(b"\\r\\n\\r\\n")
            self.transport.write(ANSWER)
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answers, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@workc.skill
async def paid(ctx: workc.Context, x: int) -> int:
    """Reserves and settles; one attempt in ten fails and may be made again."""
    grant = await ctx.reserve(BOUND_MICRO_CENTS)
    await ctx.settle(grant, COST_MICRO_CENTS, "usage")
    if ctx.random() % ONE_IN == 0:
        raise Refusal(Failure(code="SERVICE_UNAVAILABLE", message="not now"))
    return x + 1


@workc.workflow
async def paid_steps(ctx: workc.WorkflowContext, count: int) -> int:
    """Makes ``count`` paid steps one after the other."""
    for number in range(count):
        await ctx.call(paid, retry=_AT_ONCE, x=number)
    return count


@workc.workflow
async def requests(ctx: workc.WorkflowContext, url: str, count: int) -> int:
    """Makes ``count`` requests at once."""
    await ctx.gather(*(ctx.call(http_call, url=url) for _ in range(count)))
    return count


def measure(bench: Bench) -> None:
    """Prints a line for each."""
    _retries(bench)
    _way_back(bench)
    with _server() as url:
        _wide(bench, url)


def _retries(bench: Bench) -> None:
    runtime = workc.Runtime(store=bench.folder / "paid", budget_cents=1, seed=1)
    found = bench.interleaved(
        "paid step",
        {
            "floor": lambda: chained_lines(STEPS),
            "steps": lambda: runtime.run(paid_steps, {"count": STEPS}),
        },
    )
    floor, steps = (found[name].cpu / STEPS * 1e6 for name in ("floor", "steps"))
    row(
        "step with budget and retries",
        f"{steps:.0f} µs CPU",
        f"{steps / floor:.1f} x floor {floor:.0f} µs",
        "<= 150 µs",
    )


def _way_back(bench: Bench) -> None:
    taken = [_resumed(bench.folder / f"back{number}") for number in range(bench.rounds)]
    bench.keep("resume of 10,000 steps", "ms", [sample.wall * 1e3 for sample in taken])
    back = median(taken)
    row(
        "resume of 10,000 steps goes live",
        f"{back.wall:.2f} s wall, {back.cpu:.2f} s CPU",
        "",
        "<= 1 s",
    )


def _resumed(folder: Path) -> Sample:
    """Interrupts a run near its end and returns how long its resume takes to the first new record."""
    drivers: list[RunDriver] = []
    seen = [0]

    def stop(entry: Entry) -> None:
        seen[0] += entry.kind == "SkillExecuted"
        if seen[0] == STEPS - 1:
            drivers[0].interrupt()

    runtime = workc.Runtime(store=folder, budget_cents=1, seed=1)
    job = runtime.prepare(paid_steps, {"count": STEPS})
    with suppress(Interrupted):
        runtime.start(job, watch=stop, on_driver=drivers.append)
    live: list[Sample] = []
    cpu, wall = time.process_time(), time.perf_counter()

    def first(_: Entry) -> None:
        if not live:
            live.append(Sample(time.process_time() - cpu, time.perf_counter() - wall))

    resume(Store(folder), "last", Settings(), workflow=paid_steps, watch=first)
    return live[0]


def _wide(bench: Bench, url: str) -> None:
    runtime = workc.Runtime(store=bench.folder / "wide", max_parallel=REQUESTS)

    def ours() -> None:
        outcome = runtime.run(requests, {"url": url, "count": REQUESTS})
        assert outcome.ok, outcome
        assert outcome.bundle is not None

    found = bench.interleaved(
        "1,000 requests", {"bare": lambda: asyncio.run(_bare(url)), "workc": ours}
    )
    bare, wide = (REQUESTS / found[name].wall for name in ("bare", "workc"))
    row(
        "1,000 requests at once",
        f"{wide:,.0f}/s, {found['workc'].cpu / REQUESTS * 1e6:.0f} µs CPU each",
        f"{wide / bare:.2f} x bare httpx2 {bare:,.0f}/s, {found['bare'].cpu / REQUESTS * 1e6:.0f} µs",
        ">= 0.60",
    )


async def _bare(url: str) -> None:
    limits = httpx2.Limits(max_connections=REQUESTS, max_keepalive_connections=0)
    async with httpx2.AsyncClient(limits=limits, trust_env=False) as client:
        answers = await asyncio.gather(*(client.get(url) for _ in range(REQUESTS)))
    assert all(answer.json() == {"ok": True} for answer in answers)


@contextmanager
def _server() -> Generator[str]:
    run = [sys.executable, "-c", _SERVER]
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/"
        finally:
            process.kill()
