"""The published schema of what tests of stages print."""

from __future__ import annotations

from typing import get_args

from workc.api.published_shapes import (
    COUNT,
    COUNT_OR_NULL,
    FLAG,
    TEXT,
    list_of,
    record,
)
from workc.api.tested_stages.judging import STATUSES
from workc.kernel.values import JsonObject
from workc.stages.stage.examples import StageVerdict
from workc.stages.stage.judging import Word

_FINDING = record(
    {"example": COUNT, "expected": TEXT, "actual": TEXT, "input": TEXT, "effect": TEXT},
    word={"enum": list(get_args(Word))},
    message=TEXT,
)
_STAGE_TESTS = record(
    ok=FLAG,
    counts={"type": "object", "additionalProperties": COUNT},
    tested=COUNT,
    examples=COUNT,
    mutation_score_permille=COUNT_OR_NULL,
    stages=list_of(
        record(
            {"implementation_hash": TEXT, "built_in": TEXT},
            name=TEXT,
            where=TEXT,
            verdict={"enum": list(get_args(StageVerdict))},
            reason=TEXT,
            stage_id=TEXT,
            evidence_id=TEXT,
            examples=COUNT,
            generated=COUNT,
            mutants=COUNT_OR_NULL,
            weak=FLAG,
            survivors=list_of(record(line=COUNT, change=TEXT)),
            findings=list_of(_FINDING),
            notes=list_of(TEXT),
            duration_ms=COUNT,
            cached=FLAG,
        )
    ),
    exit=COUNT,
)

#: What ``verify-bundle --stages`` says of the stages that a run called.
TESTED_STAGES = record(
    ok=FLAG,
    result={"enum": ["verified", "bad", "undecided"]},
    verified=COUNT,
    stages=list_of(
        record(
            {"evidence_id": TEXT, "signature_id": TEXT, "stage_id": TEXT},
            run_id=TEXT,
            name=TEXT,
            status={"enum": list(STATUSES)},
            message=TEXT,
            attempts=COUNT,
            where=TEXT,
            **{"try": TEXT},
        )
    ),
    problems=list_of(TEXT),
    notes=list_of(TEXT),
)


def stage_documents() -> dict[str, tuple[str, str, JsonObject]]:
    """Returns the documents of stages: ``schema`` member, what it is, members."""
    return {
        "stage-tests": (
            "workc.stage-tests/1",
            "What `stage test` prints with --json.",
            _STAGE_TESTS,
        )
    }
