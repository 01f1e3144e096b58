"""kill -9 at every line of the journal: the run resumes, and nothing that was done is done again."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import workc
from workc.api.replay import replay
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.store import Store
from workc.testkit.servers import LoopbackServer, Reply

SCRIPT = Path(__file__).with_name("killed_run.py")
SKILLS = """
import workc

@workc.skill(idempotent=True)
def note(x: int) -> int:
    return x + 100
"""
FLOW = """
workc: 1
name: killed
inputs: {base: {type: string}}
skills: [mine.py]
steps:
  get: {skill: http_call, with: {url: "${inputs.base}/get"}}
  sum: {skill: json_transform, with: {data: "${steps.get.body}", expression: "sum(n)"}}
  note: {skill: note, with: {x: "${steps.sum.result}"}}
  put:
    skill: http_call
    with: {url: "${inputs.base}/put", method: PUT, json: {n: "${steps.note}"}}
  big: {skill: http_call, depends_on: [put], with: {url: "${inputs.base}/big"}}
output: {note: "${steps.note}", put: "${steps.put.body}", big: "${steps.big.body}"}
"""
JSON = (("content-type", "application/json"),)
REPLIES = {
    "/get": Reply(body=b'{"n": [1, 2, 3]}', headers=JSON),
    "/put": Reply(body=b'{"kept": true}', headers=JSON),
    "/big": Reply(body=json.dumps("x" * 70_000).encode(), headers=JSON),
}
OUTPUT = {"note": 106, "put": {"kept": True}, "big": "x" * 70_000}
#: Lines and files of the journal of the run when nobody kills it; asserted below.
LINES, FILES = 19, 7


def start(tmp_path, base, n, how):
    (tmp_path / "mine.py").write_text(SKILLS)
    flow = tmp_path / "flow.yaml"
    flow.write_text(FLOW)
    command = [sys.executable, str(SCRIPT), str(tmp_path / "store"), str(flow), base, str(n), how]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def carry_on(tmp_path):
    return resume(Store(tmp_path / "store"), "last", Settings(environment={}))


def journal(tmp_path):
    (path,) = (tmp_path / "store" / "runs").glob("*/journal.jsonl")
    lines = path.read_bytes().split(b"\n")
    return [json.loads(line) for line in lines[:-1]], lines[-1]


def recorded_as_done(records):
    """Returns the paths of requests whose answer is recorded."""
    asked = {tuple(r["at"]): r["payload"] for r in records if r["kind"] == "EffectAsked"}
    done = Counter()
    for record in records:
        before = tuple([*record["at"][:-1], record["at"][-1] - 1])
        if record["kind"] == "EffectAnswered":
            done[json.loads(asked[before]["request"]["inline"])["url"].rpartition("/")[2]] += 1
    return done


def test_nobody_kills_it_and_it_has_so_many_lines(tmp_path):
    with LoopbackServer(REPLIES) as server:
        done = start(tmp_path, server.base_url, 10_000, "after")
    assert done.stdout.split() == ["OK", str(LINES), str(FILES)], done


def check(tmp_path, n, how):
    with LoopbackServer(REPLIES) as server:
        killed = start(tmp_path, server.base_url, n, how)
        assert killed.returncode == -9, killed
        before, torn = journal(tmp_path)
        done = recorded_as_done(before)
        outcome = carry_on(tmp_path)
        if not before:
            assert outcome.code == "INVALID_INPUT", "a run that had not begun is run again"
            return
        asked = Counter(request.path[1:] for request in server.requests)
    assert outcome.ok, outcome
    assert outcome.output == OUTPUT
    assert ("torn last line" in outcome.message) == bool(torn)
    verdict = workc.verify_bundle(outcome.bundle)
    assert verdict.ok, verdict.failures
    assert replay(outcome.bundle, code=tmp_path).identical
    after, _ = journal(tmp_path)
    doubts = sum(1 for r in after if r["kind"] == "RetryScheduled")
    assert all(asked[path] == 1 for path in done), "what was recorded as done ran again"
    assert sum(asked.values()) <= 3 + doubts
    assert outcome.side_effects[0].target.endswith("/get")
    assert after[: len(before)] == before, "nothing that was recorded is lost or changed"


@pytest.mark.parametrize("n", range(1, LINES + 1))
def test_killed_after_any_line_the_run_resumes(tmp_path, n):
    check(tmp_path, n, "after")


@pytest.mark.parametrize("n", [1, 2, 6, 7, 11, LINES])
def test_killed_in_the_middle_of_a_line_the_run_resumes(tmp_path, n):
    check(tmp_path, n, "torn")


@pytest.mark.parametrize("n", [1, FILES - 2, FILES - 1, FILES])
def test_killed_while_a_file_is_written_the_run_resumes(tmp_path, n):
    check(tmp_path, n, "file")
