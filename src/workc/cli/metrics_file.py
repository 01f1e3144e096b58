"""``--metrics-file``: what a command did, as a file for node_exporter's textfile collector.

The collector reads ``*.prom`` at any time, so the file is written beside its place and moved there.
"""

from __future__ import annotations

import os
from pathlib import Path

from workc.adapters.new_file import write_over
from workc.cli import exits
from workc.cli.errors import stop
from workc.cli.state import State
from workc.cli.targets import outside_bundles
from workc.cli.text import printable
from workc.runtime.metrics.tally import Metrics

#: How every file of metrics begins.
_BEGINNING = b"# HELP "


def metrics_target(state: State, name: str | None) -> Path | None:
    """Returns where the file goes, or None if it is not wanted; known before anything is done.

    Raises:
        Refusal: ``INVALID_INPUT``: no file can be written there.
    """
    if name is None:
        return None
    if not name or "\0" in name:
        raise stop("INVALID_INPUT", "--metrics-file takes the name of a file")
    path = state.absolute(Path(name))
    if os.path.lexists(path) and not path.is_file():
        raise stop("INVALID_INPUT", f"{printable(name)} is there already and is no file")
    if path.is_file() and not _holds_metrics(path):
        message = f"{printable(name)} is there already and holds no metrics; it is not written over"
        raise stop("INVALID_INPUT", message, "name a file of its own: --metrics-file FILE")
    outside_bundles(path, "--metrics-file FILE")
    above = path.parent
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        why = f"{printable(str(above))} is no folder to write in"
        raise stop("INVALID_INPUT", f"{printable(name)} cannot be written: {why}")
    return path


def _holds_metrics(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_BEGINNING)) in {_BEGINNING, b""}
    except OSError:
        return False


def keep_metrics(state: State, target: Path | None, metrics: Metrics, code: int) -> int:
    """Writes the file, if it is wanted, and returns what to exit with: ``code`` if all went well."""
    if target is None:
        return code
    try:
        write_over(target, metrics.exposition().encode("ascii"))
    except OSError as error:
        why = error.strerror or type(error).__name__
        state.err(f"note: no metrics were written to {printable(str(target))}: {why}")
        return code or exits.UNAVAILABLE
    return code
