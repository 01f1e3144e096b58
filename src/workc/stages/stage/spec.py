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

from workc.kernel.values import Json, JsonObject
from workc.stages.problem import below
from workc.stages.stage.effect_set import effect_of_json
from workc.stages.stage.identity import id_of, signature_id
from workc.stages.stage.refinements import StageError, members_of, refinement_of_json
from workc.stages.stage.subtyping import value_misfit
from workc.stages.stage.types import type_of_json
from workc.stages.stage.value import Stage, stage_json, stage_of_json

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

#: Of members that are said in several ways what they may be.
_OTHERS: Mapping[str, str] = {
    "lifecycle": 'it is Draft, Active, Tombstone, or {"Deprecated": {"successor_id": ID}}',
}


class SpecProblem(msgspec.Struct, frozen=True):
    """One thing that is wrong: a JSON pointer (RFC 6901; empty: the whole), and a sentence."""

    at: str
    message: str


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """A stage that was read, where it stood, and whether it said its lifecycle itself."""

    stage: Stage
    at: str
    says_lifecycle: bool


def read_specs(value: Json) -> tuple[list[Spec], list[SpecProblem]]:
    """Returns the stages of a JSON value, one or a list of them, and everything that is wrong.

    Where a problem is told no stage is given that has it.
    """
    items = value if isinstance(value, list) else [value]
    places = [below("", index) for index in range(len(items))] if isinstance(value, list) else [""]
    if not items:
        return [], [SpecProblem("", "the list holds no stage")]
    specs: list[Spec] = []
    problems: list[SpecProblem] = []
    for item, at in zip(items, places, strict=True):
        found = list(_problems(item, at))
        if not found:
            read = _read(cast("JsonObject", item), at)
            found = list(_misfits(read.stage, at)) + list(_id_problems(read.stage, at))
            specs += [] if found else [read]
        problems += found
    return specs, problems


def _read(said: JsonObject, at: str) -> Spec:
    """Returns the stage of a value without problems, with what it left out."""
    signature = cast("JsonObject", said["signature"])
    hashed = signature.get("implementation_hash")
    if hashed is None:
        code = cast("str", said["implementation_code"])
        hashed = hashlib.sha256(code.encode()).hexdigest()
    whole = {"id": "", **said, "signature": {**signature, "implementation_hash": hashed}}
    stage = stage_of_json(whole)
    promised = _promised(stage)
    made = msgspec.structs.replace(
        stage, id=stage.id or id_of(stage), signature_id=stage.signature_id or promised
    )
    return Spec(stage=made, at=at, says_lifecycle="lifecycle" in said)


def _promised(stage: Stage) -> str:
    of = stage.signature
    return signature_id(stage.name or "", of.input, of.output, of.effects)


def _id_problems(stage: Stage, at: str) -> Iterator[SpecProblem]:
    pairs = {"id": (stage.id, id_of(stage)), "signature_id": (stage.signature_id, _promised(stage))}
    for name, (said, computed) in pairs.items():
        if said != computed:
            message = f"it is {said!r:.70}, and that of the content {computed}"
            yield SpecProblem(below(at, name), message)


def _misfits(stage: Stage, at: str) -> Iterator[SpecProblem]:
    """Yields the examples whose values are not of the types that the signature declares."""
    types = {"input": stage.signature.input, "output": stage.signature.output}
    for index, example in enumerate(cast("list[JsonObject]", stage_json(stage)["examples"])):
        for name in (each for each in types if each in example):
            why = value_misfit(example[name], types[name])
            if why is not None:
                place = below(below(below(at, "examples"), index), name)
                inner, _, rest = why.partition(": ")
                yield SpecProblem(place + inner.removesuffix("/"), rest)


def _problems(value: Json, at: str) -> Iterator[SpecProblem]:
    if not isinstance(value, dict):
        yield SpecProblem(at, "a stage is an object with signature and description")
        return
    for name in ("signature", "description"):
        if name not in value:
            yield SpecProblem(at, f"a stage lacks {name}")
    for name, said in value.items():
        if name not in Stage.__struct_fields__:
            yield SpecProblem(below(at, name), _unknown(name))
        else:
            yield from _of_member(name, said, below(at, name))
    signature = value.get("signature")
    is_hashed = not isinstance(signature, dict) or "implementation_hash" in signature
    if not is_hashed and not isinstance(value.get("implementation_code"), str):
        message = "it lacks implementation_hash, and there is no implementation_code to hash"
        yield SpecProblem(below(at, "signature"), message)


def _unknown(name: str) -> str:
    near = get_close_matches(name[:60], Stage.__struct_fields__, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"a stage has no such member{meant}"


def _of_member(name: str, said: Json, at: str) -> Iterator[SpecProblem]:
    if name == "signature":
        yield from _of_signature(said, at)
    elif name in _LISTS and isinstance(said, list):
        for index, each in enumerate(said):
            twice = name in _SETS and each in said[:index]
            why = "it stands there twice" if twice else _refusal({name: [each]})
            if why is not None:
                yield SpecProblem(below(at, index), why)
    else:
        why = _refusal({name: said})
        if why is not None:
            yield SpecProblem(at, _OTHERS.get(name, why.removeprefix(f"{name}: ")))


def _refusal(members: JsonObject) -> str | None:
    """Returns why no stage may have these members, or None if one may."""
    try:
        stage_of_json({**_BLANK, **members})
    except StageError as error:
        # The place says which example it is: here each is alone.
        return str(error).replace("example 0", "the example")
    return None


def _of_signature(value: Json, at: str) -> Iterator[SpecProblem]:
    try:
        said = members_of(
            "a signature", value, ("effects", "input", "output"), ("implementation_hash",)
        )
    except StageError as error:
        yield SpecProblem(at, str(error))
        return
    yield from type_problems(cast("Json", said["input"]), below(at, "input"))
    yield from type_problems(cast("Json", said["output"]), below(at, "output"))
    yield from _of_effects(cast("Json", said["effects"]), below(at, "effects"))
    if not isinstance(said.get("implementation_hash", ""), str):
        yield SpecProblem(below(at, "implementation_hash"), "it is a text")


def _of_effects(value: Json, at: str) -> Iterator[SpecProblem]:
    listed = value.get("effects") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(listed, list):
        yield SpecProblem(at, "it is an object with effects, a list, and no more")
        return
    for index, each in enumerate(listed):
        try:
            found = effect_of_json(each)
            before = [effect_of_json(other) for other in listed[:index]]
            why = "it stands there twice" if found in before else None
        except StageError as error:
            why = str(error)
        if why is not None:
            yield SpecProblem(below(below(at, "effects"), index), why)


def type_problems(value: Json, at: str) -> Iterator[SpecProblem]:
    """Yields what makes a JSON value no type, at the innermost places that are wrong."""
    try:
        type_of_json(value)
    except StageError as error:
        inner = [each for place, part in _parts(value, at) for each in type_problems(part, place)]
        inner += _of_refinement(value, at)
        yield from inner or [SpecProblem(at, str(error))]


def _of_refinement(value: Json, at: str) -> list[SpecProblem]:
    inner = value.get("value") if isinstance(value, dict) else None
    if isinstance(value, dict) and value.get("kind") == "Refined" and isinstance(inner, dict):
        try:
            refinement_of_json(inner.get("refinement"))
        except StageError as error:
            return [SpecProblem(below(below(at, "value"), "refinement"), str(error))]
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
