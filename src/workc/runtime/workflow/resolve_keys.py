"""The key ``resolve`` of a lens: a workflow that is run where items of the lens contradict each other."""

from __future__ import annotations

from workc.kernel.ledger import MAX_CENTS
from workc.kernel.values import JsonObject
from workc.runtime.workflow.schema_words import WORKFLOW_PATTERN, count, record, text

#: The step that runs it, what it is given beside ``with``, and the item of the lens that its output is.
RESOLVE_STEP = "resolve"
CONFLICTS = "conflicts"
RESOLVED = "resolved"

RESOLVE: JsonObject = record(
    "The workflow that is run, once, where items contradict each other; it says what holds.",
    ["workflow"],
    {
        "workflow": text(
            "A workflow file, relative to this one, that takes the input conflicts.",
            pattern=WORKFLOW_PATTERN,
            maxLength=512,
        ),
        "with": {
            "type": "object",
            "description": "Its other inputs; may hold references to inputs and the lens.",
        },
        "budget_cents": count("The most it may cost, in cents; nothing if absent.", 0, MAX_CENTS),
    },
)
