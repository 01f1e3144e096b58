"""What the code of a stage names and nobody saw it do: read from its text, a hint and no finding.

Calls that C code makes (``map(os.stat, names)``), and branches that no example takes, are not seen while
the code runs; who reads the code sees the name.
"""

from __future__ import annotations

import inspect
from types import FunctionType
from typing import cast

from workc.adapters.code import source_of
from workc.api.stage_tests.subject import Subject
from workc.stages import reaches
from workc.stages.code_reading import read_function
from workc.stages.reaches import Reach
from workc.stages.stage.code import first_line

#: The effects that one of would have to be declared; what is not here is nondeterministic.
_EFFECTS: tuple[tuple[Reach, str], ...] = (
    (reaches.MODEL, "Llm"),
    (reaches.NETWORK, "Network"),
    (reaches.PROCESS, "Process"),
    (reaches.READ, "FsRead"),
    (reaches.WRITTEN, "FsWrite"),
)
#: So many are told of one stage.
_MOST = 5


def hints_of(subject: Subject) -> tuple[str, ...]:
    """Returns what the code names that the stage does not declare, a sentence each, by lines."""
    source, line = _source(subject)
    stage = subject.stage
    if stage is None or not source:
        return ()
    declared = {each.kind for each in stage.signature.effects}
    found = [
        f"line {each.line} names {each.name} ({each.reach.what}), and no effect of it was seen"
        for each in read_function(source, line)
        if not declared & {_effect(each.reach), "Unknown"}
    ]
    return tuple(found[:_MOST])


def _effect(reach: Reach) -> str:
    return next((effect for each, effect in _EFFECTS if each is reach), "NonDeterministic")


def _source(subject: Subject) -> tuple[str | bytes, int]:
    """Returns the text that holds a stage's code, and the line in which its function begins."""
    origin = subject.origin
    if origin is not None and origin.code is not None:
        return origin.code, first_line(origin.code, origin.function)
    if subject.skill is None:
        return "", 0
    function = cast("FunctionType", inspect.unwrap(subject.skill.function))
    return source_of(function) or "", function.__code__.co_firstlineno
