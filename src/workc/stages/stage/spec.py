"""Stages as people write them: what is wrong, with the place of each part, and what may be left out.

The ids may be left out, and the digest of the implementation where its code is there: they are computed,
and compared where they are said. Everything else is as ``workc.stages.stage.value`` reads it; all
that is wrong is found, not what is wrong first, and nothing is passed over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import cast

import msgspec
from msgspec.structs import replace

from workc.kernel.values import Json, JsonObject
from workc.stages.problem import below
from workc.stages.stage.declaration import Flaw, flaws
from workc.stages.stage.effect_set import effect_of_json
from workc.stages.stage.identity import id_of, promise_of
from workc.stages.stage.refinements import StageError, members_of, refinement_of_json
from workc.stages.stage.types import type_of_json
from workc.stages.stage.value import Stage, stage_of_json

_SIGNATURE: JsonObject = {
    "effects": {"effects": []},
    "implementation_hash": "",
    "input": {"kind": "Any"},
    "output": {"kind": "Any"},
}
#: A stage into which a single member is put, to see whether that one is right.
_BLANK: JsonObject = {"id": "", "description": "", "signature": _SIGNATURE}
_LISTS = ("aliases", "capabilities", "examples", "properties", "tags")
#: Lists in which order and number say nothing, so that one item twice is a mistake.
_SETS = ("aliases", "capabilities", "tags")
#: Characters of a name that a report repeats.
_MAX_NAME = 80

#: Of members that are said in several ways what they may be.
_OTHERS: Mapping[str, str] = {
    "lifecycle": 'it is Draft, Active, Tombstone, or {"Deprecated": {"successor_id": ID}}',
}


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """A stage that was read, where it stood, and whether it said its lifecycle itself."""

    stage: Stage
    at: str
    says_lifecycle: bool


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one value: a stage, or everything that is wrong with it; ``name`` is what it is called."""

    at: str
    name: str = ""
    spec: Spec | None = None
    flaws: tuple[Flaw, ...] = ()


def read_specs(value: Json) -> list[Reading]:
    """Returns what comes of a JSON value, a stage or a list of them; one at least."""
    if not isinstance(value, list):
        return [_reading(value, "")]
    if not value:
        return [Reading(at="", flaws=(Flaw("", "the list holds no stage"),))]
    return [_reading(each, below("", index)) for index, each in enumerate(value)]


def _reading(value: Json, at: str) -> Reading:
    found = tuple(_problems(value, at))
    spec = None if found else _read(cast("JsonObject", value), at)
    if spec is not None:
        found = tuple(replace(each, at=at + each.at) for each in flaws(spec.stage))
    name = value.get("name") or value.get("id") if isinstance(value, dict) else None
    called = name[:_MAX_NAME] if isinstance(name, str) else ""
    return Reading(at=at, name=called, spec=None if found else spec, flaws=found)


def _read(said: JsonObject, at: str) -> Spec:
    """Returns the stage of a value without problems, with what it left out."""
    signature = cast("JsonObject", said["signature"])
    hashed = signature.get("implementation_hash")
    if hashed is None:
        code = cast("str", said["implementation_code"])
        hashed = hashlib.sha256(code.encode()).hexdigest()
    whole = {"id": "", **said, "signature": {**signature, "implementation_hash": hashed}}
    stage = stage_of_json(whole)
    made = replace(
        stage,
        id=stage.id or id_of(stage),
        signature_id=stage.signature_id or promise_of(stage),
    )
    return Spec(stage=made, at=at, says_lifecycle="lifecycle" in said)


def _problems(value: Json, at: str) -> Iterator[Flaw]:
    if not isinstance(value, dict):
        yield Flaw(at, "a stage is an object with signature and description")
        return
    for name in ("signature", "description"):
        if name not in value:
            yield Flaw(at, f"a stage lacks {name}")
    for name, said in value.items():
        if name not in Stage.__struct_fields__:
            yield Flaw(below(at, name), _unknown(name))
        else:
            yield from _of_member(name, said, below(at, name))
    signature = value.get("signature")
    is_hashed = not isinstance(signature, dict) or "implementation_hash" in signature
    if not is_hashed and not isinstance(value.get("implementation_code"), str):
        message = "it lacks implementation_hash, and there is no implementation_code to hash"
        yield Flaw(below(at, "signature"), message)


