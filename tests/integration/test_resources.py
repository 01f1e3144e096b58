"""Steps that need something alone: who has it when, how long the others wait, and what is left behind."""

import importlib.util
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import forked
import pytest

import workc
from workc.adapters.lock_folder import LockFolder
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.api.store import Store
from workc.kernel.resources import ResourceAnswered, ResourceHeld
from workc.runtime.ports import Granted
from workc.sim.ports import Scripted
from workc.testkit import ConflictResolution

WaitThenAcquire = ConflictResolution.WaitThenAcquire
SCRIPT = Path(__file__).with_name("killed_run.py")
SECOND = Path(__file__).parents[1] / "second_verifier/verifier.py"
HOST = "http://93.184.216.34"
WORLD = {
    f"GET {HOST}/ok": [Scripted(chunks=(b"[1]",), delay_ms=30)],
    f"GET {HOST}/gone": [Scripted(status=404)],
    f"GET {HOST}/slow": [Scripted(delay_ms=1_000)],
    f"GET {HOST}/flaky": [Scripted(status=503), Scripted(chunks=(b"[1]",))],
}


def http(path, more=""):
    return f"{{skill: http_call, with: {{url: '{HOST}/{path}'}}{more}}}"


def flow(*before, output='"${steps}"', **steps):
    lines = [*before, "steps:", *(f"  {name}: {step}" for name, step in steps.items())]
    return "\n".join(["workc: 1", "name: alone", *lines, "output: 1", ""])


@pytest.fixture
def run(tmp_path, proven):
    """Runs a workflow in virtual time and returns its outcome and its events, which are proven."""

    def run(text, *, settings=None, code=None, **scripts):
        path = tmp_path / "alone.yaml"
        path.write_text(text)
        runtime = simulated(WORLD, settings=settings, **scripts)
        outcome = runtime.run(path, out=tmp_path / "bundle")
        assert second()(tmp_path / "bundle") == []
        return outcome, proven(tmp_path / "bundle", **(code or {}))

    return run


def second():
    spec = importlib.util.spec_from_file_location("second_verifier_again", SECOND)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.verify_dir


def said(events, kind):
    return [event["payload"] for event in events if event["kind"] == kind]


def kinds(events, lane):
    return [event["kind"] for event in events if event["at"][:-1] == [4, lane]]


def test_steps_have_their_turn_in_the_order_in_which_they_asked(run):
    step = http("ok", ", resources: [db]")
    _, events = run(flow(a=step, b=step, c=step, d=step))
    granted = sorted((each["n"], each["step"]) for each in said(events, "ResourceAnswered"))
    assert [step for _, step in granted] == ["a", "b", "c", "d"]
    held = [(each["step"], each["by"].split()[1]) for each in said(events, "ResourceHeld")]
    assert held == [("b", "a"), ("c", "a"), ("d", "a")]
    assert [each["token"] for each in said(events, "ResourceAnswered")] == [1, 2, 3, 4]


def test_steps_that_need_both_in_any_order_do_not_wait_for_each_other(run):
    outcome, events = run(
        flow(a=http("ok", ", resources: [x, y]"), b=http("ok", ", resources: [y, x]"))
    )
    assert outcome.ok
    assert [each["resources"] for each in said(events, "ResourcesClaimed")] == [["x", "y"]] * 2


def test_a_wait_that_is_too_long_fails_and_names_the_holder(run):
    more = ", resources: [db], resources_wait_ms: 10, retry: {max_attempts: 1}"
    outcome, events = run(flow(a=http("slow", ", resources: [db]"), b=http("ok", more)))
    assert (outcome.code, outcome.exit_code, outcome.step) == ("RESOURCE_LOCKED", 8, "b")
    assert outcome.error["retryable"]
    (held,) = said(events, "ResourceHeld")
    assert held["by"] == f"{outcome.run_id} a"
    assert outcome.error["details"] == {"held_by": held["by"], "resource": "db"}
    assert outcome.message.startswith(f"db is held by step a of run {outcome.run_id} after ")
    assert len(said(events, "EffectAsked")) == 1


def test_who_does_not_wait_is_told_at_once(run):
    more = ", resources: [db], resources_wait_ms: 0, retry: {max_attempts: 1}"
    outcome, _ = run(flow(a=http("ok", ", resources: [db]"), b=http("ok", more)))
    assert outcome.message.startswith("db is held by step a of run ")


