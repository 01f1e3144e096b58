"""Which rule decided what in a run: read from its records alone, and nothing is judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import UNSET

from workc.api.sources import Source
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.gates import ApprovalAnswered, ApprovalAsked, GateEvaluated
from workc.kernel.payloads import (
    BudgetReserved,
    EffectAsked,
    EffectBound,
    FailureRecord,
    RunStarted,
    SkillExecuted,
    given,
)
from workc.kernel.plans import PlanChosen
from workc.kernel.required_checks import ORDER
from workc.kernel.risk import ApprovalRules, high_levels
from workc.kernel.selectors import Effect
from workc.kernel.values import JsonObject
from workc.runtime.policy.model import PolicyFile, recorded_ruling
from workc.runtime.workflow.facts import members
from workc.stages.effect_limits import covering

SCHEMA = "workc.policy-explained/1"
#: Codes with which something was refused, and what decided so.
_BY: dict[str, str] = {
    "BUDGET_EXCEEDED": "the budget",
    "EFFECT_NOT_DECLARED": "effects of the workflow",
    "EXTERNAL_CALL_BLOCKED": "[network]",
    "OPERATION_NOT_ALLOWED": "the contract",
    "POLICY_VIOLATION": "[effects]",
    "QUOTA_EXCEEDED": "the budget",
    "STEP_CEILING_EXCEEDED": "the budget",
}


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was decided: of which step, or of the run, what about, how, and by which rule."""

    step: str
    verdict: Literal["allowed", "refused", "required", "asked", "approved", "denied", "timed_out"]
    subject: str
    rule: str


class PolicyStory(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy decided in a run. ``name`` is empty for one that adds no rules."""

    run_id: str
    id: str
    name: str
    rules_sha256: str
    rules: JsonObject
    declared: tuple[str, ...] | None
    decisions: tuple[Decision, ...]

    def to_json(self) -> JsonObject:
        """Returns it as JSON, schema ``workc.policy-explained/1``."""
        encoded: JsonObject = msgspec.json.decode(msgspec.json.encode(self))
        return {"schema": SCHEMA, **encoded}


def explain_policy(source: Source) -> PolicyStory:
    """Returns what was decided in a run, by its bundle or its journal.

    Raises:
        Refusal: ``INVALID_INPUT`` if the records tell no story.
    """
    lines = list(source.lines())
    started = lines[0].payload if lines else None
    if not isinstance(started, RunStarted):
        raise source.refusal()
    rules = _rules(source, started)
    ruling = recorded_ruling(rules)
    plan = next((line.payload for line in lines if isinstance(line.payload, PlanChosen)), None)
    declared = None if plan is None or plan.effects is UNSET else plan.effects
    decisions = [
        *_required(ruling, declared),
        *(each for line in lines for each in _decided(source, line.payload, ruling, declared)),
    ]
    return PolicyStory(
        run_id=started.run_id,
        id=started.policy.id,
        name="" if ruling is None else ruling.name,
        rules_sha256=started.policy.rules_sha256,
        rules=rules,
        declared=None if declared is None else tuple(map(_shown, declared)),
        decisions=tuple(decisions),
    )


def _rules(source: Source, started: RunStarted) -> JsonObject:
    try:
        return members(jcs.parse(source.data(started.policy.rules) or b"{}"))
    except CanonicalError:
        return {}


def _required(ruling: PolicyFile | None, declared: list[EffectBound] | None) -> Iterator[Decision]:
    """Yields what the risk of what a run declares takes of its lock level."""
    said = None if ruling is None or ruling.verify is None else given(ruling.verify.high_risk)
    if ruling is None or said is None:
        return
    high = high_levels(ruling.approval or ApprovalRules(), declared)
    why = "it declares no effects" if declared is None else "what it declares"
    for level in ORDER:
        taken = said.get(level) if level in high else None
        if not taken:
            continue
        subject = f"checks of level {', '.join(taken)} to lock as {level}"
        rule = f"[verify.high_risk]: {why}"
        yield Decision(step="", verdict="required", subject=subject, rule=rule)


def _decided(
    source: Source, payload: object, ruling: PolicyFile | None, declared: list[EffectBound] | None
) -> Iterator[Decision]:
    match payload:
        case EffectAsked():
            subject = _shown(payload.effect) if payload.effect else f"a request by {payload.port}"
            rule = _allowing(payload.effect or None, ruling, declared)
            yield Decision(step=payload.step, verdict="allowed", subject=subject, rule=rule)
        case GateEvaluated(kind="command"):
            yield _of_program(payload, ruling, declared)
        case SkillExecuted(failure=failure) if failure is not UNSET and failure.code in _BY:
            yield Decision(
                step=payload.step,
                verdict="refused",
                subject=f"{failure.code}: {failure.message}",
                rule=_refusing(source, failure),
            )
        case BudgetReserved(granted=False):
            subject = f"a call of up to {payload.bound} micro-cents"
            rule = payload.refused_by or "ceiling"
            yield Decision(
                step=payload.step, verdict="refused", subject=subject, rule=f"the budget: {rule}"
            )
        case ApprovalAsked():
            question = (source.data(payload.question) or b"").decode("utf-8", "replace")
            by_policy = ruling is not None and ruling.approval is not None
            rule = "[approval], or the step" if by_policy else "the step"
            yield Decision(step=payload.step, verdict="asked", subject=question, rule=rule)
        case ApprovalAnswered():
            by = payload.by or "nobody"
            yield Decision(
                step=payload.step, verdict=payload.decision, subject=payload.note, rule=by
            )
        case _:
            pass


def _refusing(source: Source, failure: FailureRecord) -> str:
    """Returns what refused something with this failure."""
    try:
        details = members(jcs.parse(source.data(failure.details) or b"{}"))
    except CanonicalError:
        details = {}
    return "[decide]" if details.get("rule") == "decide" else _BY[failure.code]


def _of_program(
    gate: GateEvaluated, ruling: PolicyFile | None, declared: list[EffectBound] | None
) -> Decision:
    """Returns what was decided about the program of a gate."""
    step = gate.step or ""
    failure = gate.failure or None
    if failure is not None and failure.code in _BY:
        told = f"the gate {gate.gate}: {failure.code}: {failure.message}"
        return Decision(step=step, verdict="refused", subject=told, rule=_BY[failure.code])
    name = _shown(gate.effect) if gate.effect else f"the program of the gate {gate.gate}"
    rule = _allowing(gate.effect or None, ruling, declared)
    return Decision(step=step, verdict="allowed", subject=name, rule=rule)


def _allowing(
    effect: EffectBound | None, ruling: PolicyFile | None, declared: list[EffectBound] | None
) -> str:
    """Returns the rule by which an effect was allowed."""
    if effect is None:
        return "nothing bounds effects"
    named = Effect(effect.op, effect.selector)
    if ruling is not None and ruling.effects is not None:
        line = covering(ruling.effects.allow, named)
        return f"allow {_shown(line)}" if line else "no line"
    line = covering([Effect(each.op, each.selector) for each in declared or ()], named)
    return f"declared {_shown(line)}" if line else "no line"


def _shown(effect: EffectBound | Effect) -> str:
    return f"{effect.op} {effect.selector}"
