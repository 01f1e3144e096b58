"""Kinds: of every kind of event its payload, the phase it stands in, and whether it is an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET

from workc.kernel.children import ChildJoined, ChildSpawned
from workc.kernel.fallbacks import FallbackTaken
from workc.kernel.gates import ApprovalAnswered, ApprovalAsked, GateEvaluated
from workc.kernel.lens import ItemObserved, LensAssembled
from workc.kernel.payloads import (
    BudgetReserved,
    BudgetSettled,
    CallHalted,
    EffectAnswered,
    EffectAsked,
    IntentSet,
    Locked,
    RetryScheduled,
    RunStarted,
    SkillAsked,
    SkillExecuted,
    StepSkipped,
    TimerFired,
    TimerSet,
    VerificationRun,
    WorkEnded,
)
from workc.kernel.phases import Phase
from workc.kernel.plans import PlanAsked, PlanChosen, PlanRefused
from workc.kernel.resolving import ConflictFound, ConflictResolved
from workc.kernel.resources import (
    ResourceAnswered,
    ResourceHeld,
    ResourceReleased,
    ResourcesClaimed,
)
from workc.kernel.strategies import StrategyApplied, StrategySuggested

Payload: TypeAlias = (
    RunStarted
    | IntentSet
    | ItemObserved
    | LensAssembled
    | ConflictFound
    | ConflictResolved
    | StrategySuggested
    | StrategyApplied
    | PlanAsked
    | PlanRefused
    | PlanChosen
    | ApprovalAsked
    | ApprovalAnswered
    | GateEvaluated
    | ResourcesClaimed
    | ResourceHeld
    | ResourceAnswered
    | ResourceReleased
    | SkillAsked
    | SkillExecuted
    | EffectAsked
    | EffectAnswered
    | RetryScheduled
    | FallbackTaken
    | TimerSet
    | TimerFired
    | BudgetReserved
    | BudgetSettled
    | ChildSpawned
    | ChildJoined
    | CallHalted
    | StepSkipped
    | WorkEnded
    | VerificationRun
    | Locked
)


class KindRule(msgspec.Struct, frozen=True):
    """Says of a kind: its payload, the phase it stands in, and whether it is an answer.

    ``answer`` "maybe": :func:`is_answer` says it of a payload.
    """

    payload: type[Payload]
    phase: Phase
    answer: Literal["yes", "no", "maybe"] = "no"


KINDS: Mapping[str, KindRule] = {
    "RunStarted": KindRule(RunStarted, "Observe", "yes"),
    "IntentSet": KindRule(IntentSet, "Observe"),
    "ItemObserved": KindRule(ItemObserved, "Observe", "yes"),
    "LensAssembled": KindRule(LensAssembled, "Orient"),
    "ConflictFound": KindRule(ConflictFound, "Decide"),
    "ConflictResolved": KindRule(ConflictResolved, "Decide"),
    "StrategySuggested": KindRule(StrategySuggested, "Decide"),
    "StrategyApplied": KindRule(StrategyApplied, "Decide"),
    "PlanAsked": KindRule(PlanAsked, "Decide"),
    "PlanRefused": KindRule(PlanRefused, "Decide"),
    "PlanChosen": KindRule(PlanChosen, "Decide"),
    "ApprovalAsked": KindRule(ApprovalAsked, "Act"),
    "ApprovalAnswered": KindRule(ApprovalAnswered, "Act", "yes"),
    "GateEvaluated": KindRule(GateEvaluated, "Act", "maybe"),
    "ResourcesClaimed": KindRule(ResourcesClaimed, "Act"),
    "ResourceHeld": KindRule(ResourceHeld, "Act", "yes"),
    "ResourceAnswered": KindRule(ResourceAnswered, "Act", "yes"),
    "ResourceReleased": KindRule(ResourceReleased, "Act", "yes"),
    "SkillAsked": KindRule(SkillAsked, "Act"),
    "SkillExecuted": KindRule(SkillExecuted, "Act", "maybe"),
    "EffectAsked": KindRule(EffectAsked, "Act"),
    "EffectAnswered": KindRule(EffectAnswered, "Act", "yes"),
    "RetryScheduled": KindRule(RetryScheduled, "Act"),
    "FallbackTaken": KindRule(FallbackTaken, "Act"),
    "TimerSet": KindRule(TimerSet, "Act"),
    "TimerFired": KindRule(TimerFired, "Act", "yes"),
    "BudgetReserved": KindRule(BudgetReserved, "Act", "yes"),
    "BudgetSettled": KindRule(BudgetSettled, "Act", "yes"),
    "ChildSpawned": KindRule(ChildSpawned, "Act"),
    "ChildJoined": KindRule(ChildJoined, "Act", "yes"),
    "CallHalted": KindRule(CallHalted, "Act", "yes"),
    "StepSkipped": KindRule(StepSkipped, "Act"),
    "WorkEnded": KindRule(WorkEnded, "Act"),
    "VerificationRun": KindRule(VerificationRun, "Verify"),
    "Locked": KindRule(Locked, "Lock"),
}


def is_answer(payload: Payload) -> bool:
    """Returns whether an event with this payload is an answer, and so has ``at_ms``.

    A call is one if somebody was asked for it, a gate if a command was run.
    """
    match payload:
        case SkillExecuted():
            return payload.request is not UNSET
        case GateEvaluated():
            return payload.kind == "command"
        case _:
            return KINDS[type(payload).__name__].answer == "yes"
