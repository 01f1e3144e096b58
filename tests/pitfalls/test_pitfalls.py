"""Defects of systems that came before: each line of the list is a test that must be able to fail."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import workc
from workc import Runtime, StepFailed
from workc.adapters.driver import Interrupted
from workc.adapters.run_folder import RunWriter
from workc.api.replay import replay
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.api.store import Store
from workc.kernel.ledger import Ledger
from workc.runtime.workflow.model import RetrySpec
from workc.sim.ports import Scripted
from workc.stages.effects import HttpRequest
from workc.testkit.servers import LoopbackServer, Reply


@workc.skill(pure=True)
def same(x: object) -> object:
    return x


@workc.skill(pure=True)
def broken(x: int) -> int:
    raise ValueError("broken")


def run(function, inputs=None, runtime=None, **more):
    made = workc.workflow(skills=[same, broken])(function)
    return (runtime or Runtime()).run(made, inputs, **more)


def cyclic():
    found = []
    found.append(found)
    return found


@pytest.mark.parametrize(
    "value", [{1, 2}, cyclic(), object(), float("nan"), {1: 2}, b"x", "\ud800", 2**53]
)
def test_01_odd_inputs_give_an_outcome_with_a_code(value):
    async def flow(ctx, x: object):
        return x

    for outcome in (Runtime().execute(same, {"x": value}), run(flow, {"x": value})):
        assert (outcome.status, outcome.code) == ("failure", "INVALID_INPUT")


def test_02_reservations_that_fit_are_granted_and_no_other():
    ledger = Ledger(100)
    assert [ledger.reserve(n).granted for n in (60, 41, 40, 1, 0)] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_03_failure_then_resume_runs_what_was_left(tmp_path):
    async def flow(ctx):
        return [await ctx.call(same, x=i) for i in range(3)]

    made = workc.workflow(skills=[same])(flow)
    drivers, seen = [], []

    def watch(entry):
        seen.append(entry.kind)
        if seen.count("SkillExecuted") == 1:
            drivers[0].interrupt()

    with pytest.raises(Interrupted):
        Runtime(store=tmp_path).run(made, watch=watch, on_driver=drivers.append)
    assert "Locked" not in seen
    outcome = resume(Store(tmp_path), "last", Settings(), workflow=made)
    assert (outcome.output, outcome.attempts) == ([0, 1, 2], 3)


@workc.skill(name="costly", effects=("Cost",))
async def costly(ctx: workc.Context, x: int) -> int:
    grant = await ctx.reserve(1_000_000)
    await ctx.settle(grant, 600_000, "usage")
    return x


def test_03_a_step_that_the_budget_refused_runs_again_after_it_was_raised(tmp_path):
    async def flow(ctx):
        return [await ctx.call(costly, x=i, step=f"s{i}") for i in range(3)]

    made, runtime = workc.workflow(skills=[costly])(flow), Runtime(store=tmp_path, budget_cents=1)
    refused = runtime.run(made)
    assert (refused.code, refused.step) == ("BUDGET_EXCEEDED", "s1")
    again = runtime.resume("last", workflow=made, budget_cents=2)
    assert (again.code, again.step) == ("BUDGET_EXCEEDED", "s2")
    done = runtime.resume("last", workflow=made, budget_cents=3)
    assert (done.output, done.attempts, done.cost_micro_cents) == ([0, 1, 2], 3, 1_800_000)


def test_04_two_workers_on_one_run_and_one_is_refused(tmp_path):
    writer = RunWriter(tmp_path / "run", "flush")
    with pytest.raises(workc.Refusal, match="RUN_LOCKED"):
        RunWriter(tmp_path / "run", "flush")
    writer.close()
    RunWriter(tmp_path / "run", "flush").close()


FETCH = """
workc: 1
name: fetch
inputs: {base: {type: string}}
steps:
  get: {skill: http_call, with: {url: "${inputs.base}/"}}
