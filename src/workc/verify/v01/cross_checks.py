"""Step projection: what receipt, manifest and events must say alike, and what follows within one.

The lists that the receipt repeats of the events are compared in :mod:`workc.verify.v01.repeats`,
while the events are read (docs/spec/bundle-0.1.md, section 9).
"""

from __future__ import annotations

from workc.bundle.layout import MANIFEST, RECEIPT
from workc.kernel.human_approval import worth_ms
from workc.kernel.lens_quality import aggregate
from workc.verify.case import Case
from workc.verify.rules import Rule
from workc.verify.v01 import rules
from workc.verify.v01.records import CheckResult, Manifest, Prompt, Receipt


def check_manifest(manifest: Manifest, receipt: Receipt, case: Case) -> None:
    """Checks that the manifest is of the same loop and of the same time as the receipt."""
    _same(rules.SAME_LOOP, MANIFEST, "/loop_id", receipt.loop_id, manifest.loop_id, case)
    start, created = receipt.timestamp_utc, manifest.created_utc
    _same(rules.SAME_START, MANIFEST, "/created_utc", start, created, case)


def check_receipt(receipt: Receipt, case: Case) -> None:
    """Checks what follows within the receipt: a time, the lens, the worth of asking, the checks."""
    lens = receipt.lens
    start, created = receipt.timestamp_utc, lens.created_utc
    _same(rules.SAME_START, RECEIPT, "/lens/created_utc", start, created, case)
    least = aggregate(
        coverage=lens.quality.coverage,
        freshness=lens.quality.freshness,
        conflict=lens.quality.conflict,
        provenance=lens.quality.provenance,
    )
    recorded = lens.quality.aggregate
    _same(rules.LENS_AGGREGATE, RECEIPT, "/lens/quality/aggregate", least, recorded, case)
    for index, record in enumerate(receipt.hitl):
        if isinstance(record, Prompt):
            worth = worth_ms(
                record.p_override_permille, loss_ms=record.loss_ms, cost_ms=record.cost_ms
            )
            _same(rules.EVI, RECEIPT, f"/hitl/{index}/evi_ms", worth, record.evi_ms, case)
    if receipt.outcome.status == "success":
        _check_passed(receipt, case)


def _same(
    rule: Rule, path: str, pointer: str, expected: str | int, actual: str | int, case: Case
) -> None:
    if expected != actual:
        message = "it is not what the rest of the bundle gives"
        case.fail(rule, path, message, pointer=pointer, expected=expected, actual=actual)


def _check_passed(receipt: Receipt, case: Case) -> None:
    last = last_attempts(receipt.verification.results)
    for index, required in enumerate(receipt.verification.spec.checks_required):
        result = last.get(_bare(required))
        if result is None or not result.passed:
            case.fail(
                rules.CHECKS_PASSED,
                RECEIPT,
                "success, but a required check did not pass at its last attempt",
                pointer=f"/verification/spec/checks_required/{index}",
                expected=f"{required} passed",
                actual=None if result is None else f"{result.check_id} failed",
            )


def last_attempts(results: list[CheckResult]) -> dict[str, CheckResult]:
    """Returns of each check, by its bare id, the result of the attempt with the highest number.

    Of two with one number the later in the list counts; an id without a number is attempt 0.
    """
    last: dict[str, CheckResult] = {}
    for result in results:
        before = last.setdefault(_bare(result.check_id), result)
        if _attempt(before.check_id) <= _attempt(result.check_id):
            last[_bare(result.check_id)] = result
    return last


def _bare(check_id: str) -> str:
    return check_id.partition("@")[0]


def _attempt(check_id: str) -> tuple[int, str]:
    """Returns what orders attempts as their numbers do, however many digits they have."""
    suffix = check_id.partition("@")[2]
    digits = suffix.lstrip("0") if suffix.isascii() and suffix.isdigit() else ""
    return len(digits), digits
