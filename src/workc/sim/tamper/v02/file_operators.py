"""Mutants of whole files: added, taken away, renamed, exchanged, emptied, changed in one byte.

A file that events name stays bound to them however far the rest is sealed; only when the events say
the new hash too (rung 3) are the roots, the receipt and the digest what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from workc.bundle.layout import EVENTS, EVIDENCE, MANIFEST, RECEIPT
from workc.sim.tamper.changing import change
from workc.sim.tamper.mutant import Cell, Group, Mutant, groups
from workc.sim.tamper.operation import DeleteFile, TruncateFile
from workc.sim.tamper.parts import Component, component_of
from workc.sim.tamper.place import (
    BAD_EVENT,
    BAD_MANIFEST,
    BAD_RECEIPT,
    HASH,
    MISSING,
    NO_CAPTURE,
    OTHER_CAPTURE,
    TABLE,
    TOO_MANY,
    UNLISTED,
    UNNAMED,
    UNSAFE_NAME,
    Place,
)
from workc.sim.tamper.rungs import CHANGED, LISTED, PROJECTED, RECEIPTED
from workc.sim.tamper.v02.draft import Draft
from workc.sim.tamper.v02.ladder import FILE_LINK, Edit, found_at
from workc.sim.tamper.v02.subject import Role, Subject

_ALL: tuple[Component, ...] = ("receipt", "events", "manifest", "evidence", "artifacts")
_NAMED: tuple[Component, ...] = ("evidence", "artifacts")
_SEALED = range(LISTED, PROJECTED + 1)

#: Names that a stranger may add, and names that no file of a bundle may have (section 2).
_ADDED = ("extra", ".hidden", "a/b/c", "evidence/zz", "artifacts/zz", "signatures/zz.txt")
_UNSAFE = (
    "a b", "../x", "a/../b", "a//b", "/x", "./x", "con", "evidence/LPT9.tar.gz", "x.", "C:x", "~",
    "a\\b", "\u00e4", "a\u0308", "a\u202eb", "a\u200bb", "a\nb", "x" * 129,
)  # fmt: skip
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
#: Of the two documents, what is found when they are no longer what they were.
_NO_DOCUMENT = {MANIFEST: BAD_MANIFEST, RECEIPT: BAD_RECEIPT}

#: Who names a file, and what follows: bound by a digest of its own, or repeated in the receipt.
_REQUEST: Role = ("EffectAsked", "request")
_RULES: Role = ("RunStarted", "policy")
_IN_RECEIPT = frozenset(
    {
        ("RunStarted", "inputs"),
        ("RunStarted", "prices"),
        ("RunStarted", "program"),
        ("WorkEnded", "output"),
    }
)
_IN_EFFECTS = frozenset({"EffectAsked", "EffectAnswered", "SkillAsked"})

GROUPS: list[Group] = [
    *groups("file.add", ["evidence", "artifacts", "signatures", "names"], [CHANGED]),
    *groups("file.add", _EXTRA, _SEALED),
    *groups("file.unsafe-name", ["names", "evidence"], [CHANGED]),
    *groups("file.case-twin", _ALL, [CHANGED]),
    *groups("file.delete", _ALL, [CHANGED]),
    *groups("file.delete", _NAMED, _SEALED),
    *groups("file.rename", _ALL, [CHANGED]),
    *groups("file.rename", _NAMED, _SEALED),
    *groups("file.empty", _ALL, [CHANGED]),
    *groups("signature.many", ["signatures"], [CHANGED]),
    *groups("signature.large", ["signatures"], [CHANGED]),
    *groups("file.swap", ["receipt", "events", "evidence"], [CHANGED]),
    *groups("file.swap", ["evidence"], [LISTED, RECEIPTED]),
    *groups("file.change", _NAMED, _SEALED),
]


def cells(subject: Subject) -> Iterator[Cell]:
    """Yields the cells of all operators on whole files."""
    yield from _additions(subject)
    for component in _ALL:
        paths = subject.paths(component)
        for name, make in _ON_ANY.items():
            yield Cell(Group(name, component, CHANGED), len(paths), _of_path(subject, paths, make))
        if component in _NAMED:
            yield from _on_named(subject, component, paths)
    yield from _swaps(subject)


def _of_path(
    subject: Subject, paths: list[str], make: Callable[[Subject, str], Mutant | None]
) -> Callable[[int], Mutant | None]:
    return lambda number: make(subject, paths[number])


def _additions(subject: Subject) -> Iterator[Cell]:
    for path in _ADDED:
        mutant = Mutant(subject.other_than(path, b""), UNLISTED, path)
        yield _one("file.add", component_of(path), CHANGED, mutant)
    for path in _UNSAFE:
        mutant = Mutant(subject.other_than(path, b""), UNSAFE_NAME, ascii(path))
        yield _one("file.unsafe-name", component_of(path), CHANGED, mutant)
    for name, files in _SIGNED.items():
        yield _one(name, "signatures", CHANGED, Mutant({**subject.files, **files}, TOO_MANY, name))
    for path in _EXTRA.values():
        for rung in _SEALED:
            yield Cell(Group("file.add", component_of(path), rung), 1, _adder(subject, path, rung))


def _one(operator: str, component: Component, rung: int, mutant: Mutant) -> Cell:
    def make(_number: int) -> Mutant:
        return mutant

    return Cell(Group(operator, component, rung), 1, make)


def _adder(subject: Subject, path: str, rung: int) -> Callable[[int], Mutant]:
    def make(_number: int) -> Mutant:
        draft = subject.draft()
        draft.files[path] = b"{}"
        expected = BAD_MANIFEST if component_of(path) == "names" else UNNAMED
        return Mutant(draft.seal(rung), expected, path)

    return make


def _delete(subject: Subject, path: str) -> Mutant:
    expected = _NO_DOCUMENT.get(path, MISSING)
    return Mutant(subject.without(path), expected, path, DeleteFile(rel_path=path))


def _rename(subject: Subject, path: str) -> Mutant:
    files = {**subject.without(path), f"{path}x": subject.files[path]}
    # What stands there under another name is not listed, which is found before a missing receipt.
    expected = UNLISTED if path == RECEIPT else _NO_DOCUMENT.get(path, MISSING)
    return Mutant(files, expected, path)


def _empty(subject: Subject, path: str) -> Mutant | None:
    if not subject.files[path]:
        return None
    op = TruncateFile(rel_path=path, new_len=0)
    changed = change(op, subject.files).files[path] or b""
    expected = _NO_DOCUMENT.get(path, HASH)
    return Mutant(subject.other_than(path, changed), expected, path, op)


def _twin(subject: Subject, path: str) -> Mutant | None:
    folder, slash, name = path.rpartition("/")
    twin = f"{folder}{slash}{name.swapcase()}"
    if twin == path:
        return None
    return Mutant(subject.other_than(twin, subject.files[path]), UNSAFE_NAME, twin)


_ON_ANY: dict[str, Callable[[Subject, str], Mutant | None]] = {
    "file.delete": _delete,
    "file.rename": _rename,
    "file.empty": _empty,
    "file.case-twin": _twin,
}


def _swaps(subject: Subject) -> Iterator[Cell]:
    evidence = subject.paths("evidence")
    pairs: dict[Component, list[tuple[str, str]]] = {
        "receipt": [(RECEIPT, MANIFEST)],
        "events": [(EVENTS, evidence[0])],
        "evidence": [*pairwise(evidence)],
    }
    for component, found in pairs.items():
        for rung in (CHANGED, LISTED, RECEIPTED) if component == "evidence" else (CHANGED,):
            make = _swapper(subject, found, rung)
            yield Cell(Group("file.swap", component, rung), len(found), make)


def _swapper(
    subject: Subject, pairs: list[tuple[str, str]], rung: int
) -> Callable[[int], Mutant | None]:
    def make(number: int) -> Mutant | None:
        one, other = pairs[number]
        where, files = f"{one} and {other}", subject.files
        swapped = {one: files[other], other: files[one]}
        if files[one] == files[other]:
            return None
        if rung == CHANGED:
            expected = BAD_MANIFEST if other == MANIFEST else HASH
            return Mutant({**files, **swapped}, expected, where)
        draft = subject.draft()
        draft.files |= swapped
        is_request = _REQUEST in subject.roles[one] | subject.roles[other]
        return Mutant(draft.seal(rung), TABLE if is_request else OTHER_CAPTURE, where)

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
    touches += ["receipt"] if roles & _IN_RECEIPT else []
    return found_at(Edit(own=tuple(own), touches=tuple(touches), link=FILE_LINK), rung)


_ON_NAMED: dict[str, tuple[_Edit, _Found]] = {
    "file.delete": (_take_away, _found_gone),
    "file.rename": (_call_otherwise, _found_renamed),
    "file.change": (_change_byte, _found_changed),
}
