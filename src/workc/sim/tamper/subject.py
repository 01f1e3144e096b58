"""A good bundle that mutants are made of, with what is asked of it again and again."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from workc.bundle.layout import EVENTS
from workc.sim.tamper.draft import Doc, Draft, bodies_in
from workc.sim.tamper.judged import Documents
from workc.sim.tamper.parts import Component, Files, component_of

#: Who names a file: the kind of an event and the field of its payload.
Role = tuple[str, str]


class Subject:
    """A bundle that verifies; nothing here changes it."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.documents = Documents(files)

    @cached_property
    def lines(self) -> list[bytes]:
        """Returns the lines of the events, without newlines."""
        return self.files[EVENTS].split(b"\n")[:-1]

    @cached_property
    def events(self) -> list[Doc]:
        """Returns the events; do not change them."""
        return self.draft().events

    @cached_property
    def _lanes(self) -> dict[tuple[int, ...], list[Doc]]:
        found: dict[tuple[int, ...], list[Doc]] = defaultdict(list)
        for event in self.events:
            found[tuple(event["at"][:-1])].append(event)
        return found

    def lane(self, event: Doc) -> list[Doc]:
        """Returns the events of the lane that an event stands in."""
        return self._lanes[tuple(event["at"][:-1])]

    @cached_property
    def roles(self) -> dict[str, set[Role]]:
        """Returns by path who names a file."""
        found: dict[str, set[Role]] = defaultdict(set)
        for event in self.events:
            for field, value in event["payload"].items():
                for body in bodies_in(value):
                    found[body["path"]].add((event["kind"], field))
        return found

    def draft(self) -> Draft:
        """Returns the bundle taken apart, to be changed."""
        return Draft(self.files)

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
