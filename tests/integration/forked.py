"""Runs scripts in processes of their own that begin where the imports are done.

A process that imports what a run needs waits for commands and forks a child for each: the child is a
process like any other, it writes to real files and is killed by real signals, and it begins 200 ms
sooner than a new interpreter. The process that forks has one thread, so forking it is safe.

    python forked.py    a line of JSON for each: [[script, argument, ...], {variable: value}]
"""

import atexit
import contextlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from functools import cache


def run(command, **variables):
    """Returns what a script came to, as subprocess.run does; ``variables`` are set in its environment."""
    server = _server()
    server.stdin.write(json.dumps([[str(part) for part in command], variables]) + "\n")
    server.stdin.flush()
    code, out, err = json.loads(server.stdout.readline())
    return subprocess.CompletedProcess(command, code, out, err)


@cache
def _server():
    server = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.stdin.close)
    return server


def _serve():
    # What a run imports, all of it, before the first child begins.
    import workc.adapters.http  # noqa: PLC0415
    import workc.api.kin  # noqa: PLC0415
    import workc.api.resume  # noqa: PLC0415
    import workc.api.runtime  # noqa: PLC0415
    import workc.api.transport  # noqa: F401, PLC0415

    for line in sys.stdin:
        print(json.dumps(_forked(*json.loads(line))), flush=True)


def _forked(command, variables):
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if not child:
            os.environ.update(variables)
            _run(command, out, err)
        _, status = os.waitpid(child, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read())
    return [os.waitstatus_to_exitcode(status), *texts]


def _run(command, out, err):
    """Runs a script in this process, which ends with it."""
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    # Nothing of the parent's input is the child's to read.
    os.close(0)
    sys.argv = command
    code = 0
    try:
        runpy.run_path(command[0], run_name="__main__")
    except SystemExit as stopped:
        code = stopped.code if isinstance(stopped.code, int) else 1
    except BaseException:  # noqa: BLE001 - as an interpreter does
        traceback.print_exc()
        code = 1
    with contextlib.suppress(ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
