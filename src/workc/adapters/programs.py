"""The port of programs: allowed ones, by name, with arguments that no shell reads.

1. A name is looked up once, in the folders of ``PATH`` that are absolute, and what was found is opened by
   its path from then on.
2. The program is given :data:`STANDARD_ENVIRONMENT` and the variables that the request names.
3. It works in a folder below a root, entered by a descriptor that was opened without links, or in an empty
   folder of its own, which is gone afterwards.
4. What it does there is not bounded: a program that is allowed can do what its user can.
"""

from __future__ import annotations

import asyncio
import errno
import os
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from workc.adapters.child_process import Command, Ended, run_to_end
from workc.adapters.redaction import Redactor
from workc.adapters.root_folders import RootFolders
from workc.kernel.failure import refuse
from workc.runtime.ports import Entropy
from workc.stages.effects import PortResult, ProgramRun
from workc.stages.grants import Grants

#: What every program is given, on every machine.
STANDARD_ENVIRONMENT: Mapping[str, str] = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}


class Programs:
    """Answers :class:`workc.runtime.ports.ProgramPort`."""

    def __init__(
        self,
        grants: Grants,
        folders: RootFolders,
        redactor: Redactor,
        entropy: Entropy,
        environment: Mapping[str, str],
    ) -> None:
        self._grants = grants
        self._folders = folders
        self._redactor = redactor
        self._entropy = entropy
        self._environment = environment
        self._files: dict[str, str] = {}

    async def send(self, request: ProgramRun) -> PortResult:
        """Returns how the program ended; see the port for what it raises."""
        name = self._grants.program(request)
        if request.timeout_ms == 0:
            raise refuse("TIMEOUT", "timeout_ms is 0, so nothing was started", timeout_ms=0)
        environment = self._environment_of(request)
        with self._working_folder(request) as folder:
            command = Command(
                # By its path: an interpreter finds its environment by how it was called.
                argv=(self._file_of(name), *request.argv[1:]),
                folder=folder,
                environment=environment,
                stdin=request.stdin,
                max_bytes=request.max_bytes,
            )
            try:
                async with asyncio.timeout(request.timeout_ms / 1000):
                    ended = await run_to_end(command)
            except TimeoutError:
                message = f"{name} did not end within {request.timeout_ms} ms and was killed"
                raise refuse("TIMEOUT", message, timeout_ms=request.timeout_ms) from None
            except OSError as error:
                why = errno.errorcode.get(error.errno or 0, "EIO")
                message = f"{name} cannot be started: the system says {why}"
                raise refuse("FILE_FAILED", message, program=name, error=why) from None
        return self._result(ended)

    def _result(self, ended: Ended) -> PortResult:
        cleaning = self._redactor.start()
        return PortResult(
            facts={"exit": ended.status, "signal": ended.signal},
            data=cleaning.data(ended.output),
            errors=cleaning.data(ended.errors),
            redactions=cleaning.redactions(self._entropy.draw),
        )

    def _file_of(self, name: str) -> str:
        found = self._files.get(name) or find_program(name, self._environment.get("PATH", ""))
        if found is None:
            message = f"no program {name} stands in a folder of PATH"
            raise refuse("NOT_FOUND", message, program=name)
        self._files[name] = found
        return found

    def _environment_of(self, request: ProgramRun) -> dict[str, str]:
        missing = [name for name in request.env if name not in self._environment]
        if missing:
            message = f"the environment variable {missing[0]} is not set"
            raise refuse("INVALID_INPUT", message, variables=missing)
        return {**STANDARD_ENVIRONMENT, **{name: self._environment[name] for name in request.env}}

    @contextmanager
    def _working_folder(self, request: ProgramRun) -> Generator[str]:
        if request.cwd is None:
            with tempfile.TemporaryDirectory(prefix="workc-", ignore_cleanup_errors=True) as folder:
                yield folder
            return
        with self._folders.opened(self._grants.folder(request.cwd)) as descriptor:
            # The child has this descriptor until the program begins, and enters by it.
            yield f"/proc/self/fd/{descriptor}"


def find_program(name: str, path: str) -> str | None:
    """Returns where a program stands, the first of the absolute folders of ``path``, or None."""
    for folder in path.split(os.pathsep):
        file = os.path.join(folder, name)
        if os.path.isabs(folder) and os.path.isfile(file) and os.access(file, os.X_OK):
            return file
    return None
