"""The pieces of which published JSON Schemas are made."""

from __future__ import annotations

from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.schema_words import DIALECT

TEXT: JsonObject = {"type": "string"}
TEXT_OR_NULL: JsonObject = {"type": ["string", "null"]}
COUNT: JsonObject = {"type": "integer", "minimum": 0}
COUNT_OR_NULL: JsonObject = {"type": ["integer", "null"], "minimum": 0}
FLAG: JsonObject = {"type": "boolean"}
OBJECT: JsonObject = {"type": "object"}
ANY: JsonObject = {"description": "Any JSON."}


def record(optional: JsonObject | None = None, /, **required: JsonObject) -> JsonObject:
    """Returns the schema of an object with these members; others may be there."""
    names: list[Json] = [*required]
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": names,
    }


def list_of(items: JsonObject) -> JsonObject:
    """Returns the schema of a list of these."""
    return {"type": "array", "items": items}


def named(name: str, description: str, body: JsonObject) -> JsonObject:
    """Returns the schema of a document that says its name in ``schema``."""
    properties = body["properties"]
    members = properties if isinstance(properties, dict) else {}
    required = body["required"]
    names = required if isinstance(required, list) else []
    return {
        "$schema": DIALECT,
        "title": name,
        "description": description,
        **body,
        "properties": {"schema": {"const": name}, **members},
        "required": ["schema", *names],
    }


#: A child of a run, as the outcome of the run lists it.
CHILD_OUTCOME = record(
    run_id=TEXT,
    step=TEXT,
    outcome={"enum": ["success", "partial", "failed", None]},
    critical=FLAG,
    proof_digest=TEXT_OR_NULL,
    cost_micro_cents=COUNT,
)
