"""Workflows over real files, real programs and a real server; their bundles need none of them."""

import base64
import hashlib
import json
import shutil
from pathlib import Path

import pytest

import workc
from workc import Runtime
from workc.api.access import Access, access_of
from workc.api.settings import Settings
from workc.kernel.failure import Misuse
from workc.stages.grants import Grants
from workc.testkit.machine import FakeMachine
from workc.testkit.servers import LoopbackServer, Reply

FLOW = """
workc: 1
name: report
inputs: {name: {type: string, default: ada}}
steps:
  read: {skill: read_file, with: {path: repo/in.txt}}
  write:
    skill: write_file
    with: {path: repo/out/report.txt, text: "${steps.read.text}by ${inputs.name}", if_sha256: ""}
  count: {skill: exec, depends_on: [write], with: {argv: [wc, -l], operands: [out/report.txt], cwd: repo}}
  there:
    skill: publish
    with: {to: repo/dist, files: [{name: report.txt, path: "${steps.write.path}"}]}
verify: [{id: counted, that: "output.count == '2 out/report.txt'"}]
output: {count: "${steps.count.stdout}", sha256: "${steps.there.files[0].sha256}"}
"""
REPORT = b"one\ntwo\nby ada"


@pytest.fixture
def repo(tmp_path):
    folder = tmp_path / "host-folder"
    folder.mkdir()
    (folder / "in.txt").write_text("one\ntwo\n")
    (tmp_path / "report.yaml").write_text(FLOW.replace("== '2 out/report.txt'", "!= ''"))
    return folder


def runtime(repo, **more):
    access = {"roots": {"repo": repo}, "programs": ["wc", "cat"], "publish": ["repo/dist"]}
    return Runtime(**{**access, **more})


def files_of(bundle):
    found = [path for path in Path(bundle).rglob("*") if path.is_file()]
    return {path.relative_to(bundle).as_posix(): path.read_bytes() for path in found}


def test_a_workflow_reads_writes_runs_and_publishes(repo, tmp_path):
    outcome = runtime(repo).run(tmp_path / "report.yaml", out=tmp_path / "bundle")
    assert outcome.code == "OK", outcome
    digest = hashlib.sha256(REPORT).hexdigest()
    assert outcome.output == {"count": "2 out/report.txt\n", "sha256": digest}
    assert (repo / "out/report.txt").read_bytes() == REPORT
    assert (repo / "dist/report.txt").read_bytes() == REPORT
    assert [(each.type, each.target, each.by) for each in outcome.side_effects] == [
        ("file", "read repo/in.txt", "world"),
        ("file", "write repo/out/report.txt", "world"),
        ("exec", "exec wc -l out/report.txt", "world"),
        ("file", "read repo/out/report.txt", "world"),
        ("publish", "publish repo/dist/report.txt", "world"),
    ]
    bundle = files_of(tmp_path / "bundle")
    assert bundle[f"artifacts/{digest}.txt"] == REPORT
    policy = json.loads(bundle["evidence/policy.json"])
    assert (policy["roots"], policy["programs"]) == ({"repo": "rw"}, ["cat", "wc"])
    shutil.rmtree(repo)
    assert workc.verify_bundle(tmp_path / "bundle").ok
    assert workc.replay(tmp_path / "bundle").identical, "neither files nor programs are needed"


def test_no_folder_of_the_machine_stands_in_a_bundle(repo, tmp_path):
    told = runtime(repo, store=tmp_path / "store").run(tmp_path / "report.yaml")
    failed = runtime(repo).execute("read_file", {"path": "repo/none"}, out=tmp_path / "failed")
    assert failed.code == "NOT_FOUND"
    for bundle in (told.bundle, failed.bundle):
        for path, data in files_of(bundle).items():
            assert b"host-folder" not in data, path
    [local] = (tmp_path / "store").glob("runs/*/local.json")
    assert json.loads(local.read_bytes())["roots"] == {"repo": str(repo)}
    [journal] = (tmp_path / "store").glob("runs/*/journal.jsonl")
    assert b"host-folder" not in journal.read_bytes()


