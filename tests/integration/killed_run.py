"""Runs a workflow in a process that kills itself at the n-th line of its journal.

Arguments: store, workflow file, base URL, n, and how: ``before`` the line is written, ``torn`` in
the middle of it, ``after`` it is in the file, ``synced`` the same with fsync, ``file`` at the n-th file that a record will name.
One more is the folder of the root ``repo``, in which the program ``tally`` may be run.
"""

import os
import signal
import sys

from workc import Runtime
from workc.adapters.run_folder import RunWriter
from workc.api import running as composition


class KilledWriter(RunWriter):
    """Writes a run until it is killed."""

    seen = 0
    put_files = 0

    def append(self, line):
        KilledWriter.seen += 1
        if HOW == "file" or KilledWriter.seen < N:
            super().append(line)
            return
        if HOW == "torn":
            self._journal.write()
            with (self.path / "journal.jsonl").open("ab") as file:
                file.write(line[: len(line) // 2])
        if HOW in {"after", "synced"}:
            super().append(line)
        self._journal.write()
        os.kill(os.getpid(), signal.SIGKILL)

    def put(self, path, data):
        KilledWriter.put_files += 1
        if HOW == "file" and KilledWriter.put_files == N:
            self._journal.write()
            target = self.path / "files" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.with_name(target.name + ".new").write_bytes(data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        super().put(path, data)


STORE, WORKFLOW, BASE, N, HOW = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5]
composition.RunWriter = KilledWriter
ROOTS = dict(zip(["repo"], sys.argv[6:], strict=False))
outcome = Runtime(
    store=STORE,
    durability="fsync" if HOW == "synced" else "flush",
    roots=ROOTS,
    programs=["tally"] if ROOTS else [],
    publish=["repo/dist"] if ROOTS else [],
).run(WORKFLOW, {"base": BASE})
print(outcome.code, KilledWriter.seen, KilledWriter.put_files)
