"""What to type so that a run which its budget refused goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping

from workc.adapters.run_folder import RunFolder
from workc.api.raising import lacking_now
from workc.api.store import Store
from workc.cli.state import State
from workc.kernel.failure import Refusal
from workc.kernel.ledger import MICRO_CENTS_PER_CENT, Dimension

_OPTIONS: Mapping[Dimension, str] = {
    "run": "--budget-cents",
    "calls": "--budget-calls",
    "tokens": "--budget-tokens",
    "wall": "--budget-wall-ms",
}


def raise_command(state: State, run_id: str) -> str | None:
    """Returns the command with the least that lets a run go on, or None if no budget does."""
    folder = RunFolder(Store(state.absolute(state.store)).folder(run_id))
    try:
        least = lacking_now(folder, time.time_ns() // 1_000_000)
    except (OSError, Refusal):
        return None
    options = [
        f"{_OPTIONS[part]} {n // MICRO_CENTS_PER_CENT if part == 'run' else n}"
        for part, n in least.items()
    ]
    return f"workc resume {run_id} {' '.join(options)}{state.store_option}" if options else None
