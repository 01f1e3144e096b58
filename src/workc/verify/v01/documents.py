"""Steps manifest, receipt, digest and expectations: the two documents, each for itself.

A document is had if it is there, can be read and is canonical; a record of it, if it is of its
form. What it says is compared with the rest of the bundle elsewhere (docs/spec/bundle-0.1.md,
sections 3, 4 and 10).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from workc.bundle.layout import EVENTS, EVIDENCE, MANIFEST, RECEIPT, path_danger
from workc.bundle.v01 import canonical, digests
from workc.bundle.v01.merkle import Tree
from workc.kernel.canonical import CanonicalError
from workc.kernel.rfc3339 import END_MS, spell
from workc.kernel.values import Json, JsonObject
from workc.verify.case import Case
from workc.verify.documents import Lack
from workc.verify.expectations import Expectations
from workc.verify.reader import Item
from workc.verify.rules import Rule
from workc.verify.v01 import rules
from workc.verify.v01.json_parts import as_object
from workc.verify.v01.records import (
    FileEntry,
    FormError,
    Integrity,
    Manifest,
    Receipt,
    instant,
    read,
)
from workc.verify.v01.version import MANIFEST_VERSION

#: What each version field of the receipt must say, by its place.
VERSIONS: Mapping[tuple[str, str], str] = {
    ("integrity", "cj_version"): "CJ-0.1",
    ("integrity", "proof_version"): "PROOF-0.1",
    ("integrity", "fsm_version"): "FSM-0.1",
    ("integrity", "enf_version"): "ENF-0.1",
    ("effects", "enf_version"): "ENF-0.1",
}

#: A receipt is open, so it is parsed whole; of empty lists a little text makes much memory.
MAX_BRACKETS = 1_000_000

#: By which rule a document is missed; of a receipt that is not there the manifest speaks.
MANIFEST_LACKS: Mapping[Lack, Rule] = {
    "absent": rules.MANIFEST_THERE,
    "too large": rules.MANIFEST_SMALL,
    "unreadable": rules.MANIFEST_READ,
}
RECEIPT_LACKS: Mapping[Lack, Rule] = {
    "too large": rules.RECEIPT_SMALL,
    "unreadable": rules.RECEIPT_READ,
}


class ManifestFound(NamedTuple):
    """A manifest: the object as it was parsed, and its record."""

    raw: JsonObject
    record: Manifest


class ReceiptFound(NamedTuple):
    """A receipt: the object as it was parsed, and its record."""

    raw: JsonObject
    record: Receipt


def parse_manifest(data: bytes, found: Mapping[str, Item], case: Case) -> ManifestFound | None:
    """Returns the manifest, its entries checked, or None if it cannot be used at all."""
    raw = _parse(data, MANIFEST, rules.MANIFEST_CANONICAL, case)
    if raw is None:
        return None
    try:
        manifest = read(Manifest, raw)
    except FormError as error:
        case.fail(rules.MANIFEST_FORM, MANIFEST, f"the manifest is not of its form: {error}")
        return None
    if not _known_manifest(manifest, case):
        return None
    _check_entries(manifest.files, case)
    _check_needed(manifest.files, found, case)
    case.take("manifest")
    return ManifestFound(raw, manifest)


def is_listed(path: str) -> bool:
    """Returns whether a file may stand in the manifest."""
    return path in {RECEIPT, EVENTS} or path.startswith(EVIDENCE)


def _parse(data: bytes, path: str, rule: Rule, case: Case) -> JsonObject | None:
    try:
        value = canonical.decode(data)
    except CanonicalError as error:
        case.fail(rule, path, str(error))
        return None
    if not isinstance(value, dict):
        case.fail(rule, path, "it is not an object")
        return None
    return value


def _known_manifest(manifest: Manifest, case: Case) -> bool:
    if manifest.bundle_version == MANIFEST_VERSION:
        return True
    case.fail(
        rules.MANIFEST_VERSION,
        MANIFEST,
        "the manifest is of another version",
        pointer="/bundle_version",
        expected=MANIFEST_VERSION,
        actual=manifest.bundle_version,
    )
    return False


def _check_entries(entries: list[FileEntry], case: Case) -> None:
    before: str | None = None
    for index, entry in enumerate(entries):
        pointer = f"/files/{index}"
        problem = path_danger(entry.path)
        if problem is not None:
            message = f"the path {entry.path} is {problem}"
            case.fail(rules.LISTED_SAFE, MANIFEST, message, pointer=pointer)
        elif not is_listed(entry.path):
            message = f"{entry.path} must not be listed"
            case.fail(rules.LISTED_KNOWN, MANIFEST, message, pointer=pointer)
        if before is not None and entry.path <= before:
            what = "is listed twice" if entry.path == before else "is not in order"
            case.fail(rules.MANIFEST_ORDER, MANIFEST, f"{entry.path} {what}", pointer=pointer)
        before = entry.path


def _check_needed(entries: list[FileEntry], found: Mapping[str, Item], case: Case) -> None:
    listed = {entry.path for entry in entries}
    for path in (RECEIPT, EVENTS):
        if path not in listed and path not in found:
            case.fail(rules.DOCUMENTS_THERE, MANIFEST, f"{path} is neither listed nor there")


def parse_receipt(data: bytes, case: Case) -> JsonObject | None:
    """Returns the receipt as it was parsed, or None if it is not a canonical object."""
    if data.count(b"[") + data.count(b"{") > MAX_BRACKETS:
        message = f"it has more than {MAX_BRACKETS:,} opening brackets"
        case.fail(rules.RECEIPT_SMALL, RECEIPT, message)
        return None
    return _parse(data, RECEIPT, rules.RECEIPT_CANONICAL, case)


def versions_known(raw: JsonObject, case: Case) -> bool:
    """Returns whether every version that the receipt names is known; else nothing can be judged.

    A version that is missing or no text is left to the form.
    """
    named = {place: _at(raw, *place) for place in VERSIONS}
    unknown = [
        place
        for place, actual in named.items()
        if isinstance(actual, str) and actual != VERSIONS[place]
    ]
    for outer, name in unknown:
        case.fail(
            rules.VERSIONS,
            RECEIPT,
            "the version is not known",
            pointer=f"/{outer}/{name}",
            expected=VERSIONS[outer, name],
            actual=named[outer, name],
        )
    return not unknown


def _at(raw: JsonObject, outer: str, name: str) -> Json:
    return as_object(raw.get(outer)).get(name)


def check_integrity(raw: JsonObject, case: Case) -> Integrity | None:
    """Returns the record of ``integrity``, its two hashes compared, or None if it is none."""
    try:
        integrity = read(Integrity, raw.get("integrity"))
    except FormError as error:
        case.fail(rules.INTEGRITY_FORM, RECEIPT, f"integrity is not of its form: {error}")
        return None
    expected, actual = digests.receipt_hash(raw), integrity.receipt_hash
    _compare(rules.RECEIPT_HASH, "receipt_hash", expected, actual, case)
    roots = {tree: str(getattr(integrity.roots, tree.field)) for tree in Tree}
    expected, actual = digests.proof_digest(actual, roots), integrity.proof_digest
    _compare(rules.PROOF_DIGEST, "proof_digest", expected, actual, case)
    case.take("digest")
    return integrity


def _compare(rule: Rule, field: str, expected: str, actual: str, case: Case) -> None:
    if expected != actual:
        case.fail(
            rule,
            RECEIPT,
            f"{field} is not what its parts give",
            pointer=f"/integrity/{field}",
            expected=expected,
            actual=actual,
        )


def read_receipt(raw: JsonObject, case: Case) -> ReceiptFound | None:
    """Returns the record of the receipt, or None if it is none."""
    try:
        return ReceiptFound(raw, read(Receipt, raw))
    except FormError as error:
        case.fail(rules.RECEIPT_FORM, RECEIPT, f"the receipt is not of its form: {error}")
        return None


def compare_expectations(
    integrity: Integrity, receipt: Receipt, ended: str, wanted: Expectations, case: Case
) -> None:
    """Compares what the caller demands with what the receipt and the last event's time say."""
    pairs = (
        (
            rules.DIGEST_EXPECTED,
            "/integrity/proof_digest",
            wanted.proof_digest,
            integrity.proof_digest,
        ),
        (rules.RUN_EXPECTED, "/loop_id", wanted.run_id, receipt.loop_id),
        (rules.NONCE_EXPECTED, "/nonce", wanted.nonce, None),
    )
    for rule, pointer, expected, actual in pairs:
        if expected is not None and actual != expected:
            message = "the caller expects another value"
            case.fail(rule, RECEIPT, message, pointer=pointer, expected=expected, actual=actual)
    if wanted.not_before_ms is not None:
        earliest = spell(min(max(wanted.not_before_ms, 0), END_MS - 1))
        if instant(ended) < instant(earliest):
            message = "the last event is before the time that the caller expects"
            case.fail(rules.NOT_BEFORE, EVENTS, message, expected=earliest, actual=ended)
    case.take("expectations")
