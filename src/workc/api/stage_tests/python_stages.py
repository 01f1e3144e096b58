"""The stages of Python files and modules: their decorated functions.

A file is imported, as a run imports it: it is somebody's program. That is tried in another process
first, within the time of a stage, so that a file which never ends, or ends its process, ends no more.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TypeAlias, cast

import msgspec

from workc.adapters.code import as_skill, digest_of, skills_in
from workc.adapters.stage_trials.calling import Expired, Modules
from workc.adapters.stage_trials.limits import limited
from workc.api.stage_files import CAPTURES
from workc.api.stage_tests.subject import Subject, refused
from workc.kernel.failure import Misuse, Refusal
from workc.stages.skill import Skill
from workc.stages.stage.declaration import flaws
from workc.stages.stage.judging import Finding, Word
from workc.stages.stage.refinements import StageError
from workc.stages.stage.trial import Origin
from workc.stages.stage_of_skill import published

#: Says why a file cannot be loaded, or None if it can be.
Probe: TypeAlias = Callable[[str], Finding | None]


def file_stages(path: Path, probe: Probe, limit_s: float) -> Iterator[Subject]:
    """Yields the stages that a Python file defines itself, or what stands in their place."""
    place, where = str(path.resolve()), str(path)
    found = probe(place) if path.is_file() else None
    if found is not None:
        yield Subject(name=path.name, where=where, findings=(found,))
        return
    try:
        with limited(limit_s):
            module = Modules().at(place)
    except Expired:
        message = f"it was not imported within {limit_s:g} s"
        yield refused(path.name, where, "TIMEOUT", message)
    except Refusal as refusal:
        declared = isinstance(refusal.__cause__, Misuse | StageError)
        word: Word = "INVALID_DECLARATION" if declared else "UNLOADABLE"
        yield refused(path.name, where, word, refusal.failure.message)
    else:
        yield from module_stages(module, place, where)


def module_stages(module: ModuleType, place: str, where: str) -> Iterator[Subject]:
    """Yields the stages that a module defines itself, or lends from another."""
    own = Path(str(module.__file__))
    lent = {skill.name for skill in getattr(module, "LENT", ())}
    hidden = _hidden(module, own) - lent
    for name, skill in sorted(skills_in(module).items()):
        if name in hidden:
            message = f"several skills here are called {name}; a run would know the last one alone"
            yield refused(name, f"{where}:{name}", "INVALID_DECLARATION", message)
        elif name in lent or _file_of(skill) == own:
            yield _of_skill(skill, place, f"{where}:{name}", own)


def _hidden(module: ModuleType, own: Path) -> set[str]:
    """Returns the names of a module's own skills that another skill in it has, too."""
    found = [skill for skill in map(as_skill, vars(module).values()) if skill is not None]
    last = skills_in(module)
    pairs = [(each, last[each.name]) for each in found if each is not last[each.name]]
    return {each.name for each, other in pairs if own in (_file_of(each), _file_of(other))}


def _file_of(skill: Skill[..., object]) -> Path:
    function = cast("FunctionType", inspect.unwrap(skill.function))
    return Path(function.__code__.co_filename)


def _of_skill(skill: Skill[..., object], place: str, where: str, file: Path) -> Subject:
    digest = digest_of(skill.function)
    try:
        made = published(skill, digest)
    except Misuse as error:
        return refused(skill.name, where, "INVALID_DECLARATION", str(error))
    captures = file.with_name(f"{file.stem}{CAPTURES}") / skill.name
    subject = Subject(
        name=skill.name,
        where=where,
        stage=made.stage,
        origin=Origin(function=skill.name, place=place),
        skill=skill,
        whole=made.whole,
        captures=captures if skill.kind == "context" else None,
        notes=made.notes,
        code_digest=digest + hashlib.sha256(file.read_bytes()).hexdigest(),
    )
    found = tuple(
        Finding(word=each.word, message=f"{each.at}: {each.message}") for each in flaws(made.stage)
    )
    return msgspec.structs.replace(subject, findings=found)
