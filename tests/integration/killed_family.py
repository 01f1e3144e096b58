"""Runs a workflow with children in a process that kills itself at the n-th line of all their journals.

Arguments: store, workflow file, base URL, n, and how: ``before`` the line is written, ``torn`` in the
middle of it, ``after`` it is in the file, ``file`` at the n-th file that a record will name.
"""

import os
import signal
import sys
import threading

from workc import Runtime
from workc.adapters.run_folder import RunWriter
from workc.api import kin, running

LOCK = threading.RLock()


class KilledWriter(RunWriter):
    """Writes a run until it is killed; what others of the family write counts too."""

    seen = 0
    put_files = 0

    def append(self, line):
        with LOCK:
            KilledWriter.seen += 1
            if HOW == "file" or KilledWriter.seen < N:
                super().append(line)
                return
            if HOW == "torn":
                self._journal.write()
                with (self.path / "journal.jsonl").open("ab") as file:
                    file.write(line[: len(line) // 2])
            if HOW == "after":
                super().append(line)
            self._journal.write()
            os.kill(os.getpid(), signal.SIGKILL)

    def put(self, path, data):
        with LOCK:
            KilledWriter.put_files += 1
            if HOW == "file" and KilledWriter.put_files == N:
                self._journal.write()
                os.kill(os.getpid(), signal.SIGKILL)
        super().put(path, data)


STORE, WORKFLOW, BASE, N, HOW = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5]
running.RunWriter = kin.RunWriter = KilledWriter
outcome = Runtime(store=STORE).run(WORKFLOW, {"base": BASE})
print(outcome.code, KilledWriter.seen, KilledWriter.put_files)
