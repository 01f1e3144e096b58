"""Steps references, roots and projection: what follows from all events together.

The receipt and the files must say what the events say, and the outcome must be borne out by the
work and the checks (docs/spec/bundle-0.2.md, section 8).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import UNSET, UnsetType

from workc.bundle.documents import Manifest, Receipt
from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.bundle.projection import Projection
from workc.kernel.events import UNREADABLE
from workc.kernel.fallbacks import FallbackTaken
from workc.kernel.gates import GATE_FAILED
from workc.kernel.payloads import (
    Body,
    CheckResult,
    RunStarted,
    Verification,
    VerificationRun,
    WorkEnded,
)
from workc.kernel.phases import LockLevel
from workc.kernel.plans import PlanChosen
from workc.kernel.required_checks import VerifyRules
from workc.verify.case import Case
from workc.verify.rules import Rule
from workc.verify.v02 import rules
from workc.verify.v02.lock_rules import levels_checked
from workc.verify.v02.passes import PassFound, StepFound

_ROOTS: Mapping[str, Rule] = {
    "artifacts": rules.ROOT_OF_ARTIFACTS,
    "budget": rules.ROOT_OF_BUDGET,
    "effects": rules.ROOT_OF_EFFECTS,
    "events": rules.ROOT_OF_EVENTS,
    "evidence": rules.ROOT_OF_EVIDENCE,
    "gates": rules.ROOT_OF_GATES,
    "lens": rules.ROOT_OF_LENS,
    "verification": rules.ROOT_OF_VERIFICATION,
    "workgraph": rules.ROOT_OF_WORKGRAPH,
}
#: Fields of the receipt with a rule of their own; for the others it is that of the projection.
_FIELDS: Mapping[str, Rule] = {"manifest_sha256": rules.MANIFEST_DIGEST}
#: Fields that other steps compare.
_JUDGED_ELSEWHERE = frozenset({"roots", "proof_digest"})
#: With which a run fails whose work does not, because of a child that is critical.
CHILD_FAILED = "CHILD_FAILED"
_TRUE = Body(form="json", inline="true")


class _PlannedStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of a plan, its fields in key order; ``on_failure`` is how it may fall back.

    ``resources`` are those that it needs alone.
    """

    id: str
    needs: list[str]
    on_failure: str | UnsetType = UNSET
    resources: list[str] | UnsetType = UNSET
    skill: str


_PLAN = msgspec.json.Decoder(list[_PlannedStep])


def check_references(projection: Projection, manifest: Manifest, case: Case) -> None:
    """Compares both ways: every listed file is referred to as it is, every reference is listed."""
    listed = {e.path: (e.sha256, e.size) for e in manifest.files if e.path != EVENTS}
    referred = projection.bodies
    for path in sorted(referred.keys() - listed.keys()):
        message = "an event refers to it; it is not listed"
        case.fail(rules.REFERENCE_IS_LISTED, path, message)
    for path in sorted(listed.keys() - referred.keys()):
        case.fail(rules.FILE_IS_REFERRED_TO, path, "listed, but no event refers to it")
    for path in sorted(referred.keys() & listed.keys()):
        if referred[path] != listed[path] or path in projection.conflicts:
            message = "an event refers to other bytes than those listed"
            case.fail(rules.REFERENCE_FITS, path, message)
    case.take("references")


def check_run_id(run_id: str, manifest: Manifest, case: Case) -> None:
    """Checks that manifest and events are of one run."""
    if manifest.run_id != run_id:
        case.fail(
            rules.MANIFEST_RUN_ID,
            MANIFEST,
            "the manifest names another run than the events",
            pointer="/run_id",
            expected=run_id,
            actual=manifest.run_id,
        )


def check_outcome(
    projection: Projection, stopped: str | None, required: VerifyRules, case: Case
) -> None:
    """Checks that the outcome is borne out by the work and by the checks.

    ``stopped`` says what stopped the run, if anything did, ``required`` what its policy requires.
    """
    started, work, locked = projection.started, projection.work, projection.locked
    if started is None or work is None or locked is None:
        return
    for checks in projection.verifications:
        _check_verdict(checks, case)
    if stopped is not None and work.halt is UNSET:
        message = f"{stopped}, but the work was not"
        _contradicted(case, rules.HALT_IS_SAID, message, "a halt", "none")
    expected = _expected_lock(started, work, projection, required)
    actual = (locked.outcome, locked.lock_level, locked.code)
    if actual != expected:
        message = "the outcome is not what work, checks, gates and children give"
        _contradicted(case, rules.OUTCOME_IS_BORNE_OUT, message, expected, actual)


def _expected_lock(
    started: RunStarted, work: WorkEnded, projection: Projection, required: VerifyRules
) -> tuple[str, str, str | UnsetType]:
    code = UNSET if work.failure is UNSET else work.failure.code
    verdict = projection.checks.verdict if projection.checks else None
    gates, inherited = projection.gates, projection.children.inherited()
    skipped = started.program_kind == "file" and projection.has_failures
    rows: tuple[tuple[bool, tuple[str, str, str | UnsetType]], ...] = (
        (work.halt is not UNSET or work.output is UNSET, ("failed", "Draft", code)),
        (verdict == "failed", ("failed", "Draft", "VERIFICATION_FAILED")),
        (bool(gates.failed_of_run()), ("failed", "Draft", GATE_FAILED)),
        (inherited == "failed", ("failed", "Draft", CHILD_FAILED if code is UNSET else code)),
        (work.failure is not UNSET or skipped, ("partial", "Draft", code)),
        (bool(projection.fallbacks), ("partial", "Draft", code)),
        (bool(gates.failed_last()) or inherited == "partial", ("partial", "Draft", code)),
    )
    lowest = ("success", _level(projection, required), UNSET)
    return next((lock for applies, lock in rows if applies), lowest)


