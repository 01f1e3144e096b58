"""The published JSON Schema of a plan that a planner gives: its steps are those of a workflow file."""

from __future__ import annotations

from workc.kernel.values import JsonObject
from workc.runtime.planning.answer import MAX_ALTERNATIVES, MAX_WORDS
from workc.runtime.workflow.facts import members
from workc.runtime.workflow.json_schema import NAME_PATTERN, STEP
from workc.runtime.workflow.plan_keys import MOST_STEPS
from workc.runtime.workflow.schema_words import DIALECT, listed, record, text


def _step_with_id() -> JsonObject:
    name = text("The name of the step.", pattern=NAME_PATTERN)
    properties: JsonObject = {"id": name, **members(STEP["properties"])}
    return {**STEP, "required": ["id"], "properties": properties}


_ALTERNATIVE = record(
    "A plan that was not chosen.",
    ["what", "rejected"],
    {
        "what": text("What it would have been.", maxLength=MAX_WORDS),
        "rejected": text("Why it was rejected.", maxLength=MAX_WORDS),
    },
)
PLAN_SCHEMA: JsonObject = {
    **record(
        "A plan: steps as a workflow file has them, each with its id.",
        ["steps"],
        {
            "steps": listed(
                "The steps, in order.", _step_with_id(), minItems=1, maxItems=MOST_STEPS
            ),
            "output": {
                "description": "What the run gives, with references; not if the file says it."
            },
            "rationale": text("Why this plan.", maxLength=MAX_WORDS),
            "alternatives": listed(
                "Plans that were not chosen.", _ALTERNATIVE, maxItems=MAX_ALTERNATIVES
            ),
        },
    ),
    "title": "workc plan, version 1",
}


def published_plan_schema() -> JsonObject:
    """Returns the JSON Schema (2020-12) of a plan."""
    return {"$schema": DIALECT, **PLAN_SCHEMA}
