"""``workc golden update``: lists goldens that are new and verify; a released one never changes."""

from __future__ import annotations

from pathlib import Path

import click

from workc.cli import options
from workc.cli.errors import show_failure
from workc.cli.golden_text import DEFAULT_FOLDER, GOLDEN_EXITS, show_goldens
from workc.cli.state import State
from workc.cli.targets import outside_bundles
from workc.cli.text import argument
from workc.kernel.failure import Failure
from workc.testkit.golden_sums import SUMS
from workc.testkit.goldens import GoldenReport, update_goldens

_SAID = {
    "missing": "is gone, and a released golden never goes",
    "changed": "was changed, and a released golden never is",
    "extra": "came to a released golden, and nothing may: give it a golden of its own",
    "odd": "is no regular file, or has a name that no list can hold",
}


@click.command("update", epilog="Example: workc golden update tests/golden")
@click.argument("folder", type=options.Folder(), default=DEFAULT_FOLDER, metavar="[FOLDER]")
@options.common
@click.pass_obj
def command(state: State, folder: Path) -> int:
    """Add goldens of FOLDER (tests/golden) that are new and verify to its SHA256SUMS."""
    state.tries = ("workc golden update --help",)
    outside_bundles(folder / SUMS, "FOLDER")
    report = update_goldens(folder)
    show_goldens(state, str(folder), report)
    if report.judgement != "good":
        show_failure(state, _refusal(report), (f"workc golden check {argument(str(folder))}",))
    return GOLDEN_EXITS[report.judgement]


def _refusal(report: GoldenReport) -> Failure:
    code = "BUNDLE_INVALID" if report.judgement == "bad" else "BUNDLE_UNDECIDED"
    for word, path in report.troubles():
        message = f"nothing was written: {path} {_SAID[word]}"
        return Failure(code=code, message=message)
    return Failure(code=code, message="nothing was written: what is new does not verify")
