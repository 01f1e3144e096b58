"""Mutants that only a file system can hold: links, folders and pipes where files must stand.

Each is made in a folder of its own and taken away after it was judged. A name must be a regular file,
or a folder that holds one (docs/spec/bundle-0.2.md, section 2).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from workc.sim.tamper.mutant import Group, groups
from workc.sim.tamper.parts import Component, Files, component_of
from workc.sim.tamper.place import EMPTY_FOLDER, UNSAFE_NAME, Place
from workc.sim.tamper.rungs import CHANGED

#: The name of the folder beside the bundle to which links lead.
_OUTSIDE = "outside"


class FolderMutant(NamedTuple):
    """A mutant on a file system: its class, what must be found, where, and how to make it."""

    group: Group
    expected: Place
    at: str
    make: Callable[[Path], None]


def _link(path: str) -> Callable[[Path], None]:
    def make(bundle: Path) -> None:
        elsewhere = bundle.parent / _OUTSIDE
        (bundle / path).rename(elsewhere)
        (bundle / path).symlink_to(elsewhere)

    return make


def _make_folder(path: str) -> Callable[[Path], None]:
    def make(bundle: Path) -> None:
        if (bundle / path).exists():
            (bundle / path).unlink()
        (bundle / path).mkdir()

    return make


def _pipe(path: str) -> Callable[[Path], None]:
    def make(bundle: Path) -> None:
        if (bundle / path).exists():
            (bundle / path).unlink()
        os.mkfifo(bundle / path)

    return make


#: What is put in place of a file.
_INSTEAD: dict[str, tuple[Callable[[str], Callable[[Path], None]], Place]] = {
    "folder.link": (_link, UNSAFE_NAME),
    "folder.folder": (_make_folder, EMPTY_FOLDER),
    "folder.pipe": (_pipe, UNSAFE_NAME),
}
#: What is put beside the files of a component.
_BESIDE: dict[str, tuple[Callable[[str], Callable[[Path], None]], Place]] = {
    "folder.folder-added": (_make_folder, EMPTY_FOLDER),
    "folder.pipe-added": (_pipe, UNSAFE_NAME),
}
_ADDED: dict[Component, str] = {"names": "zz-added", "evidence": "evidence/zz-added"}
_FOLDERS: tuple[Component, ...] = ("evidence", "artifacts")


def folder_groups(components: Collection[Component]) -> list[Group]:
    """Returns the classes of a version that has these components."""
    folders: list[Component] = [folder for folder in _FOLDERS if folder in components]
    return [
        *(group for name in _INSTEAD for group in groups(name, components, [CHANGED])),
        *(group for name in _BESIDE for group in groups(name, _ADDED, [CHANGED])),
        *groups("folder.link-to-folder", folders, [CHANGED]),
    ]


def folder_mutants(files: Files) -> Iterator[FolderMutant]:
    """Yields the mutants of a bundle, one of each class that it has a part for."""
    present: dict[Component, str] = {component_of(p): p for p in sorted(files, reverse=True)}
    for name, (make, expected) in _INSTEAD.items():
        for component, path in present.items():
            if component != "signatures":
                yield FolderMutant(Group(name, component, CHANGED), expected, path, make(path))
    for name, (make, expected) in _BESIDE.items():
        for component, path in _ADDED.items():
            yield FolderMutant(Group(name, component, CHANGED), expected, path, make(path))
    for component in _FOLDERS:
        if component in present:
            group = Group("folder.link-to-folder", component, CHANGED)
            yield FolderMutant(group, UNSAFE_NAME, component, _link(component))


@contextmanager
def made(mutant: FolderMutant, files: Files) -> Generator[Path]:
    """Gives the folder of a mutant while it is judged."""
    with TemporaryDirectory(prefix="workc-tamper-") as folder:
        bundle = Path(folder) / "bundle"
        for path, data in files.items():
            target = bundle / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        mutant.make(bundle)
        yield bundle
