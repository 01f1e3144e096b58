"""The store that a command looks into."""

from __future__ import annotations

import os

from workc.adapters.place import name_problem
from workc.api.store import Store
from workc.cli.errors import stop
from workc.cli.state import State
from workc.cli.text import printable


def open_store(state: State) -> Store:
    """Returns the store that ``--store`` names.

    Raises:
        Refusal: ``INVALID_INPUT`` if what stands there is no folder.
    """
    path, problem = state.store, name_problem(str(state.store))
    if problem is None and os.path.lexists(path) and not path.is_dir():
        problem = "what stands there is a file"
    if problem is not None:
        message = f"the store {printable(str(path))} is no folder: {problem}"
        raise stop("INVALID_INPUT", message, "name the folder of the runs: --store DIR")
    return Store(path)
