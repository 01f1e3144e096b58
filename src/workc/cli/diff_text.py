"""What a dry run would have written, as a patch: on stdout, with ``--json`` on stderr."""

from __future__ import annotations

from pathlib import Path

from workc.api.dry_run import diffs_of
from workc.cli.state import State
from workc.cli.text import printable
from workc.runtime.outcome import StructuredOutcome


def show_diffs(state: State, outcome: StructuredOutcome) -> None:
    """Prints the diff of every write of a dry run, in their order."""
    if outcome.bundle is None:
        return
    say = state.err if state.json else state.out
    for diff in diffs_of(Path(outcome.bundle)):
        for line in diff.splitlines():
            # A tab belongs to the text; what a terminal would act on is escaped.
            say("\t".join(printable(part, len(part) + 1) for part in line.split("\t")))
