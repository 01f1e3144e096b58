"""The keys of a step that say what it needs alone."""

from __future__ import annotations

from workc.kernel.resources import MAX_RESOURCE_CHARS
from workc.kernel.values import JsonObject
from workc.runtime.workflow.schema_words import count, listed, text

RESOURCE_KEYS: JsonObject = {
    "resources": listed(
        "What the step needs alone: no other step, and no other run of the store, has it meanwhile.",
        text("The name of a resource.", minLength=1, maxLength=MAX_RESOURCE_CHARS),
        minItems=1,
    ),
    "resources_wait_ms": count("How long it waits for them at most; 60000 if absent, 0 means 0."),
}
