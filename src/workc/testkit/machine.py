"""``FakeMachine``: files, programs and publications in memory, for tests of what uses them.

    machine = FakeMachine(Grants(roots={"repo": "rw"}), files={"repo/a.txt": b"hello"})
    runtime = workc.Runtime(settings=Settings(ports=machine, access=Access(grants=machine.grants)))
    runtime.execute("write_file", {"path": "repo/b.txt", "text": "x"})
    assert machine.files_now["repo/b.txt"] == b"x"

It passes the suite that the real adapters pass (``workc.testkit.conformance.machine``). There is no
network: HTTP and models are ``EXTERNAL_CALL_BLOCKED``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn

import msgspec

from workc.adapters.memory_locks import LockTable, MemoryLocks
from workc.kernel import jcs
from workc.kernel.digest import sha256_hex
from workc.kernel.failure import refuse
from workc.kernel.values import Json, JsonObject
from workc.runtime.effects import content_facts
from workc.runtime.ports import (
    CoordinationPort,
    FilePort,
    HttpPort,
    LensPort,
    ModelPort,
    ProgramPort,
    PublishPort,
)
from workc.stages.effects import (
    FileRead,
    FileRequest,
    FileWrite,
    HttpRequest,
    ModelRequest,
    PortResult,
    ProgramRun,
    Publication,
)
from workc.stages.file_pattern import parse_pattern
from workc.stages.grants import Grants
from workc.stages.observation import FileList, LensRequest, Observed
from workc.stages.root_path import RootPath


class FakeEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a program in memory ends."""

    exit: int = 0
    output: bytes = b""
    errors: bytes = b""


FakeProgram = Callable[[ProgramRun], FakeEnd]


class FakeMachine:
    """Gives every port; ``programs`` are functions by name, ``published`` what went to addresses."""

    def __init__(
        self,
        grants: Grants,
        *,
        files: Mapping[str, bytes] | None = None,
        programs: Mapping[str, FakeProgram] | None = None,
    ) -> None:
        self.grants = grants
        self.files_now: dict[str, bytes] = dict(files or {})
        self.published: dict[str, bytes] = {}
        self.locks = LockTable()
        self.ran: list[tuple[str, ...]] = []
        self._programs = dict(programs or {})

    def http(self) -> HttpPort:
        """Returns a port that refuses."""
        return _NoNetwork()

    def model(self) -> ModelPort:
        """Returns a port that refuses."""
        return _NoNetwork()

    def files(self) -> FilePort:
        """Returns the port of files."""
        return _Files(self)

    def programs(self) -> ProgramPort:
        """Returns the port of programs."""
        return _Programs(self)

    def publications(self) -> PublishPort:
        """Returns the port of publications."""
        return _Publications(self)

    def lens(self) -> LensPort:
        """Returns the port of lenses: it lists files, and knows no variable, run or bundle."""
        return _Lens(self)

    def coordination(self) -> CoordinationPort:
        """Returns a port of resources for a run; those of one machine claim from each other."""
        return MemoryLocks(self.locks)

    def read(self, path: RootPath) -> bytes | None:
        """Returns the bytes of a file, or None if there is none.

        Raises:
            Refusal: ``OPERATION_NOT_ALLOWED`` if it is a folder, or stands below a file.
        """
        name = str(path)
        is_folder = any(other.startswith(f"{name}/") for other in self.files_now)
        if is_folder or any(name.startswith(f"{other}/") for other in self.files_now):
            raise refuse("OPERATION_NOT_ALLOWED", f"{name}: it is no regular file", path=name)
        return self.files_now.get(name)

    def run(self, name: str, request: ProgramRun) -> FakeEnd:
        """Returns how a program ends, and remembers that it ran.

        Raises:
            Refusal: ``NOT_FOUND`` if there is none of that name.
        """
        if name not in self._programs:
            raise refuse("NOT_FOUND", f"no program {name} stands in a folder of PATH", program=name)
        self.ran.append(request.argv)
        return self._programs[name](request)


