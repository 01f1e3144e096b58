"""Real processes: signals, terminals and pipes cannot be had inside this one."""

import json
import os
import pty
import signal
import subprocess
import sys

import pytest

WAITING = """\
workc: 1
name: waiting
inputs: {base: {type: string}}
steps:
  first: {skill: json_transform, with: {data: [1], expression: "[0]"}}
  ask: {skill: http_call, with: {url: "${inputs.base}/hang"}, depends_on: [first]}
output: "${steps.first}"
"""


def start(*arguments, **more):
    command = [sys.executable, "-m", "workc", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **more)


def started_run(folder, server, *arguments):
    """Starts a run and returns its process once the server was asked."""
    (folder / "waiting.yaml").write_text(WAITING)
    given = ("--input", f"base={server.base_url}", *arguments)
    process = start("run", "waiting.yaml", *given, stdout=subprocess.PIPE)
    for line in process.stderr:
        if "first" in line:
            return process, line
    raise AssertionError(process.wait())


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_stops_cleanly_and_says_how_to_resume(
    workc, folder, server, number, exit_code
):
    process, _ = started_run(folder, server, "--json")
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == exit_code
    document = json.loads(out)
    run_id = document["details"]["run_id"]
    assert (document["ok"], document["status"], document["exit"]) == (
        False,
        "interrupted",
        exit_code,
    )
    assert f"interrupted · run {run_id} is kept and can be resumed" in err
    assert f"try: workc resume {run_id}" in err
    assert workc("ls", "--json").document["runs"][0]["status"] == "interrupted"


def test_an_interrupted_run_is_resumed_and_done_steps_are_not_done_again(workc, folder, server):
    process, _ = started_run(folder, server)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    server.replies["/hang"] = server.replies["/items.json"]
    shown = workc("resume", "last", "--json")
    assert shown.exit_code == 0
    assert shown.document["output"] == {"result": 1}
    assert "  ✓ first" not in shown.stderr
    assert "  ✓ ask" in shown.stderr
    assert workc("verify-bundle", shown.document["bundle"]).exit_code == 0
    assert workc("replay", "last").exit_code == 0
    again = workc("resume", "last", "--json")
    assert (again.exit_code, again.document) == (0, shown.document)
    assert "is finished; nothing is run" in again.stderr


def test_a_run_that_another_process_writes_is_refused_with_8(workc, folder, server):
    process, _ = started_run(folder, server)
    try:
        shown = workc("resume", "last")
        assert shown.exit_code == 8
        assert "RUN_LOCKED" in shown.stderr
        assert workc("show", "last").stdout.startswith("· waiting · running\n")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def test_a_closed_pipe_ends_the_writing_quietly(bundle):
    read, write = os.pipe()
    os.close(read)
    process = start("show", "bundle", stdout=write)
    os.close(write)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


def test_an_ascii_stream_gets_ascii_symbols(bundle):
    process = start(
        "show", "bundle", stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out.startswith("+ pure | success | not verified\n")


def test_a_terminal_gets_a_live_line_and_colours_and_plain_stdout_stays_plain(folder, workc):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "workc", "run", "pure.yaml"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(theirs)
    out, _ = process.communicate(timeout=20)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:  # Linux says EIO when the other end is closed.
        pass
    os.close(ours)
    assert process.returncode == 0
    assert json.loads(out) == {"result": "hi"}
    assert b"\x1b[32m" in seen
    assert b"say" in seen


NEVER = {"httpx2", "rich", "jmespath", "yaml", "asyncio", "openai", "anthropic", "pydantic"}
NEVER |= {"cryptography", "workc.verify.signatures.trust", "workc.verify.signatures.judging"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("--help",),
        ("verify-bundle", "bundle"),
        ("show", "bundle"),
        ("show", "bundle", "say"),
        ("ls",),
        ("failures",),
        ("explain", "TIMEOUT"),
    ],
)
def test_looking_imports_no_network_library_no_yaml_and_no_rich(bundle, arguments):
    code = (
        "import sys\n"
        "from workc.cli.group import cli\n"
        f"sys.argv = ['workc', *{arguments!r}]\n"
        "try:\n"
        "    cli.main()\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0, end.code\n"
        "print('\\n' + ' '.join(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not NEVER & set(done.stdout.splitlines()[-1].split())


def test_the_module_is_the_command(folder):
    done = subprocess.run(
        [sys.executable, "-m", "workc", "--version"], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("workc 0.1.0\n", "")


def test_completion_names_the_commands(folder):
    env = {
        **os.environ,
        "_WORKC_COMPLETE": "bash_complete",
        "COMP_WORDS": "workc ver",
        "COMP_CWORD": "1",
    }
    code = "from workc.cli.group import cli; cli.main(prog_name='workc')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True
    )
    assert done.stdout == "plain,verify-bundle\nplain,verify-proof\n"
