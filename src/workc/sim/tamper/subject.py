"""A good bundle that mutants are made of, whatever its version."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar, NamedTuple

from workc.bundle.layout import EVENTS
from workc.sim.tamper.mutant import Cell, Mutant
from workc.sim.tamper.parts import Component, Files, component_of
from workc.sim.tamper.place import Place


class Subject(ABC):
    """A bundle that verifies; nothing here changes it."""

    #: The components of the version, and how far each document can be sealed after a change.
    components: ClassVar[tuple[Component, ...]]
    sealed_to: ClassVar[dict[Component, int]]

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
