"""The published JSON Schema of the workflow file; the checks walk this very table.

What a schema of the subset cannot say is checked besides: names of steps and inputs, references,
expressions, cycles, and the parameters of skills.
"""

from __future__ import annotations

from typing import get_args

from workc.kernel.ledger import MAX_CENTS
from workc.kernel.payloads import Target
from workc.kernel.recovery import CLASSES
from workc.kernel.values import MAX_SAFE_INTEGER, Json, JsonObject
from workc.runtime.declared_effects import OPS
from workc.runtime.gate_policies import GATE_POLICIES
from workc.runtime.workflow.lens_schema import LENS
from workc.runtime.workflow.plan_keys import plan_keys
from workc.runtime.workflow.resource_schema import RESOURCE_KEYS
from workc.runtime.workflow.schema_words import (
    DIALECT,
    WORKFLOW_PATTERN,
    count,
    flag,
    listed,
    mapping,
    record,
    text,
)
from workc.runtime.workflow.strategy_keys import SIGNALS, strategies_schema

#: Names of workflows, inputs, steps and checks.
NAME_PATTERN = "^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
#: Names of environment variables (POSIX, Base Definitions, section 8.1, lower case allowed too).
VARIABLE_PATTERN = "^[A-Za-z_][A-Za-z0-9_]{0,255}$"
#: A Python file, relative, or a dotted module name.
SKILL_SOURCE_PATTERN = (
    r"^(?:[^/\\\n][^\\\n]*\.py|[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)$"
)
#: A host: a name, an address or ``*.`` and a suffix; no scheme, path, user or port list.
HOST_PATTERN = r"^[^\s/@?#]+$"

#: The most attempts a step may ask for.
MAX_ATTEMPTS = 100
MAX_BACKTRACKS = 100
#: The most a delay may grow from one attempt to the next, in thousandths.
MAX_MULTIPLIER_PERMILLE = 1_000_000
#: The most characters of a description.
MAX_DESCRIPTION = 10_000

INPUT_TYPES = ("string", "integer", "number", "boolean", "object", "array")
#: What a step may say of its failure in one word; without a word it says the first.
FALLBACK_WORDS = ("fail", "skip", "abort")
#: The keys that say what follows; a mapping has one of them.
FALLBACK_WAYS = ("then", "value", "skill")
#: The keys that stand beside ``skill`` alone.
FALLBACK_OF_SKILL = ("with", "retry", "timeout_ms")
#: The keys of a gate that say what it asks; a gate has one of them.
GATE_WAYS = ("check", "function", "policy", "command", "approval")
#: The keys of a check that say what it asks; a check has one of them.
CHECK_WAYS = ("that", "function", "command")
#: The keys that stand beside ``command`` alone.
GATE_OF_COMMAND = ("cwd", "timeout_ms")
#: What may follow a failure: another pass that begins in this phase, or none.
GOING_ON: tuple[str, ...] = (*get_args(Target), "stop")
LEVELS = ("Syntactic", "Semantic", "Regression", "Acceptance")


_DESCRIPTION = text("What it is for, in words; nothing depends on it.", maxLength=MAX_DESCRIPTION)
_SCHEMA: JsonObject = {"type": "object", "description": "A JSON Schema of the same subset."}

#: An input: the keywords of the schema subset, with one type.
_INPUT = record(
    "What the input must be, as JSON Schema.",
    ["type"],
    {
        "type": text("The type of the value.", enum=[*INPUT_TYPES]),
        "title": text("A short name for people."),
        "description": _DESCRIPTION,
        "default": {
            "description": "The value if none is given; without it the input must be given."
        },
        "examples": {"type": "array", "description": "Values as they may be given."},
        "enum": {"type": "array", "minItems": 1, "description": "The only values allowed."},
        "const": {"description": "The only value allowed."},
        "minimum": {"type": "number", "description": "The least number allowed."},
        "maximum": {"type": "number", "description": "The greatest number allowed."},
        "exclusiveMinimum": {"type": "number", "description": "The number must be greater."},
        "exclusiveMaximum": {"type": "number", "description": "The number must be less."},
        "minLength": count("The least number of characters."),
        "maxLength": count("The greatest number of characters."),
        "pattern": text("A regular expression that some part of the text must match."),
        "format": text("What the text is, for people; not checked."),
        "items": {"type": "object", "description": "The schema of each item."},
        "minItems": count("The least number of items."),
        "maxItems": count("The greatest number of items."),
        "uniqueItems": flag("Whether all items must differ."),
        "properties": mapping("The schema of each member, by name.", _SCHEMA),
        "required": listed("Members that must be there.", text("A member's name.")),
        "additionalProperties": {
            "type": ["boolean", "object"],
            "description": "Whether other members may be there, or their schema.",
        },
    },
)

