"""The key ``plan`` of a workflow file: who makes the plan, and what it may be."""

from __future__ import annotations

from workc.kernel.ledger import MAX_CENTS
from workc.kernel.values import JsonObject
from workc.runtime.workflow.schema_words import count, listed, record, text

#: The keys of ``plan`` of which it has one: who makes the plan.
PLAN_WAYS = ("skill", "function")
#: The keys that stand beside ``skill`` alone: a pure function costs nothing and is not tried again.
PLAN_OF_SKILL = ("with", "retry", "timeout_ms", "budget_cents")
#: What is so often done where the file says nothing.
ATTEMPTS, MAX_STEPS, MAX_CHILDREN, MAX_DEPTH = 2, 50, 10, 3
#: The most that a file may say.
MOST_ATTEMPTS, MOST_STEPS, MOST_CHILDREN, MOST_DEPTH = 10, 1_000, 1_000, 16


def plan_keys(*, retry: JsonObject, approval: JsonObject) -> JsonObject:
    """Returns the schema of ``plan``, from those of what it has in common with a step."""
    return record(
        "Who makes the plan, in place of steps, and what the plan may be.",
        ["allow"],
        {
            "skill": text("The skill that makes the plan.", minLength=1, maxLength=256),
            "function": text("The name of a pure function that makes the plan.", minLength=1),
            "with": {
                "type": "object",
                "description": "The skill's parameters; may hold references to planning, too.",
            },
            "allow": listed(
                "The skills that the plan may use, and workflow files, relative to this one.",
                text("A skill, or a workflow file.", minLength=1, maxLength=512),
                minItems=1,
            ),
            "attempts": count("How often a plan is asked for at most.", 1, MOST_ATTEMPTS),
            "max_steps": count("The most steps of a plan.", 1, MOST_STEPS),
            "max_children": count("The most steps that run a workflow.", 0, MOST_CHILDREN),
            "max_depth": count("How many generations of children there may be.", 0, MOST_DEPTH),
            "retry": retry,
            "timeout_ms": count("How long one attempt of the planner may take; 0 means 0."),
            "budget_cents": count("The most one ask may cost, in cents.", 0, MAX_CENTS),
            "approval": approval,
        },
    )