def test_a_policy_without_grants_is_the_shipped_one(tmp_path):
    outcome = Runtime().execute(
        "json_transform", {"data": 1, "expression": "@"}, out=tmp_path / "bundle"
    )
    receipt = json.loads(files_of(outcome.bundle)["receipt.json"])
    assert receipt["policy"]["id"] == "workc-default"


def test_a_dry_run_changes_nothing_and_its_bundle_says_so(repo, tmp_path):
    before = files_of(repo)
    dry = runtime(repo, dry_run=True, store=tmp_path / "store")
    outcome = dry.run(tmp_path / "report.yaml")
    assert (outcome.status, outcome.code) == ("failure", "OPERATION_NOT_ALLOWED")
    assert outcome.message == "a dry run starts no program"
    assert files_of(repo) == before
    assert json.loads(files_of(outcome.bundle)["evidence/policy.json"])["dry_run"] is True
    diff = b"+one\\\\n+two\\\\n+by ada\\\\n"
    assert diff in files_of(outcome.bundle)["events.jsonl"]
    assert workc.replay(outcome.bundle).identical


def test_a_dry_run_sends_nothing_that_changes_the_other_side(tmp_path):
    with LoopbackServer({"/a": Reply(body=b"{}")}) as server:
        dry = Runtime(dry_run=True, publish=[server.base_url])
        asked = dry.execute("http_call", {"url": f"{server.base_url}/a"})
        sent = dry.execute("http_call", {"url": f"{server.base_url}/a", "method": "POST"})
        put = dry.execute("publish", {"to": server.base_url, "files": [{"name": "x", "text": "y"}]})
    assert (asked.code, sent.code, put.code) == ("OK", "OPERATION_NOT_ALLOWED", "OK")
    assert put.output["dry_run"] is True
    assert [request.method for request in server.requests] == ["GET"]


def test_files_are_published_by_put(tmp_path):
    replies = {
        "/up/a%20b": Reply(status=201),
        "/up/gone": Reply(status=404),
        "/up/moved": Reply(status=302),
    }
    with LoopbackServer(replies) as server:
        target = f"{server.base_url}/up/"
        using = Runtime(publish=[target])
        done = using.execute(
            "publish",
            {"to": target, "files": [{"name": "a b", "base64": "/wA="}]},
            out=tmp_path / "bundle",
        )
        gone = using.execute("publish", {"to": target, "files": [{"name": "gone", "text": ""}]})
        moved = using.execute("publish", {"to": target, "files": [{"name": "moved", "text": ""}]})
        blocked = Runtime(publish=[target], allow_external=False).execute(
            "publish", {"to": target, "files": [{"name": "a b", "text": ""}]}
        )
    digest = hashlib.sha256(b"\xff\0").hexdigest()
    told = {"name": "a b", "sha256": digest, "size": 2, "status": 201}
    assert done.output == {"to": target, "files": [told]}
    assert (gone.code, moved.code) == ("NOT_FOUND", "HTTP_4XX")
    assert blocked.code == "EXTERNAL_CALL_BLOCKED"
    assert [(r.method, r.body) for r in server.requests][:1] == [("PUT", b"\xff\0")]
    assert f"artifacts/{digest}.bin" in files_of(tmp_path / "bundle")
    assert workc.replay(tmp_path / "bundle").identical