#: The least and the most of each number of ``retry``.
RETRY_BOUNDS = {
    "max_attempts": (1, MAX_ATTEMPTS),
    "base_delay_ms": (0, MAX_SAFE_INTEGER),
    "max_delay_ms": (0, MAX_SAFE_INTEGER),
    "multiplier_permille": (1000, MAX_MULTIPLIER_PERMILLE),
    "jitter_permille": (0, 1000),
}
_IN_RETRY = {
    "max_attempts": "How often it is tried, the first included.",
    "base_delay_ms": "How long to wait before the second attempt.",
    "max_delay_ms": "The longest wait between two attempts.",
    "multiplier_permille": "What each wait is multiplied by, in thousandths.",
    "jitter_permille": "The part of a wait that is random, in thousandths.",
}
_RETRY = record(
    "How often the step is tried; what is absent comes from the failure catalog.",
    [],
    {name: count(words, *RETRY_BOUNDS[name]) for name, words in _IN_RETRY.items()},
)

_APPROVAL = record(
    "What a human must approve before the step begins.",
    ["question"],
    {
        "question": text(
            "What is asked; may hold references.", minLength=1, maxLength=MAX_DESCRIPTION
        ),
        "timeout_ms": count("How long the answer may take; without it, for ever."),
    },
)

_GATE_ID = text("The name of the gate.", pattern=NAME_PATTERN)
#: What a gate asks, by the key that says it.
_ASKED: dict[str, JsonObject] = {
    "check": text("JMESPath that must give true, and nothing else passes.", minLength=1),
    "function": text("The name of a pure function that must give true.", minLength=1),
    "policy": text("A rule about how the run is made.", enum=[*GATE_POLICIES]),
    "command": listed(
        "A program that must end with status 0, and its arguments.",
        text("The program, or an argument.", minLength=1),
        minItems=1,
    ),
    "approval": _APPROVAL,
}
_ON_FAIL: dict[str, JsonObject] = {
    "on_fail": text("The phase to which the run goes back if it does not hold.", enum=[*GOING_ON])
}
_OF_COMMAND: dict[str, JsonObject] = {
    "cwd": text("Its working folder: a root, or a folder below one.", minLength=1),
    "timeout_ms": count("How long it may take; 0 means 0."),
}


def _gates(description: str, ways: tuple[str, ...]) -> JsonObject:
    """Returns the schema of a list of gates, each of which asks in one of these ways."""
    asked = {way: _ASKED[way] for way in ways}
    beside: dict[str, dict[str, JsonObject]] = {
        "approval": {},
        "command": {**_OF_COMMAND, **_ON_FAIL},
    }
    gate: JsonObject = {
        **record("One gate.", ["id"], {"id": _GATE_ID, **asked, **_OF_COMMAND, **_ON_FAIL}),
        "anyOf": [
            record(
                f"A gate by {way}.",
                ["id", way],
                {"id": _GATE_ID, way: asked[way], **beside.get(way, _ON_FAIL)},
            )
            for way in ways
        ],
    }
    return listed(description, gate)


_EVALUATED = tuple(way for way in GATE_WAYS if way != "approval")
_STEP_GATES = record(
    "What must hold for the step to begin, and of what it gives.",
    [],
    {
        "pre": _gates("What must hold before each attempt; else the step is skipped.", GATE_WAYS),
        "post": _gates("What must hold of the value that it gives.", _EVALUATED),
    },
)
_RUN_GATES = record(
    "What must hold for the run to begin, and of its output.",
    [],
    {
        "pre": _gates("What must hold before the first step; else none runs.", _EVALUATED),
        "post": _gates("What must hold of the output.", _EVALUATED),
    },
)

