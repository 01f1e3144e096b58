"""What the examples show themselves on: a shell whose commands are seen, and things expected of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


class Surprise(Exception):
    """Something was not as the demo expects."""


class Shell:
    """Runs `workc` commands in a folder and shows them."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        own = {name: value for name, value in os.environ.items() if not name.startswith("WORKC_")}
        self.environment = own | variables | {"NO_COLOR": "1", "COLUMNS": "100"}
        self.program = Path(sys.executable).with_name("workc")

    def run(self, arguments: list[str], code: int, words: str) -> None:
        """Runs one command; it must exit with ``code`` and say ``words``."""
        print("$ workc", *arguments, flush=True)
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        print(done.stdout.rstrip())
        print(f"(exit code {done.returncode})", flush=True)
        expect(f"the exit code is {code}", holds=done.returncode == code)
        expect(f"the output says {words}", holds=words in done.stdout)


def heading(text: str) -> None:
    """Prints a heading."""
    print(f"\n── {text}\n")


def expect(what: str, *, holds: bool) -> None:
    """Raises Surprise unless it holds."""
    if not holds:
        raise Surprise(what)
