"""The published JSON Schemas of what the commands of ``workc policy`` print."""

from __future__ import annotations

from workc.api.published_shapes import COUNT, FLAG, OBJECT, TEXT, list_of, record
from workc.kernel.values import JsonObject


def policy_documents(problem: JsonObject) -> dict[str, tuple[str, str, JsonObject]]:
    """Returns the documents by published name; ``problem`` is one of a file that is checked."""
    return {
        "policy-check": (
            "workc.policy-check/1",
            "What `policy check` prints with --json.",
            _check(problem),
        ),
        "policy-shown": ("workc.policy-shown/1", "What `policy show` prints with --json.", _SHOWN),
        "policy-explained": (
            "workc.policy-explained/1",
            "What `policy explain` prints with --json.",
            _EXPLAINED,
        ),
    }


def _check(problem: JsonObject) -> JsonObject:
    optional: JsonObject = {"name": TEXT, "rules": OBJECT}
    return record(optional, ok=FLAG, file=TEXT, problems=list_of(problem), exit=COUNT)


_SHOWN = record(name=TEXT, toml=TEXT, rules=OBJECT)
_EXPLAINED = record(
    run_id=TEXT,
    id=TEXT,
    name=TEXT,
    rules_sha256=TEXT,
    rules=OBJECT,
    declared={"anyOf": [{"type": "null"}, list_of(TEXT)]},
    decisions=list_of(
        record(
            step=TEXT,
            verdict={
                "enum": [
                    "allowed",
                    "refused",
                    "required",
                    "asked",
                    "approved",
                    "denied",
                    "timed_out",
                ]
            },
            subject=TEXT,
            rule=TEXT,
        )
    ),
)