_SKILL = text("The name of the skill.", minLength=1, maxLength=256)
_WITH: JsonObject = {
    "type": "object",
    "description": "The skill's parameters; may hold references.",
}
_TIMEOUT = count("How long one attempt may take; 0 means 0.")

_WHEN = listed(
    "The failure codes, or categories of them, that it is said of; without it, all.",
    text("A failure code, or a category of failures."),
    minItems=1,
)
_BY_WORD: JsonObject = {
    "then": text("In one word what becomes of it.", enum=[*FALLBACK_WORDS]),
    "when": _WHEN,
}
_BY_VALUE: JsonObject = {
    "value": {"description": "What the step gives instead: any JSON, with references."},
    "when": _WHEN,
}
_BY_SKILL: JsonObject = {
    "skill": text("The skill that runs instead.", minLength=1, maxLength=256),
    "with": _WITH,
    "retry": _RETRY,
    "timeout_ms": _TIMEOUT,
    "when": _WHEN,
}
_ON_FAILURE: JsonObject = {
    **record(
        "What becomes of the run when the step has failed for good: fail, skip, abort, or a mapping.",
        [],
        {**_BY_WORD, **_BY_VALUE, **_BY_SKILL},
    ),
    "type": ["string", "object"],
    "anyOf": [
        text("In one word what becomes of it.", enum=[*FALLBACK_WORDS]),
        record("A word, for some failures.", ["then"], _BY_WORD),
        record("Another value.", ["value"], _BY_VALUE),
        record("Another skill.", ["skill"], _BY_SKILL),
    ],
}

_EFFECT: JsonObject = {
    **record(
        "An effect, like `Network net:https://api.example.com/v1`: itself and what lies below it.",
        [],
        {
            "op": text("What it does.", enum=[*OPS]),
            "selector": text("Where; it begins with fs:, net:, exec: or pub:.", minLength=1),
        },
    ),
    "type": ["string", "object"],
    "anyOf": [
        text("An op, a space and a selector.", pattern=f"^ *(?:{'|'.join(OPS)}) +[a-z]+:"),
        {"type": "object", "required": ["op", "selector"]},
    ],
}


def effects_schema(of: str) -> JsonObject:
    """Returns the schema of the effects that a run or a step declares."""
    return listed(f"All effects that {of} may have; without it, nothing bounds them.", _EFFECT)


#: The keys of a step of which it has one: what it does.
STEP_WAYS = ("skill", "workflow")
#: The keys that stand beside ``workflow`` alone.
STEP_OF_WORKFLOW = ("budget_cents", "critical")
_STEP_KEYS = record(
    "One use of a skill, or a run of another workflow.",
    [],
    {
        "skill": _SKILL,
        "workflow": text(
            "A workflow file, relative to this one, that is run as a child.",
            pattern=WORKFLOW_PATTERN,
            maxLength=512,
        ),
        "budget_cents": count(
            "The most the child may cost, in cents; its own budget holds if it is lower.",
            0,
            MAX_CENTS,
        ),
        "critical": flag("Whether the run fails if the child does; true if absent."),
        "with": _WITH,
        "depends_on": listed(
            "Steps that must succeed first, beside those that `with` refers to.",
            text("The id of a step."),
        ),
        "retry": _RETRY,
        "timeout_ms": _TIMEOUT,
        "approval": _APPROVAL,
        "gates": _STEP_GATES,
        "on_failure": _ON_FAILURE,
        "budget": record(
            "What the step may cost, all its attempts together.",
            ["ceiling_cents"],
            {
                "ceiling_cents": count(
                    "The most it may cost, in cents; 0 means nothing.", 0, MAX_CENTS
                )
            },
        ),
        "effects": effects_schema("the step"),
        **RESOURCE_KEYS,
        "description": _DESCRIPTION,
    },
)
STEP: JsonObject = {**_STEP_KEYS, "anyOf": [{"required": [way]} for way in STEP_WAYS]}

_ONE_CHECK = record(
    "A statement about the run that must hold.",
    ["id"],
    {
        "id": text("The name of the check.", pattern=NAME_PATTERN),
        "level": text("What kind of check it is.", enum=[*LEVELS], default="Semantic"),
        "that": text(
            "JMESPath over {inputs, lens, steps, output}; it must give true, and nothing else passes.",
            minLength=1,
        ),
        "function": _ASKED["function"],
        "command": _ASKED["command"],
        **_OF_COMMAND,
        "on_fail": text(
            "The phase to which the run goes back if it does not hold; without it the run has failed.",
            enum=[*get_args(Target)],
        ),
    },
)
_CHECK: JsonObject = {
    **_ONE_CHECK,
    "anyOf": [{"required": [way]} for way in CHECK_WAYS],
}

