"""Where a verifier must find something first: a step and a code, in the order of the format's page.

Written from docs/spec/bundle-0.2.md, section 10. Whatever breaks several rules is found first in
the step that stands first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from workc.verify.verdict import Step, VerifyFailCode

ORDER: tuple[Step, ...] = (
    "names",
    "manifest",
    "files",
    "receipt",
    "events",
    "table",
    "policy",
    "money",
    "references",
    "roots",
    "projection",
    "digest",
    "signatures",
    "expectations",
    "children",
)


class Place(NamedTuple):
    """The step and the code of the first finding."""

    step: Step
    code: VerifyFailCode


UNSAFE_NAME = Place("names", "UNSAFE_PATH")
EMPTY_FOLDER = Place("names", "UNLISTED_FILE")
BAD_MANIFEST = Place("manifest", "BUNDLE_MALFORMED")
UNSAFE_ENTRY = Place("manifest", "UNSAFE_PATH")
MISSING = Place("files", "MANIFEST_MISSING_FILE")
UNLISTED = Place("files", "UNLISTED_FILE")
HASH = Place("files", "HASH_MISMATCH")
BAD_RECEIPT = Place("receipt", "BUNDLE_MALFORMED")
VERSION = Place("receipt", "VERSION_UNSUPPORTED")
OTHER_RECEIPT = Place("receipt", "RECEIPT_HASH_MISMATCH")
BAD_EVENT = Place("events", "BUNDLE_MALFORMED")
CHAIN = Place("events", "EVENT_CHAIN_MISMATCH")
TABLE = Place("table", "FSM_ILLEGAL_TRANSITION")
EXCEEDED = Place("policy", "EFFECT_BOUNDS_EXCEEDED")
POLICY = Place("policy", "POLICY_VIOLATION")
MONEY = Place("money", "BUDGET_INVALID")
NO_CAPTURE = Place("references", "CAPTURE_MISSING")
UNNAMED = Place("references", "UNLISTED_FILE")
OTHER_CAPTURE = Place("references", "HASH_MISMATCH")
NOT_SAID = Place("projection", "RECEIPT_EVENT_MISMATCH")
NOT_BORNE_OUT = Place("projection", "VERIFICATION_INCOMPLETE")
OTHER_MANIFEST = Place("projection", "RECEIPT_HASH_MISMATCH")
DIGEST = Place("digest", "PROOF_DIGEST_MISMATCH")
TOO_MANY = Place("signatures", "LIMIT_EXCEEDED")
#: A bare bundle cannot show it: the verdict is PASS with another digest, and only whoever demands
#: the digest of the true bundle sees that this is another one.
UNPROVABLE = Place("expectations", "DIGEST_UNEXPECTED")

#: Of each root the code; they are compared in the order of their names.
ROOTS: dict[str, Place] = {
    "artifacts": Place("roots", "MERKLE_MISMATCH_ARTIFACTS"),
    "budget": Place("roots", "MERKLE_MISMATCH_BUDGET"),
    "effects": Place("roots", "MERKLE_MISMATCH_EFFECTS"),
    "events": Place("roots", "MERKLE_MISMATCH_EVENTLOG"),
    "evidence": Place("roots", "MERKLE_MISMATCH_EVIDENCE"),
    "gates": Place("roots", "MERKLE_MISMATCH_GATES"),
    "lens": Place("roots", "MERKLE_MISMATCH_LENS"),
    "verification": Place("roots", "MERKLE_MISMATCH_VERIFICATION"),
    "workgraph": Place("roots", "MERKLE_MISMATCH_WORKGRAPH"),
}


def first_root(names: Iterable[str]) -> Place:
    """Returns what is found of some roots that differ."""
    return ROOTS[min(names)]


def first(places: Iterable[Place]) -> Place:
    """Returns what is found first; of one step the first that is given."""
    return min(places, key=lambda place: ORDER.index(place.step), default=UNPROVABLE)
