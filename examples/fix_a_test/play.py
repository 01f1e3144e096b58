"""Mends the failing tests of a small repository with a model, under gates, and releases the fix.

    python examples/fix_a_test/play.py [FOLDER]

Everything runs on this machine: the model provider is served on the loopback interface from
``script.json``, and its first answer is wrong. Each command is shown before its output. What is left
can be looked at in FOLDER, or in a new temporary folder. Exits with 1 if anything is not as expected.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from stage import Shell, Surprise, expect, heading
from workc.testkit.provider import Provider, read_script

HERE = Path(__file__).parent
GRANTS = ["--root", "repo=repo", "--root", "prod=prod", "--allow-program", "python3"]
#: Exit codes of the command line, as `workc --help` and the reference of failures have them.
OK, WAITS = 0, 7


def main() -> int:
    """Plays it and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="where to work; must be empty")
    folder = parser.parse_args().folder or Path(tempfile.mkdtemp(prefix="workc-fix-"))
    try:
        play(folder)
    except Surprise as surprise:
        print(f"\nNOT AS EXPECTED: {surprise}")
        return 1
    print(f"\nEverything was as expected. The files are in {folder}")
    return 0


def play(folder: Path) -> None:
    """Plays it; raises Surprise at the first thing that is not as expected."""
    folder.mkdir(parents=True, exist_ok=True)
    expect(f"{folder} is empty", holds=not any(folder.iterdir()))
    shutil.copytree(HERE / "repo", folder / "repo")
    (folder / "prod").mkdir()
    for name in ("fix.yaml", "answer.py"):
        shutil.copy(HERE / name, folder)
    script = json.loads((HERE / "script.json").read_text(encoding="utf-8"))
    shell = Shell(folder, {"OPENAI_API_KEY": script["key"]})
    with Provider(read_script(script["provider"]), key=script["key"]) as provider:
        given = ["--input", f"provider={provider.openai_url}", *GRANTS, "--out", "evidence"]
        heading("What may it do, and what may it cost?")
        shell.run(["check", "fix.yaml"], OK, "--root prod=FOLDER")
        heading(
            "The first answer fails the repository's own tests, so it goes back; then a human is asked"
        )
        shell.run(["run", "fix.yaml", *given], WAITS, "back to Decide")
        expect("nothing is released yet", holds=not any((folder / "prod").iterdir()))
        heading("Ada agrees")
        shell.run(["approve", "last", "--step", "release", "--by", "ada"], OK, "approved")
        shell.run(["resume", "last", "--out", "evidence"], OK, "success")
        expect("the model was asked twice", holds=len(provider.requests) == 2)
    released = (folder / "prod/bill.py").read_bytes()
    expect("what was tested is released", holds=released == (folder / "repo/bill.py").read_bytes())
    heading("What happened, in plain words")
    shell.run(["explain", "evidence"], OK, "approved by ada")
    heading("The provider is gone, and the folders are not asked. Does it come out the same?")
    shutil.rmtree(folder / "repo")
    shell.run(["replay", "evidence"], OK, "identical")


if __name__ == "__main__":
    sys.exit(main())