output: "${steps.get.body}"
"""


@pytest.fixture
def fetched(tmp_path):
    (tmp_path / "fetch.yaml").write_text(FETCH)
    with LoopbackServer({"/": Reply(body=b"hello")}) as server:
        outcome = Runtime().run(
            tmp_path / "fetch.yaml", {"base": server.base_url}, out=tmp_path / "bundle"
        )
    assert outcome.ok
    return tmp_path / "bundle"


def test_05_a_replay_of_an_unknown_skill_fails_and_nothing_goes_live(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import workc\n@workc.skill(pure=True)\ndef one() -> int:\n    return 1\n"
    )
    (tmp_path / "flow.yaml").write_text(
        "workc: 1\nname: f\nskills: [mine.py]\nsteps: {a: {skill: one}}\noutput: 1\n"
    )
    assert Runtime().run(tmp_path / "flow.yaml", out=tmp_path / "bundle").ok
    assert replay(tmp_path / "bundle", code=tmp_path).identical
    (tmp_path / "mine.py").unlink()
    (found,) = replay(tmp_path / "bundle", code=tmp_path).divergences
    assert found.code == "SKILL_NOT_FOUND"


AUDITED = """
import sys, time
events, clocks = [], []
from workc.api.replay import replay
import httpx2
def hook(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.fork", "os.posix_spawn", "os.exec", "os.system")):
        events.append(event)
sys.addaudithook(hook)
CLOCKS = {time.time, time.time_ns, time.monotonic, time.monotonic_ns, time.perf_counter, time.perf_counter_ns, time.sleep}
def profile(frame, event, function):
    if event == "c_call" and function in CLOCKS:
        clocks.append(function.__name__)
import threading
sys.setprofile(profile)
threading.setprofile(profile)
sys.path.insert(0, sys.argv[2])
import skills_for_runs
report = replay(sys.argv[1], workflow=getattr(skills_for_runs, sys.argv[3]) if sys.argv[3] else None)
sys.setprofile(None)
print(report.identical, events, clocks, report.divergences)
"""


@pytest.mark.parametrize("name", ["", "succeeds", "derives", "opaque_work"])
def test_06_a_replay_opens_no_socket_starts_no_process_reads_no_clock(
    tmp_path, fetched, flows, name
):
    bundle = fetched
    if name:
        bundle = tmp_path / "other"
        Runtime(budget_cents=1).run(
            getattr(flows, name), {"n": 3} if name == "succeeds" else {}, out=bundle
        )
    skills = str(Path(__file__).parents[1] / "integration")
    command = [sys.executable, "-c", AUDITED, str(bundle), skills, name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.strip() == "True [] [] ()", done


@pytest.mark.parametrize(
    "body",
    [
        "import time\n    return int(time.time())",
        "import datetime\n    return datetime.datetime.now().year",
        "import os\n    return len(os.urandom(3))",
        "import random\n    return random.randint(1, 5)",
        "import uuid\n    return len(str(uuid.uuid4()))",
        "import socket\n    socket.create_connection(('127.0.0.1', 9), 1)",
        "import subprocess\n    return subprocess.call(['true'])",
    ],
)
def test_06_code_that_is_not_pure_is_named_by_a_replay(tmp_path, body):

    (tmp_path / "mine.py").write_text(
        f"import workc\n@workc.skill(pure=True)\ndef one() -> int:\n    {body}\n"
    )
    (tmp_path / "flow.yaml").write_text(
        "workc: 1\nname: f\nskills: [mine.py]\nsteps: {a: {skill: one}}\noutput: 1\n"
    )
    Runtime().run(tmp_path / "flow.yaml", out=tmp_path / "bundle")
    (found,) = replay(tmp_path / "bundle", code=tmp_path).divergences
    assert (found.code, found.step) == ("REPLAY_DIVERGED", "a")
    assert (
        "NONDETERMINISTIC" in found.now
        or "EXTERNAL_CALL_BLOCKED" in found.now
        or found.pointer == "/failure/code"
    )


def test_08_a_wrong_reference_need_or_cycle_is_refused_before_any_step(tmp_path):
    for bad in ('with: {data: "${nope.a}"}', "depends_on: [nope]", "depends_on: [a]"):
        (tmp_path / "f.yaml").write_text(
            f"workc: 1\nname: f\nsteps: {{a: {{skill: json_transform, {bad}}}}}\n"
        )
        outcome = Runtime().run(tmp_path / "f.yaml", out=tmp_path / "b")
        assert outcome.code == "INVALID_WORKFLOW"
        assert outcome.attempts == 0
        assert not (tmp_path / "b").exists()


def test_09_a_budget_of_zero_is_zero_and_a_workflow_may_only_lower_it(tmp_path):
    text = FETCH.replace("steps:", "budget: {ceiling_cents: OWN}\nsteps:")
    for own, given, ceiling in ((0, 5, 0), (3, 5, 3), (9, 5, 5), (0, None, 0), (3, None, 3)):
        (tmp_path / "f.yaml").write_text(text.replace("OWN", str(own)))
        job = Runtime(budget_cents=given).prepare(tmp_path / "f.yaml", {"base": "http://x"})
        assert job.settings.ceiling_micro_cents == ceiling * 1_000_000
    assert Runtime().prepare(workc.workflow(test_nothing), {}).settings.ceiling_micro_cents == 0


async def test_nothing(ctx):
    return None


test_nothing.__test__ = False

ECHO = """
import json, sys
from workc.api.simulation import simulated
from workc.sim.ports import Scripted
import workc
@workc.skill(pure=True)
def order(x: list[str]) -> list[str]:
    return sorted({*x})
@workc.workflow
async def main(ctx):
    got = await ctx.gather(*(ctx.call("http_call", url=f"http://a/{i}", step=f"get{i}") for i in range(3)))
    return {"ü": await ctx.call(order, x=["b", "a"]), "ids": [ctx.uuid(), str(ctx.now_ms())], "got": got}
script = {f"GET http://a/{i}": [Scripted(status=503), Scripted(chunks=(b'{"n":1.5}',), delay_ms=50 - i)] for i in range(3)}
outcome = simulated(script, seed=7).run(main)
print(outcome.code, outcome.proof_digest)
"""


def test_12_one_proof_digest_under_any_hash_seed_zone_locale_umask_and_folder(tmp_path):
    script = tmp_path / "echo.py"
    script.write_text(ECHO)
    (tmp_path / "else").mkdir()
    seen = set()
    for changes, umask, cwd in (
        ({"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"}, 0o022, tmp_path),
        (
            {"PYTHONHASHSEED": "1", "TZ": "Pacific/Apia", "LC_ALL": "C.UTF-8"},
            0o077,
            tmp_path / "else",
        ),
        (
            {
                "PYTHONHASHSEED": "random",
                "TZ": "Asia/Kolkata",
                "LC_ALL": "POSIX",
                "HOME": "/nowhere",
            },
            0,
            "/",
        ),
    ):
        command = [sys.executable, str(script)]
        environment = {**os.environ, **changes}
        seen.add(
            subprocess.run(
                command,
                env=environment,
                umask=umask,
                cwd=cwd,
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            ).stdout
        )
    (text,) = seen
    assert text.startswith("OK ")
    assert len(text.split()[1]) == 64


def test_13_keys_that_look_like_ours_are_compared_like_any_other():
    def script(value):
        body = json.dumps({"timestamp": value, "token": 1, "duration_ms": 2}).encode()
        return {"GET http://a/": [Scripted(chunks=(body,))]}

    digests = {
        simulated(script(v)).execute("http_call", {"url": "http://a/"}).proof_digest for v in (1, 2)
    }
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (0, False), ("é", "e\u0301"), (2**53 - 1, 2**53 - 2), ("1", 1)]
)
def test_14_values_that_look_alike_are_told_apart(one, other):
    digests = {simulated({}).execute(same, {"x": value}).proof_digest for value in (one, other)}
    assert len(digests) == 2
    assert simulated({}).execute(same, {"x": 2**53}).code == "INVALID_INPUT"


def test_18_status_code_exit_and_ok_agree():
    async def fails(ctx):
        await ctx.call(broken, x=1)

    async def nothing(ctx):
        return 1

    bad, good = run(fails), run(nothing)
    assert (bad.ok, bad.status, bad.code == "OK", bad.exit_code == 0) == (
        False,
        "failure",
        False,
        False,
    )
    assert (good.ok, good.status, good.code, good.exit_code) == (True, "success", "OK", 0)


def test_18_a_halt_that_was_caught_is_not_called_ok(flows):
    outcome = Runtime().run(flows.caught_halt)
    assert (outcome.status, outcome.code) == ("failure", "BUDGET_EXCEEDED")
    assert outcome.exit_code != 0


@pytest.mark.parametrize(
    "name", ["fails", "halted", "caught_halt", "times_out", "unverified", "waits_too_long"]
)
def test_19_a_run_that_failed_or_was_halted_leaves_a_bundle_that_verifies(tmp_path, flows, name):
    outcome = Runtime(budget_cents=1).run(getattr(flows, name), out=tmp_path / "b")
    assert not outcome.ok
    assert workc.verify_bundle(tmp_path / "b").ok


def test_20_the_same_workflow_twice_gives_two_bundles_and_neither_is_overwritten(tmp_path, flows):
    runtime = Runtime(store=tmp_path / "s")
    one, two = (runtime.run(flows.empty, out=tmp_path / name) for name in "ab")
    assert one.run_id != two.run_id
    assert one.proof_digest != two.proof_digest
    again = runtime.run(flows.empty, out=tmp_path / "a")
    assert again.code == "INVALID_INPUT"
    assert workc.verify_bundle(tmp_path / "a", expect_digest=one.proof_digest).ok


@workc.skill(effects=("Network", "Cost"))
async def pay(ctx: workc.Context, url: str) -> int:
    grant = await ctx.reserve(10)
    response = await ctx.http(
        HttpRequest(
            method="POST", url=url, body=b"", headers=(("Idempotency-Key", ctx.idempotency_key),)
        )
    )
    await ctx.settle(grant, 7, "usage")
    if response.status != 200:
        raise workc.Refusal(workc.Failure(code="SERVICE_UNAVAILABLE", message="m"))
    return 1


@workc.workflow
async def pays(ctx, url: str):
    return await ctx.call(pay, url=url, retry=RetrySpec(max_attempts=3, base_delay_ms=1))


def test_21_retries_are_charged_recorded_and_visible(tmp_path):
    with LoopbackServer({"/": Reply(status=503)}) as server:
        outcome = Runtime(budget_cents=1).run(
            pays, {"url": server.base_url + "/"}, out=tmp_path / "b"
        )
    assert (outcome.attempts, outcome.cost_micro_cents, len(server.requests)) == (3, 21, 3)
    receipt = json.loads((tmp_path / "b" / "receipt.json").read_bytes())
    assert receipt["counts"]["retries"] == 2


def test_24_the_idempotency_key_is_the_same_across_attempts_and_is_sent():
    async def posts(ctx, url: str):
        for step in ("first", "second"):
            with contextlib.suppress(StepFailed):
                await ctx.call(
                    "http_call",
                    url=url,
                    method="POST",
                    json=1,
                    step=step,
                    retry=RetrySpec(max_attempts=3, base_delay_ms=1),
                )

    with LoopbackServer({"/": Reply(status=503)}) as server:
        run(posts, {"url": server.base_url + "/"})
    keys = [request.header("idempotency-key") for request in server.requests]
    assert len(keys) == 6
    assert all(keys)
    assert len(set(keys[:3])) == len(set(keys[3:])) == 1
    assert keys[0] != keys[3]


# 25, kill -9 at each line of the journal, is tests/integration/test_kill.py.


def test_26_a_scripted_answer_and_a_real_one_have_one_shape(tmp_path):
    body, headers = b'{"a": [1, 2.5]}', (("content-type", "application/json"),)
    with LoopbackServer({"/": Reply(body=body, headers=headers)}) as server:
        url = server.base_url + "/"
        real = Runtime().execute("http_call", {"url": url})
    stub = simulated({f"GET {url}": [Scripted(chunks=(body,), headers=headers)]}).execute(
        "http_call", {"url": url}
    )
    assert real.output["body"] == stub.output["body"]
    assert real.output.keys() == stub.output.keys()
    assert real.to_json().keys() == stub.to_json().keys()


def test_28_a_failure_is_told_by_its_type_and_never_by_words():
    @workc.skill(pure=True)
    def generates(x: int) -> int:
        raise ValueError("generate rate limit 429 timeout")

    assert Runtime().execute(generates, {"x": 1}).code == "SKILL_FAILED"


def test_29_no_budget_allows_nothing_and_a_store_that_is_not_there_refuses(tmp_path):
    @workc.skill(effects=("Cost",))
    async def one(ctx: workc.Context) -> int:
        await ctx.settle(await ctx.reserve(1), 1, "usage")
        return 1

    assert Runtime().execute(one, {}).code == "BUDGET_EXCEEDED"
    (tmp_path / "file").write_text("")
    assert Runtime(store=tmp_path / "file").execute(one, {}).code == "STORE_UNAVAILABLE"


def test_29_offline_allows_no_address():
    with LoopbackServer({"/": Reply()}) as server:
        outcome = Runtime(allow_external=False).execute("http_call", {"url": server.base_url + "/"})
        assert outcome.code == "EXTERNAL_CALL_BLOCKED"
        assert server.requests == []


def test_30_nothing_to_check_is_said_and_is_no_pass(tmp_path):
    async def nothing(ctx):
        return 1

    run(nothing, out=tmp_path / "b")
    receipt = json.loads((tmp_path / "b" / "receipt.json").read_bytes())
    assert receipt["verification"]["verdict"] == "nothing_to_check"
    assert receipt["lock_level"] == "Staged"