CASES = {
    "text": ("read_file", {"path": "repo/in.txt"}, "OK"),
    "a path of no root": ("read_file", {"path": "in.txt"}, "INVALID_INPUT"),
    "too large": ("read_file", {"path": "repo/in.txt", "max_bytes": 7}, "OUTPUT_TOO_LARGE"),
    "no time": ("read_file", {"path": "repo/in.txt", "timeout_ms": 0}, "TIMEOUT"),
    "two contents": ("write_file", {"path": "repo/x", "text": "", "base64": ""}, "INVALID_INPUT"),
    "no content": ("write_file", {"path": "repo/x"}, "INVALID_INPUT"),
    "no base64": ("write_file", {"path": "repo/x", "base64": "?"}, "INVALID_INPUT"),
    "no digest": ("write_file", {"path": "repo/x", "text": "", "if_sha256": "0"}, "INVALID_INPUT"),
    "another digest": (
        "write_file",
        {"path": "repo/in.txt", "text": "", "if_sha256": ""},
        "CONFLICT",
    ),
    "a failing program": ("exec", {"argv": ["cat", "none"]}, "PROGRAM_FAILED"),
    "a slow program": ("exec", {"argv": ["cat", "/dev/zero"], "max_bytes": 9}, "OUTPUT_TOO_LARGE"),
    "no argv": ("exec", {"argv": []}, "INVALID_INPUT"),
    "an option in the operands": ("exec", {"argv": ["cat"], "operands": ["-n"]}, "INVALID_INPUT"),
    "no files": ("publish", {"to": "repo/dist", "files": []}, "INVALID_INPUT"),
    "one name twice": (
        "publish",
        {"to": "repo/dist", "files": [{"name": "a", "text": ""}, {"name": "a", "text": ""}]},
        "INVALID_INPUT",
    ),
    "a file and a content": (
        "publish",
        {"to": "repo/dist", "files": [{"name": "a", "text": "", "path": "repo/in.txt"}]},
        "INVALID_INPUT",
    ),
    "neither": ("publish", {"to": "repo/dist", "files": [{"name": "a"}]}, "INVALID_INPUT"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_use_comes_to(repo, tmp_path, case):
    skill, params, code = CASES[case]
    outcome = runtime(repo).execute(skill, params, out=tmp_path / "bundle")
    assert outcome.code == code, outcome
    assert outcome.bundle is None or workc.verify_bundle(outcome.bundle).ok
    assert set(files_of(repo)) == {"in.txt"}


def test_bytes_come_and_go_as_base64(repo):
    using, data = runtime(repo), bytes(range(256))
    text = base64.b64encode(data).decode()
    written = using.execute("write_file", {"path": "repo/x", "base64": text}).output
    assert written == {
        "path": "repo/x",
        "before_sha256": None,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": 256,
    }
    read = using.execute("read_file", {"path": "repo/x"}).output
    assert (read["base64"], "text" in read) == (text, False)
    ended = using.execute("exec", {"argv": ["cat", "x"], "cwd": "repo"}).output
    assert (ended["stdout_base64"], ended["stderr"]) == (text, "")


def test_a_status_is_given_back_unless_it_is_checked(repo):
    ended = runtime(repo).execute("exec", {"argv": ["cat", "none"], "check": False}).output
    assert ended["exit"] == 1
    assert "none" in ended["stderr"]
    failed = runtime(repo).execute("exec", {"argv": ["cat", "none"]})
    assert failed.message == "cat ended with status 1"
    assert failed.error["details"]["exit"] == 1
    assert "none" in failed.error["details"]["stderr"]


@pytest.mark.parametrize(
    ("idempotent", "code", "attempts"), [(False, "PROGRAM_FAILED", 1), (True, "TIMEOUT", 2)]
)
def test_a_program_whose_time_was_over_is_run_again_only_if_it_is_idempotent(
    tmp_path, idempotent, code, attempts
):
    flow = tmp_path / "flow.yaml"
    flow.write_text(
        "workc: 1\nname: slow\nsteps:\n  a:\n    skill: exec\n"
        f"    with: {{argv: [tail, -f, /dev/null], timeout_ms: 100, idempotent: {str(idempotent).lower()}}}\n"
        "    retry: {max_attempts: 2, base_delay_ms: 1, max_delay_ms: 1}\noutput: 1\n"
    )
    outcome = Runtime(programs=["tail"]).run(flow)
    assert (outcome.error["code"], outcome.attempts) == (code, attempts)


def test_secrets_are_taken_out_of_files_and_of_what_programs_write(repo, tmp_path):
    (repo / "key").write_text("tok-3f9a/b+c\n")
    flow = tmp_path / "flow.yaml"
    flow.write_text(
        "workc: 1\nname: secret\nsecrets: [TOKEN]\nsteps:\n"
        "  a: {skill: read_file, with: {path: repo/key}}\n"
        "  b: {skill: exec, with: {argv: [cat, key], cwd: repo}}\n"
        "output: {a: '${steps.a.text}', b: '${steps.b.stdout}'}\n"
    )
    settings = Settings(
        environment={"TOKEN": "tok-3f9a/b+c", "PATH": "/usr/bin:/bin"},
        access=access_of({"repo": repo}, ["cat"]),
    )
    outcome = Runtime(settings=settings).run(flow, out=tmp_path / "bundle")
    assert outcome.output == {"a": "[redacted:TOKEN]\n", "b": "[redacted:TOKEN]\n"}
    assert all(b"tok-3f9a" not in data for data in files_of(tmp_path / "bundle").values())
    assert workc.verify_bundle(tmp_path / "bundle").ok


def test_a_run_from_a_recording_needs_neither_files_nor_programs(repo, tmp_path):
    recorder = workc.ReplayRecorder()
    first = runtime(repo, recorder=recorder).run(tmp_path / "report.yaml")
    shutil.rmtree(repo)
    repo.mkdir()
    again = runtime(repo, recorder=recorder).run(tmp_path / "report.yaml")
    assert (again.output, again.code) == (first.output, "OK")
    assert {each.by for each in again.side_effects} == {"recording"}
    assert list(repo.iterdir()) == []


def test_a_fake_machine_stands_in_for_the_real_one(tmp_path):
    machine = FakeMachine(Grants(roots={"repo": "rw"}), files={"repo/a": b"1"})
    settings = Settings(ports=machine, access=Access(grants=machine.grants))
    using = Runtime(settings=settings)
    assert using.execute("read_file", {"path": "repo/a"}).output["text"] == "1"
    assert using.execute("write_file", {"path": "repo/b", "text": "2"}).code == "OK"
    assert using.execute("http_call", {"url": "http://127.0.0.1/"}).code == "EXTERNAL_CALL_BLOCKED"
    assert machine.files_now == {"repo/a": b"1", "repo/b": b"2"}


@pytest.mark.parametrize(
    "access",
    [
        {"roots": ["repo"]},
        {"roots": {"repo": "/no/such/folder"}},
        {"roots": {"repo": __file__}},
        {"roots": {"Repo": "."}},
        {"roots": {"repo": (".", "all")}},
        {"roots": {"repo": (".",)}},
        {"roots": {"repo": 1}},
        {"roots": {1: "."}},
        {"roots": {"repo": "a\0b"}},
        {"programs": ["/bin/sh"]},
        {"programs": "sh"},
        {"publish": ["..", "repo"]},
        {"dry_run": 1},
    ],
)
def test_what_is_no_grant_is_a_misuse(access):
    with pytest.raises(Misuse):
        Runtime(**access)


def test_metadata_says_what_has_to_be_allowed():
    using = Runtime()
    found = {
        name: using.describe_skill(name) for name in ("read_file", "write_file", "exec", "publish")
    }
    assert {name: each.permissions for name, each in found.items()} == {
        "read_file": ("FsRead",),
        "write_file": ("FsWrite",),
        "exec": ("Process",),
        "publish": ("FsRead", "FsWrite", "Network"),
    }
    assert [each.retry_policy.idempotent for each in found.values()] == [True, True, False, True]
    assert {each.tags[:2] for each in found.values()} == {("builtin", "context")}


@pytest.mark.parametrize("root", ["", ("", "ro")])
def test_an_empty_folder_is_not_the_current_one(root):
    with pytest.raises(Misuse, match="the root d is a folder that is there"):
        Runtime(roots={"d": root})
