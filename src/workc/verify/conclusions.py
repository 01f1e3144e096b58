"""What follows from all events together: money, references, the outcome, the receipt."""

from __future__ import annotations

import msgspec

from workc.bundle import documents
from workc.bundle.documents import Manifest, Receipt
from workc.bundle.layout import EVENTS, RECEIPT
from workc.bundle.projection import Projection
from workc.kernel.events import (
    BudgetReserved,
    BudgetSettled,
    CheckResult,
    RunStarted,
    VerificationRun,
    WorkEnded,
)
from workc.kernel.ledger import Ledger, LedgerError, Move
from workc.verify.case import Case
from workc.verify.verdict import VerifyFailCode

_ROOT_CODES: dict[str, VerifyFailCode] = {
    "artifacts": "MERKLE_MISMATCH_ARTIFACTS",
    "budget": "MERKLE_MISMATCH_BUDGET",
    "effects": "MERKLE_MISMATCH_EFFECTS",
    "events": "MERKLE_MISMATCH_EVENTLOG",
    "evidence": "MERKLE_MISMATCH_EVIDENCE",
    "gates": "MERKLE_MISMATCH_GATES",
    "lens": "MERKLE_MISMATCH_LENS",
    "verification": "MERKLE_MISMATCH_VERIFICATION",
    "workgraph": "MERKLE_MISMATCH_WORKGRAPH",
}
_TRUE = "true"


def check_money(projection: Projection, ceiling: int, case: Case) -> None:
    """Makes every move of the ledger again, in order of ``n``, and compares."""
    ledger = Ledger(ceiling)
    violated = False
    for index, move in enumerate(sorted(projection.moves, key=lambda move: move.n)):
        if move.n != index:
            message = f"the numbers of the moves are not 0 to {len(projection.moves) - 1}"
            case.fail("BUDGET_INVALID", "money", EVENTS, message, expected=index, actual=move.n)
            return
        made = _make(ledger, move, case)
        if made is None:
            return
        violated |= isinstance(move, BudgetSettled) and not made.granted
        if not violated and ledger.left < 0:
            case.fail("BUDGET_INVALID", "money", EVENTS, f"move {index} passes the ceiling")
    if ledger.open_grants():
        numbers = ", ".join(map(str, ledger.open_grants()))
        case.fail("BUDGET_INVALID", "money", EVENTS, f"never settled: {numbers}")


def _make(ledger: Ledger, move: BudgetReserved | BudgetSettled, case: Case) -> Move | None:
    try:
        if isinstance(move, BudgetReserved):
            made = ledger.reserve(move.bound)
            granted = move.granted
        else:
            made = ledger.settle(move.grant, move.actual)
            granted = made.granted
    except LedgerError as error:
        case.fail("BUDGET_INVALID", "money", EVENTS, f"move {move.n}: {error}")
        return None
    recorded = Move(n=move.n, granted=granted, reserved=move.reserved, spent=move.spent)
    if made != recorded:
        case.fail(
            "BUDGET_INVALID",
            "money",
            EVENTS,
            f"move {move.n} does not follow from the moves before it",
            expected=made,
            actual=recorded,
        )
        return None
    return made


def check_references(projection: Projection, manifest: Manifest, case: Case) -> None:
    """Compares both ways: every listed file is referred to as it is, every reference is listed."""
    listed = {entry.path: (entry.sha256, entry.size) for entry in manifest.files}
    others = {path: found for path, found in listed.items() if path != EVENTS}
    for path in sorted(projection.bodies.keys() - others.keys()):
        case.fail("CAPTURE_MISSING", "references", path, "an event refers to it; it is not listed")
    for path in sorted(others.keys() - projection.bodies.keys()):
        case.fail("UNLISTED_FILE", "references", path, "listed, but no event refers to it")
    for path in sorted(projection.bodies.keys() & others.keys()):
        if projection.bodies[path] != others[path] or path in projection.conflicts:
            message = "an event refers to other bytes than those listed"
            case.fail("HASH_MISMATCH", "references", path, message)