ENDS = {
    "success": http("ok", ", resources: [db]"),
    "failure": http("gone", ", resources: [db]"),
    "skip": http("gone", ", resources: [db], on_failure: skip"),
    "value": http("gone", ", resources: [db], on_failure: {value: 1}"),
    "instead": http(
        "gone", f", resources: [db], on_failure: {{skill: http_call, with: {{url: '{HOST}/ok'}}}}"
    ),
    "abort": http("gone", ", resources: [db], on_failure: abort"),
    "no time": http("slow", ", resources: [db], timeout_ms: 5, retry: {max_attempts: 1}"),
    "none at all": http("ok", ", resources: [db], timeout_ms: 0"),
    "tried again": http("flaky", ", resources: [db], retry: {base_delay_ms: 1, max_delay_ms: 1}"),
    "barred": http(
        "flaky",
        ", resources: [db], gates: {pre: [{id: g, check: 'length(steps) > `0`'}]}, depends_on: [first]",
    ),
    "judged": http("ok", ", resources: [db], gates: {post: [{id: g, check: '`false`'}]}"),
}


@pytest.mark.parametrize("end", ENDS)
def test_however_a_step_ends_it_lets_go(end, run):
    first = http("ok")
    _, events = run(flow(first=first, a=ENDS[end], b=http("ok", ", resources: [db]")))
    granted, released = said(events, "ResourceAnswered"), said(events, "ResourceReleased")
    assert len(granted) == len(released) >= 1
    assert [e["kind"] for e in events if e["at"][:-1] == [4, 1]][-1] == "ResourceReleased"


@pytest.mark.parametrize("before", ["timeout_ms: 40", "budget: {wall_ms: 40}"])
def test_when_the_time_of_the_run_is_over_it_lets_go(before, run):
    step = http("slow", ", resources: [db]")
    outcome, events = run(flow(before, a=step, b=step))
    assert outcome.status == "failure"
    assert len(said(events, "ResourceReleased")) == 1
    failed = [e for e in said(events, "ResourceAnswered") if "failure" in e]
    assert [e["failure"]["code"] for e in failed] == ["RESOURCE_LOCKED"]


def test_nobody_holds_anything_while_a_human_thinks(run):
    more = ", resources: [db], approval: {question: 'Now?', timeout_ms: 99}"
    outcome, events = run(flow(a=http("ok", more), b=http("ok", more)), approvals={"a": "approved"})
    assert kinds(events, 0)[:4] == [
        "ApprovalAsked",
        "ApprovalAnswered",
        "ResourcesClaimed",
        "ResourceAnswered",
    ]
    assert kinds(events, 1) == ["ApprovalAsked", "ApprovalAnswered", "StepSkipped"]
    assert outcome.status == "partial"


def test_a_skill_that_runs_instead_is_let_at_what_is_held(run):
    instead = f"{{skill: http_call, with: {{url: '{HOST}/ok'}}}}"
    _, events = run(flow(a=http("gone", f", resources: [db], on_failure: {instead}")))
    assert len(said(events, "ResourcesClaimed")) == 1
    assert kinds(events, 0)[-1] == "ResourceReleased"


def test_a_script_says_what_claims_meet(run):
    resolve = ConflictResolution
    conflicts = {
        "late": [None, WaitThenAcquire(wait_ms=400)],
        "no": [resolve.Fail(code="POLICY_CONFLICT", message="not here")],
        "taken": [resolve.ForceReleaseThenAcquire()],
    }
    outcome, events = run(
        flow(
            a=http("ok", ", resources: [late]"),
            b=http("ok", ", resources: [late], depends_on: [a]"),
            c=http("ok", ", resources: ['no'], retry: {max_attempts: 1}"),
            d=http("ok", ", resources: [taken]"),
        ),
        coordination=conflicts,
    )
    (held,) = said(events, "ResourceHeld")
    assert (held["step"], held["by"]) == ("b", "script")
    assert outcome.timings.ended_ms - outcome.timings.started_ms >= 400
    assert (outcome.step, outcome.code, outcome.message) == ("c", "RESOURCE_LOCKED", "not here")
    assert outcome.error["details"] == {"code": "POLICY_CONFLICT", "resource": "no"}
    assert [a["forced"] for a in said(events, "ResourceAnswered") if "forced" in a] == [1]


def test_a_scripted_wait_that_is_too_long_fails_in_time(run):
    more = ", resources: [db], resources_wait_ms: 50, retry: {max_attempts: 1}"
    outcome, _ = run(
        flow(a=http("ok", more)), coordination={"db": [WaitThenAcquire(wait_ms=60_000)]}
    )
    assert outcome.code == "RESOURCE_LOCKED"
    assert outcome.timings.ended_ms - outcome.timings.started_ms < 1_000


