"""A workflow in a file that was run by itself is replayed from the command line all the same."""

import json
import signal
import subprocess
import sys

import pytest

SCRIPT = """
import workc

class Odd(Exception):
    pass

@workc.skill(pure=True)
def refuses(x: int) -> int:
    raise Odd("no")

@workc.workflow
async def greet(ctx, name: str) -> str:
    try:
        await ctx.call(refuses, x=1)
    except workc.StepFailed as error:
        return f"{name}: {error.failure.details['exception']}"

if __name__ == "__main__":
    print(workc.run(greet, {"name": "Ada"}, store=".workc").output)
"""


def test_a_run_of_a_script_replays_with_the_same_bytes(tmp_path):
    (tmp_path / "greet.py").write_text(SCRIPT)
    run = [sys.executable, "greet.py"]
    made = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
    assert (made.stdout, made.stderr) == ("Ada: greet.Odd\n", "")
    replay = [sys.executable, "-m", "workc", "replay", "last"]
    done = subprocess.run(replay, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "identical" in done.stdout


BUSY = """
import sys
import time
import workc

@workc.skill(pure={pure})
def spins(x: int) -> int:
    print("begun", flush=True)
    while True:
        time.sleep(0)

@workc.workflow
async def spin(ctx) -> int:
    return await ctx.call(spins, x=1)

try:
    workc.run(spin, store=".workc")
except KeyboardInterrupt:
    print("stopped")
"""


@pytest.mark.parametrize("pure", [True, False])
def test_ctrl_c_in_a_script_stops_a_run_whose_function_does_not_end(tmp_path, pure):
    (tmp_path / "spin.py").write_text(BUSY.format(pure=pure))
    script = [sys.executable, "spin.py"]
    process = subprocess.Popen(script, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert (out, process.returncode) == ("stopped\n", 0)
    listed = [sys.executable, "-m", "workc", "ls", "--json"]
    done = subprocess.run(listed, cwd=tmp_path, capture_output=True, text=True)
    assert [run["status"] for run in json.loads(done.stdout)["runs"]] == ["interrupted"]
