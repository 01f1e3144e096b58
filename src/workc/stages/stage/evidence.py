"""What a signature over a stage is about: its evidence id, and the digest of each part beside it.

The evidence id alone would say that something changed. The digests of the parts say what, as far as
the statement that was signed is at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.digest import sha256_hex
from workc.kernel.values import Json, JsonObject
from workc.stages.problem import below
from workc.stages.stage.effect_set import effect_json
from workc.stages.stage.identity import evidence_id
from workc.stages.stage.properties import property_json
from workc.stages.stage.refinements import StageError, canonical
from workc.stages.stage.types import type_json
from workc.stages.stage.value import Stage, stage_json

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
#: A URI (RFC 3986) of a scheme of our own: it names a meaning, and there is nothing to fetch.
PREDICATE_TYPE = "workc:stage-evidence/v1"
DEPENDENCIES = "dependencies"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A part that is not as it was signed: which, by a JSON pointer within the stage, and how."""

    at: str
    message: str


def stage_statement(stage: Stage, dependencies: Mapping[str, str]) -> bytes:
    """Returns the statement about a stage: canonical JSON, the same bytes for the same stage.

    ``dependencies`` are names and digests of what its code is run with.
    """
    said: JsonObject = {
        "_type": STATEMENT_TYPE,
        "predicate": _parts(stage, dependencies),
        "predicateType": PREDICATE_TYPE,
        "subject": [
            {"digest": {"sha256": evidence_id(stage, dependencies)}, "name": stage.name or stage.id}
        ],
    }
    return jcs.encode(said)


def statement_differences(
    signed: bytes, stage: Stage, dependencies: Mapping[str, str]
) -> list[Difference]:
    """Returns which parts of a stage are not those of a statement that was signed.

    Raises:
        StageError: the signed bytes are no statement about a stage.
    """
    before = _predicate(signed)
    after = _parts(stage, dependencies)
    if before.keys() != after.keys():
        raise StageError("what was signed is no statement about a stage of this version")
    return [
        each for name in after for each in _compared(below("", name), before[name], after[name])
    ]


def missing_dependencies(signed: bytes, dependencies: Mapping[str, str]) -> list[str]:
    """Returns the names of the dependencies that were signed and are not given.

    Raises:
        StageError: see :func:`statement_differences`.
    """
    names = _predicate(signed).get(DEPENDENCIES)
    return sorted({*names} - {*dependencies}) if isinstance(names, dict) else []


def _predicate(signed: bytes) -> JsonObject:
    try:
        said = jcs.parse(signed)
    except CanonicalError as error:
        raise StageError(f"what was signed is no JSON: {error}") from None
    kind = said.get("predicateType") if isinstance(said, dict) else None
    parts = said.get("predicate") if isinstance(said, dict) else None
    if kind != PREDICATE_TYPE or not isinstance(parts, dict):
        raise StageError("what was signed is no statement about a stage")
    return parts


def _parts(stage: Stage, dependencies: Mapping[str, str]) -> JsonObject:
    of = stage.signature
    locked: JsonObject = {**dependencies}
    return {
        DEPENDENCIES: locked,
        "effects": [_digest(effect_json(each)) for each in of.effects],
        "examples": [_digest(each) for each in cast("list[Json]", stage_json(stage)["examples"])],
        "implementation_code": _digest(stage.implementation_code),
        "implementation_hash": _digest(of.implementation_hash),
        "implementation_language": _digest(stage.implementation_language),
        "input": _digest(type_json(of.input)),
        "name": _digest(stage.name),
        "output": _digest(type_json(of.output)),
        "properties": [_digest(property_json(each)) for each in stage.properties],
    }


def _compared(at: str, before: Json, after: Json) -> Iterator[Difference]:
    if isinstance(before, list) and isinstance(after, list):
        listed = {str(index): each for index, each in enumerate(before)}
        yield from _members(at, listed, {str(index): each for index, each in enumerate(after)})
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from _members(at, before, after)
    elif before != after:
        yield Difference(at=at, message="it is another one than was signed")


def _members(at: str, before: JsonObject, after: JsonObject) -> Iterator[Difference]:
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after:
            yield Difference(at=below(at, name), message="it was signed, and is not there")
        elif name not in before:
            yield Difference(at=below(at, name), message="it was not signed")
        elif before[name] != after[name]:
            yield Difference(at=below(at, name), message="it is another one than was signed")


def _digest(value: Json) -> str:
    return sha256_hex(canonical(value))