def test_a_claim_is_tried_again_as_any_attempt(run):
    more = ", resources: [db], resources_wait_ms: 0, retry: {base_delay_ms: 90, max_delay_ms: 90}"
    outcome, events = run(flow(a=http("ok", ", resources: [db]"), b=http("ok", more)))
    assert outcome.ok
    assert [each["code"] for each in said(events, "RetryScheduled")] == ["RESOURCE_LOCKED"]
    assert len([each for each in said(events, "ResourcesClaimed") if each["step"] == "b"]) == 2


def test_each_pass_claims_anew_and_numbers_go_on(run):
    text = flow(
        "verify: [{id: c, that: 'length(steps) > `9`', on_fail: Act}]",
        a=http("ok", ", resources: [db]"),
    )
    _, events = run(text)
    moves = [*said(events, "ResourceAnswered"), *said(events, "ResourceReleased")]
    assert sorted(move["n"] for move in moves) == [0, 1, 2, 3]
    assert [each["token"] for each in said(events, "ResourceAnswered")] == [1, 2]


MODEL = (
    "{skill: llm_invoke, resources: [db], with: {model: gpt-4o-mini, prompt: hi, max_tokens: 100}"
)
ANSWER = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}'
)


def test_a_run_that_goes_on_under_a_higher_budget_holds_again_what_stood(tmp_path, proven):
    """One lane was refused while it held both; the other was halted while it waited for one."""
    a, b = (MODEL.replace("[db]", names) for names in ("[cache]", "[cache, db]"))
    text = flow(c=http("ok", ", resources: [db]"), a=f"{a}, depends_on: [c]}}", b=f"{b}}}")
    (tmp_path / "alone.yaml").write_text(text)
    runtime = simulated(
        {**WORLD, "openai gpt-4o-mini": [Scripted(chunks=(ANSWER,), delay_ms=50)]},
        settings=Settings(store=tmp_path / "store", ceiling_micro_cents=1),
        environment={"OPENAI_API_KEY": "x" * 20},
    )
    refused = runtime.run(tmp_path / "alone.yaml")
    assert refused.code == "BUDGET_EXCEEDED"
    before = proven(refused.bundle)
    outcome = runtime.resume("last", budget_cents=1, out=tmp_path / "more")
    assert outcome.ok, outcome
    assert second()(tmp_path / "more") == []
    events = proven(tmp_path / "more")
    moves = [*said(events, "ResourceAnswered"), *said(events, "ResourceReleased")]
    assert sorted(each["n"] for each in moves) == list(range(len(moves)))
    assert len(said(before, "ResourceReleased")) < len(said(events, "ResourceReleased"))


@workc.skill
def add(one: int, other: int) -> int:
    """Adds."""
    return one + other


@workc.workflow(skills=[add])
async def sums(ctx: workc.WorkflowContext) -> object:
    """Adds twice at once, and once more."""
    both = await ctx.gather(
        ctx.call(add, one=1, other=2, resources=["db"]),
        ctx.call(add, one=3, other=4, resources={"db": 1, "cache": 2}, resources_wait_ms=5_000),
    )
    return [*both, await ctx.call(add, one=5, other=6)]


@pytest.mark.parametrize("runtime", [lambda: simulated({}), lambda: workc.Runtime()])
def test_calls_in_python_claim_too(runtime, tmp_path, proven):
    outcome = runtime().run(sums, out=tmp_path / "bundle")
    assert outcome.output == [3, 7, 11]
    events = proven(tmp_path / "bundle", workflow=sums)
    claimed = said(events, "ResourcesClaimed")
    assert [(c["resources"], c["wait_ms"]) for c in claimed] == [
        (["db"], 60_000),
        (["cache", "db"], 5_000),
    ]


BAD_OPTIONS = {
    "a list of names": {"resources": "db"},
    "a list": {"resources": 7},
    "is a text, not an int": {"resources": [7]},
    "none repeats; give each once": {"resources": ["db", "db"]},
    "has 1 to 200 characters": {"resources": ["x" * 201]},
    "a step claims 1 to 16 resources": {"resources": [f"r{n:02}" for n in range(17)]},
    "resources_wait_ms is a whole number": {"resources": ["db"], "resources_wait_ms": -1},
}


@pytest.mark.parametrize("message", BAD_OPTIONS)
def test_what_no_record_could_hold_is_refused_where_it_is_said(message):
    @workc.workflow(skills=[add])
    async def bad(ctx: workc.WorkflowContext) -> object:
        """Says something that cannot be meant."""
        return await ctx.call(add, one=1, other=2, **BAD_OPTIONS[message])

    outcome = workc.run(bad)
    assert outcome.status == "failure"
    assert message in outcome.message


# ------------------------------------------------------------------------- real processes


