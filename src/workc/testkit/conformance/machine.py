"""The suite of the ports of files, programs and publications; see the package.

A factory makes a machine that holds :data:`FILES` below the roots of :data:`GRANTS`, on which ``cat``
gives back what it is sent and ``false`` ends with 1.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias

from workc.kernel.digest import sha256_hex
from workc.runtime.ports import FilePort, ProgramPort, PublishPort
from workc.stages.effects import FileRead, FileWrite, ProgramRun, Publication
from workc.stages.grants import Grants
from workc.testkit.conformance.expect import expect_equal, expect_in, expect_refusal

GRANTS = Grants(
    roots={"repo": "rw", "docs": "ro"}, programs=("cat", "false"), targets=("repo/dist",)
)
FILES: Mapping[str, bytes] = {"repo/a.txt": b"hello", "repo/b/c": b"\xff", "docs/d.txt": b"d"}


class Machine(Protocol):
    """Gives the ports that are tested."""

    def files(self) -> FilePort:
        """Returns the port of files."""
        ...

    def programs(self) -> ProgramPort:
        """Returns the port of programs."""
        ...

    def publications(self) -> PublishPort:
        """Returns the port of publications."""
        ...


class MachineFactory(Protocol):
    """Makes the machine; called once or more often in a case, anew each time."""

    def __call__(self, grants: Grants) -> Machine:
        """Returns a machine that holds :data:`FILES` and allows what is granted."""
        ...


MachineCase: TypeAlias = Callable[[MachineFactory], Awaitable[None]]


async def _reads(make: MachineFactory) -> None:
    files = make(GRANTS).files()
    for path, data in FILES.items():
        result = await files.send(FileRead(path=path, max_bytes=len(data)))
        expect_equal(result.data, data, f"the bytes of {path}")
        expect_equal(result.facts, {"sha256": sha256_hex(data), "size": len(data)}, "the facts")
        await expect_refusal(
            files.send(FileRead(path=path, max_bytes=len(data) - 1)), "OUTPUT_TOO_LARGE"
        )


async def _writes(make: MachineFactory) -> None:
    files = make(GRANTS).files()
    for path, data, before in (
        ("repo/a.txt", b"new", sha256_hex(b"hello")),
        ("repo/x/y", b"", None),
    ):
        result = await files.send(FileWrite(path=path, data=data))
        facts = {"before_sha256": before, "sha256": sha256_hex(data), "size": len(data)}
        expect_equal(result.facts, facts, f"the facts of {path}")
        expect_equal((result.data, result.is_output), (data, True), "what was written")
        expect_equal((await files.send(FileRead(path=path))).data, data, "what is read then")


async def _compares(make: MachineFactory) -> None:
    files = make(GRANTS).files()
    found = sha256_hex(b"hello")
    for expected in ("", sha256_hex(b"other")):
        request = FileWrite(path="repo/a.txt", data=b"x", if_sha256=expected)
        failure = await expect_refusal(files.send(request), "CONFLICT")
        expect_equal(failure.details["found"], found, "what is there")
    for _ in range(2):
        await files.send(FileWrite(path="repo/a.txt", data=b"x", if_sha256=found))
    await files.send(FileWrite(path="repo/new", data=b"x", if_sha256=""))


async def _finds_nothing(make: MachineFactory) -> None:
    files = make(GRANTS).files()
    await expect_refusal(files.send(FileRead(path="repo/none")), "NOT_FOUND")
    await expect_refusal(files.send(FileRead(path="repo/none/x")), "NOT_FOUND")
    await expect_refusal(files.send(FileRead(path="repo/b")), "OPERATION_NOT_ALLOWED")
    await expect_refusal(files.send(FileRead(path="repo/a.txt/x")), "OPERATION_NOT_ALLOWED")
    await expect_refusal(files.send(FileWrite(path="repo/b", data=b"")), "OPERATION_NOT_ALLOWED")


async def _keeps_to_grants(make: MachineFactory) -> None:
    machine, nothing = make(GRANTS), make(Grants())
    for refused in (
        machine.files().send(FileRead(path="home/a")),
        machine.files().send(FileWrite(path="docs/d.txt", data=b"")),
        machine.files().send(FileWrite(path="repo/.git/hooks/x", data=b"")),
        machine.programs().send(ProgramRun(argv=("sh",))),
        machine.programs().send(ProgramRun(argv=("cat",), cwd="home")),
        machine.publications().send(Publication(to="repo/b", name="x", data=b"")),
        nothing.files().send(FileRead(path="repo/a.txt")),
        nothing.programs().send(ProgramRun(argv=("cat",))),
        nothing.publications().send(Publication(to="repo/dist", name="x", data=b"")),
    ):
        failure = await expect_refusal(refused, "OPERATION_NOT_ALLOWED")
        expect_in(" ", failure.message)


async def _refuses_paths(make: MachineFactory) -> None:
    machine = make(GRANTS)
    for path in ("", "repo", "/etc/passwd", "repo/../x", "repo//x", "repo/a\\b", "repo/a\0"):
        await expect_refusal(machine.files().send(FileRead(path=path)), "INVALID_INPUT")
    for name in ("", "..", "a/b", "a\n"):
        request = Publication(to="repo/dist", name=name, data=b"")
        await expect_refusal(machine.publications().send(request), "INVALID_INPUT")


async def _runs(make: MachineFactory) -> None:
    programs = make(GRANTS).programs()
    result = await programs.send(
        ProgramRun(argv=("cat",), stdin=b"\xffhi", max_bytes=3, cwd="repo")
    )
    expect_equal(result.facts, {"exit": 0, "signal": None}, "the facts")
    expect_equal((result.data, result.errors), (b"\xffhi", b""), "what it wrote")
    failed = await programs.send(ProgramRun(argv=("false",)))
    expect_equal(failed.facts, {"exit": 1, "signal": None}, "any status is an answer")
    request = ProgramRun(argv=("cat",), stdin=b"much", max_bytes=3)
    await expect_refusal(programs.send(request), "OUTPUT_TOO_LARGE")


async def _publishes(make: MachineFactory) -> None:
    machine = make(GRANTS)
    request = Publication(to="repo/dist", name="a b.txt", data=b"out")
    result = await machine.publications().send(request)
    expect_equal(result.facts["sha256"], sha256_hex(b"out"), "the digest")
    expect_equal((result.data, result.is_output), (b"out", True), "what was published")
    there = await machine.files().send(FileRead(path="repo/dist/a b.txt"))
    expect_equal(there.data, b"out", "what is there")


async def _stays_dry(make: MachineFactory) -> None:
    machine = make(
        Grants(roots=GRANTS.roots, programs=("cat",), targets=GRANTS.targets, dry_run=True)
    )
    result = await machine.files().send(FileWrite(path="repo/a.txt", data=b"new"))
    expect_equal(result.facts["dry_run"], expected=True, what="what a dry run says")
    expect_equal(result.facts["before_sha256"], sha256_hex(b"hello"), "what is there")
    published = await machine.publications().send(Publication(to="repo/dist", name="a", data=b""))
    expect_equal(published.facts["dry_run"], expected=True, what="the same of a publication")
    await expect_refusal(
        machine.programs().send(ProgramRun(argv=("cat",))), "OPERATION_NOT_ALLOWED"
    )


async def _takes_no_time(make: MachineFactory) -> None:
    machine = make(GRANTS)
    for refused in (
        machine.files().send(FileRead(path="repo/a.txt", timeout_ms=0)),
        machine.programs().send(ProgramRun(argv=("cat",), timeout_ms=0)),
        machine.publications().send(Publication(to="repo/dist", name="x", data=b"", timeout_ms=0)),
    ):
        await expect_refusal(refused, "TIMEOUT")


#: Each case under the sentence that it checks.
MACHINE_CASES: dict[str, MachineCase] = {
    "a file is read whole, with its size and digest": _reads,
    "a file is written whole, and what was there is told": _writes,
    "a write over something else is a conflict, the same again is none": _compares,
    "what is no file is told apart from what is not there": _finds_nothing,
    "nothing is done that was not granted": _keeps_to_grants,
    "what is no path is refused": _refuses_paths,
    "a program is given its input, and any status is an answer": _runs,
    "a file is published in a folder": _publishes,
    "a dry run changes nothing": _stays_dry,
    "timeout_ms 0 does nothing": _takes_no_time,
}
