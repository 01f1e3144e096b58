"""The frozen examination of format 0.1: every step that can be taken over one bundle.

Each file is read once. A step whose input could not be had is left open, and why was said
(docs/spec/bundle-0.1.md, section 10).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from workc.bundle.layout import EVENTS, RECEIPT, Limits
from workc.kernel.digest import sha256_hex
from workc.kernel.values import JsonObject
from workc.verify.case import Case
from workc.verify.documents import Documents, data_of
from workc.verify.expectations import Child, Expectations, Proven
from workc.verify.reader import Item, Reader
from workc.verify.v01 import contents, cross_checks, documents, event_log, phases, policy, roots
from workc.verify.v01.documents import ManifestFound, ReceiptFound
from workc.verify.v01.event_log import Log
from workc.verify.v01.records import Integrity
from workc.verify.v01.version import VERSION
from workc.verify.verdict import Step


class _Found(NamedTuple):
    """What could be had of a bundle."""

    integrity: Integrity | None = None
    receipt: ReceiptFound | None = None
    log: Log | None = None
    manifest: ManifestFound | None = None


def examine(
    reader: Reader,
    found: Mapping[str, Item],
    given: Documents,
    wanted: Expectations,
    case: Case,
    limits: Limits,
) -> Proven | None:
    """Takes every step that can be taken; returns what the receipt says, if there is one."""
    had = _Examination(reader, found, case, limits).parts(given)
    _conclude(had, case)
    if had.integrity is None or had.receipt is None:
        return None
    receipt = had.receipt.record
    if had.log is not None:
        documents.compare_expectations(had.integrity, receipt, had.log.ended, wanted, case)
    return Proven(
        bundle_version=VERSION,
        run_id=receipt.loop_id,
        proof_digest=had.integrity.proof_digest,
        outcome=receipt.outcome.status,
        lock_level=receipt.lock_level,
        parent_run_id=receipt.parent_loop_id,
        children=tuple(
            Child(
                run_id=child.child_loop_id,
                proof_digest=child.child_proof_digest,
                outcome=child.outcome_status,
            )
            for child in receipt.children
        ),
    )


class _Examination:
    """Reads the parts of one bundle, each checked for itself."""

    def __init__(
        self, reader: Reader, found: Mapping[str, Item], case: Case, limits: Limits
    ) -> None:
        self._reader = reader
        self._found = found
        self._case = case
        self._limits = limits
        # The SHA-256 of the files that were read, or None of one that could not be.
        self._hashed: dict[str, str | None] = {}

    def parts(self, given: Documents) -> _Found:
        """Returns what could be had. Of a receipt of unknown versions nothing is."""
        data = data_of(given.receipt, documents.RECEIPT_LACKS, self._case)
        if given.receipt.lack != "absent":
            self._hashed[RECEIPT] = None if data is None else sha256_hex(data)
        raw = None if data is None else documents.parse_receipt(data, self._case)
        if raw is not None and not documents.versions_known(raw, self._case):
            self._manifest(given)
            return _Found()
        integrity, receipt = (None, None) if raw is None else self._receipt(raw)
        log = self._walk(receipt)
        return _Found(integrity, receipt, log, self._manifest(given))

    def _receipt(self, raw: JsonObject) -> tuple[Integrity | None, ReceiptFound | None]:
        integrity = documents.check_integrity(raw, self._case)
        receipt = documents.read_receipt(raw, self._case)
        if integrity is not None and receipt is not None:
            self._case.take("receipt")
        return integrity, receipt

    def _walk(self, receipt: ReceiptFound | None) -> Log | None:
        item = self._found.get(EVENTS)
        if item is None or item.size > self._limits.file_bytes:
            return None
        walked = event_log.walk(self._reader, item, receipt, self._case, self._limits)
        self._hashed[EVENTS] = walked.sha256
        return walked.log

    def _manifest(self, given: Documents) -> ManifestFound | None:
        data = data_of(given.manifest, documents.MANIFEST_LACKS, self._case)
        if data is None:
            return None
        manifest = documents.parse_manifest(data, self._found, self._case)
        if manifest is not None:
            contents.compare_names(manifest.record, self._found, self._case)
            contents.compare_contents(
                self._reader, manifest.record, self._found, self._hashed, self._case, self._limits
            )
        return manifest


def _conclude(had: _Found, case: Case) -> None:
    integrity, receipt, log, manifest = had
    if integrity is not None:
        policy.check_policy(integrity, case)
        roots.compare(
            integrity.roots,
            event_log=None if log is None else log.root,
            manifest=None if manifest is None else manifest.raw,
            receipt=None if receipt is None else receipt.raw,
            case=case,
        )
    if receipt is not None:
        phases.check_sequence(receipt.record, case)
        policy.check_effects(receipt.record.effects, case)
        cross_checks.check_receipt(receipt.record, case)
    if receipt is not None and manifest is not None:
        cross_checks.check_manifest(manifest.record, receipt.record, case)
    _take_steps(had, case)


def _take_steps(had: _Found, case: Case) -> None:
    """Takes the steps that need more than one part, where all parts were had."""
    needed: Mapping[Step, tuple[object, ...]] = {
        "table": (had.receipt, had.log),
        "policy": (had.receipt, had.integrity),
        "projection": (had.receipt, had.log, had.manifest),
        "children": (had.receipt, had.log),
    }
    for step, parts in needed.items():
        if None not in parts:
            case.take(step)
