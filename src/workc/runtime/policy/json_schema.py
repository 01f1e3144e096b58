"""The published JSON Schema of the policy file; the checks walk this very table."""

from __future__ import annotations

from typing import get_args

from workc.kernel.ledger import MAX_CENTS
from workc.kernel.permille import WHOLE
from workc.kernel.phases import LockLevel
from workc.kernel.values import JsonObject
from workc.runtime.declared_effects import OPS
from workc.runtime.policy.model import SCHEMA
from workc.runtime.workflow.json_schema import LEVELS, MAX_DESCRIPTION, NAME_PATTERN, NETWORK
from workc.runtime.workflow.schema_words import DIALECT, count, flag, listed, mapping, record, text

#: No run, no answer and no loss takes longer than a year.
MAX_MS = 31_536_000_000
LOCK_LEVELS: tuple[str, ...] = get_args(LockLevel)

_LINE = record(
    "A line about effects: an op, and a selector that covers what lies below it.",
    ["op", "selector"],
    {
        "op": text("What it does.", enum=[*OPS]),
        "selector": text("Where; it begins with fs:, net:, exec: or pub:.", minLength=1),
    },
)
_EFFECTS = record(
    "Which effects may happen; one that no line allows does not.",
    [],
    {
        "allow": listed("Lines that allow effects.", _LINE),
        "deny": listed("Lines that deny effects; they win over those that allow.", _LINE),
        "unknown": text(
            "Whether functions are called that do not say what they do.", enum=["allow", "deny"]
        ),
    },
)
_BUDGET = record(
    "The most that a run may be given; what is absent is not limited.",
    [],
    {
        "ceiling_cents": count("The highest ceiling, in cents; 0 means nothing.", 0, MAX_CENTS),
        "calls": count("The most billable calls."),
        "tokens": count("The most tokens, of all calls."),
        "wall_ms": count("The most time, from the start of a run.", 0, MAX_MS),
    },
)


def _ms(description: str) -> JsonObject:
    return count(description, 0, MAX_MS)


_APPROVAL = record(
    "When a human is asked before a step begins: if a wrong one loses more than asking costs.",
    [],
    {
        "loss_ms": _ms("What a wrong step loses, in ms of a human."),
        "production_loss_ms": _ms("The same where it touches prod/ or all files."),
        "publish_loss_ms": _ms("The same where it publishes."),
        "cost_ms": _ms("What asking costs, in ms of a human."),
        "timeout_ms": _ms("How long the answer may take; without it, for ever."),
    },
)


def _checks(description: str) -> JsonObject:
    """Returns the schema of the levels of checks that each lock level takes."""
    return record(
        description,
        [],
        {
            level: listed(
                "Levels of checks that a run of this lock level has.",
                text("The level of a check.", enum=[*LEVELS]),
            )
            for level in LOCK_LEVELS
        },
    )


_VERIFY = record(
    "Which lock levels a run may reach, and what it must check for them.",
    [],
    {
        "max_lock_level": text("The highest lock level of a run.", enum=[*LOCK_LEVELS]),
        "unmet": text(
            "What becomes of a run that has not the checks: refuse it, or lower its lock level.",
            enum=["refuse", "lower"],
        ),
        "levels": _checks("For each lock level, the levels of which a check must be there."),
        "high_risk": _checks("The same, besides, for a run of high risk."),
    },
)
_DECIDE = record(
    "What a step may do that nobody decided about: no planner, no human and no gate before it.",
    [],
    {
        "implicit": text(
            "Everything, what is of low risk, or nothing that touches the world.",
            enum=["always", "low", "never"],
        )
    },
)
_LENS = record(
    "The least aggregate of the lens for each lock level, in permille.",
    [],
    {level: count("The least aggregate, in permille.", 0, WHOLE) for level in LOCK_LEVELS},
)


_ROOTS = mapping(
    "The roots that a run may be given, by name; none but these.",
    text("How: ro to be read, rw to be written too.", enum=["ro", "rw"]),
)
_EXEC = record(
    "The programs that a run may be allowed; none but these.",
    [],
    {"programs": listed("Names of programs, as in PATH.", text("A program.", minLength=1))},
)
_PUBLISH = record(
    "Where a run may be allowed to publish; nowhere but there.",
    [],
    {"targets": listed("Folders below roots, and addresses.", text("A target.", minLength=1))},
)


def _network() -> JsonObject:
    properties = NETWORK["properties"]
    offline: JsonObject = {"offline": flag("Whether nothing may be reached; false if absent.")}
    known: JsonObject = properties if isinstance(properties, dict) else {}
    return {**NETWORK, "properties": {**known, **offline}}


#: The whole file. Each record refuses keys that it does not name.
POLICY_SCHEMA: JsonObject = {
    **record(
        "A policy: what runs may do, spend and reach.",
        ["schema", "name"],
        {
            "schema": text("The version of this file format.", enum=[SCHEMA]),
            "name": text("The name of the policy.", pattern=NAME_PATTERN),
            "description": text("What it is for.", maxLength=MAX_DESCRIPTION),
            "effects": _EFFECTS,
            "network": _network(),
            "budget": _BUDGET,
            "approval": _APPROVAL,
            "verify": _VERIFY,
            "decide": _DECIDE,
            "lens": _LENS,
            "roots": _ROOTS,
            "exec": _EXEC,
            "publish": _PUBLISH,
        },
    ),
    "title": "workc policy file, version 1",
}


def published_policy_schema() -> JsonObject:
    """Returns the JSON Schema (2020-12) of a policy file, read as JSON."""
    return {"$schema": DIALECT, **POLICY_SCHEMA}
