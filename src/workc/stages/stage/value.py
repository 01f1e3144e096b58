"""A stage: what a unit of work takes, gives and does, with examples, as a value and as JSON.

The fields are those of the specification that ``verify_stage`` comes from. All are closed: a member
that is not known is refused when a stage is read, and so is an id that is not that of its content.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias, cast

import msgspec

from workc.kernel.values import Json, JsonObject
from workc.stages.stage.effect_set import EffectSet, effects_json, effects_of_json
from workc.stages.stage.properties import Property, property_json, property_of_json
from workc.stages.stage.refinements import StageError, canonical, members_of
from workc.stages.stage.types import NType, type_json, type_of_json

State: TypeAlias = Literal["Draft", "Active", "Deprecated", "Tombstone"]
_STATES = ("Draft", "Active", "Tombstone")


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """An input, and what the stage gives for it: an output, or the code of a failure.

    ``tolerance`` says of numbers in the output, by JSON pointer, how far off they may be.
    """

    input: Json
    output: Json = None
    error_code: str | None = None
    tolerance: Mapping[str, float] = {}


class StageSignature(msgspec.Struct, frozen=True, kw_only=True):
    """What a stage takes, gives and does, and the digest of what implements it."""

    input: NType
    output: NType
    effects: EffectSet
    implementation_hash: str


class CostEstimate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a use of a stage may be expected to cost; None where nobody knows."""

    time_ms_p50: int | None = None
    tokens_est: int | None = None
    memory_mb: int | None = None


