"""Mutants of whole files that were sealed again, as far as the rung says.

A file that events name stays bound to them however far the rest is sealed; only when the events say
the new hash too (rung 3) are the roots, the receipt and the digest what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from workc.bundle.layout import EVIDENCE
from workc.sim.tamper.file_operators import one
from workc.sim.tamper.mutant import Cell, Group, Mutant, groups
from workc.sim.tamper.parts import Component, component_of
from workc.sim.tamper.place import (
    BAD_EVENT,
    BAD_MANIFEST,
    NO_CAPTURE,
    OTHER_CAPTURE,
    TABLE,
    TOO_MANY,
    UNNAMED,
    Place,
)
from workc.sim.tamper.rungs import CHANGED, LISTED, PROJECTED, RECEIPTED
from workc.sim.tamper.v02.draft import Draft
from workc.sim.tamper.v02.ladder import FILE_LINK, Edit, found_at
from workc.sim.tamper.v02.subject import Role, Subject

_NAMED: tuple[Component, ...] = ("evidence", "artifacts")
_SEALED = range(LISTED, PROJECTED + 1)
_EXTRA: dict[Component, str] = {
    "evidence": "evidence/zz-added",
    "artifacts": "artifacts/zz-added",
    "names": "zz-added",
}
#: More signatures than a bundle may have, and a larger one (section 12): this is judged always.
_SIGNED = {
    "signature.many": {f"signatures/zz{number}.dsse.json": b"{}" for number in range(65)},
    "signature.large": {"signatures/zz.dsse.json": b" " * 65_537},
}

#: Who names a file, and what follows: bound by a digest of its own, or repeated in the receipt.
_REQUEST: Role = ("EffectAsked", "request")
_RULES: Role = ("RunStarted", "policy")
_IN_RECEIPT = frozenset(
    {
        ("RunStarted", "inputs"),
        ("RunStarted", "prices"),
        ("RunStarted", "program"),
        ("WorkEnded", "output"),
        ("ChildJoined", "value"),
    }
)
_IN_EFFECTS = frozenset({"EffectAsked", "EffectAnswered", "SkillAsked"})

GROUPS: list[Group] = [
    *groups("file.add", _EXTRA, _SEALED),
    *groups("file.delete", _NAMED, _SEALED),
    *groups("file.rename", _NAMED, _SEALED),
    *groups("file.change", _NAMED, _SEALED),
    *groups("file.swap", ["evidence"], [LISTED, RECEIPTED]),
    *(g for name in _SIGNED for g in groups(name, ["signatures"], [CHANGED])),
]


def cells(subject: Subject) -> Iterator[Cell]:
    """Yields the cells of all operators on sealed files, and on signatures."""
    for name, files in _SIGNED.items():
        yield one(name, "signatures", Mutant({**subject.files, **files}, TOO_MANY, name))
    for path in _EXTRA.values():
        for rung in _SEALED:
            yield Cell(Group("file.add", component_of(path), rung), 1, _adder(subject, path, rung))
    for component in _NAMED:
        yield from _on_named(subject, component, subject.paths(component))
    pairs = [*pairwise(subject.paths("evidence"))]
    for rung in (LISTED, RECEIPTED):
        group = Group("file.swap", "evidence", rung)
        yield Cell(group, len(pairs), _swapper(subject, pairs, rung))


def _of_path(
    subject: Subject, paths: list[str], make: Callable[[Subject, str], Mutant | None]
) -> Callable[[int], Mutant | None]:
    return lambda number: make(subject, paths[number])


def _adder(subject: Subject, path: str, rung: int) -> Callable[[int], Mutant]:
    def make(_number: int) -> Mutant:
        draft = subject.draft()
        draft.files[path] = b"{}"
        expected = BAD_MANIFEST if component_of(path) == "names" else UNNAMED
        return Mutant(draft.seal(rung), expected, path)

    return make


def _swapper(
    subject: Subject, pairs: list[tuple[str, str]], rung: int
) -> Callable[[int], Mutant | None]:
    def make(number: int) -> Mutant | None:
        (one_, other), files = pairs[number], subject.files
        if files[one_] == files[other]:
            return None
        draft = subject.draft()
        draft.files |= {one_: files[other], other: files[one_]}
        is_request = _REQUEST in subject.roles[one_] | subject.roles[other]
        expected = TABLE if is_request else OTHER_CAPTURE
        return Mutant(draft.seal(rung), expected, f"{one_} and {other}")

    return make


_Edit = Callable[[Draft, str], None]
_Found = Callable[[Subject, str, int], Place]


def _on_named(subject: Subject, component: Component, paths: list[str]) -> Iterator[Cell]:
    for rung in _SEALED:
        for name, (edit, found) in _ON_NAMED.items():
            make = _sealer(edit, found, rung)
            yield Cell(Group(name, component, rung), len(paths), _of_path(subject, paths, make))


def _sealer(edit: _Edit, found: _Found, rung: int) -> Callable[[Subject, str], Mutant | None]:
    def make(subject: Subject, path: str) -> Mutant | None:
        draft = subject.draft()
        edit(draft, path)
        if draft.files.get(path) == subject.files[path]:
            return None
        return Mutant(draft.seal(rung), found(subject, path, rung), path)

    return make


def _take_away(draft: Draft, path: str) -> None:
    del draft.files[path]


def _call_otherwise(draft: Draft, path: str) -> None:
    draft.files[f"{path}x"] = draft.files.pop(path)


def _change_byte(draft: Draft, path: str) -> None:
    data = bytearray(draft.files[path])
    if data:
        data[len(data) // 2] ^= 1
    draft.files[path] = bytes(data)


def _found_gone(subject: Subject, path: str, _rung: int) -> Place:
    is_last = path.startswith(EVIDENCE) and len(subject.paths("evidence")) == 1
    return BAD_MANIFEST if is_last else NO_CAPTURE


def _found_renamed(_subject: Subject, _path: str, _rung: int) -> Place:
    return NO_CAPTURE


def _found_changed(subject: Subject, path: str, rung: int) -> Place:
    roles = subject.roles[path]
    kinds = {kind for kind, _ in roles}
    own = [TABLE] if _REQUEST in roles else []
    if rung > RECEIPTED and _RULES in roles:
        own.append(BAD_EVENT)
    touches: list[str] = [component_of(path)]
    touches += ["effects"] if kinds & _IN_EFFECTS else []
    touches += ["verification"] if "VerificationRun" in kinds else []
    touches += ["workgraph"] if "ChildJoined" in kinds else []
    touches += ["receipt"] if roles & _IN_RECEIPT else []
    return found_at(Edit(own=tuple(own), touches=tuple(touches), link=FILE_LINK), rung)


_ON_NAMED: dict[str, tuple[_Edit, _Found]] = {
    "file.delete": (_take_away, _found_gone),
    "file.rename": (_call_otherwise, _found_renamed),
    "file.change": (_change_byte, _found_changed),
}
