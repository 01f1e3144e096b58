"""Mutants that mix a bundle with another valid one of the same work.

The other is this one with another nonce and, where it stands in a file, another program, sealed
wholly anew: what a second run would be. Every mixture of their parts is a mutant; the other bundle
as a whole stands for an old one shown again, which only the expected digest tells.
"""

from __future__ import annotations

from collections.abc import Iterator

from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.sim.tamper.draft import CHANGED, PROJECTED
from workc.sim.tamper.formats import FORMATS
from workc.sim.tamper.mutant import Cell, Group, Mutant, groups
from workc.sim.tamper.parts import Component
from workc.sim.tamper.place import HASH, ROOTS, UNPROVABLE, Place
from workc.sim.tamper.subject import Subject

_PARTS: tuple[Component, ...] = ("receipt", "events", "manifest", "evidence")
_OTHER_EDITS = ("NonceReplaced", "ProgramReplaced")

GROUPS: list[Group] = groups("splice", _PARTS, [CHANGED])


def cells(subject: Subject) -> Iterator[Cell]:
    """Yields the cells of all mixtures; each belongs to the first part that is exchanged."""
    for mask in range(1, 2 ** len(_PARTS)):
        taken: list[Component] = [part for bit, part in enumerate(_PARTS) if mask >> bit & 1]
        yield Cell(Group("splice", taken[0], CHANGED), 1, _Mixer(subject, taken))


class _Mixer:
    def __init__(self, subject: Subject, taken: list[Component]) -> None:
        self._subject = subject
        self._taken = taken

    def __call__(self, _number: int) -> Mutant | None:
        """Returns the mixture, or None if it is the bundle itself."""
        own, other = self._subject.files, _other(self._subject)
        mixed = {path: (other if _part(path) in self._taken else own)[path] for path in own}
        if mixed == own:
            return None
        return Mutant(mixed, _expected(self._subject, other, mixed), f"with other {self._taken}")


def _other(subject: Subject) -> dict[str, bytes]:
    draft = subject.draft()
    attacks = FORMATS["0.2"].attacks
    for name in _OTHER_EDITS:
        attacks[name].edit(draft)
    return draft.seal(PROJECTED)


def _part(path: str) -> str:
    return {RECEIPT: "receipt", EVENTS: "events", MANIFEST: "manifest"}.get(path, "evidence")


def _expected(subject: Subject, other: dict[str, bytes], mixed: dict[str, bytes]) -> Place:
    if mixed == other:
        return UNPROVABLE
    listed = other if mixed[MANIFEST] == other[MANIFEST] else subject.files
    if any(mixed[path] != listed[path] for path in mixed if path not in {RECEIPT, MANIFEST}):
        return HASH
    return ROOTS["events"]
