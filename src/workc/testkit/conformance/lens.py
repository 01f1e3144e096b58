"""The suite of the port of lenses; see the package.

A factory gives a port that finds :data:`FILES` below the root ``repo`` and no other root. For
:data:`PROOF_CASES` it also finds the variable ``LANG`` with the value ``de``, no variable ``GONE``, and
one run whose output is :data:`OUTPUT`: it is the last one of its store, and its bundle stands in
``repo/proof``; in ``repo/b`` there is none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, TypeAlias

from workc.kernel import jcs
from workc.kernel.failure import Refusal
from workc.kernel.values import Json
from workc.runtime.ports import LensPort
from workc.stages.observation import EarlierRun, FileList, LensRequest, Origin, Proof, Variable
from workc.testkit.conformance.expect import NotConforming, expect_equal, expect_refusal

FILES: Mapping[str, bytes] = {
    "repo/B.txt": b"B",
    "repo/a.txt": b"a",
    "repo/b/c.txt": b"c",
    "repo/b/.hidden.txt": b"h",
    "repo/\u00e4.txt": b"umlaut",
}
OUTPUT: Json = {"n": 7}


class LensWorld(NamedTuple):
    """A port, and what is known of the run that it finds: its evidence, and when it ended."""

    port: LensPort
    origin: Origin = Origin(run_id="", proof_digest="")
    ended_ms: int = 0


LensFactory: TypeAlias = Callable[[], LensWorld]
LensCase: TypeAlias = Callable[[LensFactory], Awaitable[None]]


async def _lists(make: LensFactory) -> None:
    for pattern, expected in (
        ("repo/*.txt", ["repo/B.txt", "repo/a.txt", "repo/\u00e4.txt"]),
        ("repo/**/*.txt", ["repo/B.txt", "repo/a.txt", "repo/b/c.txt", "repo/\u00e4.txt"]),
        ("repo/b/.*", ["repo/b/.hidden.txt"]),
        ("repo/*.none", []),
    ):
        seen = await make().port.look(FileList(pattern=pattern, at_most=4))
        expect_equal(jcs.parse(seen.data), expected, f"the files of {pattern}")
        expect_equal((seen.is_json, seen.dated_ms, seen.origin), (True, None, None), "a list")


async def _lists_few(make: LensFactory) -> None:
    request = FileList(pattern="repo/*.txt", at_most=2)
    await expect_refusal(make().port.look(request), "OUTPUT_TOO_LARGE")


async def _keeps_to_roots(make: LensFactory) -> None:
    request = FileList(pattern="home/*.txt", at_most=2)
    await expect_refusal(make().port.look(request), "OPERATION_NOT_ALLOWED")


async def _changes_nothing(make: LensFactory) -> None:
    port = make().port
    request = FileList(pattern="repo/**", at_most=100)
    expect_equal(await port.look(request), await port.look(request), "the second look")


async def _names(make: LensFactory) -> None:
    port = make().port
    seen = await port.look(Variable("LANG"))
    expect_equal((seen.data, seen.is_json, seen.origin), (b"de", False, None), "a variable")
    await expect_refusal(port.look(Variable("GONE")), "NOT_FOUND")


async def _proves(make: LensFactory) -> None:
    world = make()
    asked: list[LensRequest] = [
        EarlierRun(world.origin.run_id),
        EarlierRun("last"),
        Proof("repo/proof"),
    ]
    for request in asked:
        seen = await world.port.look(request)
        expect_equal((jcs.parse(seen.data), seen.is_json), (OUTPUT, True), f"what {request} gave")
        expect_equal(seen.dated_ms, world.ended_ms, f"the date of {request}")
        expect_equal(seen.origin, world.origin, f"whose evidence {request} is")


async def _proves_nothing(make: LensFactory) -> None:
    port = make().port
    await expect_refusal(port.look(EarlierRun("zzz")), "NOT_FOUND")
    for path, codes in (
        ("repo/b", ("BUNDLE_INVALID",)),
        ("repo/none", ("NOT_FOUND", "BUNDLE_INVALID")),
    ):
        try:
            seen = await port.look(Proof(path))
        except Refusal as refusal:
            expect_equal(refusal.failure.code in codes, expected=True, what=f"the code of {path}")
        else:
            raise NotConforming(f"expected a refusal of {path}, got {seen!r}")


#: Each case about lists of files under the sentence that it checks.
LIST_CASES: dict[str, LensCase] = {
    "files are listed by the bytes of their paths": _lists,
    "a list of too many files is refused and not cut": _lists_few,
    "no root is looked into that was not granted": _keeps_to_roots,
    "looking changes nothing": _changes_nothing,
}
#: The same about variables and evidence.
PROOF_CASES: dict[str, LensCase] = {
    "a variable is its bytes, and one that is not set is not found": _names,
    "a run and a bundle give their output, their end and their proof": _proves,
    "what does not verify gives nothing": _proves_nothing,
}
