"""What the code of skills reaches around ``ctx``, found before it runs: remarks for the audit.

The code is read, not run, and not proven to be deterministic. Functions whose effects are unknown
are free to do what they like: a replay takes their recorded value.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workc.adapters.code import source_of
from workc.api.programs import FileProgram, used_skills
from workc.api.workflows import Workflow
from workc.skills.registry import builtin_skills
from workc.stages.code_reading import Found, read_function
from workc.stages.reaches import Fate
from workc.stages.skill import Skill

_FATES: dict[Fate, str] = {
    "refused": "a replay refuses it",
    "another value": "a replay gets another value",
    "what is there then": "a replay gets what is there then",
    "done again": "a replay does it again",
}


@dataclass(frozen=True, slots=True)
class Reaching:
    """One place: whose code reaches what, in which file and line (from 1), and what to do instead."""

    skill: str
    file: str
    line: int
    message: str
    instead: str


def reaching(found: FileProgram | Workflow[..., object]) -> Iterator[Reaching]:
    """Yields what the skills of a workflow reach, and a workflow function itself."""
    if isinstance(found, Workflow):
        yield from _of_code(found.name, found.function, pure=False)
    skills = used_skills(found) if isinstance(found, Workflow) else found.program.skills
    builtin = builtin_skills()
    for name, skill in sorted(skills.items()):
        if builtin.get(name) is not skill and _is_run_again(skill):
            yield from _of_code(name, skill.function, pure=skill.pure)


def _is_run_again(skill: Skill[..., object]) -> bool:
    return skill.pure or skill.kind == "context"


def _of_code(name: str, function: object, *, pure: bool) -> Iterator[Reaching]:
    source = source_of(function)
    plain = inspect.unwrap(function)  # type: ignore[arg-type]  # what is no function passes
    code = getattr(plain, "__code__", None)
    if source is None or code is None:
        return
    file = Path(code.co_filename).name
    for each in read_function(source, code.co_firstlineno):
        yield Reaching(name, file, each.line, _words(each, pure=pure), each.reach.instead)


def _words(found: Found, *, pure: bool) -> str:
    reach = found.reach
    fate = _FATES[reach.pure if pure else reach.ctx]
    return f"{found.name} reaches {reach.what}: {fate}"
