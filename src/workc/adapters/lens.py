"""The port of lenses over the real machine: lists of files, environment variables, and evidence.

Files are listed folder by folder, each opened without following a link on the way. A link, and what
is no regular file, is not listed. What may be looked at is bounded, and what is beyond it is refused,
never cut: a run would take a part for the whole.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple, Protocol

from workc.adapters.redaction import Redactor
from workc.adapters.root_folders import RootFolders, translated
from workc.kernel import jcs
from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import Json
from workc.runtime.ports import Entropy
from workc.stages.file_pattern import FilePattern, parse_pattern
from workc.stages.grants import Grants
from workc.stages.observation import (
    EarlierRun,
    FileList,
    LensRequest,
    Observed,
    Origin,
    Proof,
    Variable,
)
from workc.stages.root_path import MAX_SEGMENTS, RootPath, segment_problem

#: The most names that are looked at for one list, and the most bytes that the files of one have.
MAX_NAMES = 100_000
MAX_BYTES = 67_108_864


class Proven(NamedTuple):
    """What a run gave, when it ended, in ms since 1970, and the bundle that says so."""

    output: Json
    ended_ms: int
    origin: Origin


class Evidence(Protocol):
    """Gives the output of runs and bundles that verify.

    Raises:
        Refusal: ``NOT_FOUND``, ``BUNDLE_INVALID``, ``BUNDLE_UNDECIDED``, ``OUTPUT_TOO_LARGE``.
    """

    def of_run(self, run: str) -> Proven:
        """Returns the output of a run that has ended, by its id or ``last``."""
        ...

    def of_bundle(self, path: RootPath) -> Proven:
        """Returns the output of the bundle in a folder."""
        ...


class LensLooks:
    """Answers :class:`workc.runtime.ports.LensPort`."""

    def __init__(
        self,
        grants: Grants,
        folders: RootFolders,
        redactor: Redactor,
        entropy: Entropy,
        environment: Mapping[str, str],
        evidence: Evidence,
    ) -> None:
        self._grants = grants
        self._folders = folders
        self._redactor = redactor
        self._entropy = entropy
        self._environment = environment
        self._evidence = evidence

    async def look(self, request: LensRequest) -> Observed:
        """Returns what was seen; see the port for what it raises."""
        return await asyncio.to_thread(self._look, request)

    def _look(self, request: LensRequest) -> Observed:
        match request:
            case FileList():
                pattern = parse_pattern(request.pattern)
                self._grants.folder(str(pattern.folder))
                paths: list[Json] = [*_Listing(self._folders, pattern, request.at_most).paths()]
                return self._listed(paths)
            case Variable():
                return self._variable(request.name)
            case EarlierRun():
                return self._given(self._evidence.of_run(request.run))
            case Proof():
                return self._given(self._evidence.of_bundle(self._grants.folder(request.path)))

    def _listed(self, paths: list[Json]) -> Observed:
        """Returns a list of files; one without a name, because that holds a secret, could not be read."""
        if self._redactor.start().value(paths) != paths:
            message = "the name of a file that is listed holds a secret; name the files otherwise"
            raise refuse("OPERATION_NOT_ALLOWED", message)
        return Observed(data=jcs.encode(paths), is_json=True)

    def _variable(self, name: str) -> Observed:
        found = self._environment.get(name)
        if found is None:
            raise refuse("NOT_FOUND", f"the environment variable {name} is not set", variable=name)
        cleaning = self._redactor.start()
        data = cleaning.data(found.encode("utf-8", "surrogateescape"))
        return Observed(data=data, redactions=cleaning.redactions(self._entropy.draw))

    def _given(self, found: Proven) -> Observed:
        cleaning = self._redactor.start()
        return Observed(
            data=jcs.encode(cleaning.value(found.output)),
            is_json=True,
            dated_ms=found.ended_ms,
            redactions=cleaning.redactions(self._entropy.draw),
            origin=found.origin,
        )


class _Listing:
    """One walk below the folder of a pattern."""

    def __init__(self, folders: RootFolders, pattern: FilePattern, at_most: int) -> None:
        self._folders = folders
        self._pattern = pattern
        self._at_most = at_most
        self._names = self._bytes = 0

    def paths(self) -> list[str]:
        """Returns the paths of the files, ``<root>/<path>``, in the order of their bytes."""
        found: list[str] = []
        pending = [self._pattern.folder]
        while pending:
            folder = pending.pop()
            for entry in self._entries(folder):
                path = RootPath(folder.root, (*folder.parts, entry.name))
                if entry.is_dir(follow_symlinks=False):
                    pending += self._below(path)
                elif entry.is_file(follow_symlinks=False) and self._is_wanted(path):
                    self._take(path, entry)
                    found.append(str(path))
                    self._refuse_many(len(found))
        return sorted(found, key=str.encode)

    def _entries(self, folder: RootPath) -> Iterator[os.DirEntry[str]]:
        """Yields what stands in a folder; one that is gone meanwhile holds nothing, but the first is there."""
        try:
            with (
                self._folders.opened(folder) as descriptor,
                translated(folder),
                os.scandir(descriptor) as entries,
            ):
                yield from self._counted(entries)
        except Refusal as refusal:
            if refusal.failure.code != "NOT_FOUND" or folder == self._pattern.folder:
                raise

    def _counted(self, entries: Iterator[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
        for entry in entries:
            self._names += 1
            if self._names > MAX_NAMES:
                raise self._too_much(f"more than {MAX_NAMES:,} names")
            yield entry

    def _below(self, folder: RootPath) -> list[RootPath]:
        """Returns the folder if something below it can match."""
        deep = len(folder.parts) - len(self._pattern.folder.parts)
        if self._pattern.depth is not None and deep >= self._pattern.depth:
            return []
        if folder.parts[-1].startswith(".") and not self._pattern.names_dots:
            return []
        if len(folder.parts) >= MAX_SEGMENTS - 1:
            raise self._too_much(f"folders more than {MAX_SEGMENTS} deep")
        return [folder]

    def _is_wanted(self, path: RootPath) -> bool:
        below = path.parts[len(self._pattern.folder.parts) :]
        return self._pattern.matches("/".join(below))

    def _take(self, path: RootPath, entry: os.DirEntry[str]) -> None:
        problem = next(filter(None, map(segment_problem, path.parts)), None)
        if problem is not None:
            message = f"a file of {self._text} cannot be named, {entry.name[:64]!a}: {problem}"
            raise refuse("INVALID_INPUT", message)
        with suppress(FileNotFoundError):
            self._bytes += entry.stat(follow_symlinks=False).st_size
        if self._bytes > MAX_BYTES:
            raise self._too_much(f"more than {MAX_BYTES:,} bytes in all")

    def _refuse_many(self, count: int) -> None:
        if count > self._at_most:
            raise self._too_much(f"more than {self._at_most} files; at_most says how many")

    @property
    def _text(self) -> str:
        return "/".join((str(self._pattern.folder), *self._pattern.segments))

    def _too_much(self, what: str) -> Refusal:
        return refuse("OUTPUT_TOO_LARGE", f"{self._text} gives {what}", pattern=self._text)
