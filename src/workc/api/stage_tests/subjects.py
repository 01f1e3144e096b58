"""Finds the stages that are to be tested: of JSON and Python files, of folders, built in, of a registry.

A part that cannot be read is a subject with a finding, and stops nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import cast

from msgspec.structs import replace

from workc.adapters.stage_index import Row
from workc.api.stage_files import LocatedProblem, files_below, read_stage_file
from workc.api.stage_tests.python_stages import Probe, file_stages, module_stages
from workc.api.stage_tests.subject import Subject, of_stage, refused
from workc.api.stages import Registry
from workc.kernel.failure import Refusal, refuse
from workc.stages.stage.declaration import Flaw, named_stages, strangers
from workc.stages.stage.judging import Finding

#: The name of the stages that come with workc.
BUILTIN = "builtin"
_LIBRARY = "workc.library"
_MAX_FILES = 100_000
#: So many stages are named whose ids begin alike.
_MAX_ALIKE = 5


class Finder:
    """Finds stages: ``probe`` and ``limit_s`` are for Python files, ``registry`` may not be there."""

    def __init__(self, registry: Registry, probe: Probe, limit_s: float) -> None:
        self._registry = registry
        self._probe = probe
        self._limit_s = limit_s

    def subjects(self, given: Sequence[str]) -> list[Subject]:
        """Returns the stages of paths, in their order, declarations checked; ``builtin`` is one too.

        What is no path is the name, or the beginning of the id, of one of those; without any path, of
        one that is built in; and else of one of the registry. Nothing at all is the current folder.

        Raises:
            Refusal: ``INVALID_INPUT``: something names nothing, or an id begins as several do.
        """
        paths = [each for each in given if each == BUILTIN or _stands(each)]
        names = [each for each in given if each not in paths]
        places = paths or ([BUILTIN] if names else ["."])
        found = [subject for place in dict.fromkeys(places) for subject in self._of_place(place)]
        if not found:
            raise refuse("INVALID_INPUT", f"no stage is in {', '.join(places)}")
        chosen = self._selected(found, names) if names else found
        known = {name: each for each in (*found, *chosen) for name in each.names}
        return [self._checked(subject, known) for subject in chosen]

    def _selected(self, found: Sequence[Subject], names: Sequence[str]) -> list[Subject]:
        chosen: list[Subject] = []
        for name in names:
            those = [each for each in found if name == each.name] or _beginning(found, name)
            chosen += [each for each in those or [self._kept(name)] if each not in chosen]
        return chosen

    def _kept(self, name: str) -> Subject:
        """Returns a stage of the registry.

        Raises:
            Refusal: ``INVALID_INPUT`` if there is none, or several.
        """
        place = self._registry.folder
        message = f"{name!r:.200} is no file, folder or stage"
        if not self._registry.is_there:
            raise refuse("INVALID_INPUT", f"{message}, and there is no registry {place}")
        row = self._registry.find_named(name)
        if row is None:
            raise refuse("INVALID_INPUT", f"{message}, nor one of the registry {place}")
        return self._of_row(row)

    def _checked(self, subject: Subject, found: Mapping[str, Subject]) -> Subject:
        """Returns a stage with those that its properties run, which may be of the registry."""
        if subject.stage is None:
            return subject
        known = dict(found)
        for name in named_stages(subject.stage):
            if name not in known and self._registry.is_there:
                row = self._registry.partner(name)
                known |= {} if row is None else {name: self._of_row(row)}
        partners = {name: known[name] for name in named_stages(subject.stage) if name in known}
        odd = tuple(_finding(each) for each in strangers(subject.stage, known))
        idle = [name for name, each in partners.items() if not each.runs_alone]
        return replace(
            subject,
            findings=(*subject.findings, *odd),
            partners=partners,
            reason=f"its property runs {idle[0]:.80}, which cannot be called here" if idle else "",
        )

    def _of_row(self, row: Row) -> Subject:
        return of_stage(self._registry.load(row), f"{self._registry.folder}:{row.id[:12]}")

    def _of_place(self, place: str) -> Iterator[Subject]:
        if place == BUILTIN:
            for name in cast("Iterable[str]", import_module(_LIBRARY).MODULES):
                yield from module_stages(import_module(name), name, name)
            return
        path = Path(place)
        files = _files(path) if path.is_dir() else [path]
        for file in files[:_MAX_FILES]:
            if file.suffix == ".py":
                yield from file_stages(file, self._probe, self._limit_s)
            else:
                yield from _of_json(file)


def _stands(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def _beginning(found: Sequence[Subject], start: str) -> list[Subject]:
    """Returns the stages whose id begins so.

    Raises:
        Refusal: ``INVALID_INPUT`` if several ids do.
    """
    those = [each for each in found if start and each.stage and each.stage.id.startswith(start)]
    ids = dict.fromkeys(each.stage.id[: len(start) + 6] for each in those if each.stage)
    if len(ids) > 1:
        listed = ", ".join([*ids][:_MAX_ALIKE])
        raise refuse("INVALID_INPUT", f"several ids begin {start!r:.70}: {listed}")
    return those


def _files(folder: Path) -> list[Path]:
    """Returns the files of a folder that may hold stages: JSON, and Python that speaks of workc."""
    found = files_below(folder, (".json", ".py"))
    return [path for path in found if path.suffix == ".json" or _speaks_of_skills(path)]


def _speaks_of_skills(path: Path) -> bool:
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return b"workc" in data and b"skill" in data


def _of_json(path: Path) -> Iterator[Subject]:
    try:
        read = read_stage_file(path)
    except (OSError, Refusal) as error:
        words = getattr(error, "strerror", None) or str(error)
        yield refused(path.name, str(path), "INVALID_DECLARATION", words)
        return
    for each in read:
        where = f"{path}{each.at.replace('/', ':')}"
        if each.spec is not None:
            yield of_stage(each.spec.stage, where)
        else:
            yield Subject(
                name=each.name or path.name,
                where=where,
                findings=tuple(_of_problem(problem) for problem in each.problems),
            )


def _of_problem(problem: LocatedProblem) -> Finding:
    line = "" if problem.line is None else f"line {problem.line}, "
    message = f"{line}{problem.at or 'the file'}: {problem.message}"
    return Finding(word=problem.word, message=message)


def _finding(flaw: Flaw) -> Finding:
    return Finding(word=flaw.word, message=f"{flaw.at}: {flaw.message}")
