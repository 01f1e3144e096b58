"""Steps references, roots and projection: what follows from all events together.

The receipt and the files must say what the events say, and the outcome must be borne out by the
work and the checks (docs/spec/bundle-0.2.md, section 8).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType

from workc.bundle.documents import Manifest, Receipt
from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.bundle.projection import Projection
from workc.kernel.events import (
    UNREADABLE,
    Body,
    CheckResult,
    PlanChosen,
    RunStarted,
    Verification,
    VerificationRun,
    WorkEnded,
)
from workc.verify.case import Case
from workc.verify.step_rules import StepFound
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
#: Fields of the receipt with a code of their own; for the others it is RECEIPT_EVENT_MISMATCH.
_FIELD_CODES: dict[str, VerifyFailCode] = {"manifest_sha256": "RECEIPT_HASH_MISMATCH"}
#: Fields that other steps compare.
_JUDGED_ELSEWHERE = frozenset({"roots", "proof_digest"})
_TRUE = Body(form="json", inline="true")


class _PlannedStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of a plan, its fields in key order."""

    id: str
    needs: list[str]
    skill: str


_PLAN = msgspec.json.Decoder(list[_PlannedStep])


def check_references(projection: Projection, manifest: Manifest, case: Case) -> None:
    """Compares both ways: every listed file is referred to as it is, every reference is listed."""
    listed = {e.path: (e.sha256, e.size) for e in manifest.files if e.path != EVENTS}
    referred = projection.bodies
    for path in sorted(referred.keys() - listed.keys()):
        case.fail("CAPTURE_MISSING", "references", path, "an event refers to it; it is not listed")
    for path in sorted(listed.keys() - referred.keys()):
        case.fail("UNLISTED_FILE", "references", path, "listed, but no event refers to it")
    for path in sorted(referred.keys() & listed.keys()):
        if referred[path] != listed[path] or path in projection.conflicts:
            message = "an event refers to other bytes than those listed"
            case.fail("HASH_MISMATCH", "references", path, message)
    case.take("references")


def check_run_id(run_id: str, manifest: Manifest, case: Case) -> None:
    """Checks that manifest and events are of one run."""
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


def check_outcome(projection: Projection, stopped: str | None, case: Case) -> None:
    """Checks that the outcome is borne out by the work and by the checks.

    ``stopped`` says what stopped the run, if anything did.
    """
    started, work, locked = projection.started, projection.work, projection.locked
    if started is None or work is None or locked is None:
        return
    if projection.checks is not None:
        _check_verdict(projection.checks, case)
    if stopped is not None and work.halt is UNSET:
        _not_borne_out(case, f"{stopped}, but the work was not", "a halt", "none")
    expected = _expected_lock(started, work, projection)
    actual = (locked.outcome, locked.lock_level, locked.code)
    if actual != expected:
        message = "the outcome is not what the work and the checks give"
        _not_borne_out(case, message, expected, actual)


def _expected_lock(
    started: RunStarted, work: WorkEnded, projection: Projection
) -> tuple[str, str, str | UnsetType]:
    code = UNSET if work.failure is UNSET else work.failure.code
    if work.halt is not UNSET or work.output is UNSET:
        return "failed", "Draft", code
    verdict = projection.checks.verdict if projection.checks else None
    if verdict == "failed":
        return "failed", "Draft", "VERIFICATION_FAILED"
    by_file = started.program_kind == "file"
    if work.failure is not UNSET or (by_file and projection.has_failures):
        return "partial", "Draft", code
    return "success", "Committed" if verdict == "passed" else "Staged", UNSET


def _check_verdict(checks: VerificationRun, case: Case) -> None:
    for check in checks.results:
        if check.passed != _held(check):
            message = f"the check {check.check_id} passes if and only if its value is JSON true"
            _not_borne_out(case, message, _held(check), check.passed)
    if len({check.check_id for check in checks.results}) < len(checks.results):
        _not_borne_out(case, "two checks have one id", None, None)
    expected = _verdict_of(checks.results)
    if checks.verdict != expected:
        message = "the verdict is not what the checks give"
        _not_borne_out(case, message, expected, checks.verdict)


def _verdict_of(results: list[CheckResult]) -> Verification:
    if not results:
        return "nothing_to_check"
    return "passed" if all(check.passed for check in results) else "failed"


def _held(check: CheckResult) -> bool:
    return check.failure is UNSET and check.value == _TRUE


def _not_borne_out(case: Case, message: str, expected: object, actual: object) -> None:
    case.fail(
        "VERIFICATION_INCOMPLETE", "projection", EVENTS, message, expected=expected, actual=actual
    )


def check_plan(
    plan: PlanChosen | None, steps: Mapping[str, StepFound], computed: Receipt, case: Case
) -> None:
    """Checks that a program that names its steps did what it planned.

    The number of steps is compared always, the steps themselves if the plan stands in the event.
    """
    if plan is None or computed.program_kind != "file":
        return
    if computed.counts.steps != plan.steps:
        _unplanned(case, "the number of steps", plan.steps, computed.counts.steps)
    if plan.plan.inline is UNSET:
        return
    planned = _read_plan(plan.plan)
    if planned is None:
        _unplanned(case, "the plan", "a list of id, needs and skill", plan.plan.inline)
        return
    if [step.id for step in planned] != list(steps):
        _unplanned(case, "the lanes", [step.id for step in planned], list(steps))
    for step in planned:
        _check_planned(step, steps.get(step.id, StepFound()), case)


def _check_planned(step: _PlannedStep, found: StepFound, case: Case) -> None:
    if found.skill not in {None, step.skill}:
        _unplanned(case, f"the skill of {step.id}", step.skill, found.skill)
    if not set(found.because) <= set(step.needs):
        _unplanned(case, f"what {step.id} needs", step.needs, found.because)


def _read_plan(body: Body) -> list[_PlannedStep] | None:
    text = str(body.inline)
    try:
        planned = _PLAN.decode(text)
    except UNREADABLE:
        return None
    spelled = msgspec.json.encode(planned).decode()
    return planned if body.form == "json" and spelled == text else None


def _unplanned(case: Case, what: str, expected: object, actual: object) -> None:
    message = f"{what}: not as planned"
    case.fail(
        "RECEIPT_EVENT_MISMATCH", "projection", EVENTS, message, expected=expected, actual=actual
    )


def check_roots(recorded: Receipt, computed: Receipt, case: Case) -> None:
    """Compares the nine roots, each with its own code."""
    case.take("roots")
    for name, code in _ROOT_CODES.items():
        expected, actual = getattr(computed.roots, name), getattr(recorded.roots, name)
        if expected != actual:
            case.fail(
                code,
                "roots",
                RECEIPT,
                f"the root of {name} is not that of the files and events",
                pointer=f"/roots/{name}",
                expected=expected,
                actual=actual,
            )


def check_projection(recorded: Receipt, computed: Receipt, case: Case) -> None:
    """Compares every other field of the receipt with what the events and the manifest give."""
    case.take("projection")
    for name in computed.__struct_fields__:
        expected, actual = getattr(computed, name), getattr(recorded, name)
        if name not in _JUDGED_ELSEWHERE and expected != actual:
            case.fail(
                _FIELD_CODES.get(name, "RECEIPT_EVENT_MISMATCH"),
                "projection",
                RECEIPT,
                f"{name} is not what the events and the manifest give",
                pointer=f"/{name}",
                expected=expected,
                actual=actual,
            )
