"""Mutants that mix a bundle with another valid one of the same work.

Every mixture of their parts is a mutant; the other bundle as a whole stands for an old one shown
again, which only the expected digest tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.sim.tamper.mutant import Cell, Group, Mutant, groups
from workc.sim.tamper.parts import Component, Files
from workc.sim.tamper.place import HASH, UNPROVABLE, Place
from workc.sim.tamper.rungs import CHANGED

_PARTS: tuple[Component, ...] = ("receipt", "events", "manifest", "evidence")

GROUPS: list[Group] = groups("splice", _PARTS, [CHANGED])


def cells(own: Files, other: Callable[[], Files], unlisted: Place) -> Iterator[Cell]:
    """Yields the cells of all mixtures; each belongs to the first part that is exchanged.

    ``other`` has files of the same paths. ``unlisted`` is found where all that the manifest lists
    is of one bundle and what it does not list of the other.
    """
    for mask in range(1, 2 ** len(_PARTS)):
        taken: list[Component] = [part for bit, part in enumerate(_PARTS) if mask >> bit & 1]
        yield Cell(Group("splice", taken[0], CHANGED), 1, _mixer(own, other, taken, unlisted))


def _mixer(
    own: Files, other: Callable[[], Files], taken: list[Component], unlisted: Place
) -> Callable[[int], Mutant | None]:
    def make(_number: int) -> Mutant | None:
        theirs = other()
        mixed = {path: (theirs if _part(path) in taken else own)[path] for path in own}
        if mixed == own:
            return None
        return Mutant(mixed, _expected(own, theirs, mixed, unlisted), f"with other {taken}")

    return make


def _part(path: str) -> str:
    return {RECEIPT: "receipt", EVENTS: "events", MANIFEST: "manifest"}.get(path, "evidence")


def _expected(own: Files, other: Files, mixed: Files, unlisted: Place) -> Place:
    if mixed == other:
        return UNPROVABLE
    listing = other if mixed[MANIFEST] == other[MANIFEST] else own
    listed = (path for path in mixed if f'"path":"{path}"'.encode() in mixed[MANIFEST])
    return HASH if any(mixed[path] != listing[path] for path in listed) else unlisted
