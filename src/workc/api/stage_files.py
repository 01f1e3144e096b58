"""Stages from files that people write: JSON with one stage or a list of them, or folders of such files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from workc.api.named_file import read_file
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Failure, Refusal
from workc.kernel.values import Json, JsonObject
from workc.stages.stage.spec import Spec, SpecProblem, read_specs


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """A stage and the file that it stands in."""

    file: str
    spec: Spec


class LocatedProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong in a file: a JSON pointer (empty: the whole of it), and a sentence."""

    file: str
    at: str
    message: str

    def __str__(self) -> str:
        """Returns the problem as one line."""
        return f"{self.file}: {self.at or '(the file)'}: {self.message}"

    def to_json(self) -> JsonObject:
        """Returns the problem as JSON."""
        found: JsonObject = msgspec.to_builtins(self)
        return found


class InvalidSpecs(Refusal):
    """Some stages cannot be added; ``problems`` are all reasons."""

    def __init__(self, problems: Iterable[LocatedProblem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        message = f"{count} problem{'' if count == 1 else 's'}; nothing was added"
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
        specs, wrong = _read(file)
        name = str(file)
        found += [Located(file=name, spec=spec) for spec in specs]
        problems += [LocatedProblem(file=name, at=each.at, message=each.message) for each in wrong]
    if problems:
        raise InvalidSpecs(problems)
    return found


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    names = (each.relative_to(path) for each in path.rglob("*.json") if each.is_file())
    # A registry often stands in a dot folder of the place that its stages are written in.
    found = sorted(path / name for name in names if not any(p.startswith(".") for p in name.parts))
    if not found:
        raise InvalidSpecs(
            [LocatedProblem(file=str(path), at="", message="the folder holds no file *.json")]
        )
    return found


def _read(path: Path) -> tuple[list[Spec], list[SpecProblem]]:
    try:
        value = jcs.parse(read_file(path))
    except CanonicalError as error:
        return [], [SpecProblem("", str(error))]
    return read_specs(value)
