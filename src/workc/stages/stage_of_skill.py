"""A decorated function as a stage: its parameters are the input, its schemas the types.

>>> from workc.stages.skill import skill
>>> @skill(pure=True, examples=[{"input": {"n": 1}, "output": 2}])
... def double(n: int) -> int:
...     return n * 2
>>> made = published(double, "0" * 64)
>>> made.stage.name, len(made.stage.examples), made.whole
('double', 1, True)
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from workc.kernel.values import JsonObject
from workc.stages.skill import Skill
from workc.stages.stage.effect_set import KINDS, PURE, UNKNOWN, EffectSet, effect_set
from workc.stages.stage.identity import id_of, signature_id
from workc.stages.stage.refinements import StageError
from workc.stages.stage.type_schema import of_schema
from workc.stages.stage.types import Any, NType
from workc.stages.stage.value import Stage, StageSignature

#: What the member of an effect is that a function names without it.
_MEMBERS: dict[type, str | int] = {str: "*", int: 0}


class Published(msgspec.Struct, frozen=True):
    """The stage of a function, and what its types do not say of it, a sentence each.

    ``whole`` says that the schemas speak of integers, which types do not.
    """

    stage: Stage
    notes: tuple[str, ...]
    whole: bool


def published(skill: Skill[..., object], implementation_hash: str) -> Published:
    """Returns the stage of a skill.

    Raises:
        Misuse: an annotation does not resolve.
    """
    notes: list[str] = []
    takes = _type_of("input", skill.input_schema, notes)
    gives = _type_of("output", skill.output_schema, notes)
    effects = _effects(skill)
    made = Stage(
        id="",
        signature_id=signature_id(skill.name, takes, gives, effects),
        signature=StageSignature(
            input=takes, output=gives, effects=effects, implementation_hash=implementation_hash
        ),
        description=skill.description,
        examples=skill.examples,
        properties=skill.properties,
        implementation_language="python",
        name=skill.name,
    )
    whole = any(note.startswith("input") and note.endswith("a Number") for note in notes)
    said = tuple(note for note in notes if not note.endswith("integer is a Number"))
    return Published(replace(made, id=id_of(made)), said, whole)


def _type_of(what: str, schema: JsonObject, notes: list[str]) -> NType:
    try:
        found = of_schema(schema)
    except StageError as error:
        notes.append(f"{what} is taken as Any: {error}")
        return Any()
    notes += [f"{what}{lost}" for lost in found.lost]
    return found.type


def _effects(skill: Skill[..., object]) -> EffectSet:
    if skill.effects is None:
        return UNKNOWN
    if not skill.effects:
        return PURE
    return effect_set([_effect(name) for name in skill.effects])


def _effect(name: str) -> JsonObject:
    member = KINDS[name]
    rest: JsonObject = {} if member is None else {member[0]: _MEMBERS[member[1]]}
    return {"effect": name, **rest}
