"""Mutants of whole files that nobody sealed again: added, taken away, renamed, exchanged, emptied.

What must be found follows from the version of the format: its subject says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.sim.tamper.changing import change
from workc.sim.tamper.mutant import Cell, Group, Mutant, groups
from workc.sim.tamper.operation import DeleteFile, TruncateFile
from workc.sim.tamper.parts import Component, component_of
from workc.sim.tamper.place import HASH, UNLISTED, UNSAFE_NAME
from workc.sim.tamper.rungs import CHANGED
from workc.sim.tamper.subject import Subject

_BASIC: tuple[Component, ...] = ("receipt", "events", "evidence")


def all_groups(subject: type[Subject]) -> list[Group]:
    """Returns the classes of all operators on the files of a version."""
    return [
        *(Group("file.add", component_of(path), CHANGED) for path in subject.strangers),
        *(Group("file.unsafe-name", component_of(p), CHANGED) for p in subject.unsafe_names),
        *(g for name in _ON_ANY for g in groups(name, subject.components, [CHANGED])),
        *groups("file.swap", _BASIC, [CHANGED]),
    ]


def cells(subject: Subject) -> Iterator[Cell]:
    """Yields the cells of all operators on the files of a bundle."""
    for path in subject.strangers:
        mutant = Mutant(subject.other_than(path, b""), UNLISTED, path)
        yield one("file.add", component_of(path), mutant)
    for path in subject.unsafe_names:
        mutant = Mutant(subject.other_than(path, b""), UNSAFE_NAME, ascii(path))
        yield one("file.unsafe-name", component_of(path), mutant)
    for component in subject.components:
        paths = subject.paths(component)
        for name, make in _ON_ANY.items():
            yield Cell(Group(name, component, CHANGED), len(paths), _of_path(subject, paths, make))
    yield from _swaps(subject)


def one(operator: str, component: Component, mutant: Mutant) -> Cell:
    """Returns the cell of a single mutant."""

    def make(_number: int) -> Mutant:
        return mutant

    return Cell(Group(operator, component, CHANGED), 1, make)


def _of_path(
    subject: Subject, paths: list[str], make: Callable[[Subject, str], Mutant | None]
) -> Callable[[int], Mutant | None]:
    return lambda number: make(subject, paths[number])


def _delete(subject: Subject, path: str) -> Mutant:
    expected = subject.found_without(path)
    return Mutant(subject.without(path), expected, path, DeleteFile(rel_path=path))


def _rename(subject: Subject, path: str) -> Mutant:
    files = {**subject.without(path), f"{path}x": subject.files[path]}
    return Mutant(files, subject.found_renamed(path), path)


def _empty(subject: Subject, path: str) -> Mutant | None:
    if not subject.files[path]:
        return None
    op = TruncateFile(rel_path=path, new_len=0)
    changed = change(op, subject.files).files[path] or b""
    return Mutant(subject.other_than(path, changed), subject.found_in(path, b""), path, op)


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
        "events": [(EVENTS, path) for path in evidence[:1]],
        "evidence": [*pairwise(evidence)],
    }
    for component, found in pairs.items():
        yield Cell(Group("file.swap", component, CHANGED), len(found), _swapper(subject, found))


def _swapper(subject: Subject, pairs: list[tuple[str, str]]) -> Callable[[int], Mutant | None]:
    def make(number: int) -> Mutant | None:
        (one_, other), files = pairs[number], subject.files
        if files[one_] == files[other]:
            return None
        swapped = {**files, one_: files[other], other: files[one_]}
        expected = subject.swapped_documents if other == MANIFEST else HASH
        return Mutant(swapped, expected, f"{one_} and {other}")

    return make
