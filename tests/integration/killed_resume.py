"""Resumes the last run of a store under three cents, in a process that kills itself on the way.

Arguments: store, n, and how: ``call`` right before the n-th call that changes a name in the store,
before the first line is appended to the journal; ``line`` after the n-th line. It prints what came of
it, and how many there were of each.
"""

import os
import signal
import sys

from workc import Runtime
from workc.adapters.run_folder import RunWriter
from workc.api import resume as composition

STORE, N, HOW = sys.argv[1], int(sys.argv[2]), sys.argv[3]
#: Audit events of what changes names: a file is written beside its place, then renamed.
CHANGES = {"os.link", "os.mkdir", "os.rename"}
counts = {"call": 0, "line": 0}


def count(how):
    counts[how] += 1
    if how == HOW and counts[how] == N:
        os.kill(os.getpid(), signal.SIGKILL)


def audit(event, arguments):
    if event in CHANGES and STORE in str(arguments[0]) and not counts["line"]:
        count("call")


class KilledWriter(RunWriter):
    """Writes a run until it is killed."""

    def append(self, line):
        super().append(line)
        self._journal.write()
        count("line")


composition.RunWriter = KilledWriter
runtime = Runtime(store=STORE)
sys.addaudithook(audit)
outcome = runtime.resume("last", budget_cents=3)
print(outcome.code, counts["call"], counts["line"])
