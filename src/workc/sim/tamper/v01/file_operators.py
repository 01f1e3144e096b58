"""Mutants of whole files that were sealed again, as far as the rung says.

Nothing in the events names a file of evidence: it has a leaf in a root and nothing else. A document
that is neither there nor listed is missed in the manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.sim.json_text import read_json, spell_json
from workc.sim.tamper.mutant import Cell, Group, Mutant, groups
from workc.sim.tamper.parts import component_of
from workc.sim.tamper.place import BAD_MANIFEST, DIGEST, UNPROVABLE, Place
from workc.sim.tamper.rungs import DIGESTED, LISTED, ROOTED
from workc.sim.tamper.v01.draft import Draft
from workc.sim.tamper.v01.places import ROOTS
from workc.sim.tamper.v01.subject import Subject

_SEALED = range(LISTED, DIGESTED + 1)
_DOCUMENTS = (RECEIPT, EVENTS)


def _add(draft: Draft, _path: str) -> None:
    draft.files["evidence/zz-added"] = b"{}"


def _take_away(draft: Draft, path: str) -> None:
    del draft.files[path]


def _call_otherwise(draft: Draft, path: str) -> None:
    draft.files[f"{path}x"] = draft.files.pop(path)


def _change_byte(draft: Draft, path: str) -> None:
    data = bytearray(draft.files[path])
    if data:
        data[len(data) // 2] ^= 1
    draft.files[path] = bytes(data)


_ON_EVIDENCE: dict[str, Callable[[Draft, str], None]] = {
    "file.add": _add,
    "file.delete": _take_away,
    "file.rename": _call_otherwise,
    "file.change": _change_byte,
}

GROUPS: list[Group] = [
    *(g for name in _ON_EVIDENCE for g in groups(name, ["evidence"], _SEALED)),
    *groups("file.add", ["names"], _SEALED),
    *groups("file.delete", ["receipt", "events"], [LISTED]),
]


def cells(subject: Subject) -> Iterator[Cell]:
    """Yields the cells of all operators on sealed files."""
    paths = subject.paths("evidence")
    for name in _ON_EVIDENCE:
        for rung in _SEALED:
            make = _sealer(subject, name, paths, rung)
            yield Cell(Group(name, "evidence", rung), len(paths), make)
    for rung in _SEALED:
        yield Cell(Group("file.add", "names", rung), 1, _adder(subject, rung))
    for path in _DOCUMENTS:
        group = Group("file.delete", component_of(path), LISTED)
        yield Cell(group, 1, _forgetter(subject, path))


def _sealer(
    subject: Subject, name: str, paths: list[str], rung: int
) -> Callable[[int], Mutant | None]:
    def make(number: int) -> Mutant | None:
        draft, path = subject.draft(), paths[number]
        before = dict(draft.files)
        _ON_EVIDENCE[name](draft, path)
        if draft.files == before:
            return None
        return Mutant(draft.seal(rung), _left_by(rung), path)

    return make


def _left_by(rung: int) -> Place:
    if rung < ROOTED:
        return ROOTS["evidence_root"]
    return DIGEST if rung < DIGESTED else UNPROVABLE


def _adder(subject: Subject, rung: int) -> Callable[[int], Mutant]:
    def make(_number: int) -> Mutant:
        draft = subject.draft()
        draft.files["zz-added"] = b"{}"
        return Mutant(draft.seal(rung), BAD_MANIFEST, "zz-added")

    return make


def _forgetter(subject: Subject, path: str) -> Callable[[int], Mutant]:
    def make(_number: int) -> Mutant:
        manifest = read_json(subject.files[MANIFEST])
        if isinstance(manifest, dict) and isinstance(manifest["files"], list):
            manifest["files"] = [
                entry
                for entry in manifest["files"]
                if isinstance(entry, dict) and entry["path"] != path
            ]
        files = {**subject.without(path), MANIFEST: spell_json(manifest)}
        return Mutant(files, BAD_MANIFEST, path)

    return make
