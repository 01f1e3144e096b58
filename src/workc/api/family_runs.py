"""The runs of a family, in the folder of the run with which it began."""

from __future__ import annotations

from pathlib import Path

from workc.adapters.run_folder import JOURNAL, RunFolder
from workc.api.relatives import CHILDREN, entries_of


def runs_below(folder: Path) -> list[RunFolder]:
    """Returns the runs that the run of a folder started, and those that these started, by id."""
    children = folder / CHILDREN
    names = [path.name for path in entries_of(children) if (path / JOURNAL).is_file()]
    return [RunFolder(children / name) for name in names]
