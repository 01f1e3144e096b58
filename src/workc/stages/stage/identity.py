"""The ids of a stage: SHA-256 over canonical JSON (RFC 8785), as hex.

| id | of what |
|---|---|
| signature id | name, input, output, effects: what is promised |
| stage id | the same and the digest of the implementation: who keeps it |
| evidence id | the stage id, examples, properties, code, language, dependencies: why it is believed |

Two stages with one signature id are versions of one thing. Nothing else of a stage is in an id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from workc.kernel.values import Json, JsonObject
from workc.stages.stage.effect_set import EffectSet, effects_json
from workc.stages.stage.properties import property_json
from workc.stages.stage.refinements import StageError, canonical
from workc.stages.stage.types import NType, type_json
from workc.stages.stage.value import Stage, example_json


def signature_id(name: str, takes: NType, gives: NType, effects: EffectSet) -> str:
    """Returns the id of what is promised.

    >>> from workc.stages.stage.effect_set import PURE
    >>> from workc.stages.stage.types import Number, Text
    >>> signature_id("test", Text(), Number(), PURE)[:8]
    '92eed85e'
    """
    return _digest(_promise(name, takes, gives, effects))


def stage_id(
    name: str, takes: NType, gives: NType, effects: EffectSet, implementation_hash: str
) -> str:
    """Returns the id of a stage.

    >>> from workc.stages.stage.effect_set import PURE
    >>> from workc.stages.stage.types import Number, Text
    >>> stage_id("test", Text(), Number(), PURE, "abc123")[:8]
    '980de483'
    """
    promise = _promise(name, takes, gives, effects)
    return _digest({**promise, "implementation_hash": implementation_hash})


def evidence_id(stage: Stage, dependencies: Mapping[str, str] | None = None) -> str:
    """Returns the id of everything that a verification of the stage depends on.

    ``dependencies`` are names and digests of what its code is run with.
    """
    examples: list[Json] = [example_json(each) for each in stage.examples]
    locked: JsonObject = {**(dependencies or {})}
    return _digest(
        {
            "code": stage.implementation_code,
            "dependencies": locked,
            "examples": examples,
            "language": stage.implementation_language,
            "properties": list[Json](map(property_json, stage.properties)),
            "stage": id_of(stage),
        }
    )


def id_of(stage: Stage) -> str:
    """Returns the id that the content of a stage has; one without a name has the empty one."""
    of = stage.signature
    return stage_id(stage.name or "", of.input, of.output, of.effects, of.implementation_hash)


def promise_of(stage: Stage) -> str:
    """Returns the signature id that the content of a stage has."""
    of = stage.signature
    return signature_id(stage.name or "", of.input, of.output, of.effects)


def checked(stage: Stage) -> Stage:
    """Returns the stage, if its ids are those of its content.

    Raises:
        StageError: one is not; the sentence says which it would be.
    """
    found = {"id": (stage.id, id_of(stage))}
    if stage.signature_id is not None:
        found["signature_id"] = stage.signature_id, promise_of(stage)
    for name, (said, computed) in found.items():
        if said != computed:
            raise StageError(f"{name} is {said!r:.70}, and that of the content {computed}")
    return stage


def _promise(name: str, takes: NType, gives: NType, effects: EffectSet) -> JsonObject:
    return {
        "effects": effects_json(effects),
        "input": type_json(takes),
        "name": name,
        "output": type_json(gives),
    }


def _digest(value: JsonObject) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()
