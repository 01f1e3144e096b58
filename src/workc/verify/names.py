"""Step names: what stands in the bundle, before a byte of it is read.

Every name obeys the grammar and is a regular file or a folder that holds one; no name stands there
twice, nor beside another that differs in case only (docs/spec/bundle-0.2.md, section 2). A name that
is safe may still be none of the version's grammar: that is asked when the version is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from workc.bundle.archive_parser import ArchiveError
from workc.bundle.layout import Limits, path_danger
from workc.verify.archive_rules import ARCHIVE_RULES
from workc.verify.case import Case
from workc.verify.reader import Item, Reader, ReadError
from workc.verify.rules import (
    FOLDER_HOLDS_A_FILE,
    NAME_GRAMMAR,
    NAME_HAS_NO_CASE_TWIN,
    NAME_IS_FILE_OR_FOLDER,
    NAME_IS_NO_LINK,
    NAME_STANDS_ONCE,
    NAMES_ARE_FEW,
    NAMES_ARE_READABLE,
)

#: Says why a version has no such path, or None if it may have it.
Grammar: TypeAlias = Callable[[str], str | None]


def collect(reader: Reader, case: Case, limits: Limits) -> Names | None:
    """Returns the safe names, or None if they cannot be listed or are too many."""
    names = Names(case)
    try:
        for count, item in enumerate(reader.items()):
            if count >= limits.names:
                case.fail(NAMES_ARE_FEW, ".", f"more than {limits.names} names")
                return None
            names.add(item)
    except ArchiveError as error:
        case.fail(ARCHIVE_RULES[error.fault], error.path, str(error))
        return None
    except ReadError as error:
        case.fail(NAMES_ARE_READABLE, ".", str(error))
        return None
    names.close()
    return names


class Names:
    """The names of a bundle: ``files`` by path."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._folders: set[str] = set()
        self._twins: dict[str, str] = {}
        self._linked: list[str] = []
        self.files: dict[str, Item] = {}

    def add(self, item: Item) -> None:
        """Takes the next name, or says why it must not be there."""
        problem = path_danger(item.path)
        if problem is not None:
            self._case.fail(NAME_GRAMMAR, item.path, f"the name is {problem}")
        elif item.kind == "link":
            self._case.fail(NAME_IS_NO_LINK, item.path, "it is a link")
        elif item.kind == "other":
            message = "it is neither a regular file nor a folder"
            self._case.fail(NAME_IS_FILE_OR_FOLDER, item.path, message)
        else:
            self._add_safe(item)

    def close(self) -> None:
        """Checks what can be seen when all names are known."""
        parents = {path.rpartition("/")[0] for path in self.files}
        needed = {folder for parent in parents for folder in _with_ancestors(parent)}
        for folder in sorted(self._folders - needed):
            self._case.fail(FOLDER_HOLDS_A_FILE, folder, "the folder holds no file")
        if self._linked:
            first, number = self._linked[0], len(self._linked)
            self._case.note(f"files with other hard links: {number}, the first {first}")
        self._case.take("names")

    def obeying(self, grammar: Grammar) -> dict[str, Item]:
        """Returns the files whose names obey the grammar of a version; says which do not."""
        judged = ((path, grammar(path)) for path in self._folders | self.files.keys())
        problems = {path: problem for path, problem in judged if problem is not None}
        for path in sorted(problems):
            self._case.fail(NAME_GRAMMAR, path, f"the name is {problems[path]}")
        return {path: item for path, item in self.files.items() if path not in problems}

    def _add_safe(self, item: Item) -> None:
        twin = self._twins.setdefault(item.path.lower(), item.path)
        if twin != item.path:
            message = f"it differs from {twin} in case only"
            self._case.fail(NAME_HAS_NO_CASE_TWIN, item.path, message)
        elif item.path in self.files or item.path in self._folders:
            self._case.fail(NAME_STANDS_ONCE, item.path, "the name stands there twice")
        if item.kind == "folder":
            self._folders.add(item.path)
            return
        self.files[item.path] = item
        if item.links > 1:
            self._linked.append(item.path)


def _with_ancestors(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
