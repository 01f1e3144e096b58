"""Whether the steps of a workflow fit together: what each gives by its schema, and what takes that.

A type that a schema cannot say is unknown, and so is what a step gives that may be something else on a
failure: it is never guessed. Refused is only what no value can be, so no run is refused that could have
gone well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, cast

import msgspec

from workc.api.cost_remarks import Remark
from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.values import Json, JsonObject
from workc.runtime.child_step import ChildSkill
from workc.runtime.program import ChildProgram, Program
from workc.runtime.workflow.model import InputSpec, StepSpec
from workc.runtime.workflow.references import Reference, parse_template
from workc.stages.problem import below
from workc.stages.skill import Skill
from workc.stages.stage.clash import clash, part_of
from workc.stages.stage.refinements import StageError
from workc.stages.stage.type_schema import of_schema
from workc.stages.stage.types import Any, List, Map, NType, Record, Text, base_of, type_text, union

#: Of each input that is known its type.
Types: TypeAlias = Mapping[str, NType]
_UNKNOWN = Any()


class StepType(msgspec.Struct, frozen=True, kw_only=True):
    """What a step gives, as a type that people read; ``known`` is False where nobody knows."""

    step: str
    type: str
    known: bool


class _Misfit(Exception):
    """Says why a reference gives nothing that can stand in its place."""


def declared_types(inputs: Iterable[InputSpec]) -> Types:
    """Returns the types of the inputs that a file declares."""
    return {each.name: _of_schema(each.schema) for each in inputs}


def step_types(program: Program, inputs: Types) -> list[StepType]:
    """Returns what each step gives, and then, as the step ``output``, what the workflow does."""
    known = _Known(program, inputs)
    found = {step.id: known.given(step) for step in program.known_steps}
    try:
        found["output"] = known.type_of(program.output)
    except _Misfit:
        found["output"] = _UNKNOWN
    return [
        StepType(step=name, type=_text(item), known=item != _UNKNOWN)
        for name, item in found.items()
    ]


def composition_remarks(program: Program, inputs: Types) -> Iterator[Remark]:
    """Yields a problem for each place where steps cannot fit together, with its path.

    Those of the files that steps run as children are among them, each once.
    """
    yield from _remarks(program, inputs, set())


def _remarks(program: Program, inputs: Types, seen: set[int]) -> Iterator[Remark]:
    known = _Known(program, inputs)
    for step in program.named_uses:
        for name, value in step.params.items():
            for why in known.misfits(value, known.parameter(step.skill, name), below("", name)):
                yield _problem(step.id, f"with{why}")
        skill = program.skills.get(step.skill)
        if isinstance(skill, ChildSkill) and id(skill.child) not in seen:
            seen.add(id(skill.child))
            for remark in _remarks(skill.child.program, _child_inputs(skill.child), seen):
                where = "" if remark.step is None else f"{remark.step}: "
                yield _problem(step.id, f"{step.skill}: {where}{remark.message}")
    for why in known.misfits(program.output, _UNKNOWN, ""):
        yield _problem(None, f"output{why}")


def refuse_clash(program: Program, inputs: Types) -> None:
    """Refuses a program whose steps cannot fit together, before anything is done.

    Raises:
        Refusal: ``INVALID_WORKFLOW``, with the first place.
    """
    for remark in composition_remarks(program, inputs):
        where = "" if remark.step is None else f"{remark.step}: "
        details: JsonObject = {"step": remark.step}
        raise Refusal(
            Failure(code="INVALID_WORKFLOW", message=where + remark.message, details=details)
        )


def _problem(step: str | None, message: str) -> Remark:
    return Remark(level="problem", step=step, code="INVALID_WORKFLOW", message=message)


def _text(item: NType) -> str:
    return "unknown" if item == _UNKNOWN else type_text(item)


class _Known:
    """What is known of a program before it runs."""

    def __init__(self, program: Program, inputs: Types) -> None:
        self._inputs = inputs
        self._skills = program.skills
        # Steps are many and skills few: what a schema says is worked out once.
        outputs = {name: _output(skill) for name, skill in program.skills.items()}
        self._steps = {
            step.id: _UNKNOWN if step.on_failure is not None else outputs[step.skill]
            for step in program.known_steps
        }
        self._parameters: dict[tuple[str, str], NType] = {}

    def given(self, step: StepSpec) -> NType:
        """Returns what a step gives; unknown if a failure of it may give something else."""
        return self._steps.get(step.id, _UNKNOWN)

    def parameter(self, skill: str, name: str) -> NType:
        """Returns what a skill takes as a parameter."""
        if (skill, name) not in self._parameters:
            found = _parameter(_input_schema(self._skills[skill]), name)
            self._parameters[skill, name] = found
        return self._parameters[skill, name]

    def misfits(self, value: Json, needed: NType, at: str) -> Iterator[str]:
        """Yields why parts of a value cannot stand where ``needed`` is wanted; literals are not judged."""
        try:
            if isinstance(value, str):
                given = self.type_of(value)
                why = clash(given, needed, at) if "${" in value else None
                if why is not None:
                    yield why.replace(": ", f": {value:.80}: ", 1)
        except _Misfit as misfit:
            yield f"{at}: {misfit}"
        inner = (
            value.items()
            if isinstance(value, dict)
            else enumerate(value)
            if isinstance(value, list)
            else ()
        )
        for part, each in inner:
            yield from self.misfits(each, _part(needed, part), below(at, part))

    def type_of(self, value: Json) -> NType:
        """Returns the type of a value with references.

        Raises:
            _Misfit: one of them leads to what there cannot be.
        """
        match value:
            case str():
                return self._of_text(value)
            case list():
                return List(union(map(self.type_of, value)) if value else _UNKNOWN)
            case dict():
                return Record({name: self.type_of(value[name]) for name in value})
            case _:
                return base_of(value)

    def _of_text(self, text: str) -> NType:
        parts = parse_template(text).parts
        types = [self._of_reference(part) for part in parts if isinstance(part, Reference)]
        return types[0] if len(parts) == 1 and types else Text()

    def _of_reference(self, reference: Reference) -> NType:
        known: Mapping[str, Mapping[str, NType]] = {"inputs": self._inputs, "steps": self._steps}
        found = known.get(reference.root, {}).get(reference.name, _UNKNOWN)
        for part in reference.path[1:]:
            inner = part_of(found, part)
            if isinstance(inner, str):
                raise _Misfit(f"{reference.text}: {inner}")
            found = inner
        return found


def _part(of: NType, part: str | int) -> NType:
    """Returns the type of a part of what is needed, as far as it has one alone."""
    match of:
        case Record() if part in of.fields:
            return of.fields[str(part)]
        case Map():
            return of.value
        case List():
            return of.item
        case _:
            return _UNKNOWN


def _of_schema(schema: JsonObject) -> NType:
    try:
        return of_schema(schema).type
    except StageError:
        return _UNKNOWN


def _output(skill: Skill[..., object]) -> NType:
    if isinstance(skill, ChildSkill):
        return _child_output(skill.child)
    try:
        return _of_schema(skill.output_schema)
    except Misuse:
        return _UNKNOWN


def _child_output(child: ChildProgram) -> NType:
    """Returns what a child gives; what a function does, or a plan may say, nobody knows before."""
    program = child.program
    if program.kind != "file" or program.plan is not None:
        return _UNKNOWN
    try:
        return _Known(program, _child_inputs(child)).type_of(program.output)
    except _Misfit:
        return _UNKNOWN


def _child_inputs(child: ChildProgram) -> Types:
    properties = child.input_schema.get("properties")
    names = properties if isinstance(properties, dict) else {}
    return {name: _parameter(child.input_schema, name) for name in names}


def _input_schema(skill: Skill[..., object]) -> JsonObject:
    try:
        return skill.input_schema
    except Misuse:
        return {}


def _parameter(schema: JsonObject, name: str) -> NType:
    properties = schema.get("properties")
    wanted = properties.get(name) if isinstance(properties, dict) else None
    if not isinstance(wanted, dict):
        return _UNKNOWN
    definitions = cast("JsonObject", schema.get("$defs", {}))
    return _of_schema({**wanted, "$defs": definitions})
