"""The published JSON Schemas of files of stages, and of what the commands of ``workc stage`` print."""

from __future__ import annotations

from typing import get_args

from workc.api.published_shapes import (
    ANY,
    COUNT,
    COUNT_OR_NULL,
    FLAG,
    OBJECT,
    TEXT,
    TEXT_OR_NULL,
    list_of,
    record,
)
from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.schema_words import DIALECT
from workc.stages.stage.declaration import FlawWord
from workc.stages.stage.effect_set import KINDS as EFFECTS
from workc.stages.stage.properties import KINDS as PROPERTIES
from workc.stages.stage.types import KINDS as TYPES
from workc.stages.stage.value import State

_STATES: list[Json] = [*get_args(State)]
_KIND_OF_TYPE: JsonObject = {"enum": [*TYPES]}
_KIND_OF_EFFECT: JsonObject = {"enum": [*EFFECTS]}
_KIND_OF_PROPERTY: JsonObject = {"enum": [*PROPERTIES]}
_TYPE = record({"value": ANY, "optional": list_of(TEXT)}, kind=_KIND_OF_TYPE)
_EFFECT: JsonObject = {
    "anyOf": [
        _KIND_OF_EFFECT,
        record({"cents": COUNT, "path": TEXT, "model": TEXT}, effect=_KIND_OF_EFFECT),
    ]
}


def published_stage_schema() -> JsonObject:
    """Returns the schema of a file of stages: one, or a list of them."""
    return {
        "$schema": DIALECT,
        "title": "workc stage file",
        "description": "A stage, or a list of stages: what `workc stage add` and `workc stage test` take. Ids may be left "
        "out, and implementation_hash where implementation_code is there.",
        "anyOf": [_stage(_SIGNATURE), {**list_of(_stage(_SIGNATURE)), "minItems": 1}],
    }


def _closed(body: JsonObject) -> JsonObject:
    return {**body, "additionalProperties": False}


_SIGNATURE = _closed(
    record(
        {"implementation_hash": TEXT},
        input=_TYPE,
        output=_TYPE,
        effects=_closed(record(effects=list_of(_EFFECT))),
    )
)


def _stage(signature: JsonObject) -> JsonObject:
    return _closed(
        record(
            {
                "id": TEXT,
                "signature_id": TEXT_OR_NULL,
                "capabilities": list_of(TEXT),
                "cost": _closed(
                    record(
                        {
                            "time_ms_p50": COUNT_OR_NULL,
                            "tokens_est": COUNT_OR_NULL,
                            "memory_mb": COUNT_OR_NULL,
                        }
                    )
                ),
                "examples": list_of(
                    record(
                        {
                            "output": ANY,
                            "error_code": TEXT,
                            "tolerance": {
                                "type": "object",
                                "additionalProperties": {"type": "number"},
                            },
                        },
                        input=ANY,
                    )
                ),
                "lifecycle": {
                    "anyOf": [
                        {"enum": ["Draft", "Active", "Tombstone"]},
                        _closed(record(Deprecated=_closed(record(successor_id=TEXT)))),
                    ]
                },
                "ed25519_signature": TEXT_OR_NULL,
                "signer_public_key": TEXT_OR_NULL,
                "implementation_code": TEXT_OR_NULL,
                "implementation_language": TEXT_OR_NULL,
                "ui_style": TEXT_OR_NULL,
                "tags": list_of(TEXT),
                "aliases": list_of(TEXT),
                "name": TEXT_OR_NULL,
                "properties": list_of(record(kind=_KIND_OF_PROPERTY)),
            },
            signature=signature,
            description=TEXT,
        )
    )


_ROW = record(
    id=TEXT,
    signature_id=TEXT,
    name=TEXT,
    description=TEXT,
    state={"enum": _STATES},
    successor=TEXT_OR_NULL,
    signed=FLAG,
)
_ADDED = record(
    ok=FLAG,
    registry=TEXT,
    stages=list_of(
        record(
            id=TEXT,
            name=TEXT,
            state={"enum": _STATES},
            what={"enum": ["added", "known", "replaced"]},
            file=TEXT,
            at=TEXT,
        )
    ),
    problems=list_of(
        record(
            file=TEXT,
            line=COUNT_OR_NULL,
            at=TEXT,
            word={"enum": [*get_args(FlawWord)]},
            message=TEXT,
        )
    ),
    exit=COUNT,
)
_MOVED = record(
    moved=list_of(
        record(
            id=TEXT,
            name=TEXT,
            before={"enum": _STATES},
            after={"enum": _STATES},
            successor=TEXT_OR_NULL,
        )
    )
)
_DIFF = record(
    old=TEXT,
    new=TEXT,
    breaking=FLAG,
    bump={"enum": ["none", "patch", "minor", "major"]},
    changes=list_of(
        record(
            part=TEXT,
            at=TEXT,
            what=TEXT,
            level={"enum": ["patch", "minor", "major"]},
            breaking=FLAG,
        )
    ),
    exit=COUNT,
)

#: Of each published name: the ``schema`` member of the document, what it is, its members.
STAGE_DOCUMENTS: dict[str, tuple[str, str, JsonObject]] = {
    "stage-added": ("workc.stage-added/1", "What `stage add` prints with --json.", _ADDED),
    "stages": (
        "workc.stages/1",
        "What `stage list` prints with --json.",
        record(registry=TEXT, stages=list_of(_ROW)),
    ),
    "stage": (
        "workc.stage/1",
        "What `stage get` prints with --json; `current` is the last of its successors.",
        record(stage=OBJECT, evidence_id=TEXT, current=TEXT),
    ),
    "stage-search": (
        "workc.stage-search/1",
        "What `stage search` prints with --json; `meant` are words like those that no stage has.",
        record(registry=TEXT, words=list_of(TEXT), stages=list_of(_ROW), more=FLAG, meant=OBJECT),
    ),
    "stage-diff": ("workc.stage-diff/1", "What `stage diff` prints with --json.", _DIFF),
    "stage-moved": (
        "workc.stage-moved/1",
        "What `stage activate`, `deprecate` and `tombstone` print with --json.",
        _MOVED,
    ),
    "stage-docs": (
        "workc.stage-docs/1",
        "What `stage docs` prints with --json.",
        record(folder=TEXT, pages=list_of(record(id=TEXT, name=TEXT, file=TEXT))),
    ),
    "stage-signed": (
        "workc.stage-signed/1",
        "What `stage sign` prints with --json.",
        record(id=TEXT, evidence_id=TEXT, keyid=TEXT, is_new=FLAG),
    ),
    "stage-verdict": (
        "workc.stage-verdict/1",
        "What `stage verify` prints with --json.",
        record(
            id=TEXT,
            evidence_id=TEXT,
            verdict={"enum": ["PASS", "FAIL", "UNDECIDED"]},
            signer=TEXT_OR_NULL,
            findings=list_of(record(at=TEXT, message=TEXT)),
            exit=COUNT,
        ),
    ),
}
