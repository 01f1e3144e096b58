"""Words of JSON Schema for files that people write: each part has a description.

The descriptions are what people read where something is wrong (:mod:`workc.runtime.workflow.shape`).
"""

from __future__ import annotations

from workc.kernel.values import MAX_SAFE_INTEGER, Json, JsonObject

#: What a published schema says that it is written in.
DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: A workflow file below the folder of the one that names it; no part of the way leads up.
WORKFLOW_PATTERN = (
    r"^(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*\.(?:yaml|yml|json)$"
)


def text(description: str, **more: Json) -> JsonObject:
    """Returns the schema of a text."""
    return {"type": "string", "description": description, **more}


def count(description: str, minimum: int = 0, maximum: int = MAX_SAFE_INTEGER) -> JsonObject:
    """Returns the schema of a whole number within bounds."""
    return {
        "type": "integer",
        "minimum": minimum,
        "maximum": maximum,
        "description": description,
    }


def flag(description: str) -> JsonObject:
    """Returns the schema of a switch."""
    return {"type": "boolean", "description": description}


def listed(description: str, items: JsonObject, **more: Json) -> JsonObject:
    """Returns the schema of a list."""
    return {"type": "array", "items": items, "description": description, **more}


def mapping(description: str, values: JsonObject) -> JsonObject:
    """Returns the schema of a mapping whose keys are free."""
    return {"type": "object", "additionalProperties": values, "description": description}


def record(description: str, required: list[Json], properties: JsonObject) -> JsonObject:
    """Returns the schema of a mapping whose keys are these."""
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        "description": description,
    }
