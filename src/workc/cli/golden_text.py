"""What is found of goldens, as lines or as one document: for `golden check` and `golden update`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workc.cli import exits
from workc.cli.state import State
from workc.cli.text import MAX_ARGUMENT, count, printable
from workc.cli.verdict_text import show_verdict
from workc.testkit.goldens import GoldenReport, Judgement

DEFAULT_FOLDER = "tests/golden"
GOLDEN_EXITS: Mapping[Judgement, int] = {
    "good": exits.OK,
    "bad": exits.PROVEN_BAD,
    "undecided": exits.UNDECIDED,
}
#: So many paths of a kind are shown; all of them stand in the document.
_MAX_PATHS = 20


def show_goldens(state: State, folder: str, report: GoldenReport) -> None:
    """Writes what was found: what is wrong, then one line that says whether all is well."""
    if state.json:
        code = GOLDEN_EXITS[report.judgement]
        state.document({**report.to_json(), "folder": folder, "exit": code})
        return
    for each in report.bundles:
        if not each.verdict.ok:
            show_verdict(state, each.bundle, each.verdict)
    for word in ("missing", "changed", "extra", "odd"):
        _paths(state, word, [path for found, path in report.troubles() if found == word])
    _paths(state, "listed" if report.is_written else "new", report.new)
    _last_line(state, folder, report)


def _paths(state: State, word: str, paths: Sequence[str]) -> None:
    for path in paths[:_MAX_PATHS]:
        state.out(f"  {word:<8} {printable(path, MAX_ARGUMENT)}")
    if len(paths) > _MAX_PATHS:
        state.out(f"  {word:<8} and {len(paths) - _MAX_PATHS:,} more")


def _last_line(state: State, folder: str, report: GoldenReport) -> None:
    is_good = report.judgement == "good"
    head = state.console.paint(*(("✓ PASS", "good") if is_good else ("✗ FAIL", "bad")))
    why = "  (cannot be judged)" if report.judgement == "undecided" else ""
    state.out(f"{head}  {printable(folder, MAX_ARGUMENT)}{why}")
    verified = sum(each.verdict.ok for each in report.bundles)
    bundles = f"{verified:,} of {count(len(report.bundles), 'bundle')} verified"
    state.out(f"  {bundles}, {count(report.listed, 'file')} listed before, {len(report.new):,} new")
