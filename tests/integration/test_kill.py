"""A crash or a failing disk at every write of the journal: the run resumes, nothing is done twice."""

import errno
import io
import json
import os
from collections import Counter
from pathlib import Path

import forked
import pytest

import workc
from workc import Runtime
from workc.adapters.run_folder import RunWriter
from workc.api import running as composition
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
  post:
    skill: http_call
    depends_on: [put]
    with: {url: "${inputs.base}/post", method: POST, json: {n: "${steps.sum.result}"}}
  least: {skill: json_transform, with: {data: "${steps.get.body}", expression: "min(n)"}}
  most: {skill: json_transform, with: {data: "${steps.get.body}", expression: "max(n)"}}
  both: {skill: json_transform, with: {data: ["${steps.least}", "${steps.most}"], expression: "[].result"}}
  last: {skill: note, with: {x: "${steps.both.result[1]}"}, depends_on: [big]}
output: {note: "${steps.note}", put: "${steps.put.body}", big: "${steps.big.body}"}
"""
JSON = (("content-type", "application/json"),)
REPLIES = {
    "/get": Reply(body=b'{"n": [1, 2, 3]}', headers=JSON),
    "/put": Reply(body=b'{"kept": true}', headers=JSON),
    "/post": Reply(body=b'{"made": 1}', headers=JSON),
    "/big": Reply(body=json.dumps("x" * 70_000).encode(), headers=JSON),
}
OUTPUT = {"note": 106, "put": {"kept": True}, "big": "x" * 70_000}
#: Lines and files of the journal of the run when nobody kills it; asserted below.
LINES, FILES = 27, 7


def start(tmp_path, base, n, how):
    (tmp_path / "mine.py").write_text(SKILLS)
    flow = tmp_path / "flow.yaml"
    flow.write_text(FLOW)
    return forked.run([SCRIPT, tmp_path / "store", flow, base, n, how])


def carry_on(tmp_path):
    return resume(Store(tmp_path / "store"), "last", Settings(environment={}))


def journal(tmp_path):
    (path,) = (tmp_path / "store" / "runs").glob("*/journal.jsonl")
    lines = path.read_bytes().split(b"\n")
    # Where it is synced, room stands behind the last line.
    return [json.loads(line) for line in lines[:-1]], lines[-1].rstrip(b"\0")


def recorded(records):
    """Returns the paths of requests that are recorded as asked, and of those as answered."""
    places = {tuple(r["at"]): r["payload"] for r in records if r["kind"] == "EffectAsked"}
    paths = {
        place: json.loads(asked["request"]["inline"])["url"].rpartition("/")[2]
        for place, asked in places.items()
    }
    answered = [
        paths[(*record["at"][:-1], record["at"][-1] - 1)]
        for record in records
        if record["kind"] == "EffectAnswered"
    ]
    return set(paths.values()), set(answered)


def test_nobody_kills_it_and_it_has_so_many_lines(tmp_path):
    with LoopbackServer(REPLIES) as server:
        done = start(tmp_path, server.base_url, 10_000, "after")
    assert done.stdout.split() == ["OK", str(LINES), str(FILES)], done


def check(tmp_path, n, how):
    with LoopbackServer(REPLIES) as server:
        killed = start(tmp_path, server.base_url, n, how)
        assert killed.returncode == -9, killed
        check_resumed(tmp_path, server)


def check_resumed(tmp_path, server):
    """Resumes the run, its server and its disk being whole again, and checks what must hold."""
    before, torn = journal(tmp_path)
    asked, done = recorded(before)
    outcome = carry_on(tmp_path)
    if not before:
        assert outcome.code == "INVALID_INPUT", "a run that had not begun is run again"
        return
    sent = Counter(request.path[1:] for request in server.requests)
    # Nobody knows whether this one was done, and to do it twice would be worse than to stop.
    doubtful = "post" in asked - done
    assert (outcome.status, outcome.code) == (
        ("partial", "IN_DOUBT") if doubtful else ("success", "OK")
    )
    assert outcome.output == OUTPUT
    assert ("torn last line" in outcome.message) == bool(torn)
    verdict = workc.verify_bundle(outcome.bundle)
    assert verdict.ok, verdict.failures
    assert replay(outcome.bundle, code=tmp_path).identical
    after, _ = journal(tmp_path)
    doubts = sum(1 for r in after if r["kind"] == "RetryScheduled")
    assert all(sent[path] == 1 for path in done), "what was recorded as done ran again"
    assert sent["post"] == 1 or (doubtful and sent["post"] == 0), "an effect was done twice"
    assert sum(sent.values()) <= len(REPLIES) + doubts
    assert outcome.side_effects[0].target.endswith("/get")
    assert after[: len(before)] == before, "nothing that was recorded is lost or changed"


@pytest.mark.parametrize("n", range(1, LINES + 1))
def test_killed_after_any_line_the_run_resumes(tmp_path, n):
    check(tmp_path, n, "after")


@pytest.mark.parametrize("n", range(1, LINES + 1))
def test_killed_in_the_middle_of_a_line_the_run_resumes(tmp_path, n):
    check(tmp_path, n, "torn")


@pytest.mark.parametrize("n", range(1, LINES + 1, 3))
def test_killed_with_room_behind_the_last_line_the_run_resumes(tmp_path, n):
    check(tmp_path, n, "synced")


@pytest.mark.parametrize("n", [1, FILES - 2, FILES - 1, FILES])
def test_killed_while_a_file_is_written_the_run_resumes(tmp_path, n):
    check(tmp_path, n, "file")


class FaultyFile(io.FileIO):
    """A journal on a disk that fails at one write, for once or from then on."""

    count, at, how = 0, 0, ""

    def write(self, data):
        FaultyFile.count += 1
        if FaultyFile.count < FaultyFile.at:
            return super().write(data)
        is_now = FaultyFile.count == FaultyFile.at
        match FaultyFile.how:
            case "short":
                # What POSIX allows: the rest is asked for again.
                return super().write(data[: len(data) // 2 + 1] if is_now else data)
            case "once":
                if is_now:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                return super().write(data)
            case "full":
                if is_now and len(data) > 1:
                    return super().write(data[: len(data) // 2])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise AssertionError(FaultyFile.how)


class FaultyWriter(RunWriter):
    """Writes a run whose journal is on that disk."""

    def __init__(self, path, *more):
        super().__init__(path, *more)
        self._journal._file.close()
        self._journal._file = FaultyFile(path / "journal.jsonl", "r+b")


def run_on_faulty_disk(tmp_path, server, how, at, durability="flush"):
    (tmp_path / "mine.py").write_text(SKILLS)
    (tmp_path / "flow.yaml").write_text(FLOW)
    FaultyFile.count, FaultyFile.at, FaultyFile.how = 0, at, how
    runtime = Runtime(store=tmp_path / "store", durability=durability)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(composition, "RunWriter", FaultyWriter)
        return runtime.run(tmp_path / "flow.yaml", {"base": server.base_url})


#: The writes of the journal of this run, and some more: how many lines go in one is a race.
WRITES = range(1, 12)
NEVER = 10_000


@pytest.mark.parametrize("at", WRITES)
def test_a_short_write_is_gone_on_with(tmp_path, at):
    with LoopbackServer(REPLIES) as server:
        outcome = run_on_faulty_disk(tmp_path, server, "short", at)
    assert outcome.output == OUTPUT
    assert workc.verify_bundle(outcome.bundle).ok


@pytest.mark.parametrize("how", ["once", "full"])
@pytest.mark.parametrize("at", WRITES)
def test_a_disk_that_fails_stops_the_run_which_resumes(tmp_path, how, at):
    with LoopbackServer(REPLIES) as server:
        outcome = run_on_faulty_disk(tmp_path, server, how, at)
        if FaultyFile.count < at:
            assert outcome.ok
            return
        assert (outcome.code, outcome.exit_code) == ("STORE_UNAVAILABLE", 8)
        check_resumed(tmp_path, server)


@pytest.mark.parametrize("at", range(1, 14))
def test_a_sync_that_fails_stops_the_run_which_resumes(tmp_path, monkeypatch, at):
    count = [0]
    sync = os.fdatasync

    def failing(descriptor):
        count[0] += 1
        if count[0] == at:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(descriptor)

    monkeypatch.setattr(os, "fdatasync", failing)
    with LoopbackServer(REPLIES) as server:
        outcome = run_on_faulty_disk(tmp_path, server, "once", NEVER, "fsync")
        if count[0] < at:
            assert outcome.ok
            return
        assert (outcome.code, outcome.exit_code) == ("STORE_UNAVAILABLE", 8)
        check_resumed(tmp_path, server)
