"""Roots, programs and targets on the command line; dry runs; and a stop that kills what was started."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

FLOW = """\
workc: 1
name: files
steps:
  a: {skill: write_file, with: {path: repo/out/a.txt, text: "one\\ntwo\\n"}}
  b: {skill: read_file, with: {path: "${steps.a.path}"}}
output: "${steps.b.text}"
"""
EXEC = """\
workc: 1
name: program
steps:
  a: {skill: exec, with: {argv: [cat, a.txt], cwd: repo}}
output: "${steps.a.stdout}"
"""


@pytest.fixture
def repo(folder):
    (folder / "files.yaml").write_text(FLOW)
    (folder / "program.yaml").write_text(EXEC)
    (folder / "work").mkdir()
    (folder / "work/a.txt").write_text("hello\n")
    return folder / "work"


def test_a_run_writes_below_the_root_that_it_is_given(workc, repo):
    shown = workc("run", "files.yaml", "--root", "repo=work", "-q")
    assert (shown.exit_code, shown.stdout, shown.stderr) == (
        0,
        '"one\\ntwo\\n"\n',
        "",
    )
    assert (repo / "out/a.txt").read_text() == "one\ntwo\n"


def test_nothing_is_allowed_that_is_not_given_and_the_failure_says_what_to_give(workc, repo):
    shown = workc("run", "files.yaml")
    assert shown.exit_code == 1
    assert "a: no root repo was given: give --root repo=FOLDER" in shown.stderr
    shown = workc("run", "files.yaml", "--root", "repo=work:ro")
    assert "a: the root repo is only read: give --root repo=FOLDER" in shown.stderr
    shown = workc("run", "program.yaml", "--root", "repo=work")
    assert "a: no program 'cat' is allowed: give --allow-program cat" in shown.stderr
    assert sorted(os.listdir(repo)) == ["a.txt"]


def test_a_program_is_run_in_its_root(workc, repo):
    shown = workc("run", "program.yaml", "--root", "repo=work:ro", "--allow-program", "cat", "-q")
    assert (shown.exit_code, shown.stdout) == (0, '"hello\\n"\n')
    shown = workc("show", "last")
    assert "exec cat a.txt → OK" in shown.stdout


DIFF = """\
--- /dev/null
+++ b/repo/out/a.txt
@@ -0,0 +1,2 @@
+one
+two
"""


def test_a_dry_run_shows_what_it_would_write_and_writes_nothing(workc, repo):
    shown = workc("run", "files.yaml", "--root", "repo=work", "--dry-run", "-q")
    assert (shown.exit_code, shown.stdout, shown.stderr) == (0, f'{DIFF}"one\\ntwo\\n"\n', "")
    shown = workc("run", "files.yaml", "--root", "repo=work", "--dry-run", "-q", "--json")
    assert (shown.document["output"], shown.stderr) == ("one\ntwo\n", DIFF)
    assert sorted(os.listdir(repo)) == ["a.txt"]


def test_what_a_terminal_would_act_on_is_escaped_in_a_diff(workc, repo):
    (repo / "a.txt").write_text("\x1b[2Jold\tx\n")
    flow = FLOW.replace("repo/out/a.txt", "repo/a.txt")
    (repo.parent / "files.yaml").write_text(flow)
    shown = workc("run", "files.yaml", "--root", "repo=work", "--dry-run", "-q")
    assert "-\\x1b[2Jold\tx\n" in shown.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--root", "work"], "--root takes NAME=DIR or NAME=DIR:ro, not 'work'"),
        (["--root", "repo="], "--root takes NAME=DIR or NAME=DIR:ro, not 'repo='"),
        (["--root", "=work"], "a root is named by a-z"),
        (["--root", "Repo=work"], "a root is named by a-z"),
        (["--root", "repo=none"], "the root repo is a folder that is there, not 'none'"),
        (["--root", "repo=demo.yaml"], "the root repo is a folder that is there"),
        (["--root", "r=work", "--root", "r=."], "--root gives 'r' twice; give it once"),
        (["--allow-program", "no-such-program"], "there is no such program in PATH"),
        (["--allow-program", "/bin/cat"], "a program is named as in PATH, without a folder"),
        (["--allow-publish", "../x"], "a target is ROOT/FOLDER or an address"),
        (["--allow-publish", "http://"], "a target is ROOT/FOLDER or an address"),
    ],
)
def test_what_is_no_grant_is_refused_before_anything_is_run(workc, repo, options, message):
    shown = workc("run", "files.yaml", *options)
    assert shown.exit_code == 2
    assert message in shown.stderr
    assert "try: workc run --help" in shown.stderr
    assert not (repo.parent / ".workc").exists()


WAITS = """\
import os, subprocess, sys
file = os.open("alive", os.O_WRONLY)
os.set_inheritable(file, True)
code = "import os, sys; os.write(int(sys.argv[1]), b'x'); sys.stdin.read()"
subprocess.Popen([sys.executable, "-c", code, str(file)], stdin=subprocess.PIPE, close_fds=False).wait()
"""
LONG = """\
workc: 1
name: long
steps:
  a: {{skill: exec, with: {{argv: [{name}, wait.py], cwd: repo}}}}
output: 1
"""


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_kills_the_program_and_what_it_started(workc, repo, number, exit_code):
    python = os.path.basename(sys.executable)
    (repo / "wait.py").write_text(WAITS)
    (repo.parent / "long.yaml").write_text(LONG.format(name=python))
    os.mkfifo(repo / "alive")
    reader = os.open(repo / "alive", os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reader, True)
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    command = [sys.executable, "-m", "workc", "run", "long.yaml", "--root", "repo=work"]
    process = subprocess.Popen(
        [*command, "--allow-program", python, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PATH": path},
    )
    while os.read(reader, 1) == b"":
        # Nobody has opened the other end yet.
        assert process.poll() is None, process.communicate()
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == exit_code
    assert json.loads(out)["status"] == "interrupted"
    while os.read(reader, 100):
        pass
    os.close(reader)
    shown = workc("resume", "last")
    assert shown.exit_code == 1
    assert re.search(r"✗ IN_DOUBT  a: the run stopped after this was asked for", shown.stderr)
