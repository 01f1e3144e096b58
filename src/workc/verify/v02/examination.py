"""The examination of a bundle of format 0.2: every step that can be taken, in an order that works.

What a step cannot give is None, and was said why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import UNSET, UnsetType

from workc.bundle.documents import FileEntry, Manifest, Receipt
from workc.bundle.layout import BUNDLE_VERSION, EVENTS, Limits
from workc.bundle.projection import ProjectionError
from workc.kernel.digest import sha256_hex
from workc.kernel.payloads import Body
from workc.kernel.required_checks import VerifyRules
from workc.verify.case import Case
from workc.verify.documents import Documents, data_of
from workc.verify.expectations import Account, Child, Expectations, Place, Proven
from workc.verify.reader import Item, Reader
from workc.verify.v02 import conclusions, contents, documents
from workc.verify.v02.effect_rules import check_effect_rules
from workc.verify.v02.event_log import Log, walk
from workc.verify.v02.lens_policy import check_lens_policy
from workc.verify.v02.lock_rules import check_lock, required_by
from workc.verify.v02.policy_text import rules_of
from workc.verify.v02.risk_rules import at_risk, check_decisions
from workc.verify.verdict import Step

#: PASS needs all of them.
STEPS: tuple[Step, ...] = (
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
    "expectations",
)


def examine(
    reader: Reader,
    found: Mapping[str, Item],
    given: Documents,
    wanted: Expectations,
    case: Case,
    limits: Limits,
) -> Proven | None:
    """Takes every step that can be taken; returns what the receipt says, if there is one."""
    receipt = data_of(given.receipt, documents.RECEIPT_LACKS, case)
    parsed = None if receipt is None else documents.parse_receipt(receipt, case)
    if parsed is not None:
        documents.compare_expectations(parsed, wanted, case)
    data = data_of(given.manifest, documents.MANIFEST_LACKS, case)
    manifest = None if data is None else documents.parse_manifest(data, case)
    if data is not None and manifest is not None:
        contents.compare_names(manifest, found, case)
        entries = contents.readable(manifest, found, case, limits)
        contents.compare_contents(reader, entries, case)
        log = walk(reader, entries[EVENTS], case, limits) if EVENTS in entries else None
        if log is not None:
            contents.compare_requests(reader, entries, log.lanes.requests, case)
            required = _check_policy(reader, entries, log, case)
            _conclude(log, manifest, sha256_hex(data), parsed, required, case)
    if parsed is None:
        return None
    return Proven(
        bundle_version=BUNDLE_VERSION,
        run_id=parsed.run_id,
        proof_digest=parsed.proof_digest or "",
        outcome=parsed.outcome,
        lock_level=parsed.lock_level,
        parent_run_id=parsed.parent.run_id if parsed.parent else None,
        continues=parsed.continues or None,
        place=Place(parsed.parent.spawn_index, parsed.parent.step) if parsed.parent else None,
        account=Account(
            nonce=parsed.nonce,
            ceiling_micro_cents=parsed.money.ceiling_micro_cents,
            spent_micro_cents=parsed.money.spent_micro_cents,
        ),
        output_sha256=_sha256_of(parsed.output),
        children=tuple(_children_of(parsed)),
    )


def _sha256_of(body: Body | UnsetType) -> str | None:
    """Returns the digest of what a body holds, spelled as it is; None if there is none."""
    if body is UNSET:
        return None
    return body.sha256 or sha256_hex(str(body.inline).encode())


def _check_policy(
    reader: Reader, entries: Mapping[str, FileEntry], log: Log, case: Case
) -> VerifyRules:
    """Compares what was done with the rules of the policy; returns what they require of a lock."""
    started, lanes = log.projection.started, log.lanes
    said = {} if started is None else rules_of(reader, entries, started.policy, case)
    asked = lanes.named.covered | lanes.lens.effects if lanes.named.are_declared else None
    check_effect_rules(said, asked, case)
    check_lens_policy(said, lanes.lens.thresholds, case)
    check_decisions(said, log.decisions, log.projection, case)
    required = at_risk(required_by(said), said, log.projection)
    check_lock(required, log.projection, case)
    return required


def _children_of(receipt: Receipt) -> Iterator[Child]:
    """Yields the children that joined: of the others there is nothing to compare."""
    for child in receipt.children or ():
        if child.outcome is UNSET:
            continue
        yield Child(
            run_id=child.child_run_id,
            proof_digest=child.proof_digest or "",
            outcome=child.outcome,
            place=Place(child.spawn_index, child.step),
            account=Account(
                nonce=child.nonce,
                ceiling_micro_cents=child.ceiling_micro_cents,
                spent_micro_cents=child.spent_micro_cents or 0,
            ),
            output_sha256=_sha256_of(child.value),
        )


def _conclude(
    log: Log,
    manifest: Manifest,
    sha256: str,
    receipt: Receipt | None,
    required: VerifyRules,
    case: Case,
) -> None:
    projection = log.projection
    if projection.started is not None:
        conclusions.check_run_id(projection.started.run_id, manifest, case)
    conclusions.check_references(projection, manifest, case)
    conclusions.check_outcome(projection, log.lanes.stopped, required, case)
    try:
        computed = projection.receipt(sha256, manifest.files)
    except ProjectionError:
        # Chain or table have said what is missing; roots and projection are not checked then.
        return
    conclusions.check_plans(projection.planned, log.lanes.passes, computed, case)
    if receipt is not None:
        conclusions.check_roots(receipt, computed, case)
        conclusions.check_projection(receipt, computed, case)
