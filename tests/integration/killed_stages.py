"""Works on a registry of stages in a process that kills itself at the n-th thing that it does.

Arguments: registry, file of stages, n. A thing is a file that is opened, linked or removed, a folder
that is made, a statement, or some steps of one within SQLite.
"""

import os
import signal
import sqlite3
import sys
from pathlib import Path

from workc.adapters import stage_tables
from workc.api.stage_files import read_stages
from workc.api.stages import Registry

EVENTS = {"open", "os.link", "os.remove", "os.mkdir", "sqlite3.connect"}
#: So many steps of SQLite's machine count as one thing.
STEPS = 400


def work(folder, specs):
    """Adds the stages, makes the second one active, and replaces the last one by it."""
    registry = Registry(folder)
    first, second, third = (each.id for each in registry.add(specs))
    registry.activate(second)
    registry.deprecate(third, second)
    return first


def main(folder, file, last):
    seen = 0

    def count(*_):
        nonlocal seen
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

    class Counted(sqlite3.Connection):
        def __init__(self, *arguments, **more):
            super().__init__(*arguments, **more)
            self.set_trace_callback(count)
            self.set_progress_handler(count, STEPS)

    connect = sqlite3.connect
    stage_tables.sqlite3.connect = lambda *a, **more: connect(*a, factory=Counted, **more)
    specs = read_stages([Path(file)])
    sys.addaudithook(lambda event, _arguments: count() if event in EVENTS else None)
    work(Path(folder), specs)
    print(seen)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
