"""Runs that plan, broken off and taken up again: killed while they plan, or waiting for a human."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import workc
from workc import Runtime
from workc.api.approvals import decide
from workc.api.replay import replay
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.store import Store
from workc.testkit.servers import LoopbackServer, Reply

SCRIPT = Path(__file__).with_name("killed_run.py")
SKILLS = """
import json
import workc
from workc.stages.effects import HttpRequest

@workc.skill(effects=["Network"], idempotent=True)
async def ask(ctx, url: str) -> dict[str, object]:
    return json.loads((await ctx.http(HttpRequest(method="GET", url=url))).body)
"""
FLOW = """
workc: 1
name: planned
inputs: {base: {type: string}}
skills: [mine.py]
plan:
  skill: ask
  with: {url: "${inputs.base}/plan-${planning.attempt}"}
  allow: [http_call, json_transform]%s
output: "${steps.sum.result}"
"""
STEPS = [
    {"id": "get", "skill": "http_call", "with": {"url": "${inputs.base}/get"}},
    {
        "id": "sum",
        "skill": "json_transform",
        "with": {"data": "${steps.get.body}", "expression": "sum(n)"},
    },
]
JSON = (("content-type", "application/json"),)
REPLIES = {
    "/plan-1": Reply(body=json.dumps({"steps": [{"id": "get", "skill": "exec"}]}).encode()),
    "/plan-2": Reply(body=json.dumps({"steps": STEPS}).encode()),
    "/get": Reply(body=b'{"n": [1, 2, 3]}', headers=JSON),
}
#: Lines of the journal of the run when nobody kills it; asserted below.
LINES = 20


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.py").write_text(SKILLS)
    (tmp_path / "flow.yaml").write_text(FLOW % "")
    return tmp_path


def start(folder, base, n):
    command = [
        sys.executable,
        SCRIPT,
        folder / "store",
        folder / "flow.yaml",
        base,
        str(n),
        "after",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_nobody_kills_it_and_it_has_so_many_lines(folder):
    with LoopbackServer(REPLIES) as server:
        done = start(folder, server.base_url, 10_000)
    assert done.stdout.split() == ["OK", str(LINES), "5"], done


@pytest.mark.parametrize("n", range(1, LINES + 1))
def test_killed_after_any_line_a_run_that_plans_resumes(folder, n):
    with LoopbackServer(REPLIES) as server:
        assert start(folder, server.base_url, n).returncode == -9
        (path,) = (folder / "store/runs").glob("*/journal.jsonl")
        before = path.read_bytes().rstrip(b"\0").splitlines()
        answered = sum(json.loads(line)["kind"] == "EffectAnswered" for line in before)
        outcome = resume(Store(folder / "store"), "last", Settings(environment={}))
        sent = Counter(request.path for request in server.requests)
    assert (outcome.status, outcome.output) == ("success", 6)
    assert workc.verify_bundle(outcome.bundle).ok
    assert replay(outcome.bundle, code=folder).identical
    # What was answered is not asked again; what was in doubt may be, once.
    assert all(sent[path] == 1 for path in list(REPLIES)[:answered])
    assert sum(sent.values()) <= len(REPLIES) + 1


def test_a_run_waits_until_a_human_lets_its_plan_begin(folder):
    (folder / "flow.yaml").write_text(FLOW % '\n  approval: {question: "Begin?"}')
    store = Store(folder / "store")
    with LoopbackServer(REPLIES) as server:
        runtime = Runtime(settings=Settings(store=store.path))
        outcome = runtime.run(folder / "flow.yaml", {"base": server.base_url})
        assert (outcome.status, outcome.exit_code) == ("paused", 7)
        [waiting] = outcome.error["details"]["waiting"]
        assert waiting["question"] == (
            "Begin? Its steps: get: http_call; sum: json_transform after get"
        )
        assert [request.path for request in server.requests] == ["/plan-1", "/plan-2"]
        decided = decide(store, "last", "approved", by="ada")
        assert (decided.step, decided.open) == ("plan-2", 0)
        done = resume(store, "last", Settings(environment={}))
    assert (done.status, done.output) == ("success", 6)
    assert workc.verify_bundle(done.bundle).ok


def test_a_run_whose_plan_is_denied_does_nothing(folder):
    (folder / "flow.yaml").write_text(FLOW % '\n  approval: {question: "Begin?"}')
    store = Store(folder / "store")
    with LoopbackServer(REPLIES) as server:
        runtime = Runtime(settings=Settings(store=store.path))
        runtime.run(folder / "flow.yaml", {"base": server.base_url})
        decide(store, "last", "denied", by="ada", note="not today")
        done = resume(store, "last", Settings(environment={}))
        asked = [request.path for request in server.requests]
    assert (done.code, done.step) == ("APPROVAL_DENIED", "plan-2")
    assert "not today" in done.message
    assert asked == ["/plan-1", "/plan-2"]
    assert workc.verify_bundle(done.bundle).ok