HOLDER = """
workc: 1
name: holder
skills: [mine.py]
inputs: {base: {type: string}}
steps:
  hold: {skill: hold, resources: [db], with: {x: 1}}
"""
SKILLS = """
import os, signal
from pathlib import Path
import workc

@workc.skill(idempotent=True)
def hold(x: int) -> int:
    if not Path(__file__).with_name("lives").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return x + 1
"""


@pytest.fixture
def killed(tmp_path):
    """A store with a run whose process was killed while its step held db."""
    (tmp_path / "mine.py").write_text(SKILLS)
    (tmp_path / "flow.yaml").write_text(HOLDER)
    done = forked.run([SCRIPT, tmp_path / "store", tmp_path / "flow.yaml", "none", 999, "after"])
    assert done.returncode == -9, done
    (tmp_path / "lives").touch()
    return tmp_path


def carry_on(tmp_path):
    return resume(Store(tmp_path / "store"), "last", Settings(environment={}))


def test_a_resumed_run_claims_again_what_it_held(killed, proven):
    outcome = carry_on(killed)
    assert (outcome.code, outcome.attempts) == ("OK", 2)
    events = proven(outcome.bundle, code=killed)
    assert [each["token"] for each in said(events, "ResourceAnswered")] == [1]
    assert [each["token"] for each in said(events, "ResourceReleased")] == [2]


def test_a_run_is_not_resumed_while_another_holds_what_it_held(killed, request):
    other = LockFolder(killed / "store" / "locks")
    request.addfinalizer(other.let_go)
    granted = other.claim("db", "other deploy")
    assert granted == Granted("db", 2, forced=1)
    outcome = carry_on(killed)
    assert (outcome.code, outcome.exit_code) == ("RESOURCE_LOCKED", 8)
    assert outcome.message == "db is held by step deploy of run other"
    other.release("db", granted.token)
    assert carry_on(killed).ok


def test_what_a_dead_run_held_is_taken_over_and_said(killed, proven):
    told = []
    runtime = workc.Runtime(store=killed / "store")
    outcome = runtime.run(killed / "flow.yaml", {"base": ""}, watch=told.append)
    events = proven(outcome.bundle, code=killed)
    assert [(a["forced"], a["token"]) for a in said(events, "ResourceAnswered")] == [(1, 2)]
    assert runtime.metrics().value("workc_resource_claims_total", mode="live", answer="forced") == 1


def test_runs_of_one_store_wait_for_each_other(tmp_path, proven):
    waits, order = Event(), []

    @workc.skill
    def one(x: int) -> int:
        """Ends when the other waits for it."""
        threads.append(pool.submit(other_runtime.run, second_flow, watch=watch, out=tmp_path / "b"))
        assert waits.wait(60)
        order.append("one")
        return x

    @workc.skill
    def other(x: int) -> int:
        """Comes behind."""
        order.append("other")
        return x

    @workc.workflow(skills=[one])
    async def first_flow(ctx: workc.WorkflowContext) -> object:
        """Holds db."""
        return await ctx.call(one, x=1, step="one", resources=["db"])

    @workc.workflow(skills=[other])
    async def second_flow(ctx: workc.WorkflowContext) -> object:
        """Waits for db."""
        return await ctx.call(other, x=1, step="other", resources=["db"])

    def watch(entry):
        if isinstance(entry.payload, ResourceHeld):
            held.append(entry.payload.by)
            waits.set()
        if isinstance(entry.payload, ResourceAnswered):
            held.append(entry.payload.token)

    held, threads = [], []
    runtime, other_runtime = (workc.Runtime(store=tmp_path / "store") for _ in range(2))
    with ThreadPoolExecutor(1) as pool:
        outcome = runtime.run(first_flow, out=tmp_path / "a")
        assert threads[0].result().ok
    assert outcome.ok
    assert order == ["one", "other"]
    assert held == [f"{outcome.run_id} one", 2]
    proven(tmp_path / "a", workflow=first_flow)
    proven(tmp_path / "b", workflow=second_flow)


def test_a_store_that_cannot_be_claimed_in_is_told(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "locks").write_text("")
    outcome = workc.Runtime(store=tmp_path / "store").run(sums)
    assert (outcome.code, outcome.exit_code) == ("STORE_UNAVAILABLE", 8)
    assert "cannot be claimed" in outcome.message


def test_files_of_locks_say_who_held_them_last(tmp_path):
    outcome = workc.Runtime(store=tmp_path / "store").run(sums)
    told = {}
    for path in (tmp_path / "store" / "locks").iterdir():
        state = json.loads(path.read_bytes())
        told[state["owner"].split()[0]] = state["held"]
    assert told == {outcome.run_id: False}
