"""A run that its budget refused goes on under a higher one: nothing is done or paid twice."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

import workc
from workc import Misuse, Runtime
from workc.adapters.driver import Interrupted
from workc.adapters.run_folder import RunFolder, RunWriter
from workc.api.store import Store
from workc.kernel.ledger import MICRO_CENTS_PER_CENT as CENT
from workc.sim.clock import FakeClock
from workc.stages.effects import HttpRequest
from workc.testkit.servers import LoopbackServer, Reply
from workc.viewer.store_metrics import StoreMetrics

PATHS = ("a", "b", "c", "d")


@workc.skill(name="pay", effects=("Cost", "Network"))
async def pay(ctx: workc.Context, url: str, bound: int, actual: int) -> str:
    """Pays for a request."""
    grant = await ctx.reserve(bound, tokens=10)
    response = await ctx.http(HttpRequest(method="POST", url=url, body=b""))
    await ctx.settle(grant, actual, "usage", tokens=4)
    return response.url.rpartition("/")[2]


@workc.skill(pure=True)
def upper(text: str) -> str:
    """Gives capitals."""
    return text.upper()


@workc.workflow(skills=[pay, upper])
async def buys(ctx, base: str, bounds: list[int]):
    """Pays for some things at once, then for one more."""
    first = [
        ctx.call(pay, url=f"{base}/{path}", bound=bound, actual=bound // 2)
        for path, bound in zip(PATHS, bounds[:-1], strict=False)
    ]
    got = await ctx.gather(*first)
    assert await ctx.call(upper, text=got[0])
    last = await ctx.call(pay, url=f"{base}/last", bound=bounds[-1], actual=1)
    return [*got, last, ctx.uuid(), ctx.random()]


@pytest.fixture
def server():
    replies = {f"/{path}": Reply(body=path.encode()) for path in (*PATHS, "last")}
    with LoopbackServer(replies) as server:
        yield server


def sent(server):
    return Counter(request.path[1:] for request in server.requests)


def start(tmp_path, server, bounds, **budget):
    runtime = Runtime(store=tmp_path / "store", seed=7, **budget)
    outcome = runtime.run(buys, {"base": server.base_url, "bounds": bounds})
    return runtime, outcome


def events(bundle):
    return [json.loads(line) for line in (Path(bundle) / "events.jsonl").read_bytes().splitlines()]


def test_a_run_goes_on_under_a_higher_budget_and_nothing_is_done_twice(tmp_path, server, proven):
    runtime, outcome = start(tmp_path, server, [CENT // 2, CENT // 2, CENT], budget_cents=1)
    assert (outcome.code, outcome.exit_code) == ("BUDGET_EXCEEDED", 3)
    assert sent(server) == {"a": 1, "b": 1}
    before = outcome.proof_digest
    on = runtime.resume(outcome.run_id, budget_cents=2, workflow=buys)
    assert (on.code, on.output[:3], on.run_id) == ("OK", ["a", "b", "last"], outcome.run_id)
    assert sent(server) == {"a": 1, "b": 1, "last": 1}
    assert on.cost_micro_cents == CENT // 2 + 1
    first = proven(on.bundle, workflow=buys)[0]
    assert (first["payload"]["continues"], first["payload"]["ceiling_micro_cents"]) == (
        before,
        2 * CENT,
    )
    (earlier,) = RunFolder(tmp_path / "store" / "runs" / on.run_id).earlier
    assert proven(earlier, workflow=buys)[0]["at_ms"] == first["at_ms"]
    assert json.loads((earlier / "receipt.json").read_bytes())["proof_digest"] == before
    told = runtime.resume("last", workflow=buys)
    assert (told.proof_digest, told.output) == (on.proof_digest, on.output)


def test_what_derives_from_the_seed_is_as_it_was(tmp_path, server):
    runtime, outcome = start(tmp_path, server, [CENT, CENT], budget_cents=1)
    on = runtime.resume(outcome.run_id, budget_cents=3, workflow=buys)
    _, again = start(tmp_path / "other", server, [CENT, CENT], budget_cents=3)
    assert on.output[-1] == again.output[-1]


@pytest.mark.parametrize(
    ("had", "raised", "says"),
    [
        ({"budget_cents": 1}, {"budget_cents": 1}, "it takes a budget of $0.02"),
        ({"budget_cents": 1}, {"budget_cents": 0}, "is $0.01; it can be raised only"),
        ({"budget_cents": 9, "budget_calls": 2}, {"budget_cents": 99}, "it takes 3 calls"),
        ({"budget_cents": 9, "budget_calls": 2}, {"budget_calls": 1}, "is 2 calls"),
        ({"budget_cents": 9, "budget_tokens": 17}, {"budget_tokens": 19}, "it takes 20 tokens"),
        ({"budget_cents": 9, "budget_tokens": 17}, {"budget_calls": 9}, "no limit of calls"),
    ],
)
def test_a_budget_that_is_too_low_is_refused_and_nothing_changes(
    tmp_path, server, had, raised, says
):
    runtime, outcome = start(tmp_path, server, [CENT // 2, CENT // 2, CENT], **had)
    folder = tmp_path / "store" / "runs" / outcome.run_id
    kept = sorted(path for path in folder.rglob("*"))
    refused = runtime.resume("last", workflow=buys, **raised)
    assert (refused.code, refused.exit_code) == ("INVALID_INPUT", 2)
    assert says in refused.message
    assert sorted(path for path in folder.rglob("*")) == kept
    assert runtime.resume("last", workflow=buys).proof_digest == outcome.proof_digest


@pytest.mark.parametrize(
    ("had", "raised"),
    [
        ({"budget_cents": 9, "budget_calls": 2}, {"budget_calls": 3}),
        ({"budget_cents": 9, "budget_tokens": 17}, {"budget_tokens": 20}),
        ({"budget_cents": 1, "budget_calls": 2}, {"budget_cents": 2, "budget_calls": 3}),
    ],
)
def test_each_limit_can_be_raised(tmp_path, server, proven, had, raised):
    runtime, outcome = start(tmp_path, server, [CENT // 2, CENT // 2, CENT], **had)
    assert outcome.code in {"BUDGET_EXCEEDED", "QUOTA_EXCEEDED"}
    on = runtime.resume("last", workflow=buys, **raised)
    assert (on.code, sum(sent(server).values())) == ("OK", 3)
    proven(on.bundle, workflow=buys)


def test_it_may_be_raised_again_and_again(tmp_path, server, proven):
    runtime, outcome = start(tmp_path, server, [CENT, 2 * CENT, 3 * CENT, 4 * CENT], budget_cents=1)
    cents, digests = 1, [outcome.proof_digest]
    while not outcome.ok:
        cents += 1
        out = tmp_path / f"out-{cents}"
        outcome = runtime.resume("last", workflow=buys, budget_cents=cents, out=out)
        if outcome.run_id:
            digests.append(outcome.proof_digest)
            proven(outcome.bundle, workflow=buys)
    assert set(sent(server).values()) == {1}
    folder = RunFolder(tmp_path / "store" / "runs" / outcome.run_id)
    bundles = [folder.bundle, *folder.earlier]
    says = {
        receipt["proof_digest"]: receipt.get("continues")
        for receipt in (json.loads((each / "receipt.json").read_bytes()) for each in bundles)
    }
    assert says == dict(zip(digests, [None, *digests], strict=False))
    assert len(digests) > 2


KILLED = Path(__file__).with_name("killed_resume.py")
FLOW = """
workc: 1
name: killed
inputs: {base: {type: string}}
skills: [mine.py]
steps:
  get: {skill: http_call, with: {url: "${inputs.base}/a"}}
  buy: {skill: pay, with: {url: "${inputs.base}/b", bound: 500000, actual: 400000}}
  post: {skill: http_call, depends_on: [buy], with: {url: "${inputs.base}/c", method: POST}}
  more: {skill: pay, with: {url: "${inputs.base}/d", bound: 900000, actual: 1}, depends_on: [post]}
  put: {skill: http_call, depends_on: [more], with: {url: "${inputs.base}/last", method: PUT}}
