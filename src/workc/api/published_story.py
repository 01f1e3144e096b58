"""The published JSON Schemas of parts of a story: what a run waits for, its children, its lens."""

from __future__ import annotations

from workc.api.published_shapes import (
    COUNT,
    COUNT_OR_NULL,
    FLAG,
    OBJECT,
    TEXT,
    TEXT_OR_NULL,
    list_of,
    record,
)

WAITING = record(step=TEXT, question=TEXT, deadline_ms=COUNT_OR_NULL, run_id=TEXT)
CHILD = record(
    run_id=TEXT,
    step=TEXT,
    critical=FLAG,
    ceiling_micro_cents=COUNT,
    spent_micro_cents=COUNT,
    outcome=TEXT_OR_NULL,
    proof_digest=TEXT_OR_NULL,
)
LENS = record(
    items=list_of(
        record(
            item=TEXT,
            how=TEXT,
            source=TEXT,
            part=COUNT_OR_NULL,
            code=TEXT_OR_NULL,
            run_id=TEXT_OR_NULL,
            proof_digest=TEXT_OR_NULL,
        )
    ),
    rounds=COUNT,
    quality=OBJECT,
    at_least=OBJECT,
    contested=list_of(TEXT),
    scripted=FLAG,
)