def check_outcome(projection: Projection, case: Case) -> None:
    """Checks that the outcome is borne out by the work and by the checks."""
    started, work, locked = projection.started, projection.work, projection.locked
    if started is None or work is None or locked is None:
        return
    if projection.checks is not None:
        _check_verdict(projection.checks, case)
    expected = _expected_lock(started, work, projection)
    actual = (locked.outcome, locked.lock_level, locked.code if locked.code else None)
    if actual != expected:
        case.fail(
            "VERIFICATION_INCOMPLETE",
            "projection",
            EVENTS,
            "the outcome is not what the work and the checks give",
            expected=expected,
            actual=actual,
        )


def _expected_lock(
    started: RunStarted, work: WorkEnded, projection: Projection
) -> tuple[str, str, str | None]:
    failure = work.failure.code if work.failure else None
    if work.halt or not work.output:
        return "failed", "Draft", failure
    verdict = projection.checks.verdict if projection.checks else None
    if verdict == "failed":
        return "failed", "Draft", "VERIFICATION_FAILED"
    if failure or (started.program_kind == "file" and projection.has_failures):
        return "partial", "Draft", failure
    return "success", "Committed" if verdict == "passed" else "Staged", None


def _check_verdict(checks: VerificationRun, case: Case) -> None:
    for check in checks.results:
        if check.passed != _held(check):
            message = f"the check {check.check_id} passes if and only if its value is true"
            case.fail("VERIFICATION_INCOMPLETE", "projection", EVENTS, message)
    if not checks.results:
        expected = "nothing_to_check"
    else:
        expected = "passed" if all(c.passed for c in checks.results) else "failed"
    if checks.verdict != expected:
        message = "the verdict is not what the checks give"
        case.fail(
            "VERIFICATION_INCOMPLETE",
            "projection",
            EVENTS,
            message,
            expected=expected,
            actual=checks.verdict,
        )


def _held(check: CheckResult) -> bool:
    return bool(check.value) and check.value.inline == _TRUE  # type: ignore[union-attr]


def check_plan(projection: Projection, computed: Receipt, case: Case) -> None:
    """Checks that a program that names its steps ended as many as it planned."""
    plan = projection.plan
    if plan is None or computed.program_kind != "file":
        return
    if computed.counts.steps != plan.steps:
        case.fail(
            "RECEIPT_EVENT_MISMATCH",
            "projection",
            EVENTS,
            "the number of steps is not that of the plan",
            expected=plan.steps,
            actual=computed.counts.steps,
        )


def check_roots(recorded: Receipt, computed: Receipt, case: Case) -> None:
    """Compares the nine roots, each with its own code."""
    for name in computed.roots.__struct_fields__:
        expected, actual = getattr(computed.roots, name), getattr(recorded.roots, name)
        if expected != actual:
            case.fail(
                _ROOT_CODES[name],
                "roots",
                RECEIPT,
                f"the root of {name} is not that of the files and events",
                pointer=f"/roots/{name}",
                expected=expected,
                actual=actual,
            )


def check_projection(recorded: Receipt, computed: Receipt, case: Case) -> None:
    """Compares every other field of the receipt with what the events and the manifest give."""
    for name in computed.__struct_fields__:
        expected, actual = getattr(computed, name), getattr(recorded, name)
        if name not in {"roots", "proof_digest"} and expected != actual:
            case.fail(
                "RECEIPT_HASH_MISMATCH" if name == "manifest_sha256" else "RECEIPT_EVENT_MISMATCH",
                "projection",
                RECEIPT,
                f"{name} is not what the events and the manifest give",
                pointer=f"/{name}",
                expected=expected,
                actual=actual,
            )


def check_digest(recorded: Receipt, case: Case) -> None:
    """Recomputes the proof digest from the receipt's own bytes."""
    expected = documents.proof_digest(recorded)
    if recorded.proof_digest != expected:
        case.fail(
            "PROOF_DIGEST_MISMATCH",
            "digest",
            RECEIPT,
            "the proof digest is not that of the receipt",
            pointer="/proof_digest",
            expected=expected,
            actual=None if recorded.proof_digest is msgspec.UNSET else recorded.proof_digest,
        )
