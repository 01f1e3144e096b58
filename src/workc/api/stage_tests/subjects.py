"""Finds the stages that are to be tested: in JSON files, in Python files, in folders, built in.

A part that cannot be read is a subject with a finding, and stops nobody else. Python files are
imported, as a run imports them: they are somebody's programs.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import cast

import msgspec

from workc.adapters.code import digest_of, skills_in
from workc.adapters.stage_trials.calling import Modules
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Misuse, Refusal, refuse
from workc.kernel.values import Json
from workc.stages.skill import Skill
from workc.stages.stage.code import entry_name
from workc.stages.stage.declaration import flaws, named_stages
from workc.stages.stage.judging import Finding, Word
from workc.stages.stage.refinements import StageError
from workc.stages.stage.trial import Origin
from workc.stages.stage.value import Stage, stage_of_json
from workc.stages.stage_of_skill import published

#: The name of the stages that come with workc.
BUILTIN = "builtin"
_LIBRARY = "workc.library"
#: A file larger than this is no list of stages.
MAX_FILE_BYTES = 67_108_864
_CAPTURES = ".captures"
_MAX_FILES = 100_000


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One stage to be tested, or what stands where one should.

    ``stage`` and ``origin`` are None where there is none to run; ``findings`` and ``reason`` say why.
    ``captures`` is the folder of its recorded answers, if its effects go through ``ctx``; ``partners``
    are the stages that its properties run, by the name that these say.
    """

    name: str
    where: str
    stage: Stage | None = None
    origin: Origin | None = None
    skill: Skill[..., object] | None = None
    whole: bool = False
    captures: Path | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    code_digest: str = ""
    partners: dict[str, Subject] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Returns what a property, or who selects it, may call it by."""
        stage = self.stage
        if stage is None:
            return (self.name,)
        return tuple(each for each in (self.name, stage.id, stage.signature_id) if each)


def subjects_of(given: Sequence[str]) -> list[Subject]:
    """Returns the stages of paths, in their order, declarations checked; ``builtin`` is one too.

    What is no path is the name, or the beginning of the id, of one of those; without any path, of
    one that is built in. Nothing at all is the current folder.

    Raises:
        Refusal: ``INVALID_INPUT``: something names nothing.
    """
    paths = [each for each in given if each == BUILTIN or _stands(each)]
    names = [each for each in given if each not in paths]
    places = paths or ([BUILTIN] if names else ["."])
    found = [subject for place in dict.fromkeys(places) for subject in _of_place(place)]
    if not found:
        raise refuse("INVALID_INPUT", f"no stage is in {', '.join(places)}")
    known = {
        name: subject
        for subject in found
        if subject.origin is not None and subject.captures is None
        for name in subject.names
    }
    return [_checked(subject, known) for subject in _selected(found, names)]


def _stands(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def _selected(found: list[Subject], names: Sequence[str]) -> list[Subject]:
    if not names:
        return found
    chosen: list[Subject] = []
    for name in names:
        those = [each for each in found if name == each.name] or [
            each for each in found if name and each.stage and each.stage.id.startswith(name)
        ]
        if not those:
            raise refuse("INVALID_INPUT", f"{name!r:.200} is no file, folder or stage")
        chosen += [each for each in those if each not in chosen]
    return chosen


def _checked(subject: Subject, known: Mapping[str, Subject]) -> Subject:
    if subject.stage is None:
        return subject
    found = tuple(
        Finding(word=flaw.word, message=flaw.message) for flaw in flaws(subject.stage, known)
    )
    partners = {name: known[name] for name in named_stages(subject.stage) if name in known}
    return msgspec.structs.replace(subject, findings=(*subject.findings, *found), partners=partners)


def _of_place(place: str) -> Iterator[Subject]:
    if place == BUILTIN:
        for name in cast("Iterable[str]", import_module(_LIBRARY).MODULES):
            yield from _of_module(name, name)
        return
    path = Path(place)
    files = sorted(_files(path)) if path.is_dir() else [path]
    for file in files[:_MAX_FILES]:
        if file.suffix == ".py":
            yield from _of_module(str(file.resolve()), str(file))
        else:
            yield from _of_json(file)


def _files(folder: Path) -> Iterator[Path]:
    """Yields the files of a folder that may hold stages: JSON, and Python that speaks of workc."""
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") or part.endswith(_CAPTURES) for part in parts):
            continue
        if (path.suffix == ".json" and path.is_file()) or (
            path.suffix == ".py" and path.is_file() and _speaks_of_skills(path)
        ):
            yield path


def _speaks_of_skills(path: Path) -> bool:
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return b"workc" in data and b"skill" in data


def _of_json(path: Path) -> Iterator[Subject]:
    try:
        value = jcs.parse(_read(path))
    except (OSError, CanonicalError, StageError) as error:
        words = getattr(error, "strerror", None) or str(error)
        yield _invalid(path.name, str(path), words)
        return
    listed = value if isinstance(value, list) else [value]
    if not listed:
        yield _invalid(path.name, str(path), "the list holds no stage")
    for index, each in enumerate(listed):
        where = f"{path}:{index}" if isinstance(value, list) else str(path)
        yield _of_value(each, where)


def _read(path: Path) -> bytes:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise StageError(f"it is larger than {MAX_FILE_BYTES} bytes")
    return path.read_bytes()


def _of_value(value: Json, where: str) -> Subject:
    name = _name_of(value) or where
    try:
        stage = stage_of_json(value)
    except (StageError, RecursionError) as error:
        return _invalid(name, where, str(error))
    code = stage.implementation_code
    if code is None or stage.implementation_language != "python":
        return Subject(name=name, where=where, stage=stage)
    try:
        function = entry_name(code, stage.name)
    except StageError as error:
        found = Finding(word="UNLOADABLE", message=str(error))
        return Subject(name=name, where=where, stage=stage, findings=(found,))
    return Subject(name=name, where=where, stage=stage, origin=Origin(function=function, code=code))


def _name_of(value: Json) -> str:
    if not isinstance(value, dict):
        return ""
    return str(value.get("name") or value.get("id") or "")[:80]


def _invalid(name: str, where: str, why: str) -> Subject:
    found = Finding(word="INVALID_DECLARATION", message=why)
    return Subject(name=name, where=where, findings=(found,))


def _of_module(place: str, where: str) -> Iterator[Subject]:
    """Yields the stages of a Python file, or of a module: the skills that it defines itself."""
    try:
        module = Modules().at(place)
    except Refusal as refusal:
        declared = isinstance(refusal.__cause__, Misuse | StageError)
        word: Word = "INVALID_DECLARATION" if declared else "UNLOADABLE"
        found = Finding(word=word, message=refusal.failure.message)
        yield Subject(name=Path(where).name, where=where, findings=(found,))
        return
    own = Path(str(module.__file__))
    lent = {skill.name for skill in getattr(module, "LENT", ())}
    for name, skill in sorted(skills_in(module).items()):
        if name in lent or _file_of(skill) == own:
            yield _of_skill(skill, place, f"{where}:{name}", own)


def _file_of(skill: Skill[..., object]) -> Path:
    function = cast("FunctionType", inspect.unwrap(skill.function))
    return Path(function.__code__.co_filename)


def _of_skill(skill: Skill[..., object], place: str, where: str, file: Path) -> Subject:
    digest = digest_of(skill.function)
    try:
        made = published(skill, digest)
    except Misuse as error:
        return _invalid(skill.name, where, str(error))
    captures = file.with_name(f"{file.stem}{_CAPTURES}") / skill.name
    return Subject(
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
