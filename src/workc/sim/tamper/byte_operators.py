"""Mutants of single bytes: changed, cut off, put in, taken out, at every offset of every file.

What must be found follows from the version of the format: its subject says it. The documents are also
sealed again after the change, where that can be done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from workc.sim.tamper.changing import change
from workc.sim.tamper.mutant import Cell, Group, Mutant, groups
from workc.sim.tamper.operation import (
    FlipByte,
    ReplaceBytes,
    TamperError,
    TamperOp,
    TruncateFile,
)
from workc.sim.tamper.parts import component_of
from workc.sim.tamper.rungs import CHANGED
from workc.sim.tamper.subject import Subject

#: Bytes that a file is made longer by.
_TAILS = (b"\n", b"\0")
_PUT_IN = b"0"
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

_NAMES = (*_OPERATIONS, *_EDITS, _APPEND)

_Change: TypeAlias = "Callable[[int], tuple[bytes, TamperOp | None] | None]"


def all_groups(subject: type[Subject]) -> list[Group]:
    """Returns the classes of all operators on the components of a version."""
    return [
        *(g for name in _NAMES for g in groups(name, subject.components, [CHANGED])),
        *(Group(name, c, rung) for name in _RESEALED for c, rung in subject.sealed_to.items()),
    ]


def cells(subject: Subject, paths: list[str]) -> Iterator[Cell]:
    """Yields the cells of all operators on some files of a bundle."""
    for path in paths:
        component = component_of(path)
        for name, (size, edit) in _changes(subject, path).items():
            yield Cell(Group(name, component, CHANGED), size, _changed(subject, path, edit))
            if name in _RESEALED and component in subject.sealed_to:
                group = Group(name, component, subject.sealed_to[component])
                yield Cell(group, size, _resealed(subject, path, edit))


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
        expected = subject.found_in(path, data)
        return Mutant(subject.other_than(path, data), expected, f"{path}, byte {number}", op)

    return make


def _resealed(subject: Subject, path: str, edit: _Change) -> Callable[[int], Mutant | None]:
    def make(number: int) -> Mutant | None:
        made = edit(number)
        return None if made is None else subject.resealed(path, made[0], f"byte {number}")

    return make
