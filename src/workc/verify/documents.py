"""Steps manifest, receipt, digest and expectations: the two documents, each for itself.

A document is had if it is there, can be read, and is the canonical spelling of its form. What it
says is compared with the rest of the bundle elsewhere (docs/spec/bundle-0.2.md, sections 3 and 8).
"""

from __future__ import annotations

import msgspec

from workc.bundle import documents
from workc.bundle.documents import FileEntry, Manifest, NotCanonicalError, Receipt
from workc.bundle.layout import (
    BUNDLE_VERSION,
    EVENTS,
    EVIDENCE,
    MANIFEST,
    RECEIPT,
    Limits,
    is_listed,
    path_problem,
)
from workc.kernel.digest import is_hex_digest
from workc.verify.case import Case
from workc.verify.reader import Item, Reader, ReadError
from workc.verify.verdict import Step, VerifyFailCode


class Expectations(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller demands beyond the bundle itself."""

    proof_digest: str | None = None
    run_id: str | None = None


def read_document(
    reader: Reader, item: Item | None, step: Step, case: Case, limits: Limits
) -> bytes | None:
    """Returns the bytes of the manifest or the receipt, or None after saying why not."""
    path = MANIFEST if step == "manifest" else RECEIPT
    if item is None:
        case.fail("BUNDLE_MALFORMED", step, path, "the bundle has no such file")
        return None
    if item.size > limits.document_bytes:
        case.fail("LIMIT_EXCEEDED", step, path, f"larger than {limits.document_bytes} bytes")
        return None
    try:
        data = b"".join(reader.chunks(path, item.size))
    except ReadError as error:
        case.fail("FILE_UNREADABLE", step, path, str(error))
        return None
    if len(data) != item.size:
        case.fail("FILE_UNREADABLE", step, path, "its size changed while it was read")
        return None
    return data


def names_other_version(data: bytes, case: Case) -> bool:
    """Returns whether a receipt is of another version; then nothing else can be judged."""
    version = documents.read_version(data)
    if version is None or version == BUNDLE_VERSION:
        return False
    message = f"this verifier knows version {BUNDLE_VERSION}"
    case.fail("VERSION_UNSUPPORTED", "receipt", RECEIPT, message, actual=version)
    return True


def parse_receipt(data: bytes, case: Case) -> Receipt | None:
    """Returns the receipt, its proof digest compared, or None if it is none."""
    try:
        receipt = documents.read_receipt(data)
    except NotCanonicalError as error:
        case.fail("BUNDLE_MALFORMED", "receipt", RECEIPT, str(error))
        return None
    case.take("receipt")
    _check_digest(receipt, case)
    return receipt


def _check_digest(receipt: Receipt, case: Case) -> None:
    case.take("digest")
    expected = documents.proof_digest(receipt)
    if receipt.proof_digest != expected:
        case.fail(
            "PROOF_DIGEST_MISMATCH",
            "digest",
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
        case.fail("BUNDLE_MALFORMED", "manifest", MANIFEST, str(error))
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
            self._fail("another version than that of the receipt", "/bundle_version")

    def entries(self, entries: list[FileEntry]) -> None:
        before = ""
        for index, entry in enumerate(entries):
            pointer = f"/files/{index}"
            self._entry(entry, pointer)
            if index and entry.path <= before:
                what = "is listed twice" if entry.path == before else "is not in order"
                self._fail(f"{entry.path} {what}", pointer)
            before = entry.path

    def needed(self, entries: list[FileEntry]) -> None:
        if all(entry.path != EVENTS for entry in entries):
            self._fail(f"{EVENTS} is not listed", "/files")
        if not any(entry.path.startswith(EVIDENCE) for entry in entries):
            self._fail("no evidence is listed", "/files")

    def _entry(self, entry: FileEntry, pointer: str) -> None:
        problem = path_problem(entry.path)
        if problem is not None:
            self._fail(f"the path {entry.path} is {problem}", pointer, code="UNSAFE_PATH")
        elif not is_listed(entry.path):
            self._fail(f"{entry.path} must not be listed", pointer)
        if not is_hex_digest(entry.sha256):
            self._fail("sha256 is 64 lower-case hex digits", pointer)

    def _fail(
        self, message: str, pointer: str, *, code: VerifyFailCode = "BUNDLE_MALFORMED"
    ) -> None:
        self._case.fail(code, "manifest", MANIFEST, message, pointer=pointer)


def compare_expectations(receipt: Receipt, wanted: Expectations, case: Case) -> None:
    """Compares what the caller demands with what the receipt says."""
    case.take("expectations")
    pairs = (
        ("proof_digest", wanted.proof_digest, receipt.proof_digest),
        ("run_id", wanted.run_id, receipt.run_id),
    )
    for name, expected, actual in pairs:
        if expected is not None and actual != expected:
            case.fail(
                "DIGEST_UNEXPECTED",
                "expectations",
                RECEIPT,
                f"the caller expects another {name}",
                pointer=f"/{name}",
                expected=expected,
                actual=actual,
            )