NETWORK = record(
    "Where requests may go.",
    [],
    {
        "allow_public": flag("Whether public addresses may be reached; true if absent."),
        "allow_loopback": flag("Whether this machine may be reached; true if absent."),
        "allow_private": flag("Whether private ranges may be reached; false if absent."),
        "allow_hosts": listed(
            "Hosts that may be reached in spite of their address.",
            text("A name, an address, or `*.` and a suffix.", pattern=HOST_PATTERN),
        ),
        "deny_hosts": listed(
            "Hosts that may never be reached.",
            text("A name, an address, or `*.` and a suffix.", pattern=HOST_PATTERN),
        ),
    },
)

#: The keys of a file of which it has one: what it does, or who says it.
FILE_WAYS = ("steps", "plan")
#: The whole file. Each record refuses keys that it does not name.
FILE_SCHEMA: JsonObject = {
    **record(
        "A workflow: steps that use skills, or who plans them, and what must hold at the end.",
        ["workc", "name", "steps"],
        {
            "workc": {"const": 1, "description": "The version of this file format: 1."},
            "name": text("The name of the workflow.", pattern=NAME_PATTERN),
            "description": _DESCRIPTION,
            "inputs": mapping("What is given when the workflow is run, by name.", _INPUT),
            "secrets": listed(
                "Environment variables that ${secrets.NAME} may name.",
                text("The name of an environment variable.", pattern=VARIABLE_PATTERN),
            ),
            "skills": listed(
                "Where the workflow's own skills are.",
                text(
                    "A Python file, relative to this one, or a module name.",
                    pattern=SKILL_SOURCE_PATTERN,
                ),
            ),
            "budget": record(
                "What the run may use; what is absent is not limited, but money: without it nothing.",
                [],
                {
                    "ceiling_cents": count(
                        "The most it may cost, in cents; 0 means nothing.", 0, MAX_CENTS
                    ),
                    "calls": count("The most billable calls it may make; 0 means none."),
                    "tokens": count("The most tokens it may use, of all calls; 0 means none."),
                    "wall_ms": count("The most time it may take, from its start; 0 means none."),
                },
            ),
            "timeout_ms": count("How long the whole run may take; 0 means 0."),
            "policy": record("What the run may do.", [], {"network": NETWORK}),
            "effects": effects_schema("the run"),
            "lens": LENS,
            "steps": mapping("The steps, by id; file order breaks ties.", STEP),
            "plan": plan_keys(retry=_RETRY, approval=_APPROVAL),
            "signals": SIGNALS,
            "strategies": strategies_schema(NAME_PATTERN),
            "gates": _RUN_GATES,
            "verify": listed("What must hold when the steps are done.", _CHECK),
            "max_backtracks": count(
                "How often the run may go back; 1 if it is left out.", 0, MAX_BACKTRACKS
            ),
            "recovery": record(
                "The phase to which the run goes back after a failure, by its class.",
                [],
                {
                    each: text(
                        f"After what is {each}.",
                        enum=["stop"] if each == "Catastrophic" else [*GOING_ON],
                    )
                    for each in CLASSES
                },
            ),
            "output": {"description": "What the run gives: any JSON, with references."},
        },
    ),
    "title": "workc workflow file, version 1",
}


def published_schema() -> JsonObject:
    """Returns the JSON Schema (2020-12) of a workflow file."""
    needed: list[Json] = ["workc", "name"]
    ways: list[Json] = [{"required": [way]} for way in FILE_WAYS]
    return {"$schema": DIALECT, **FILE_SCHEMA, "required": needed, "anyOf": ways}


def schema_of_file(file: JsonObject) -> JsonObject:
    """Returns the schema by which a file is checked: of one that asks a planner, without steps."""
    if "plan" not in file:
        return FILE_SCHEMA
    return {**FILE_SCHEMA, "required": ["workc", "name", "plan"]}