def _unknown(name: str) -> str:
    near = get_close_matches(name[:60], Stage.__struct_fields__, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"a stage has no such member{meant}"


def _of_member(name: str, said: Json, at: str) -> Iterator[Flaw]:
    if name == "signature":
        yield from _of_signature(said, at)
    elif name in _LISTS and isinstance(said, list):
        for index, each in enumerate(said):
            twice = name in _SETS and each in said[:index]
            why = "it stands there twice" if twice else _refusal({name: [each]})
            if why is not None:
                yield Flaw(below(at, index), why)
    else:
        why = _refusal({name: said})
        if why is not None:
            yield Flaw(at, _OTHERS.get(name, why.removeprefix(f"{name}: ")))


def _refusal(members: JsonObject) -> str | None:
    """Returns why no stage may have these members, or None if one may."""
    try:
        stage_of_json({**_BLANK, **members})
    except StageError as error:
        # The place says which example it is: here each is alone.
        return str(error).replace("example 0", "the example")
    return None


def _of_signature(value: Json, at: str) -> Iterator[Flaw]:
    try:
        said = members_of(
            "a signature", value, ("effects", "input", "output"), ("implementation_hash",)
        )
    except StageError as error:
        yield Flaw(at, str(error))
        return
    yield from type_problems(cast("Json", said["input"]), below(at, "input"))
    yield from type_problems(cast("Json", said["output"]), below(at, "output"))
    yield from _of_effects(cast("Json", said["effects"]), below(at, "effects"))
    if not isinstance(said.get("implementation_hash", ""), str):
        yield Flaw(below(at, "implementation_hash"), "it is a text")


def _of_effects(value: Json, at: str) -> Iterator[Flaw]:
    listed = value.get("effects") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(listed, list):
        yield Flaw(at, "it is an object with effects, a list, and no more")
        return
    for index, each in enumerate(listed):
        try:
            found = effect_of_json(each)
            before = [effect_of_json(other) for other in listed[:index]]
            why = "it stands there twice" if found in before else None
        except StageError as error:
            why = str(error)
        if why is not None:
            yield Flaw(below(below(at, "effects"), index), why)


def type_problems(value: Json, at: str) -> Iterator[Flaw]:
    """Yields what makes a JSON value no type, at the innermost places that are wrong."""
    try:
        type_of_json(value)
    except StageError as error:
        inner = [each for place, part in _parts(value, at) for each in type_problems(part, place)]
        inner += _of_refinement(value, at)
        yield from inner or [Flaw(at, str(error))]


def _of_refinement(value: Json, at: str) -> list[Flaw]:
    inner = value.get("value") if isinstance(value, dict) else None
    if isinstance(value, dict) and value.get("kind") == "Refined" and isinstance(inner, dict):
        try:
            refinement_of_json(inner.get("refinement"))
        except StageError as error:
            return [Flaw(below(below(at, "value"), "refinement"), str(error))]
    return []


#: Of each kind the members of its value that are types; of the others all are.
_INNER: Mapping[str, tuple[str, ...]] = {"Map": ("key", "value"), "Refined": ("base",)}


def _parts(value: Json, at: str) -> Iterator[tuple[str, Json]]:
    """Yields the types within the JSON of a type, with their places."""
    if not isinstance(value, dict) or "value" not in value:
        return
    inner, place, kind = value["value"], below(at, "value"), str(value.get("kind"))
    if kind == "List":
        yield place, inner
    elif kind == "Union" and isinstance(inner, list):
        yield from ((below(place, index), each) for index, each in enumerate(inner))
    elif kind in ("Map", "Refined", "Record") and isinstance(inner, dict):
        names = _INNER.get(kind, tuple(inner))
        yield from ((below(place, name), inner[name]) for name in names if name in inner)
