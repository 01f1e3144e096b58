"""What is wrong with a workflow file: problems as values, collected, sorted and shown.

Codes are those of the failure catalog, so that a program can tell a misspelt reference
(``UNRESOLVED_REFERENCE``) from a misspelt key (``INVALID_WORKFLOW``).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import msgspec

from workc.kernel.failure import Failure, Refusal
from workc.kernel.values import Json
from workc.runtime.workflow.place import Mark

#: The most problems one report holds.
MAX_PROBLEMS = 500
#: The most names that are compared with a misspelt one.
MAX_CANDIDATES = 256
#: The most characters of a source line that are shown.
MAX_SHOWN_LINE = 72


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, where it stands (from 1) and how to mend it."""

    code: str
    message: str
    fix: str
    line: int
    column: int
    path: str = ""
    file: str = ""


class InvalidFile(Refusal):
    """Refuses a file that somebody wrote, with all its problems in the details.

    ``schema`` is the name of the schema that says what such a file holds.
    """

    schema = ""

    def __init__(self, problems: Sequence[Problem], code: str) -> None:
        self.problems = tuple(problems)
        listed: list[Json] = [msgspec.to_builtins(problem) for problem in problems]
        count = f"{len(problems)} problem" + ("" if len(problems) == 1 else "s")
        first = problems[0]
        message = f"{first.file}: {count}; the first, in line {first.line}: {first.message}"
        super().__init__(Failure(code=code, message=message, details={"problems": listed}))


class InvalidWorkflow(InvalidFile):
    """Refuses a workflow file: ``INVALID_WORKFLOW`` with all its problems in the details.

    Where nothing is wrong but that its code cannot be loaded, it is ``SKILL_NOT_FOUND``.
    """

    schema = "workflow"

    def __init__(self, problems: Sequence[Problem]) -> None:
        only_code = all(problem.path.startswith("skills[") for problem in problems)
        missing = only_code and {problem.code for problem in problems} == {"SKILL_NOT_FOUND"}
        super().__init__(problems, "SKILL_NOT_FOUND" if missing else "INVALID_WORKFLOW")


class Report:
    """Collects the problems of one file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: dict[tuple[Mark, str], Problem] = {}
        self._marks: set[Mark] = set()
        self._unreadable: frozenset[Mark] = frozenset()
        self._dropped = False

    @property
    def is_full(self) -> bool:
        """Returns whether further problems are dropped."""
        return len(self._found) >= MAX_PROBLEMS

    def finish_reading(self) -> None:
        """Takes the places of all problems so far as unreadable: nothing is added at them later.

        A word that was refused would else be reported again for not having the right type.
        """
        self._unreadable = frozenset(self._marks)

    def has(self, mark: Mark) -> bool:
        """Returns whether there is a problem at this character."""
        return mark in self._marks

    def add(self, mark: Mark, path: str, message: str, fix: str, code: str) -> None:
        """Adds a problem, once."""
        if (mark, message) in self._found or mark in self._unreadable:
            return
        if self.is_full:
            self._dropped = True
            return
        self._marks.add(mark)
        self._found[mark, message] = Problem(
            code=code,
            message=message,
            fix=fix,
            line=mark.line,
            column=mark.column,
            path=path,
            file=self._file,
        )

    def problems(self) -> list[Problem]:
        """Returns all problems by line and column; a last one says if there were more."""
        found = sorted(self._found.values(), key=_position)
        return [*found, _more(found[-1])] if self._dropped else found


def _position(problem: Problem) -> tuple[int, int]:
    return (problem.line, problem.column)


def _more(last: Problem) -> Problem:
    return msgspec.structs.replace(
        last,
        code="INVALID_WORKFLOW",
        message=f"more than {MAX_PROBLEMS} problems; the others are not shown",
        fix="mend these first",
        path="",
    )


def closest(name: str, names: Iterable[str]) -> str | None:
    """Returns the name that ``name`` was probably meant to be, or None."""
    candidates = sorted(names)
    if len(candidates) > MAX_CANDIDATES or len(name) > MAX_SHOWN_LINE:
        return None
    return next(iter(difflib.get_close_matches(name, candidates, n=1)), None)


def suggest(name: str, names: Iterable[str], otherwise: str) -> str:
    """Returns the fix for a misspelt name: what was meant, or else ``otherwise``."""
    meant = closest(name, names)
    return otherwise if meant is None else f"did you mean {meant}?"


def not_one(there: Sequence[str], ways: Sequence[str]) -> tuple[str, str]:
    """Returns what is wrong where there is none of these keys, or more than one, and the fix."""
    if not there:
        choice = ", ".join(ways)
        return f"there is none of {choice} here", f"write one of {choice}"
    names = " and ".join(there)
    return f"there is {names} here, and only one of them may be", f"keep one of {names}"


def render_problems(problems: Iterable[Problem], text: str) -> str:
    """Returns the problems for people: place, message, the line with a caret, and the fix.

    ``text`` is the file's text. What a terminal would act on is shown as ``?``.
    """
    lines = text.split("\n")
    return "\n".join(_rendered(problem, lines) for problem in problems)


def _rendered(problem: Problem, lines: Sequence[str]) -> str:
    head = f"{problem.file}:{problem.line}:{problem.column}: {problem.message}"
    shown = [head, *_excerpt(problem, lines), f"  fix: {problem.fix}"]
    return "".join(f"{_printable(line)}\n" for line in shown)


def _excerpt(problem: Problem, lines: Sequence[str]) -> list[str]:
    """Returns the source line and a caret below the column; a long line is cut around it."""
    if problem.line > len(lines):
        return []
    line = lines[problem.line - 1].rstrip("\r")
    start = max(0, problem.column - 1 - MAX_SHOWN_LINE // 2) if len(line) > MAX_SHOWN_LINE else 0
    piece = line[start : start + MAX_SHOWN_LINE]
    return [f"    {piece}", " " * (problem.column - 1 - start + 4) + "^"]


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else " " if c == "\t" else "?" for c in line)
