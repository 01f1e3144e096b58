"""Steps manifest, receipt, digest and expectations: the two documents, each for itself.

A document is had if it is there, can be read, and is the canonical spelling of its form. What it
says is compared with the rest of the bundle elsewhere (docs/spec/bundle-0.2.md, sections 3 and 8).
"""

from __future__ import annotations

from collections.abc import Mapping

from workc.bundle import documents
from workc.bundle.documents import FileEntry, Manifest, NotCanonicalError, Receipt
from workc.bundle.layout import (
    BUNDLE_VERSION,
    EVENTS,
    EVIDENCE,
    MANIFEST,
    RECEIPT,
    is_listed,
    path_problem,
)
from workc.kernel.digest import is_hex_digest
from workc.verify.case import Case
from workc.verify.documents import Lack
from workc.verify.expectations import Expectations
from workc.verify.rules import Rule
from workc.verify.v02 import rules

#: By which rule a document is missed.
MANIFEST_LACKS: Mapping[Lack, Rule] = {
    "absent": rules.MANIFEST_IS_THERE,
    "too large": rules.MANIFEST_SIZE,
    "unreadable": rules.MANIFEST_READABLE,
}
RECEIPT_LACKS: Mapping[Lack, Rule] = {
    "absent": rules.RECEIPT_IS_THERE,
    "too large": rules.RECEIPT_SIZE,
    "unreadable": rules.RECEIPT_READABLE,
}


def parse_receipt(data: bytes, case: Case) -> Receipt | None:
    """Returns the receipt, its proof digest compared, or None if it is none."""
    try:
        receipt = documents.read_receipt(data)
    except NotCanonicalError as error:
        case.fail(rules.RECEIPT_FORM, RECEIPT, str(error))
        return None
    case.take("receipt")
    _check_digest(receipt, case)
    return receipt


def _check_digest(receipt: Receipt, case: Case) -> None:
    case.take("digest")
    expected = documents.proof_digest(receipt)
    if receipt.proof_digest != expected:
        case.fail(
            rules.DIGEST_FOLLOWS,
            RECEIPT,
            "the proof digest is not that of the receipt",
            pointer="/proof_digest",
            expected=expected,
            actual=receipt.proof_digest,
        )


def parse_manifest(data: bytes, case: Case) -> Manifest | None:
    """Returns the manifest, its entries checked, or None if it cannot be used at all."""
    try:
        manifest = documents.read_manifest(data)
    except NotCanonicalError as error:
        case.fail(rules.MANIFEST_FORM, MANIFEST, str(error))
        return None
    check = _ManifestCheck(case)
    check.version(manifest.bundle_version)
    check.entries(manifest.files)
    check.needed(manifest.files)
    case.take("manifest")
    return manifest


class _ManifestCheck:
    def __init__(self, case: Case) -> None:
        self._case = case

    def version(self, version: str) -> None:
        if version != BUNDLE_VERSION:
            self._fail(
                rules.MANIFEST_VERSION,
                "another version than that of the receipt",
                "/bundle_version",
            )

    def entries(self, entries: list[FileEntry]) -> None:
        before = ""
        for index, entry in enumerate(entries):
            pointer = f"/files/{index}"
            self._entry(entry, pointer)
            if index and entry.path <= before:
                what = "is listed twice" if entry.path == before else "is not in order"
                self._fail(rules.ENTRIES_ASCEND, f"{entry.path} {what}", pointer)
            before = entry.path

    def needed(self, entries: list[FileEntry]) -> None:
        if all(entry.path != EVENTS for entry in entries):
            self._fail(rules.EVENTS_ARE_LISTED, f"{EVENTS} is not listed", "/files")
        if not any(entry.path.startswith(EVIDENCE) for entry in entries):
            self._fail(rules.EVIDENCE_IS_LISTED, "no evidence is listed", "/files")

    def _entry(self, entry: FileEntry, pointer: str) -> None:
        problem = path_problem(entry.path)
        if problem is not None:
            message = f"the path {entry.path} is {problem}"
            self._fail(rules.ENTRY_PATH_IS_SAFE, message, pointer)
        elif not is_listed(entry.path):
            self._fail(rules.ENTRY_MAY_BE_LISTED, f"{entry.path} must not be listed", pointer)
        if not is_hex_digest(entry.sha256):
            self._fail(rules.ENTRY_DIGEST_FORM, "sha256 is 64 lower-case hex digits", pointer)

    def _fail(self, rule: Rule, message: str, pointer: str) -> None:
        self._case.fail(rule, MANIFEST, message, pointer=pointer)


def compare_expectations(receipt: Receipt, wanted: Expectations, case: Case) -> None:
    """Compares what the caller demands with what the receipt says."""
    case.take("expectations")
    pairs = (
        (rules.DIGEST_EXPECTED, "proof_digest", wanted.proof_digest, receipt.proof_digest),
        (rules.RUN_ID_EXPECTED, "run_id", wanted.run_id, receipt.run_id),
        (rules.NONCE_EXPECTED, "nonce", wanted.nonce, receipt.nonce),
    )
    for rule, name, expected, actual in pairs:
        if expected is not None and actual != expected:
            message = f"the caller expects another {name}"
            _unexpected(case, rule, name, message, expected, actual)
    earliest = wanted.not_before_ms
    if earliest is not None and receipt.ended_ms < earliest:
        message = "the run ended before the time that the caller expects"
        _unexpected(case, rules.NOT_BEFORE, "ended_ms", message, earliest, receipt.ended_ms)


def _unexpected(
    case: Case, rule: Rule, name: str, message: str, expected: object, actual: object
) -> None:
    case.fail(rule, RECEIPT, message, pointer=f"/{name}", expected=expected, actual=actual)
