"""A kill at every line of the journal of a run that writes, runs programs and publishes.

A write or a publication whose answer is lost is done again, which is harmless; a program is not, unless
its use says that it may be.
"""

import json
import os
from pathlib import Path

import forked
import pytest

import workc
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.store import Store

SCRIPT = Path(__file__).with_name("killed_run.py")
FLOW = """
workc: 1
name: killed
inputs: {base: {type: string}}
steps:
  write: {skill: write_file, with: {path: repo/out/a.txt, text: hello, if_sha256: ""}}
  once: {skill: exec, depends_on: [write], with: {argv: [tally, once], cwd: repo}}
  often:
    skill: exec
    depends_on: [write]
    with: {argv: [tally, often], cwd: repo, idempotent: true}
  there:
    skill: publish
    depends_on: [write]
    with: {to: repo/dist, files: [{name: a.txt, path: repo/out/a.txt}]}
output: {sha256: "${steps.write.sha256}", often: "${steps.often.exit}"}
"""
#: Lines of the journal of the run when nobody kills it; asserted below.
LINES = 21


@pytest.fixture
def machine(tmp_path):
    """A root, and a program that leaves a line in it each time it runs."""
    repo, programs = tmp_path / "repo", tmp_path / "bin"
    repo.mkdir()
    programs.mkdir()
    tally = programs / "tally"
    tally.write_text('#!/bin/sh\necho "$1" >> tally.txt\n')
    tally.chmod(0o755)
    (tmp_path / "flow.yaml").write_text(FLOW)
    return tmp_path


def environment(machine):
    return {**os.environ, "PATH": f"{machine / 'bin'}:{os.environ['PATH']}"}


def start(machine, n, how):
    store, flow, repo = (str(machine / name) for name in ("store", "flow.yaml", "repo"))
    command = [SCRIPT, store, flow, "none", n, how, repo]
    return forked.run(command, PATH=environment(machine)["PATH"])


def journal(machine):
    (path,) = (machine / "store" / "runs").glob("*/journal.jsonl")
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def in_doubt(records):
    """Returns the steps of which something was asked for and not answered."""
    answered = {tuple(r["at"]) for r in records if r["kind"] == "EffectAnswered"}
    return {
        r["payload"]["step"]
        for r in records
        if r["kind"] == "EffectAsked" and (*r["at"][:-1], r["at"][-1] + 1) not in answered
    }


def test_nobody_kills_it_and_it_has_so_many_lines(machine):
    done = start(machine, 10_000, "after")
    assert done.stdout.split()[:2] == ["OK", str(LINES)], done
    assert sorted((machine / "repo/tally.txt").read_text().split()) == ["often", "once"]


@pytest.mark.parametrize("n", range(2, LINES + 1))
@pytest.mark.parametrize("how", ["before", "after"])
def test_killed_at_any_line_the_run_resumes_and_does_nothing_twice_that_it_must_not(
    machine, n, how
):
    assert start(machine, n, how).returncode == -9
    before = journal(machine)
    doubtful = in_doubt(before)
    settings = Settings(environment=environment(machine))
    outcome = resume(Store(machine / "store"), "last", settings)
    expected = ("partial", "IN_DOUBT") if "once" in doubtful else ("success", "OK")
    assert (outcome.status, outcome.code) == expected, outcome
    repo = machine / "repo"
    # Who is killed while it writes leaves a part under a name of its own.
    whole = (path for path in repo.rglob("*") if path.is_file() and path.suffix != ".part")
    found = sorted(str(path.relative_to(repo)) for path in whole)
    assert [name for name in found if name != "tally.txt"] == ["dist/a.txt", "out/a.txt"]
    assert (repo / "out/a.txt").read_text() == (repo / "dist/a.txt").read_text() == "hello"
    ran = (repo / "tally.txt").read_text().split()
    assert ran.count("once") <= 1, "what a program did is not done twice"
    assert ran.count("once") == 1 or "once" in doubtful
    assert ran.count("often") == 1 or "often" in doubtful
    assert journal(machine)[: len(before)] == before
    assert workc.verify_bundle(outcome.bundle).ok
    assert workc.replay(outcome.bundle).identical
    assert (repo / "tally.txt").read_text().split() == ran, "a replay runs nothing"
