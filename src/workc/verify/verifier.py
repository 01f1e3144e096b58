"""The oracle: ``verify`` decides whether a bundle is good. Everybody asks it; nobody else judges.

It takes its steps in this order (docs/spec/bundle-0.2.md, section 9):

 1. names: every name obeys the grammar, is a regular file or a folder that holds one.
 2. manifest: canonical, sorted, lists what may be listed.
 3. files: the closed world, then sizes and hashes, each file read once.
 4. receipt: canonical, of a version that is known.
 5. events: every line canonical and of its kind, the chain whole, the times right, the end there.
 6. table: phases, lanes and pairs as the tables say.
 7. money: every move of the ledger follows from those before.
 8. references: files and events refer to each other, both ways.
 9. roots: the nine Merkle roots.
10. projection: the receipt says what the events say, the outcome is borne out.
11. digest: the proof digest is that of the receipt.
12. expectations: what the caller demands, such as a certain digest.

It is a pure function of the bytes: no clock, no network, no state between two calls. A step whose
input failed is "not checked", never "passed". It does not say that the producer told the truth,
nor that a bundle was not sealed anew, nor that it is the newest: see ``not_checked``.
"""

from __future__ import annotations

import msgspec

from workc.bundle import documents
from workc.bundle.documents import Manifest, Receipt
from workc.bundle.layout import BUNDLE_VERSION, EVENTS, MANIFEST, RECEIPT, SIGNATURES
from workc.bundle.projection import Projection, ProjectionError
from workc.verify import conclusions, files
from workc.verify.case import Case
from workc.verify.event_log import walk
from workc.verify.reader import Item, Reader
from workc.verify.verdict import STEPS, Step, Verdict

_RECEIPTS = msgspec.json.Decoder(Receipt)

#: What no bundle proves by itself.
ALWAYS_OPEN = (
    "truth: that the producer recorded what really happened",
    "signature: no trust file was given, so who sealed the bundle is not known",
    "freshness: that this is the newest bundle of its work",
    "log: that the digest was published anywhere",
)
RESEAL = "origin: without an expected digest, a bundle sealed wholly anew cannot be told apart"


class Expectations(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller demands beyond the bundle itself."""

    proof_digest: str | None = None
    run_id: str | None = None


def verify(reader: Reader, expect: Expectations | None = None) -> Verdict:
    """Returns the verdict on the bundle that ``reader`` gives. It raises for nothing in it."""
    case = Case()
    wanted = expect or Expectations()
    receipt = _examine(reader, case, wanted)
    findings = sorted(case.findings, key=lambda finding: STEPS.index(finding.step))
    passed = receipt is not None and not findings and not case.not_checked
    digest = receipt.proof_digest if receipt is not None and passed else None
    return Verdict(
        verdict="PASS" if passed else "FAIL",
        run_id=receipt.run_id if receipt is not None and passed else None,
        proof_digest=digest if isinstance(digest, str) else None,
        failures=tuple(findings),
        not_checked=(*case.not_checked, *_open(wanted)),
        notes=tuple(case.notes),
    )


def _open(wanted: Expectations) -> tuple[str, ...]:
    return ALWAYS_OPEN if wanted.proof_digest else (*ALWAYS_OPEN, RESEAL)


def _examine(reader: Reader, case: Case, wanted: Expectations) -> Receipt | None:
    found = files.collect(reader, case)
    if found is None:
        _skip(case, "names")
        return None
    data = files.read_document(reader, case, found.get(RECEIPT), RECEIPT)
    version = files.receipt_version(data) if data is not None else None
    if version is not None and version != BUNDLE_VERSION:
        message = f"this verifier knows {BUNDLE_VERSION}, the receipt names {ascii(version)[1:-1]}"
        case.fail("VERSION_UNSUPPORTED", "receipt", RECEIPT, message, pointer="/bundle_version")
        _skip(case, "names")
        return None
    receipt = _parse_receipt(data, case) if data is not None else None
    _check_signatures(found, case)
    manifest_data = files.read_document(reader, case, found.get(MANIFEST), MANIFEST)
    manifest = files.parse_manifest(manifest_data, case) if manifest_data is not None else None
    if manifest is None or manifest_data is None:
        _skip(case, "manifest")
        return None
    files.compare_names(manifest, found, case)
    files.compare_contents(reader, manifest, found, case)
    projection = _walk(reader, manifest, found, case)
    if projection is None:
        _skip(case, "events")
        return None
    _conclude(projection, manifest, manifest_data, receipt, case)
    _compare_expectations(receipt, wanted, case)
    return receipt


def _skip(case: Case, last: Step) -> None:
    for step in STEPS[STEPS.index(last) + 1 :]:
        if not case.failed(step):
            case.skip(step, f"needs the step {last}, which failed")


def _parse_receipt(data: bytes, case: Case) -> Receipt | None:
    try:
        receipt = _RECEIPTS.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        case.fail("BUNDLE_MALFORMED", "receipt", RECEIPT, f"not a receipt: {error}")
        return None
    if documents.encode(receipt) != data:
        case.fail("BUNDLE_MALFORMED", "receipt", RECEIPT, "not canonical JSON")
        return None
    return receipt


def _check_signatures(found: dict[str, Item], case: Case) -> None:
    for path in sorted(found):
        if path.startswith(SIGNATURES):
            message = "signatures are not part of this version of the verifier"
            case.fail("UNLISTED_FILE", "files", path, message)


def _walk(
    reader: Reader, manifest: Manifest, found: dict[str, Item], case: Case
) -> Projection | None:
    entry = next((entry for entry in manifest.files if entry.path == EVENTS), None)
    item = found.get(EVENTS)
    if entry is None or item is None or not files.size_fits(entry, item, case):
        return None
    projection = Projection()
    return projection if walk(reader, entry, case, projection) else None


def _conclude(
    projection: Projection,
    manifest: Manifest,
    manifest_data: bytes,
    receipt: Receipt | None,
    case: Case,
) -> None:
    if projection.started is not None:
        conclusions.check_money(projection, projection.started.ceiling_micro_cents, case)
        _compare_run_ids(projection.started.run_id, manifest, case)
    conclusions.check_references(projection, manifest, case)
    conclusions.check_outcome(projection, case)
    if receipt is None:
        _skip(case, "references")
        return
    conclusions.check_digest(receipt, case)
    try:
        computed = projection.receipt(files.sha256(manifest_data), manifest.files)
    except ProjectionError as error:
        case.fail("BUNDLE_MALFORMED", "projection", EVENTS, str(error))
        return
    conclusions.check_plan(projection, computed, case)
    conclusions.check_roots(receipt, computed, case)
    conclusions.check_projection(receipt, computed, case)


def _compare_run_ids(run_id: str, manifest: Manifest, case: Case) -> None:
    if manifest.run_id != run_id:
        case.fail(
            "RECEIPT_EVENT_MISMATCH",
            "projection",
            MANIFEST,
            "the manifest names another run than the events",
            pointer="/run_id",
            expected=run_id,
            actual=manifest.run_id,
        )


def _compare_expectations(receipt: Receipt | None, wanted: Expectations, case: Case) -> None:
    pairs = (
        ("proof_digest", wanted.proof_digest, receipt.proof_digest if receipt else None),
        ("run_id", wanted.run_id, receipt.run_id if receipt else None),
    )
    for name, expected, actual in pairs:
        if expected is not None and actual != expected:
            message = f"the caller expects another {name}"
            case.fail(
                "DIGEST_UNEXPECTED",
                "expectations",
                RECEIPT,
                message,
                pointer=f"/{name}",
                expected=expected,
                actual=actual,
            )
