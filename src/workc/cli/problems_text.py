"""What is wrong with a file that somebody wrote: each problem with its line, a caret and the fix."""

from __future__ import annotations

from pathlib import Path

import msgspec

from workc.cli import exits
from workc.cli.errors import show_failure
from workc.cli.state import State
from workc.kernel.failure import Failure
from workc.kernel.values import Json
from workc.runtime.workflow.problems import InvalidFile, render_problems


def problems_json(invalid: InvalidFile) -> list[Json]:
    """Returns the problems as JSON."""
    return [msgspec.to_builtins(problem) for problem in invalid.problems]


def show_invalid(state: State, path: Path, invalid: InvalidFile) -> int:
    """Writes every problem of a file and returns 2: nothing was run."""
    if state.json:
        state.document(
            {
                "schema": "workc.problems/1",
                "ok": False,
                "status": "failure",
                "code": invalid.failure.code,
                "message": invalid.failure.message,
                "problems": problems_json(invalid),
                "exit": exits.USAGE,
            }
        )
    show_problems(state, path, invalid)
    return exits.USAGE


def show_problems(state: State, path: Path, invalid: InvalidFile) -> None:
    """Writes every problem of a file to stderr."""
    text = path.read_bytes().decode("utf-8", "replace").removeprefix("\ufeff")
    state.err(render_problems(invalid.problems, text).rstrip("\n"))
    count = len(invalid.problems)
    message = f"{path.name} has {count} problem" + ("" if count == 1 else "s")
    show_failure(
        state,
        Failure(code=invalid.failure.code, message=message),
        (f"workc schema {invalid.schema}",),
    )
