"""The forms of the two documents of format 0.2, as docs/spec/bundle-0.2.md has them.

Sections 1, 3 and 8 again, as data of their own: what the reader of documents accepts is not asked.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import TypeAlias, Union

import msgspec

from workc.kernel.values import Json

#: A name of ``_ALONE``; one of some texts; a list; a closed object, whose keys with ``?`` may be absent.
Form: TypeAlias = Union[str, tuple[str, ...], list["Form"], Mapping[str, "Form"], "Names"]

MAX_COUNT = 2**53 - 1


class Names(msgspec.Struct, frozen=True):
    """The form of an object of any ASCII names, all of one form."""

    form: Form


_LEVEL = ("Syntactic", "Semantic", "Regression", "Acceptance")
_ROOT: Form = {"root": "text", "size": "count"}
_ROOTS = (
    "artifacts", "budget", "effects", "events", "evidence", "gates", "lens", "verification",
    "workgraph",
)  # fmt: skip

MANIFEST_FORM: Form = {
    "bundle_version": "text",
    "files": [{"path": "text", "sha256": "text", "size": "count"}],
    "run_id": "text",
}
RECEIPT_FORM: Form = {
    "backtracks?": [
        {
            "code": "text",
            "error_class?": ("Recoverable", "Unrecoverable", "PatternFailure", "Catastrophic"),
            "gate?": "text",
            "of?": "text",
            "to": ("Act", "Decide", "Orient"),
        }
    ],
    "bundle_version": "text",
    "catalog_sha256": "text",
    "children?": [
        {
            "ceiling_micro_cents": "count",
            "child_run_id": "text",
            "critical": "flag",
            "nonce": "text",
            "outcome?": ("success", "partial", "failed"),
            "proof_digest?": "text",
            "spawn_index": "count",
            "spent_micro_cents?": "count",
            "step": "text",
            "value?": "body",
        }
    ],
    "code": Names("text"),
    "counts": {
        "attempts": "count",
        "effects": "count",
        "events": "count",
        "retries": "count",
        "steps": "count",
        "steps_failed": "count",
        "steps_skipped": "count",
        "steps_succeeded": "count",
    },
    "effects?": [
        {"op": ("ReadFS", "WriteFS", "Network", "Exec", "Publish"), "selector": "text"},
    ],
    "ended_ms": "count",
    "engine": "text",
    "failure?": {"code": "text", "message": "text", "step?": "text"},
    "fallbacks?": [
        {
            "action": ("abort", "skill", "skip", "value"),
            "attempt": "count",
            "code": "text",
            "skill?": "text",
            "step": "text",
        }
    ],
    "gates?": [
        {
            "gate": "text",
            "kind": ("check", "command", "function", "policy", "human"),
            "passed": "flag",
            "step?": "text",
            "when": ("pre_run", "pre_step", "post_step", "post_run"),
        }
    ],
    "halt?": "text",
    "inputs": "body",
    "intent": {
        "description": "text",
        "source": ("human", "parent_loop", "trigger", "policy"),
    },
    "lock_level": ("Draft", "Staged", "Committed", "Published", "Immutable"),
    "manifest_sha256": "text",
    "money": {
        "calls?": "count",
        "ceiling_micro_cents": "count",
        "limits?": {"calls?": "count", "tokens?": "count", "wall_ms?": "count"},
        "refused": "count",
        "reserved_micro_cents": "count",
        "spent_micro_cents": "count",
        "tokens?": "count",
    },
    "name": "text",
    "nonce": "text",
    "outcome": ("success", "partial", "failed"),
    "output?": "body",
    "continues?": "text",
    "parent?": {"run_id": "text", "spawn_index": "count", "step": "text"},
    "phase_sequence": [("Observe", "Orient", "Decide", "Act", "Verify", "Lock")],
    "policy": {"id": "text", "rules_sha256": "text"},
    "prices": "body",
    "program": "body",
    "program_kind": ("file", "function"),
    "proof_digest": "text",
    "roots": dict.fromkeys(_ROOTS, _ROOT),
    "run_id": "text",
    "seed": "text",
    "stages?": Names({"evidence_id": "text", "signature_id": "text", "stage_id": "text"}),
    "started_ms": "count",
    "step_failures": [{"attempts": "count", "code": "text", "step": "text"}],
    "verification": {
        "results": [{"check_id": "text", "level": _LEVEL, "passed": "flag"}],
        "verdict": ("passed", "failed", "nothing_to_check", "not_run"),
    },
}
_KIND = ("json", "text", "bytes")
_INLINE: Form = {"form": _KIND, "inline": "text"}
_FILE: Form = {"form": _KIND, "path": "text", "sha256": "text", "size": "count"}

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SEGMENT = re.compile(r"[A-Za-z0-9._-]{0,127}[A-Za-z0-9_-]")
_DEVICE = re.compile(r"(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
MAX_PATH_BYTES = 512


def fits(value: Json, form: Form) -> bool:
    """Returns whether a value is of a form."""
    match form:
        case str():
            return _fits_alone(value, form)
        case tuple():
            return isinstance(value, str) and value in form
        case list():
            return isinstance(value, list) and all(fits(item, form[0]) for item in value)
        case Names():
            return isinstance(value, dict) and all(fits(item, form.form) for item in value.values())
        case _:
            return isinstance(value, dict) and _fits_closed(value, form)


def _fits_closed(value: Mapping[str, Json], form: Mapping[str, Form]) -> bool:
    forms = {name.removesuffix("?"): inner for name, inner in form.items()}
    needed = {name for name in form if not name.endswith("?")}
    if not needed <= value.keys() <= forms.keys():
        return False
    return all(fits(item, forms[name]) for name, item in value.items())


def _fits_alone(value: Json, name: str) -> bool:
    match name:
        case "text":
            return isinstance(value, str)
        case "flag":
            return isinstance(value, bool)
        case "count":
            return type(value) is int and 0 <= value <= MAX_COUNT
        case _:
            return _fits_body(value)


def _fits_body(value: Json) -> bool:
    if not (isinstance(value, dict) and fits(value, _INLINE)):
        return fits(value, _FILE)
    return value["form"] != "bytes" or _is_base64(str(value["inline"]))


def _is_base64(text: str) -> bool:
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except ValueError:
        return False


def is_digest(text: str) -> bool:
    """Returns whether a text is 64 lower-case hex digits."""
    return _DIGEST.fullmatch(text) is not None


def is_safe(path: str) -> bool:
    """Returns whether a path obeys section 2."""
    segments = path.split("/")
    return len(path.encode()) <= MAX_PATH_BYTES and all(
        _SEGMENT.fullmatch(segment) and not _DEVICE.fullmatch(segment) for segment in segments
    )


def may_be_listed(path: str) -> bool:
    """Returns whether a manifest may list a path (section 3)."""
    return path == "events.jsonl" or path.startswith(("evidence/", "artifacts/"))
