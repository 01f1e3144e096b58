"""The forms of the documents of format 0.1, as docs/spec/bundle-0.1.md has them.

Sections 1 to 5 again, as data of their own: what the reader of documents accepts is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, Union

import msgspec

from workc.kernel.values import Json

#: A name of ``_ALONE``; one of some texts; a list; an object, open or closed, in which the keys with
#: ``?`` may be absent or null; or one form or another.
Form: TypeAlias = Union[
    str, tuple[str, ...], list["Form"], Mapping[str, "Form"], "Closed", "Either", "Nullable"
]


class Closed(msgspec.Struct, frozen=True):
    """The form of an object that has these fields and no other."""

    fields: Mapping[str, Form]


class Either(msgspec.Struct, frozen=True):
    """Of one form or of another."""

    forms: tuple[Form, ...]


class Nullable(msgspec.Struct, frozen=True):
    """Null, or of a form."""

    form: Form


_PHASE = ("Observe", "Orient", "Decide", "Act", "Verify", "Lock")
_LEVEL = ("Syntactic", "Semantic", "Regression", "Acceptance")
_STATUS = ("success", "partial", "failed")
_ACTOR = ("human", "agent", "automation")
_ARTIFACT: Form = {
    "path": "text",
    "sha256": "hash",
    "size_bytes?": "count",
    "kind?": ("File", "Directory", "Uri"),
}
_EFFECT: Form = {
    "op": ("ReadFS", "WriteFS", "Network", "Exec", "Publish"),
    "selector": "text",
}
_ROOTS = (
    "event_log_root", "artifacts_root", "evidence_root", "lens_root", "effects_root", "gates_root",
    "verification_root", "workgraph_root",
)  # fmt: skip

MANIFEST_FORM: Form = Closed(
    {
        "bundle_version": "text",
        "created_utc": "time",
        "files": [Closed({"path": "text", "sha256": "hash", "size_bytes": "count"})],
        "loop_id": "text",
    }
)
INTEGRITY_FORM: Form = Closed(
    {
        "cj_version": "text",
        "proof_version": "text",
        "fsm_version": "text",
        "enf_version": "text",
        "policy_id": "text",
        "policy_hash": "hash",
        "receipt_hash": "hash",
        "proof_digest": "hash",
        "roots": Closed(dict.fromkeys(_ROOTS, "hash")),
    }
)
RECEIPT_FORM: Form = {
    "receipt_version": "text",
    "loop_id": "text",
    "parent_loop_id": Nullable("text"),
    "timestamp_utc": "time",
    "intent": {"description": "text", "source": ("human", "parent_loop", "trigger", "policy")},
    "outcome": {"description": "text", "status": _STATUS},
    "actor": {
        "type": _ACTOR,
        "name": "text",
        "model?": "text",
        "model_digest?": "text",
        "email?": "text",
    },
    "lock_level": ("Draft", "Staged", "Committed", "Published", "Immutable"),
    "phase_sequence": [_PHASE],
    "artifacts": {"inputs": [_ARTIFACT], "outputs": [_ARTIFACT]},
    "lens": {
        "lens_id": "any",
        "created_utc": "time",
        "items": [
            {"kind": "text", "uri": "text", "sha256": "hash", "ts_utc": "time", "provenance": "any"}
        ],
        "quality": dict.fromkeys(
            ("coverage", "freshness", "conflict", "provenance", "aggregate"), "permille"
        ),
    },
    "effects": {
        "enf_version": "text",
        "k": "count",
        "executed_raw": [_EFFECT],
        "declared": [_EFFECT],
        "compression?": {
            "algorithm": ("TrieMerge-v0.1",),
            "input_count": "count",
            "output_count": "count",
        },
    },
    "decisions": ["object"],
    "strategies": {
        "suggestions": [{"strategy_id": "text", "match_permille": "permille"}],
        "used": Nullable({"strategy_id": "text", "applied_at_phase": _PHASE}),
    },
    "verification": {
        "spec": {"level": _LEVEL, "checks_required": ["text"]},
        "results": [{"level": _LEVEL, "check_id": "text", "passed": "flag", "evidence?": "any"}],
    },
    "gates": [{"phase": _PHASE, "gate_id": "text", "passed": "flag", "evidence?": "any"}],
    "children": [
        {
            "spawn_index": "count",
            "child_loop_id": "text",
            "critical": "flag",
            "child_proof_digest": "hash",
            "outcome_status": _STATUS,
        }
    ],
    "errors": [
        {
            "phase": _PHASE,
            "class": ("Recoverable", "Unrecoverable", "PatternFailure", "Catastrophic"),
            "code": "any",
            "message": "any",
            "retryable": "flag",
            "evidence?": "any",
        }
    ],
    "hitl": [
        Either(
            (
                {
                    "kind": ("Prompt",),
                    "required": "flag",
                    "p_override_permille": "permille",
                    "loss_ms": "count",
                    "cost_ms": "count",
                    "evi_ms": "integer",
                    "ts_utc": "time",
                },
                {
                    "kind": ("Decision",),
                    "approved": "flag",
                    "approver": {"type": _ACTOR, "name": "text"},
                    "ts_utc": "time",
                },
            )
        )
    ],
    "integrity": INTEGRITY_FORM,
}
EVENT_FORM: Form = {
    "event_id": "any",
    "loop_id": "text",
    "seq": "count",
    "ts_utc": "time",
    "phase": _PHASE,
    "kind": "text",
    "payload": "object",
    "prev_event_hash": "hash",
    "event_hash": "hash",
}

_HASH = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(
    r"[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9]))"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?Z"
)
_SEGMENT = re.compile(r'[^\x00-\x1f\x7f-\U0010ffff"*:<>?\\|]{1,255}')
_DEVICE = re.compile(r"(?i:con|prn|aux|nul|com[0-9]|lpt[0-9]) *(?:\..*)?")
MAX_PATH_BYTES = 512


def _is_integer(value: Json) -> bool:
    return type(value) is int


def _is_count(value: Json) -> bool:
    return type(value) is int and value >= 0


def _is_permille(value: Json) -> bool:
    return type(value) is int and 0 <= value <= 1000


def _is_hash(value: Json) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _is_time(value: Json) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


_ALONE: Mapping[str, Callable[[Json], bool]] = {
    "any": lambda _: True,
    "text": lambda value: isinstance(value, str),
    "flag": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "integer": _is_integer,
    "count": _is_count,
    "permille": _is_permille,
    "hash": _is_hash,
    "time": _is_time,
}


def fits(value: Json, form: Form) -> bool:
    """Returns whether a value is of a form."""
    match form:
        case str():
            return _ALONE[form](value)
        case tuple():
            return isinstance(value, str) and value in form
        case list():
            return isinstance(value, list) and all(fits(item, form[0]) for item in value)
        case Either():
            return any(fits(value, one) for one in form.forms)
        case Nullable():
            return value is None or fits(value, form.form)
        case _:
            return isinstance(value, dict) and _fits_object(value, form)


def _fits_object(value: Mapping[str, Json], form: Mapping[str, Form] | Closed) -> bool:
    fields = form.fields if isinstance(form, Closed) else form
    if isinstance(form, Closed) and not value.keys() <= fields.keys():
        return False
    return all(_fits_field(value, name, inner) for name, inner in fields.items())


def _fits_field(value: Mapping[str, Json], name: str, form: Form) -> bool:
    field = name.removesuffix("?")
    if field == name:
        return field in value and fits(value[field], form)
    return value.get(field) is None or fits(value[field], form)


def is_safe(path: str) -> bool:
    """Returns whether a path obeys section 2."""
    return len(path.encode("utf-8", "surrogatepass")) <= MAX_PATH_BYTES and all(
        _SEGMENT.fullmatch(segment)
        and not segment.startswith(" ")
        and not segment.endswith((" ", "."))
        and not _DEVICE.fullmatch(segment)
        for segment in path.split("/")
    )


def may_be_listed(path: str) -> bool:
    """Returns whether a manifest may list a path (section 3)."""
    return path in {"receipt.json", "events.jsonl"} or path.startswith("evidence/")