class Lifecycle(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a stage; one that is deprecated names its successor."""

    state: State = "Draft"
    successor_id: str | None = None


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A stage. ``id`` is that of its signature, see ``workc.stages.stage.identity``."""

    id: str
    signature_id: str | None = None
    signature: StageSignature
    capabilities: frozenset[str] = frozenset()
    cost: CostEstimate = CostEstimate()
    description: str
    examples: tuple[Example, ...] = ()
    lifecycle: Lifecycle = Lifecycle()
    ed25519_signature: str | None = None
    signer_public_key: str | None = None
    implementation_code: str | None = None
    implementation_language: str | None = None
    ui_style: str | None = None
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    name: str | None = None
    properties: tuple[Property, ...] = ()


_REQUIRED = ("id", "signature", "description")
_TEXTS = (
    "signature_id",
    "ed25519_signature",
    "signer_public_key",
    "implementation_code",
    "implementation_language",
    "ui_style",
    "name",
)


def stage_json(stage: Stage) -> JsonObject:
    """Returns a stage as JSON; texts that are not there are left out."""
    texts: JsonObject = {
        name: getattr(stage, name) for name in _TEXTS if getattr(stage, name) is not None
    }
    examples: list[Json] = [example_json(each) for each in stage.examples]
    return {
        "id": stage.id,
        "signature": signature_json(stage.signature),
        "capabilities": list[Json](sorted(stage.capabilities)),
        "cost": msgspec.to_builtins(stage.cost),
        "description": stage.description,
        "examples": examples,
        "lifecycle": lifecycle_json(stage.lifecycle),
        "tags": list[Json](stage.tags),
        "aliases": list[Json](stage.aliases),
        "properties": list[Json](map(property_json, stage.properties)),
        **texts,
    }


def example_json(example: Example) -> JsonObject:
    """Returns an example as JSON: with its output, or with the code of its failure."""
    if example.error_code is not None:
        return {"input": example.input, "error_code": example.error_code}
    far: JsonObject = {**example.tolerance}
    rest: JsonObject = {"tolerance": far} if far else {}
    return {"input": example.input, "output": example.output, **rest}


def signature_json(signature: StageSignature) -> JsonObject:
    """Returns a signature as JSON."""
    return {
        "effects": effects_json(signature.effects),
        "implementation_hash": signature.implementation_hash,
        "input": type_json(signature.input),
        "output": type_json(signature.output),
    }


def lifecycle_json(lifecycle: Lifecycle) -> Json:
    """Returns a lifecycle as JSON, as serde tags it from outside."""
    if lifecycle.state == "Deprecated":
        return {"Deprecated": {"successor_id": lifecycle.successor_id}}
    return lifecycle.state


def stage_of_json(value: object) -> Stage:
    """Returns the stage that a JSON value says; its id is not recomputed here.

    Raises:
        StageError: it says none; the sentence says where.
    """
    others = [*Stage.__struct_fields__]
    said = members_of(
        "a stage", value, _REQUIRED, [name for name in others if name not in _REQUIRED]
    )
    made = Stage(
        id=_text("id", said["id"]),
        signature=_signature(said["signature"]),
        capabilities=frozenset(_texts("capabilities", said.get("capabilities", []))),
        cost=_cost(said.get("cost", {})),
        description=_text("description", said["description"]),
        examples=_examples(said.get("examples", [])),
        lifecycle=_lifecycle(said.get("lifecycle", "Draft")),
        properties=tuple(map(property_of_json, _list("properties", said.get("properties", [])))),
        tags=_texts("tags", said.get("tags", [])),
        aliases=_texts("aliases", said.get("aliases", [])),
    )
    texts = {name: _text(name, said[name]) for name in _TEXTS if said.get(name) is not None}
    return msgspec.structs.replace(made, **texts)


def _signature(value: object) -> StageSignature:
    said = members_of("signature", value, ("effects", "implementation_hash", "input", "output"))
    return StageSignature(
        input=type_of_json(said["input"]),
        output=type_of_json(said["output"]),
        effects=effects_of_json(said["effects"]),
        implementation_hash=_text("implementation_hash", said["implementation_hash"]),
    )


def _cost(value: object) -> CostEstimate:
    try:
        return msgspec.convert(value, CostEstimate)
    except msgspec.ValidationError as error:
        raise StageError(f"cost: {error}") from None


def _examples(value: object) -> tuple[Example, ...]:
    found: list[Example] = []
    for index, each in enumerate(_list("examples", value)):
        found.append(example_of_json(each, f"example {index}"))
    return tuple(found)


def example_of_json(value: object, what: str) -> Example:
    """Returns the example that a JSON value says; ``what`` is what a refusal calls it.

    Raises:
        StageError: it says none.
    """
    is_negative = _has_error_code(value)
    expected = ("input", "error_code" if is_negative else "output")
    said = members_of(what, value, expected, () if is_negative else ("tolerance",))
    given = cast("Json", said["input"])
    canonical(given)
    if is_negative:
        return Example(input=given, error_code=_text("error_code", said["error_code"]))
    made = cast("Json", said["output"])
    canonical(made)
    return Example(input=given, output=made, tolerance=_tolerance(what, said.get("tolerance", {})))


def _has_error_code(value: object) -> bool:
    return isinstance(value, dict) and "error_code" in cast("dict[str, object]", value)


def _tolerance(what: str, value: object) -> Mapping[str, float]:
    try:
        found = msgspec.convert(value, dict[str, float])
    except msgspec.ValidationError:
        found = {"": -1.0}
    if not all(math.isfinite(far) and far >= 0 for far in found.values()):
        raise StageError(f"tolerance of {what} is numbers by pointer, none below 0")
    return {pointer: found[pointer] for pointer in sorted(found)}


def _lifecycle(value: object) -> Lifecycle:
    if value in _STATES:
        return Lifecycle(state=cast("State", value))
    said = members_of("lifecycle", value, ("Deprecated",))["Deprecated"]
    successor = members_of("Deprecated", said, ("successor_id",))["successor_id"]
    return Lifecycle(state="Deprecated", successor_id=_text("successor_id", successor))


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise StageError(f"{name} is a text")
    return value


def _texts(name: str, value: object) -> tuple[str, ...]:
    return tuple(_text(f"each of {name}", each) for each in _list(name, value))


def _list(name: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise StageError(f"{name} is a list")
    return cast("list[object]", value)
