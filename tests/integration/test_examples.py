"""Every example runs, with its own tests, as its reader would run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workc.testkit.servers import LoopbackServer, Reply

EXAMPLES = Path(__file__).parents[2] / "examples"
DATA = EXAMPLES / "demo" / "data"
FOLDERS = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir() and path.name[0] != "_")


def test_every_example_is_known_here_and_in_the_readme() -> None:
    assert FOLDERS == ["demo", "fix_a_test", "planner", "python_workflow"]
    readme = (EXAMPLES / "README.md").read_text()
    assert all(f"`{name}/`" in readme for name in FOLDERS)


@pytest.mark.parametrize("name", ["planner", "python_workflow"])
def test_an_examples_own_tests_pass(name) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLES / name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_repository_is_mended_by_a_model_and_replays_without_it(tmp_path) -> None:
    play = EXAMPLES / "fix_a_test" / "play.py"
    command = [sys.executable, play, tmp_path / "here"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    for words in (
        "back to Decide",
        "(exit code 7)",
        "approved by ada",
        "52 of 52 events identical",
    ):
        assert words in done.stdout


def test_the_python_workflow_runs_from_the_command_line_over_the_real_tables(tmp_path) -> None:
    tables = {f"/{path.name}": Reply(body=path.read_bytes()) for path in DATA.glob("*.tab")}
    with LoopbackServer(tables) as server:
        done = subprocess.run(
            [
                Path(sys.executable).with_name("workc"),
                *("run", "zones.py:zones_by_country", "--store", tmp_path / "store"),
                *("--input", f"base={server.base_url}", "--input", 'countries=["NZ", "CL"]'),
            ],
            cwd=EXAMPLES / "python_workflow",
            env={k: v for k, v in os.environ.items() if not k.startswith("WORKC_")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["New Zealand"] == ["Pacific/Auckland", "Pacific/Chatham"]
    assert "America/Punta_Arenas" in found["Chile"]
