"""Real processes with broken, closed and misused streams: none of them decides about the work."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

HEAD = "import os, sys, subprocess, threading, asyncio\nimport workc\n"
SKILL = HEAD + (
    "@workc.skill(pure=True)\n"
    "def act(n: int = 1) -> int:\n"
    '    """Acts."""\n'
    "    {body}\n"
    "    return n\n\n"
    "@workc.workflow\n"
    "async def main(ctx):\n"
    '    """Acts once."""\n'
    "    return await ctx.call(act, n=1)\n"
)


def shell(command, **more):
    """Runs a line of sh in which ``workc`` is this one."""
    script = f'workc() {{ exec "{sys.executable}" -m workc "$@"; }}\n{command}'
    return subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, timeout=30, check=False, **more
    )


def run_skill(folder, body, *options):
    (folder / "wf.py").write_text(SKILL.format(body=body))
    command = [sys.executable, "-m", "workc", "run", "wf.py:main", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def states(workc):
    return [run["status"] for run in workc("ls", "--json").document["runs"]]


@pytest.mark.parametrize("tail", ["2>/dev/full", "-q 2>&-", "2>&-", "--json 2>/dev/full"])
def test_a_broken_stderr_does_not_touch_the_work(workc, folder, tail):
    done = shell(f"workc run pure.yaml {tail}")
    assert done.returncode == 0
    assert json.loads(done.stdout)["result"] is not None
    assert states(workc) == ["success"]


@pytest.mark.parametrize(
    "command", ["ls --json", "run pure.yaml --json", "run pure.yaml -q", "run --help"]
)
def test_a_result_for_which_there_is_no_stdout_is_8(workc, folder, command):
    assert workc("run", "pure.yaml").exit_code == 0
    done = shell(f"workc {command} >&-")
    assert done.returncode == 8
    assert "Bad file descriptor" in done.stderr
    assert "Traceback" not in done.stderr
    assert shell(f"workc {command} >/dev/full").returncode == 8


@pytest.mark.parametrize(("command", "code"), [("ls", 0), ("show nothing --json", 2)])
def test_where_there_is_no_result_or_no_success_stdout_decides_nothing(
    workc, folder, command, code
):
    done = shell(f"workc {command} >&-")
    assert done.returncode == code
    assert "INTERNAL_ERROR" not in done.stderr


def test_both_streams_closed_is_silence_and_the_work_is_done(workc, folder):
    assert shell("workc run pure.yaml >&- 2>&-").returncode == 8
    assert states(workc) == ["success"]


def test_a_result_that_cannot_be_written_is_8_and_the_run_is_kept(workc, folder):
    done = shell("workc run pure.yaml --json >/dev/full")
    assert done.returncode == 8
    assert "stdout" in done.stderr
    assert "No space left" in done.stderr
    assert "next: workc show" in done.stderr
    assert states(workc) == ["success"]


def test_no_file_of_the_run_takes_the_place_of_a_closed_stream(workc, folder):
    (folder / "wf.py").write_text(SKILL.format(body='os.write(2, b"stray")'))
    assert shell("workc run wf.py:main 2>&-").returncode == 0
    assert workc("verify-bundle", *folder.glob(".workc/runs/*/bundle")).exit_code == 0


@pytest.mark.parametrize(
    "body",
    [
        'os.write(1, b"stray\\n")',
        'subprocess.run(["echo", "stray"])',
        'sys.__stdout__.write("stray\\n")',
        'print("stray")',
    ],
)
def test_stdout_holds_the_result_and_nothing_else(folder, body):
    done = run_skill(folder, body)
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert "stray" in done.stderr


@pytest.mark.parametrize("command", ["check", "replay"])
def test_checks_and_replays_keep_stdout_clean_too(workc, folder, command):
    (folder / "wf.py").write_text(SKILL.format(body="pass") + '\nos.write(1, b"stray")\n')
    target = "wf.py:main" if command == "check" else "last"
    assert shell("workc run wf.py:main").returncode == 0
    done = shell(f"workc {command} {target} --json")
    assert done.returncode == 0
    assert "schema" in json.loads(done.stdout)


@pytest.mark.parametrize(
    "body", ["sys.stdout = sys.stderr = None", "os.close(1)", 'os.chdir("/")', "sys.stdout.close()"]
)
def test_what_a_skill_does_to_the_process_does_not_lose_its_result(workc, folder, body):
    done = run_skill(folder, body, "--out", "copy")
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert states(workc) == ["success"]
    assert workc("verify-bundle", "copy").exit_code == 0


@pytest.mark.parametrize(
    "body",
    [
        "t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()",
        "asyncio.sleep(0)",
        "x = type('X', (), dict(__del__=lambda self: 1 / 0))(); del x",
    ],
)
def test_what_the_code_of_others_leaves_unhandled_is_one_line(folder, body):
    done = run_skill(folder, body, "-q")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("note: ")


def test_a_task_that_nobody_awaits_is_one_line(folder):
    (folder / "wf.py").write_text(
        HEAD + "async def fail():\n    raise ValueError('lost')\n\n"
        "@workc.skill(pure=True)\n"
        "async def act(n: int = 1) -> int:\n"
        '    """Acts."""\n'
        "    asyncio.get_running_loop().create_task(fail())\n"
        "    await asyncio.sleep(0.01)\n"
        "    return n\n\n"
        "@workc.workflow\n"
        "async def main(ctx):\n"
        '    """Acts once."""\n'
        "    return await ctx.call(act, n=1)\n"
    )
    done = shell("workc run wf.py:main -q")
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "ValueError" in done.stderr


BUSY = SKILL.format(body='print("busy", file=sys.stderr, flush=True)\n    while True: pass')


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(
    ("number", "exit_code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
)
def test_a_signal_ends_busy_code_and_says_how_to_resume(workc, folder, number, exit_code, again):
    (folder / "wf.py").write_text(BUSY)
    process = subprocess.Popen(
        [sys.executable, "-m", "workc", "run", "wf.py:main", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    guard = threading.Timer(20, process.kill)
    guard.start()
    try:
        for line in process.stderr:
            if line == "busy\n":
                break
        process.send_signal(number)
        assert "press again to stop at once" in process.stderr.readline()
        if again:
            process.send_signal(number)
        # Not communicate(): lines that readline() has read ahead would be lost to it.
        with process:
            err, out = process.stderr.read(), process.stdout.read()
    finally:
        guard.cancel()
        process.kill()
    # Once everything is told, a second signal may end the process in its own way: 128 + number
    # to a shell as well.
    assert process.returncode in {exit_code, -number if again else exit_code}
    run_id = json.loads(out)["details"]["run_id"]
    assert json.loads(out)["exit"] == exit_code
    assert f"try: workc resume {run_id}" in err
    assert states(workc) == ["interrupted"]


def test_a_signal_while_modules_are_imported_prints_no_traceback(folder):
    (folder / "click.py").write_text(
        "import os, time\nos.write(2, b'importing\\n')\ntime.sleep(20)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", "from workc.cli.main import main; main()"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    try:
        assert process.stderr.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (process.returncode, err) == (130, "interrupted\n")
