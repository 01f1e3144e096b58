"""A crash at any write of a run or of its children: all resume, nothing is done twice, all verify.

``WORKC_KILLS=all`` kills at every line; otherwise at some of them.
"""

import json
import os
from collections import Counter
from pathlib import Path

import forked
import pytest

import workc
from workc.api.replay import replay
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.store import Store
from workc.testkit.servers import LoopbackServer, Reply

SCRIPT = Path(__file__).with_name("killed_family.py")
CHILD = """
workc: 1
name: child
inputs: {base: {type: string}, name: {type: string}}
steps:
  put: {skill: http_call, with: {url: "${inputs.base}/put-${inputs.name}", method: PUT, json: 1}}
  post:
    skill: http_call
    depends_on: [put]
    with: {url: "${inputs.base}/post-${inputs.name}", method: POST, json: 1}
output: "${inputs.name}"
"""
FLOW = """
workc: 1
name: family
inputs: {base: {type: string}}
budget: {ceiling_cents: 9}
steps:
  a: {workflow: child.yaml, budget_cents: 2, with: {base: "${inputs.base}", name: a}}
  b: {workflow: child.yaml, critical: false, with: {base: "${inputs.base}", name: b}}
  put: {skill: http_call, depends_on: [a], with: {url: "${inputs.base}/put-last", method: PUT, json: 1}}
output: ["${steps.a}", "${steps.b}"]
"""
PATHS = ("put-a", "post-a", "put-b", "post-b", "put-last")
#: Lines and files of all journals together when nobody kills it; asserted below.
LINES, FILES = 46, 18
EVERY = 1 if os.environ.get("WORKC_KILLS") == "all" else 9


def start(place, base, n, how):
    (place / "child.yaml").write_text(CHILD)
    (place / "flow.yaml").write_text(FLOW)
    return forked.run([SCRIPT, place / "store", place / "flow.yaml", base, n, how])


def journals(place):
    """Returns the records of each journal that has begun, by the path of its folder."""
    found = {}
    for path in sorted((place / "store/runs").rglob("journal.jsonl")):
        lines = path.read_bytes().split(b"\n")[:-1]
        found[path.parent] = [json.loads(line) for line in lines]
    return found


def recorded(records):
    """Returns the paths of requests that a journal says were asked, and those answered."""
    asked = {
        tuple(r["at"]): json.loads(r["payload"]["request"]["inline"])["url"].rpartition("/")[2]
        for r in records
        if r["kind"] == "EffectAsked"
    }
    answered = [
        asked[(*r["at"][:-1], r["at"][-1] - 1)] for r in records if r["kind"] == "EffectAnswered"
    ]
    return set(asked.values()), set(answered)


def check(place, n, how):
    with LoopbackServer({f"/{path}": Reply() for path in PATHS}) as server:
        killed = start(place, server.base_url, n, how)
        assert killed.returncode == -9, killed
        before = journals(place)
        for name in ("child.yaml", "flow.yaml"):
            (place / name).unlink()
        outcome = resume(Store(place / "store"), "last", Settings(environment={}))
        sent = Counter(request.path[1:] for request in server.requests)
    if not any(before.values()):
        assert outcome.code == "INVALID_INPUT"
        return
    said = [recorded(records) for records in before.values()]
    asked, done = (set().union(*each) for each in zip(*said, strict=True))
    # Nobody knows whether these were done, and to do them twice would be worse than to stop.
    doubts = {path for path in asked - done if path.startswith("post")}
    assert (outcome.status == "success") == (not doubts), outcome
    assert [child.step for child in outcome.children] in (["a", "b"], ["b", "a"])
    assert all(sent[path] == 1 for path in done), "what was recorded as done ran again"
    assert all(sent[path] <= 1 for path in PATHS if path.startswith("post")), "done twice"
    after = journals(place)
    for folder, lines in before.items():
        assert after[folder][: len(lines)] == lines, "what was recorded is lost or changed"
    assert len(after) == 3, "a child was run twice, or not at all"
    proven(place, outcome)


def proven(place, outcome):
    folder = place / "store/runs" / outcome.run_id
    verdict = workc.verify_bundle(folder / "bundle", recursive=True)
    assert verdict.ok, verdict.failures
    assert len(verdict.children) == 2
    for bundle in (folder / "bundle", *folder.glob("children/*/bundle")):
        assert replay(bundle, code=place).identical


def test_nobody_kills_it_and_it_has_so_many_lines(tmp_path):
    with LoopbackServer({f"/{path}": Reply() for path in PATHS}) as server:
        done = start(tmp_path, server.base_url, 10_000, "after")
    assert done.stdout.split() == ["OK", str(LINES), str(FILES)], done


@pytest.mark.parametrize("n", range(1, LINES + 1, EVERY))
def test_killed_after_any_line_the_family_resumes(tmp_path, n):
    check(tmp_path, n, "after")


@pytest.mark.parametrize("n", range(2, LINES + 1, EVERY))
def test_killed_before_any_line_the_family_resumes(tmp_path, n):
    check(tmp_path, n, "before")


@pytest.mark.parametrize("n", range(3, LINES + 1, EVERY))
def test_killed_in_the_middle_of_a_line_the_family_resumes(tmp_path, n):
    check(tmp_path, n, "torn")


@pytest.mark.parametrize("n", range(1, FILES + 1, EVERY))
def test_killed_when_a_file_is_written_the_family_resumes(tmp_path, n):
    check(tmp_path, n, "file")