class _Files:
    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    async def send(self, request: FileRequest) -> PortResult:
        """Returns what was read or written."""
        path = self._machine.grants.file(request)
        _refuse_no_time(request.timeout_ms)
        found = self._machine.read(path)
        if isinstance(request, FileRead):
            return _read(path, found, request.max_bytes)
        return self._write(path, found, request)

    def _write(self, path: RootPath, before: bytes | None, request: FileWrite) -> PortResult:
        found = None if before is None else sha256_hex(before)
        expected = request.if_sha256
        if expected not in {None, found or ""} and before != request.data:
            message = f"{path} is not what was expected, so it was not written"
            raise refuse("CONFLICT", message, path=str(path), expected=expected, found=found or "")
        facts: JsonObject = {**content_facts(request.data), "before_sha256": found}
        if self._machine.grants.dry_run:
            facts["dry_run"] = True
        else:
            self._machine.files_now[str(path)] = request.data
        return PortResult(facts=facts, data=request.data, is_output=True)


class _Lens:
    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    async def look(self, request: LensRequest) -> Observed:
        """Returns the paths of the files of a pattern."""
        if not isinstance(request, FileList):
            raise refuse("NOT_FOUND", "a machine in memory has files alone")
        pattern = parse_pattern(request.pattern)
        folder = f"{self._machine.grants.folder(str(pattern.folder))}/"
        names = sorted(self._machine.files_now, key=str.encode)
        below = (name for name in names if name.startswith(folder))
        found: list[Json] = [name for name in below if pattern.matches(name.removeprefix(folder))]
        if len(found) > request.at_most:
            message = f"{request.pattern} gives more than {request.at_most} files"
            raise refuse("OUTPUT_TOO_LARGE", message, pattern=request.pattern)
        return Observed(data=jcs.encode(found), is_json=True)


class _Programs:
    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    async def send(self, request: ProgramRun) -> PortResult:
        """Returns how the program ended."""
        name = self._machine.grants.program(request)
        _refuse_no_time(request.timeout_ms)
        if request.cwd is not None:
            self._machine.grants.folder(request.cwd)
        ended = self._machine.run(name, request)
        if max(len(ended.output), len(ended.errors)) > request.max_bytes:
            message = f"the program wrote more than {request.max_bytes} bytes and was stopped"
            raise refuse("OUTPUT_TOO_LARGE", message, max_bytes=request.max_bytes)
        facts: JsonObject = {"exit": ended.exit, "signal": None}
        return PortResult(facts=facts, data=ended.output, errors=ended.errors)


class _Publications:
    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    async def send(self, request: Publication) -> PortResult:
        """Returns what was published."""
        target = self._machine.grants.target(request)
        _refuse_no_time(request.timeout_ms)
        if isinstance(target, RootPath):
            write = FileWrite(path=str(target), data=request.data)
            return await self._machine.files().send(write)
        facts = content_facts(request.data)
        if not self._machine.grants.dry_run:
            self._machine.published[f"{target.rstrip('/')}/{request.name}"] = request.data
            facts["status"] = 201
        return PortResult(facts=facts, data=request.data, is_output=True)


class _NoNetwork:
    async def send(self, request: HttpRequest | ModelRequest) -> NoReturn:
        """Refuses."""
        raise refuse("EXTERNAL_CALL_BLOCKED", "this machine is a fake and has no network")


def _read(path: RootPath, found: bytes | None, max_bytes: int) -> PortResult:
    if found is None:
        raise refuse("NOT_FOUND", f"{path}: there is nothing of that name", path=str(path))
    if len(found) > max_bytes:
        message = f"{path} has more than {max_bytes} bytes"
        raise refuse("OUTPUT_TOO_LARGE", message, path=str(path), max_bytes=max_bytes)
    return PortResult(facts=content_facts(found), data=found)


def _refuse_no_time(timeout_ms: int) -> None:
    if timeout_ms == 0:
        raise refuse("TIMEOUT", "timeout_ms is 0, so nothing was done", timeout_ms=0)
