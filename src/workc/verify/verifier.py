"""The oracle: ``verify`` decides whether a bundle is good. Everybody asks it; nobody else judges.

Its steps, in the order in which findings are reported (docs/spec/bundle-0.2.md, section 10):

 1. names: every name obeys the grammar, is a regular file or a folder that holds one.
 2. manifest: canonical, sorted, lists what may be listed.
 3. files: the closed world, then sizes and hashes, each file read once (a request twice).
 4. receipt: canonical, of a version that is known.
 5. events: every line canonical and of its kind, the chain whole, the times right, the end there.
 6. table: phases, lanes and pairs as the tables say.
 7. money: every move of the ledger follows from those before.
 8. references: files and events refer to each other, both ways.
 9. roots: the nine Merkle roots.
10. projection: the receipt says what the events say, the outcome is borne out.
11. digest: the proof digest is that of the receipt.
12. expectations: what the caller demands, such as a certain digest.

It is a pure function of the bytes: no clock, no network, no state between two calls. PASS needs
every step taken and no finding: a step whose input could not be had is "not checked". It does not
say that the producer told the truth, nor that a bundle was not sealed anew, nor that it is the
newest: see ``not_checked``.

>>> verify(MemoryReader({})).codes()
('BUNDLE_MALFORMED', 'BUNDLE_MALFORMED')
"""

from __future__ import annotations

from workc.bundle.documents import Manifest, Receipt
from workc.bundle.layout import EVENTS, LIMITS, MANIFEST, RECEIPT, Limits
from workc.bundle.projection import ProjectionError
from workc.kernel.digest import sha256_hex
from workc.verify import conclusions, contents, documents
from workc.verify.case import Case
from workc.verify.documents import Expectations
from workc.verify.event_log import Log, walk
from workc.verify.money import check_money
from workc.verify.names import collect
from workc.verify.reader import Item, MemoryReader, Reader
from workc.verify.verdict import Step, Verdict

__all__ = ["Expectations", "MemoryReader", "verify"]

#: What no bundle proves by itself.
ALWAYS_OPEN = (
    "truth: that the producer recorded what really happened",
    "signature: no trust file was given, so who sealed the bundle is not known",
    "freshness: that this is the newest bundle of its work",
    "log: that the digest was published anywhere",
)
RESEAL = "origin: without an expected digest, a bundle sealed wholly anew cannot be told apart"


def verify(
    reader: Reader, expect: Expectations | None = None, *, limits: Limits = LIMITS
) -> Verdict:
    """Returns the verdict on the bundle that ``reader`` gives. It raises for nothing in it."""
    case = Case()
    wanted = expect or Expectations()
    receipt = _Examination(reader, case, limits).run(wanted)
    failures, skipped = case.findings(), case.open_steps()
    reasons = tuple(f"{step}: what it needs could not be had" for step in skipped)
    beyond = ALWAYS_OPEN if wanted.proof_digest is not None else (*ALWAYS_OPEN, RESEAL)
    proven = None if failures or skipped else receipt
    return Verdict(
        verdict="FAIL" if proven is None else "PASS",
        run_id=None if proven is None else proven.run_id,
        proof_digest=None if proven is None else proven.proof_digest or None,
        failures=failures,
        not_checked=(*reasons, *beyond),
        notes=case.notes(),
    )


class _Examination:
    """Takes the steps over one bundle. What a step cannot give is None, and was said why."""

    def __init__(self, reader: Reader, case: Case, limits: Limits) -> None:
        self._reader = reader
        self._case = case
        self._limits = limits

    def run(self, wanted: Expectations) -> Receipt | None:
        """Takes every step that can be taken and returns the receipt."""
        found = collect(self._reader, self._case, self._limits)
        if found is None:
            return None
        data = self._document(found, RECEIPT)
        if data is not None and documents.names_other_version(data, self._case):
            return None
        receipt = None if data is None else documents.parse_receipt(data, self._case)
        if receipt is not None:
            documents.compare_expectations(receipt, wanted, self._case)
        data = self._document(found, MANIFEST)
        manifest = None if data is None else documents.parse_manifest(data, self._case)
        if data is not None and manifest is not None:
            self._compare(found, manifest, sha256_hex(data), receipt)
        return receipt

    def _document(self, found: dict[str, Item], path: str) -> bytes | None:
        step: Step = "manifest" if path == MANIFEST else "receipt"
        return documents.read_document(
            self._reader, found.get(path), step, self._case, self._limits
        )

    def _compare(
        self, found: dict[str, Item], manifest: Manifest, sha256: str, receipt: Receipt | None
    ) -> None:
        contents.compare_names(manifest, found, self._case)
        entries = contents.readable(manifest, found, self._case, self._limits)
        contents.compare_contents(self._reader, entries, self._case)
        if EVENTS not in entries:
            return
        log = walk(self._reader, entries[EVENTS], self._case, self._limits)
        if log is not None:
            contents.compare_requests(self._reader, entries, log.steps.requests, self._case)
            self._conclude(log, manifest, sha256, receipt)

    def _conclude(self, log: Log, manifest: Manifest, sha256: str, receipt: Receipt | None) -> None:
        projection = log.projection
        started = projection.started
        if started is not None:
            check_money(projection, started.ceiling_micro_cents, self._case)
            conclusions.check_run_id(started.run_id, manifest, self._case)
        conclusions.check_references(projection, manifest, self._case)
        conclusions.check_outcome(projection, log.steps.stopped, self._case)
        try:
            computed = projection.receipt(sha256, manifest.files)
        except ProjectionError as error:
            self._case.fail("BUNDLE_MALFORMED", "projection", EVENTS, str(error))
            return
        conclusions.check_plan(projection.plan, log.steps.steps, computed, self._case)
        if receipt is not None:
            conclusions.check_roots(receipt, computed, self._case)
            conclusions.check_projection(receipt, computed, self._case)
