"""The rules of inclusion proofs (docs/spec/inclusion-proof.md)."""

from __future__ import annotations

from collections.abc import Mapping

from workc.bundle.inclusion import Tree
from workc.verify.rules import Rule
from workc.verify.verdict import Step, VerifyFailCode


def _rule(number: str, code: VerifyFailCode, step: Step, section: int, text: str) -> Rule:
    return Rule(f"P.{number}", code, step, f"inclusion-proof, section {section}", text)


PROOF_IS_SMALL = _rule(
    "01", "LIMIT_EXCEEDED", "receipt", 2, "A proof has at most 301,989,888 bytes."
)
PROOF_VERSION = _rule(
    "02", "VERSION_UNSUPPORTED", "receipt", 2, "The proof and its receipt are of version 0.2."
)
PROOF_FORM = _rule(
    "03", "BUNDLE_MALFORMED", "receipt", 2, "A proof is one closed object in canonical JSON."
)
EVENT_FORM = _rule("04", "BUNDLE_MALFORMED", "events", 3, "The event is one of a known kind.")
EVENT_PLACE = _rule(
    "05", "EVENT_CHAIN_MISMATCH", "events", 3, "The number of the event is its index."
)
ENTRY_PATH = _rule("06", "UNSAFE_PATH", "manifest", 3, "The path of the entry obeys the grammar.")
ENTRY_TREE = _rule(
    "07", "BUNDLE_MALFORMED", "manifest", 3, "The entry stands below the folder of its tree."
)
ENTRY_DIGEST = _rule(
    "08", "BUNDLE_MALFORMED", "manifest", 3, "The sha256 of the entry is 64 lower-case hex digits."
)
NODE_FORM = _rule(
    "09", "BUNDLE_MALFORMED", "roots", 3, "Nodes and root are 64 lower-case hex digits."
)
_CODES: Mapping[Tree, VerifyFailCode] = {
    "artifacts": "MERKLE_MISMATCH_ARTIFACTS",
    "events": "MERKLE_MISMATCH_EVENTLOG",
    "evidence": "MERKLE_MISMATCH_EVIDENCE",
}
TREE_SIZE: Mapping[Tree, Rule] = {
    tree: _rule(f"1{place}", code, "roots", 3, f"The size of {tree} is that of the receipt.")
    for place, (tree, code) in enumerate(_CODES.items())
}
TREE_ROOT: Mapping[Tree, Rule] = {
    tree: _rule(f"2{place}", code, "roots", 3, f"The nodes lead to the receipt's root of {tree}.")
    for place, (tree, code) in enumerate(_CODES.items())
}
RECEIPT_DIGEST = _rule(
    "30", "PROOF_DIGEST_MISMATCH", "digest", 3, "The proof digest is that of the receipt."
)
DIGEST_IS_EXPECTED = _rule(
    "31", "DIGEST_UNEXPECTED", "expectations", 4, "The proof digest is the one expected."
)
FILE_IS_EXPECTED = _rule(
    "32", "DIGEST_UNEXPECTED", "expectations", 4, "A file is given only with its entry."
)
CONTENT_DIGEST = _rule(
    "33", "HASH_MISMATCH", "files", 4, "The file that is given is the one of the entry."
)

INCLUSION_RULES = (
    PROOF_IS_SMALL,
    PROOF_VERSION,
    PROOF_FORM,
    EVENT_FORM,
    EVENT_PLACE,
    ENTRY_PATH,
    ENTRY_TREE,
    ENTRY_DIGEST,
    NODE_FORM,
    *TREE_SIZE.values(),
    *TREE_ROOT.values(),
    RECEIPT_DIGEST,
    DIGEST_IS_EXPECTED,
    FILE_IS_EXPECTED,
    CONTENT_DIGEST,
)
