"""A kill at every line of the journal of a run whose steps need something alone.

What the dead process held is claimed again before anything else, and nothing is done twice.
"""

import json
from collections import Counter
from pathlib import Path

import forked
import pytest

import workc
from workc.adapters.lock_folder import LockFolder
from workc.api.replay import replay
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.store import Store
from workc.runtime.ports import Granted
from workc.testkit.servers import LoopbackServer, Reply

SCRIPT = Path(__file__).with_name("killed_run.py")
FLOW = """
workc: 1
name: killed
inputs: {base: {type: string}}
steps:
  put:
    skill: http_call
    resources: [db]
    with: {url: "${inputs.base}/put", method: PUT, json: {n: 1}}
  post:
    skill: http_call
    resources: [cache, db]
    depends_on: [put]
    with: {url: "${inputs.base}/post", method: POST, json: {n: 2}}
output: 1
"""
JSON = (("content-type", "application/json"),)
REPLIES = {name: Reply(body=b"{}", headers=JSON) for name in ("/put", "/post")}
#: Lines of the journal of the run when nobody kills it; asserted below.
LINES = 21


def start(tmp_path, base, n, how):
    flow = tmp_path / "flow.yaml"
    flow.write_text(FLOW)
    return forked.run([SCRIPT, tmp_path / "store", flow, base, n, how])


def journal(tmp_path):
    (path,) = (tmp_path / "store" / "runs").glob("*/journal.jsonl")
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def held_in(records):
    """Returns what lanes held, by the records, each with its token."""
    held = {}
    for record in records:
        if record["kind"] == "ResourceAnswered":
            held[record["payload"]["resource"]] = record["payload"]["token"]
        if record["kind"] == "ResourceReleased":
            del held[record["payload"]["resource"]]
    return held


def test_nobody_kills_it_and_it_has_so_many_lines(tmp_path):
    with LoopbackServer(REPLIES) as server:
        done = start(tmp_path, server.base_url, 10_000, "after")
    assert done.stdout.split()[:2] == ["OK", str(LINES)], done


@pytest.mark.parametrize("how", ["after", "torn"])
@pytest.mark.parametrize("n", range(4, LINES + 1))
def test_killed_at_any_line_it_claims_again_and_does_nothing_twice(tmp_path, n, how):
    with LoopbackServer(REPLIES) as server:
        killed = start(tmp_path, server.base_url, n, how)
        assert killed.returncode == -9, killed
        before = journal(tmp_path)
        outcome = resume(Store(tmp_path / "store"), "last", Settings(environment={}))
        sent = Counter(request.path for request in server.requests)
    asked = sum(record["kind"] == "EffectAsked" for record in before)
    answered = sum(record["kind"] == "EffectAnswered" for record in before)
    doubtful = (asked, answered) == (2, 1)
    assert outcome.code == ("IN_DOUBT" if doubtful else "OK"), outcome
    assert sent["/post"] == 1 or (doubtful and not sent["/post"])
    assert sent["/put"] == 1 or (not answered and sent["/put"] == 2)
    assert workc.verify_bundle(outcome.bundle).failures == ()
    assert replay(outcome.bundle, code=tmp_path).identical
    after = journal(tmp_path)
    assert after[: len(before)] == before, "nothing that was recorded is lost or changed"
    assert held_in(after) == {}
    released = {}
    for record in after[len(before) :]:
        if record["kind"] == "ResourceReleased":
            released.setdefault(record["payload"]["resource"], record["payload"]["token"])
    for resource, token in held_in(before).items():
        assert released[resource] > token, "what was held is claimed again, with a greater token"
    for resource in ("cache", "db"):
        folder = LockFolder(tmp_path / "store" / "locks")
        granted = folder.claim(resource, "test x")
        folder.let_go()
        assert isinstance(granted, Granted), "nothing is held any more"
        assert granted.forced is None
