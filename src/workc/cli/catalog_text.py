"""Failure codes and the oracle's codes, in words."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import msgspec

from workc.cli.errors import Stopped, stop
from workc.cli.text import printable
from workc.kernel.catalog import CATALOG
from workc.kernel.failure import CatalogEntry
from workc.kernel.values import JsonObject

#: What each finding of the oracle means (docs/spec/bundle-0.2.md, section 9).
ORACLE_CODES: dict[str, str] = {
    "HASH_MISMATCH": "A file is not the one that was listed: its size or its SHA-256 differs.",
    "MANIFEST_MISSING_FILE": "The manifest lists a file that the bundle does not hold.",
    "MERKLE_MISMATCH_ARTIFACTS": "The root over the artifacts is not that of the files listed.",
    "MERKLE_MISMATCH_EVIDENCE": "The root over the evidence is not that of the files listed.",
    "EVENT_CHAIN_MISMATCH": "An event does not continue the chain: it was changed, moved, put in or taken out.",
    "RECEIPT_HASH_MISMATCH": "The receipt names another manifest than the one in the bundle.",
    "PROOF_DIGEST_MISMATCH": "The proof digest is not the one that the receipt gives.",
    "FSM_ILLEGAL_TRANSITION": "The events stand in an order of phases that no run can have.",
    "POLICY_VIOLATION": "An event shows something that the policy of the run forbids.",
    "VERSION_UNSUPPORTED": "The bundle is of a version that this verifier does not know; it is not judged.",
    "MERKLE_MISMATCH_EVENTLOG": "The root over the events is not that of the events.",
    "MERKLE_MISMATCH_LENS": "The root over what the work was given to know is not that of the events.",
    "MERKLE_MISMATCH_EFFECTS": "The root over the effects is not that of the events.",
    "MERKLE_MISMATCH_GATES": "The root over the gates is not that of the events.",
    "MERKLE_MISMATCH_VERIFICATION": "The root over the checks is not that of the events.",
    "MERKLE_MISMATCH_WORKGRAPH": "The root over the work graph is not that of the events.",
    "MERKLE_MISMATCH_BUDGET": "The root over the moves of the ledger is not that of the events.",
    "BUNDLE_MALFORMED": "This is no bundle, or a document in it does not have its form.",
    "LIMIT_EXCEEDED": "Something is larger than the verifier reads; it is not judged.",
    "FILE_UNREADABLE": "A file could not be read, so it is not judged.",
    "UNLISTED_FILE": "The bundle holds something that it does not list or refer to.",
    "UNSAFE_PATH": "A name in the bundle may not stand there: a link, a device, two that differ in case.",
    "RECEIPT_EVENT_MISMATCH": "The receipt or the manifest says something else than the events.",
    "VERIFICATION_INCOMPLETE": "The outcome is not borne out by the work and the checks.",
    "BUDGET_INVALID": "A move of the ledger does not follow from those before it, or passes the ceiling.",
    "CAPTURE_MISSING": "An event refers to a file that the bundle does not list.",
    "DIGEST_UNEXPECTED": "The bundle is not the one that the caller asked for.",
    "EFFECT_BOUNDS_EXCEEDED": "An effect was executed that no declared one covers, or more were declared than may be.",
    "CHILD_MISMATCH": "The children are not those that the events started and took back, or the outcome is better than theirs allow.",
    "SIGNATURE_INVALID": "A file of signatures is no good envelope, or it is about something else.",
    "SIGNER_UNTRUSTED": "A signature does not count: its key, its time, the number of keys, or the format's age.",
    "SIGNATURE_MISSING": "Nobody signed the bundle, and the caller requires a signature.",
}

#: Longer than any code; what is near to a longer text takes long to find.
_MAX_CODE_CHARS = 80


def unknown_code(code: str) -> Stopped:
    """Returns the refusal of a code that nobody knows, with what may have been meant."""
    if code.upper() in ORACLE_CODES:
        message = f"{code.upper()} is a finding of verify-bundle, no failure of a run"
        return stop("INVALID_INPUT", message, f"workc explain {code.upper()}")
    near = near_codes(code)
    hint = f"; did you mean {meant(near)}?" if near else ""
    tries = [f"workc explain {each}" for each in near] or ["workc failures"]
    return stop("INVALID_INPUT", f"there is no code {printable(code, 60)!r}{hint}", *tries)


def near_codes(code: str) -> list[str]:
    """Returns the codes that may have been meant, the nearest first."""
    known = sorted({*CATALOG, *ORACLE_CODES})
    return get_close_matches(code.upper()[:_MAX_CODE_CHARS], known, n=3)


def meant(names: Sequence[str]) -> str:
    """Returns names as a choice: ``A, B or C``."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def entry_json(entry: CatalogEntry) -> JsonObject:
    """Returns an entry of the catalog with all its fields."""
    found: JsonObject = msgspec.to_builtins(entry)
    return found


def entry_lines(entry: CatalogEntry) -> list[str]:
    """Returns an entry of the catalog as lines for people."""
    retry = entry.retry
    again = (
        f"yes: up to {retry.max_attempts} attempts, {retry.base_delay_ms} ms apart and growing"
        if entry.retryable and retry.strategy != "none"
        else ("yes, but not by itself" if entry.retryable else "no")
    )
    lines = [
        f"{entry.code}  {entry.summary}",
        f"  category  {entry.category}",
        f"  retried   {again}",
        f"  exit      {entry.exit}",
    ]
    if entry.http_status is not None:
        lines.append(f"  status    {entry.http_status}")
    return [*lines, f"  to do     {entry.hint}"]
