"""What is to be tested: one stage, or what stands where one should."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec.structs import replace

from workc.stages.skill import Skill
from workc.stages.stage.code import entry_name
from workc.stages.stage.declaration import names_of
from workc.stages.stage.judging import Finding, Word
from workc.stages.stage.refinements import StageError
from workc.stages.stage.trial import Origin
from workc.stages.stage.value import Stage


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
    reason: str = ""
    notes: tuple[str, ...] = ()
    code_digest: str = ""
    partners: dict[str, Subject] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Returns what a property, or who selects it, may call it by."""
        return (self.name,) if self.stage is None else (self.name, *names_of(self.stage))

    @property
    def runs_alone(self) -> bool:
        """Returns whether it can be called with an input, as a property of another stage does."""
        return self.origin is not None and self.captures is None


def refused(name: str, where: str, word: Word, *messages: str) -> Subject:
    """Returns what stands where a stage should, and why it is none."""
    found = tuple(Finding(word=word, message=each) for each in messages)
    return Subject(name=name, where=where, findings=found)


def of_stage(stage: Stage, where: str) -> Subject:
    """Returns a stage that carries its code, if it does."""
    made = Subject(name=stage.name or where, where=where, stage=stage)
    code = stage.implementation_code
    if code is None or stage.implementation_language != "python":
        return made
    try:
        function = entry_name(code, stage.name)
    except StageError as error:
        return replace(made, findings=(Finding(word="UNLOADABLE", message=str(error)),))
    return replace(made, origin=Origin(function=function, code=code))
