"""The JSON Schemas of what `workc.Runtime` takes and gives, beside outcomes."""

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
from workc.kernel.values import JsonObject

_TEXTS = list_of(TEXT)
_USES_LEFT: JsonObject = {"type": "object", "additionalProperties": COUNT_OR_NULL}
_SKILL = record(
    skill_id=TEXT,
    name=TEXT,
    version=TEXT,
    description=TEXT,
    input_schema=OBJECT,
    output_schema=OBJECT,
    timeout_ms=COUNT_OR_NULL,
    cost_estimate=record(
        basis={"enum": ["free", "reserved", "unknown"]}, at_most_micro_cents=COUNT_OR_NULL
    ),
    retry_policy=record(by=TEXT, max_attempts=COUNT, idempotent=FLAG),
    permissions=_TEXTS,
    side_effects=_TEXTS,
    tags=_TEXTS,
)
_CONTRACT = record(
    contract_id=TEXT,
    principal=TEXT,
    budget_cents=COUNT,
    period={"enum": ["run", "hour", "day", "contract"]},
    allowed_operations=_TEXTS,
    quotas={
        "type": "object",
        "additionalProperties": record(uses=COUNT_OR_NULL, per_minute=COUNT_OR_NULL),
    },
    policy={"type": ["object", "null"]},
    expires_at=TEXT_OR_NULL,
)


def runtime_documents(
    outcome: JsonObject, remark: JsonObject
) -> dict[str, tuple[str, str, JsonObject]]:
    """Returns name, description and members of each document, by its published name."""
    return {
        "skill": ("workc.skill/1", "What `Runtime.describe_skill` gives: SkillMetadata.", _SKILL),
        "contract": ("workc.contract/1", "A ResourceContract.", _CONTRACT),
        "state": ("workc.state/1", "What `Runtime.query` gives.", _state(outcome)),
        "simulation": ("workc.simulation/1", "What `Runtime.simulate` gives.", _simulation(remark)),
    }


def _state(outcome: JsonObject) -> JsonObject:
    return record(
        left_micro_cents=COUNT_OR_NULL,
        spent_micro_cents=COUNT,
        allowed_skills=_TEXTS,
        uses_left=_USES_LEFT,
        expires_at=TEXT_OR_NULL,
        tried=list_of(
            record(
                name=TEXT,
                run_id=TEXT_OR_NULL,
                status=TEXT,
                code=TEXT,
                attempts=COUNT,
                cost_micro_cents=COUNT,
            )
        ),
        last_outcome={"anyOf": [{"type": "null"}, outcome]},
    )


def _simulation(remark: JsonObject) -> JsonObject:
    return record(
        name=TEXT,
        ok=FLAG,
        steps=list_of(
            record(
                step=TEXT,
                skill=TEXT,
                on_failure=TEXT,
                wave=COUNT,
                attempts=COUNT,
                effects=_TEXTS,
                target=TEXT,
                cost_micro_cents=COUNT_OR_NULL,
                waiting_ms=COUNT_OR_NULL,
            )
        ),
        effects=_TEXTS,
        declared={"anyOf": [{"type": "null"}, _TEXTS]},
        missing=_TEXTS,
        cost_micro_cents=COUNT_OR_NULL,
        ceiling_micro_cents=COUNT,
        waiting_ms=COUNT_OR_NULL,
        remarks=list_of(remark),
    )
