"""A workflow in a file that was run by itself is replayed from the command line all the same."""

import subprocess
import sys

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