output: {got: "${steps.get.body}", put: "${steps.put.body}"}
"""
SKILLS = """
import workc
from workc.stages.effects import HttpRequest

@workc.skill(name="pay", effects=("Cost", "Network"))
async def pay(ctx: workc.Context, url: str, bound: int, actual: int) -> int:
    grant = await ctx.reserve(bound)
    response = await ctx.http(HttpRequest(method="PUT", url=url, body=b""))
    await ctx.settle(grant, actual, "usage")
    return response.status
"""
OUTPUT = {"got": "a", "put": "last"}


@pytest.fixture
def refused(tmp_path, server):
    """Gives a run that its budget refused, in a store that may be broken."""
    (tmp_path / "mine.py").write_text(SKILLS)
    (tmp_path / "flow.yaml").write_text(FLOW)
    runtime = Runtime(store=tmp_path / "store", budget_cents=1)
    outcome = runtime.run(tmp_path / "flow.yaml", {"base": server.base_url})
    assert (outcome.code, outcome.step) == ("BUDGET_EXCEEDED", "more")
    return outcome


def killed(tmp_path, n, how):
    command = [sys.executable, str(KILLED), str(tmp_path / "store"), str(n), how]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


#: System calls that change the folder while it goes on, and lines that are written after it.
CALLS, LINES = 8, 11


def test_nobody_kills_it_and_it_makes_so_many_calls_and_lines(tmp_path, server, refused):
    done = killed(tmp_path, 10_000, "call")
    assert done.stdout.split() == ["OK", str(CALLS), str(LINES)], done


@pytest.mark.parametrize("again", [{"budget_cents": 3}, {}])
@pytest.mark.parametrize(
    ("how", "n"),
    [*(("call", n) for n in range(1, CALLS + 1)), *(("line", n) for n in range(1, LINES + 1))],
)
def test_killed_anywhere_it_can_be_resumed(tmp_path, server, proven, refused, how, n, again):
    assert killed(tmp_path, n, how).returncode == -9
    runtime = Runtime(store=tmp_path / "store")
    outcome = runtime.resume("last", **again)
    if outcome.proof_digest == refused.proof_digest:
        # It had not come to the step from one journal to the other: all is as it was.
        assert not again
        outcome = runtime.resume("last", budget_cents=3)
    folder = RunFolder(tmp_path / "store" / "runs" / refused.run_id)
    (earlier,) = folder.earlier
    for bundle in (earlier, folder.bundle):
        assert workc.verify_bundle(bundle).ok
    started, *_ = events(outcome.bundle)
    assert started["payload"]["continues"] == refused.proof_digest
    seen = sent(server)
    assert (outcome.code, outcome.output) == ("OK", OUTPUT)
    assert seen["a"] == seen["b"] == seen["c"] == 1, "what was done before was done again"
    doubts = sum(event["kind"] == "RetryScheduled" for event in events(outcome.bundle))
    assert seen["d"] + seen["last"] <= 2 + doubts
    assert outcome.cost_micro_cents in {400_001, 400_001 + 900_000}
    proven(outcome.bundle, code=tmp_path)


@workc.skill(name="slow", effects=("Network",))
async def slow(ctx: workc.Context, url: str) -> str:
    """Asks for what takes a while."""
    return (await ctx.http(HttpRequest(method="POST", url=url, body=b""))).url.rpartition("/")[2]


@workc.workflow(skills=[pay, slow])
async def stops(ctx, base: str):
    """Pays for more than it may, while something fails that stops the run, and something hangs."""
    return await ctx.gather(
        ctx.call(slow, url=f"{base}/hang"),
        ctx.call("http_call", url=f"{base}/nowhere", on_failure="abort"),
        ctx.call(pay, url=f"{base}/a", bound=CENT, actual=1),
    )


def test_what_was_broken_off_because_the_run_was_stopped_is_in_doubt(tmp_path, server, proven):
    server.replies["/hang"] = Reply(then="hang", length=5)
    runtime = Runtime(store=tmp_path / "store", budget_cents=0)
    outcome = runtime.run(stops, {"base": server.base_url})
    receipt = json.loads((Path(outcome.bundle) / "receipt.json").read_bytes())
    assert (outcome.code, receipt["halt"]) == ("ABORTED", "BUDGET_EXCEEDED")
    before = sent(server)
    assert before["nowhere"] == 1
    on = runtime.resume("last", workflow=stops, budget_cents=1)
    assert on.code == "ABORTED", "what failed then has failed"
    codes = {e["payload"]["step"]: e["payload"]["failure"]["code"] for e in ended(on.bundle)}
    assert codes["slow-4.0"] == "IN_DOUBT"
    after = sent(server)
    assert (after["nowhere"], after["hang"]) == (1, before["hang"])
    proven(on.bundle, workflow=stops)


def ended(bundle):
    return [
        event
        for event in events(bundle)
        if "failure" in event["payload"] and "step" in event["payload"]
    ]


@workc.skill(name="wait", effects=("Cost", "Network"))
async def wait(ctx: workc.Context, url: str, ms: int) -> str:
    """Waits, then asks for something."""
    await ctx.sleep_ms(ms)
    grant = await ctx.reserve(1)
    response = await ctx.http(HttpRequest(method="GET", url=url))
    await ctx.settle(grant, 1, "usage")
    return response.url.rpartition("/")[2]


@workc.workflow(skills=[pay, wait])
async def waits(ctx, base: str, ms: int):
    """Pays, waits, and pays again."""
    first = await ctx.call(pay, url=f"{base}/a", bound=10, actual=10)
    return [first, await ctx.call(wait, url=f"{base}/b", ms=ms)]


def test_a_run_whose_time_was_over_goes_on_with_more_time(tmp_path, server, proven):
    runtime = Runtime(store=tmp_path / "store", budget_cents=1, budget_wall_ms=40)
    outcome = runtime.run(waits, {"base": server.base_url, "ms": 41})
    assert (outcome.code, outcome.error["details"]["scope"]) == ("TIMEOUT", "run")
    short = runtime.resume("last", workflow=waits, budget_wall_ms=40)
    assert (short.code, "ms or more since it began" in short.message) == ("INVALID_INPUT", True)
    on = runtime.resume("last", workflow=waits, budget_wall_ms=600_000)
    assert (on.code, on.output, sent(server)) == ("OK", ["a", "b"], {"a": 1, "b": 1})
    proven(on.bundle, workflow=waits)


@workc.workflow(skills=[pay], timeout_ms=300)
async def hurries(ctx, base: str):
    """Pays in a hurry."""
    return await ctx.call(pay, url=f"{base}/a", bound=CENT, actual=1)


def test_a_run_whose_own_time_is_over_is_not_raised(tmp_path, server):
    runtime = Runtime(store=tmp_path / "store", budget_cents=0)
    outcome = runtime.run(hurries, {"base": server.base_url})
    assert outcome.code == "BUDGET_EXCEEDED"
    late = Runtime(
        settings=replace(
            runtime.settings, clock=lambda _floor: FakeClock(outcome.timings.ended_ms + 301)
        )
    )
    refused = late.resume("last", workflow=hurries, budget_cents=1)
    assert refused.message == "the time that the workflow gives itself is over; run it again"


@workc.workflow(skills=[pay])
async def overbilled(ctx, base: str):
    """Is billed more than was reserved."""
    return await ctx.call(pay, url=f"{base}/a", bound=1, actual=2)


def test_a_bill_above_its_bound_is_not_mended_by_a_higher_budget(tmp_path, server):
    runtime = Runtime(store=tmp_path / "store", budget_cents=1)
    assert runtime.run(overbilled, {"base": server.base_url}).code == "BUDGET_BOUND_VIOLATED"
    refused = runtime.resume("last", workflow=overbilled, budget_cents=9)
    assert refused.code == "INVALID_INPUT"
    assert "was billed more than was reserved; no budget mends that" in refused.message


def test_a_run_that_shared_a_budget_is_not_raised(tmp_path, server):
    tracker = workc.BudgetTracker(ceiling_cents=1)
    tracker.reserve(micro_cents=CENT - 20)
    runtime = Runtime(store=tmp_path / "store", budget=tracker)
    inputs = {"base": server.base_url, "bounds": [10, 100]}
    assert runtime.run(buys, inputs).code == "BUDGET_EXCEEDED"
    refused = runtime.resume("last", workflow=buys, budget_cents=9)
    assert "shared a budget with others; run it again" in refused.message


def test_code_that_changed_is_named_before_anything_is_touched(tmp_path, server, refused):
    folder = tmp_path / "store" / "runs" / refused.run_id
    kept = sorted(folder.rglob("*"))
    (tmp_path / "mine.py").write_text(SKILLS.replace("usage", "bound"))
    runtime = Runtime(store=tmp_path / "store")
    assert runtime.resume("last", budget_cents=9).code == "CODE_CHANGED"
    assert sorted(folder.rglob("*")) == kept


def test_a_run_that_another_process_writes_is_locked(tmp_path, server, refused):
    folder = tmp_path / "store" / "runs" / refused.run_id
    writer = RunWriter(folder, "flush")
    assert Runtime(store=tmp_path / "store").resume("last", budget_cents=9).code == "RUN_LOCKED"
    writer.close()


def test_a_run_that_has_not_ended_keeps_its_budget(tmp_path, server):
    drivers = []

    def stop(entry):
        if entry.kind == "EffectAnswered":
            drivers[0].interrupt()

    runtime = Runtime(store=tmp_path / "store", budget_cents=2)
    inputs = {"base": server.base_url, "bounds": [CENT, CENT]}
    with pytest.raises(Interrupted):
        runtime.run(buys, inputs, watch=stop, on_driver=drivers.append)
    refused = runtime.resume("last", workflow=buys, budget_cents=9)
    assert "has not ended; resume it under its own budget" in refused.message
    assert runtime.resume("last", workflow=buys, budget_cents=2).ok


def test_a_runtime_without_a_store_or_with_a_budget_that_is_none_resumes_nothing(tmp_path):
    with pytest.raises(Misuse, match="with a store"):
        Runtime().resume("last")
    with pytest.raises(Misuse, match="budget"):
        Runtime(store=tmp_path).resume("last", budget_cents=-1)


def test_a_store_counts_a_run_that_went_on_once(tmp_path, server):
    runtime, outcome = start(tmp_path, server, [CENT, CENT], budget_cents=1)
    metrics = StoreMetrics(Store(tmp_path / "store"))

    def figures():
        read = metrics.read()
        return read.value("workc_runs_started_total", mode="live"), sum(
            read.value("workc_budget_spent_micro_cents_total", mode="live", basis=basis)
            for basis in ("usage", "bound", "released")
        )

    assert figures() == (1, outcome.cost_micro_cents)
    on = runtime.resume("last", workflow=buys, budget_cents=2)
    for _ in range(2):
        assert figures() == (1, on.cost_micro_cents)
    assert metrics.read().value("workc_runs_ended_total", mode="live", outcome="failed") == 0
