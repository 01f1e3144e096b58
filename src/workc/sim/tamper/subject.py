"""A good bundle that mutants are made of, whatever its version."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar, NamedTuple

from workc.bundle.layout import EVENTS
from workc.sim.tamper.mutant import Cell, Mutant
from workc.sim.tamper.parts import Component, Files, component_of
from workc.sim.tamper.place import Place

#: Names that no file of a bundle of any version may have.
UNSAFE_NAMES = (
    "../x", "a/../b", "a//b", "/x", "./x", "con", "evidence/LPT9.tar.gz", "x.", "C:x", "a\\b", "\u00e4",
    "a\u0308", "a\u202eb", "a\u200bb", "a\nb", "x" * 256,
)  # fmt: skip


class Subject(ABC):
    """A bundle that verifies; nothing here changes it."""

    #: The components of the version, and how far each document can be sealed after a change.
    components: ClassVar[tuple[Component, ...]]
    sealed_to: ClassVar[dict[Component, int]]
    #: Names of files that are only not listed, and names that no file may have.
    strangers: ClassVar[tuple[str, ...]]
    unsafe_names: ClassVar[tuple[str, ...]]
    #: What is found when the two documents change places.
    swapped_documents: ClassVar[Place]

    def __init__(self, files: Files) -> None:
        self.files = files

    @property
    def line_count(self) -> int:
        """Returns the number of events."""
        return self.files[EVENTS].count(b"\n")

    @abstractmethod
    def found_in(self, path: str, data: bytes) -> Place:
        """Returns what is found of the bundle with other bytes in one file."""

    @abstractmethod
    def found_without(self, path: str) -> Place:
        """Returns what is found of the bundle without a file."""

    @abstractmethod
    def found_renamed(self, path: str) -> Place:
        """Returns what is found of the bundle with a file under a name that is not listed."""

    @abstractmethod
    def resealed(self, path: str, data: bytes, at: str) -> Mutant | None:
        """Returns the bundle with another document and what follows from it; None if nothing can."""

    def paths(self, *components: Component) -> list[str]:
        """Returns the paths of the files of some components, or of all, in order."""
        wanted = set(components)
        found = (path for path in sorted(self.files) if not wanted or component_of(path) in wanted)
        return list(found)

    def other_than(self, path: str, data: bytes) -> dict[str, bytes]:
        """Returns the bundle with other bytes in one file."""
        return {**self.files, path: data}

    def without(self, path: str) -> dict[str, bytes]:
        """Returns the bundle without one file."""
        return {name: data for name, data in self.files.items() if name != path}


class Opened(NamedTuple):
    """A bundle and its cells, but for those of single bytes; of the events some lines, field by field."""

    subject: Subject
    cells: Callable[[list[int]], Iterator[Cell]]