def _level(projection: Projection, required: VerifyRules) -> LockLevel:
    """Returns where a success locks: as its checks, its policy and its lens say."""
    passed = projection.checks is not None and projection.checks.verdict == "passed"
    there = levels_checked(projection)
    wanted = required.lock_level("Committed", there) if passed else "Staged"
    reached = wanted if projection.lens is None else projection.lens.reached(wanted)
    return required.lowered(wanted, reached, there)


def _check_verdict(checks: VerificationRun, case: Case) -> None:
    for check in checks.results:
        if check.passed != _held(check):
            message = f"the check {check.check_id} passes if and only if its value is JSON true"
            _contradicted(case, rules.CHECK_HOLDS_IF_TRUE, message, _held(check), check.passed)
    if len({check.check_id for check in checks.results}) < len(checks.results):
        _contradicted(case, rules.CHECK_IDS_DIFFER, "two checks have one id", None, None)
    expected = _verdict_of(checks.results)
    if checks.verdict != expected:
        message = "the verdict is not what the checks give"
        _contradicted(case, rules.VERDICT_FOLLOWS, message, expected, checks.verdict)


def _verdict_of(results: list[CheckResult]) -> Verification:
    if not results:
        return "nothing_to_check"
    return "passed" if all(check.passed for check in results) else "failed"


def _held(check: CheckResult) -> bool:
    return check.failure is UNSET and check.value == _TRUE


def _contradicted(case: Case, rule: Rule, message: str, expected: object, actual: object) -> None:
    case.fail(rule, EVENTS, message, expected=expected, actual=actual)


def check_plans(steps: int, passes: Iterable[PassFound], computed: Receipt, case: Case) -> None:
    """Checks that a program that names its steps did what it planned, in each of its passes.

    The number of ``steps`` is compared always, the steps themselves if a plan stands in its event.
    """
    if computed.program_kind != "file":
        return
    if computed.counts.steps != steps:
        message, actual = "the number of steps is not as planned", computed.counts.steps
        _contradicted(case, rules.STEPS_AS_PLANNED, message, steps, actual)
    for found in passes:
        if found.plan is not None and found.plan.plan.inline is not UNSET:
            _check_plan(found.plan, found, case)


def _check_plan(plan: PlanChosen, found: PassFound, case: Case) -> None:
    planned = _read_plan(plan.plan)
    if planned is None:
        message, form = "the plan cannot be read", "a list of id, needs and skill"
        _contradicted(case, rules.PLAN_FORM, message, form, plan.plan.inline)
        return
    if found.barred and len(planned) != plan.steps:
        message = "the plan has another number of steps"
        _contradicted(case, rules.STEPS_AS_PLANNED, message, plan.steps, len(planned))
    ids, lanes = [] if found.barred else [step.id for step in planned], list(found.steps)
    if ids != lanes:
        _contradicted(case, rules.LANES_AS_PLANNED, "the lanes are not as planned", ids, lanes)
    for step in planned:
        _check_planned(step, found.steps.get(step.id, StepFound()), case)


def _check_planned(step: _PlannedStep, found: StepFound, case: Case) -> None:
    if found.skill not in {None, step.skill}:
        message = f"the skill of {step.id} is not as planned"
        _contradicted(case, rules.SKILL_AS_PLANNED, message, step.skill, found.skill)
    if not set(found.because) <= set(step.needs):
        message = f"{step.id} was skipped because of what it does not need"
        _contradicted(case, rules.NEEDS_AS_PLANNED, message, step.needs, found.because)
    _check_resources(step, found, case)
    if found.fallback is not None and _planned_as(found.fallback) != step.on_failure:
        message, taken = f"{step.id} fell back as was not planned", _planned_as(found.fallback)
        _contradicted(case, rules.FALLBACK_AS_PLANNED, message, step.on_failure, taken)


def _check_resources(step: _PlannedStep, found: StepFound, case: Case) -> None:
    planned = step.resources or None
    if found.claimed != planned and (found.claimed is not None or found.has_worked):
        message = f"{step.id} claimed other resources than planned"
        _contradicted(case, rules.RESOURCES_AS_PLANNED, message, planned, found.claimed)


def _planned_as(taken: FallbackTaken) -> str:
    """Returns how a plan says this fallback."""
    return taken.action if taken.skill is UNSET else f"skill {taken.skill}"


def _read_plan(body: Body) -> list[_PlannedStep] | None:
    text = str(body.inline)
    try:
        planned = _PLAN.decode(text)
    except UNREADABLE:
        return None
    spelled = msgspec.json.encode(planned).decode()
    return planned if body.form == "json" and spelled == text else None


def check_roots(recorded: Receipt, computed: Receipt, case: Case) -> None:
    """Compares the nine roots, each with its own code."""
    case.take("roots")
    for name, rule in _ROOTS.items():
        expected, actual = getattr(computed.roots, name), getattr(recorded.roots, name)
        if expected != actual:
            case.fail(
                rule,
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
                _FIELDS.get(name, rules.RECEIPT_IS_PROJECTION),
                RECEIPT,
                f"{name} is not what the events and the manifest give",
                pointer=f"/{name}",
                expected=expected,
                actual=actual,
            )
