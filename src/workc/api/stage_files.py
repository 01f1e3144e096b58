"""Stages from files that people write: JSON with one stage or a list of them, or folders of such files.

Whoever reads such a file reads it here, so that what one command refuses, all refuse, with one word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from workc.api.named_file import read_file
from workc.api.stage_lines import Lines, fault_of
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Failure, Refusal
from workc.kernel.values import Json, JsonObject
from workc.stages.stage.declaration import Flaw, FlawWord
from workc.stages.stage.spec import Reading, Spec, read_specs

#: How the name of a folder of recorded answers ends, beside the file of the stages.
CAPTURES = ".captures"


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """A stage and the file that it stands in."""

    file: str
    spec: Spec


class LocatedProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong in a file: a JSON pointer (empty: the whole of it), a word, and a sentence.

    ``line`` is counted from 1; None where nobody knows it.
    """

    file: str
    line: int | None = None
    at: str
    word: FlawWord = "INVALID_DECLARATION"
    message: str

    def __str__(self) -> str:
        """Returns the problem as one line."""
        line = "" if self.line is None else f":{self.line}"
        return f"{self.file}{line}: {self.at or '(the file)'}: {self.word}: {self.message}"

    def to_json(self) -> JsonObject:
        """Returns the problem as JSON."""
        found: JsonObject = msgspec.to_builtins(self)
        return found


class FileStage(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one stage of a file: the stage, or all that is wrong with it.

    ``at`` is its place in the file, ``name`` what it is called, as far as that can be told.
    """

    at: str
    name: str
    spec: Spec | None
    problems: tuple[LocatedProblem, ...]


class InvalidSpecs(Refusal):
    """Some stages cannot be taken; ``problems`` are all reasons."""

    def __init__(self, problems: Iterable[LocatedProblem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        message = f"{count} problem{'' if count == 1 else 's'} in files of stages"
        listed: list[Json] = [problem.to_json() for problem in self.problems]
        super().__init__(
            Failure(code="INVALID_INPUT", message=message, details={"problems": listed})
        )


def read_stages(paths: Iterable[Path]) -> list[Located]:
    """Returns the stages of files and of all ``*.json`` of folders, but not of their dot folders.

    Raises:
        InvalidSpecs: everything that is wrong in them.
        Refusal: ``INVALID_INPUT`` if there is no such file; OSError if it cannot be read.
    """
    found: list[Located] = []
    problems: list[LocatedProblem] = []
    for file in (file for path in paths for file in _files(path)):
        for each in read_stage_file(file):
            problems += each.problems
            found += [] if each.spec is None else [Located(file=str(file), spec=each.spec)]
    if problems:
        raise InvalidSpecs(problems)
    return found


def read_stage_file(path: Path) -> list[FileStage]:
    """Returns what came of each stage of a file; one at least.

    Raises:
        Refusal: ``INVALID_INPUT`` if there is no such file; OSError if it cannot be read.
    """
    data, file = read_file(path), str(path)
    try:
        value = jcs.parse(data)
    except CanonicalError as error:
        line, why = fault_of(data, error)
        fault = LocatedProblem(file=file, line=line, at="", message=why)
        return [FileStage(at="", name="", spec=None, problems=(fault,))]
    readings = read_specs(value)
    flawed = any(each.flaws for each in readings)
    lines = Lines(data, value) if flawed else None
    return [_file_stage(file, each, lines) for each in readings]


def _file_stage(file: str, reading: Reading, lines: Lines | None) -> FileStage:
    problems = tuple(_problem(file, each, lines) for each in reading.flaws)
    return FileStage(at=reading.at, name=reading.name, spec=reading.spec, problems=problems)


def _problem(file: str, flaw: Flaw, lines: Lines | None) -> LocatedProblem:
    line = None if lines is None else lines.of(flaw.at)
    return LocatedProblem(file=file, line=line, at=flaw.at, word=flaw.word, message=flaw.message)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = list(files_below(path, (".json",)))
    if not found:
        raise InvalidSpecs(
            [LocatedProblem(file=str(path), at="", message="the folder holds no file *.json")]
        )
    return found


def files_below(folder: Path, endings: Sequence[str]) -> Iterator[Path]:
    """Yields the files of a folder that may hold stages, sorted, by how their names end.

    What stands in dot folders, or among recorded answers, is none: a registry often stands in a dot
    folder of the place that its stages are written in.
    """
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part.endswith(CAPTURES) for part in parts)
        if path.suffix in endings and not hidden and path.is_file():
            yield path
