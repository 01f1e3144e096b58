"""Mutants of single bytes: changed, cut off, put in, taken out, at every offset of every file.

What must be found of a file that is listed is its hash; of the two documents, what the edit made of
them. The documents are also sealed again after it (rung 5), where that can be done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from workc.sim.tamper.changing import change
from workc.sim.tamper.document_mutants import found_in, resealed
from workc.sim.tamper.draft import CHANGED, DIGESTED
from workc.sim.tamper.mutant import Cell, Group, Mutant, groups
from workc.sim.tamper.operation import (
    FlipByte,
    ReplaceBytes,
    TamperError,
    TamperOp,
    TruncateFile,
)
from workc.sim.tamper.parts import Component, component_of
from workc.sim.tamper.subject import Subject

#: Bytes that a file is made longer by.
_TAILS = (b"\n", b"\0")
_PUT_IN = b"0"
_COMPONENTS: tuple[Component, ...] = ("receipt", "events", "manifest", "evidence", "artifacts")
_DOCUMENTS: tuple[Component, ...] = ("receipt", "manifest")

#: What an operator makes of a file, as an operation: of a path and an offset.
_OPERATIONS: dict[str, Callable[[str, int], TamperOp]] = {
    "byte.xor-01": lambda path, at: FlipByte(rel_path=path, offset=at, xor=0x01),
    "byte.xor-80": lambda path, at: FlipByte(rel_path=path, offset=at, xor=0x80),
    "byte.set-00": lambda path, at: ReplaceBytes(rel_path=path, offset=at, bytes_hex="00"),
    "byte.set-ff": lambda path, at: ReplaceBytes(rel_path=path, offset=at, bytes_hex="ff"),
    "byte.truncate": lambda path, at: TruncateFile(rel_path=path, new_len=at),
}
#: What no single operation makes: of the bytes of a file and an offset.
_EDITS: dict[str, Callable[[bytes, int], bytes]] = {
    "byte.insert": lambda data, at: data[:at] + _PUT_IN + data[at:],
    "byte.delete": lambda data, at: data[:at] + data[at + 1 :],
}
_APPEND = "byte.append"
_RESEALED = ("byte.xor-01", "byte.delete")

GROUPS: list[Group] = [
    *(g for name in (*_OPERATIONS, *_EDITS, _APPEND) for g in groups(name, _COMPONENTS, [CHANGED])),
    *(g for name in _RESEALED for g in groups(name, _DOCUMENTS, [DIGESTED])),
]

_Change: TypeAlias = "Callable[[int], tuple[bytes, TamperOp | None] | None]"


def cells(subject: Subject, paths: list[str]) -> Iterator[Cell]:
    """Yields the cells of all operators on some files of a bundle."""
    for path in paths:
        for name, (count, edit) in _changes(subject, path).items():
            group = Group(name, component_of(path), CHANGED)
            yield Cell(group, count, _changed(subject, path, edit))
            if name in _RESEALED and group.component in _DOCUMENTS:
                resealed = Group(name, group.component, DIGESTED)
                yield Cell(resealed, count, _resealed(subject, path, edit))


def _changes(subject: Subject, path: str) -> dict[str, tuple[int, _Change]]:
    """Returns of each operator how often it can change a file, and how."""
    data = subject.files[path]

    def by(operation: Callable[[str, int], TamperOp]) -> _Change:
        return lambda at: _applied(subject, operation(path, at), path)

    def edited(edit: Callable[[bytes, int], bytes]) -> _Change:
        return lambda at: (edit(data, at), None)

    return {
        **{name: (len(data), by(operation)) for name, operation in _OPERATIONS.items()},
        **{name: (len(data), edited(edit)) for name, edit in _EDITS.items()},
        _APPEND: (len(_TAILS), lambda number: (data + _TAILS[number], None)),
    }


def _applied(subject: Subject, op: TamperOp, path: str) -> tuple[bytes, TamperOp] | None:
    try:
        data = change(op, subject.files).files[path]
    except TamperError:
        return None
    return None if data is None else (data, op)


def _changed(subject: Subject, path: str, edit: _Change) -> Callable[[int], Mutant | None]:
    def make(number: int) -> Mutant | None:
        made = edit(number)
        if made is None:
            return None
        data, op = made
        expected = found_in(subject, path, data)
        return Mutant(subject.other_than(path, data), expected, f"{path}, byte {number}", op)

    return make


def _resealed(subject: Subject, path: str, edit: _Change) -> Callable[[int], Mutant | None]:
    def make(number: int) -> Mutant | None:
        made = edit(number)
        return None if made is None else resealed(subject, path, made[0], f"byte {number}")

    return make
