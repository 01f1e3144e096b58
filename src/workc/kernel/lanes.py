"""What may stand in a lane, and after what: the second half of the table, for kinds of events.

``workc.kernel.phases`` says which phase may follow which; this says it for the records of one
lane. START and END stand for the two ends of a lane.

An event is looked up by its *sign*, which is its kind but for those where the kind does not say it:
a GateEvaluated comes by its ``when``; what bars the way is left as REFUSED, an approval that was
halted as UNANSWERED. A FallbackTaken is left as REPLACED or ABORTED where it does not end its lane,
and the halt that an abort asks for as STOPPED. A claim that failed is left as UNGRANTED, and so is what is
released because of it. What makes a run go back is left by the phase to which it goes, and a lens too
poor to decide by as INSUFFICIENT.

>>> STEP_LANE[REFUSED]
('StepSkipped',)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from workc.kernel.fallbacks import FallbackAction, FallbackTaken
from workc.kernel.gates import BARRING, ApprovalAnswered, GateEvaluated, When
from workc.kernel.kinds import Payload
from workc.kernel.lens import LensAssembled
from workc.kernel.payloads import CallHalted, Target, VerificationRun, WorkEnded
from workc.kernel.resolving import ConflictResolved
from workc.kernel.resources import ResourceAnswered, ResourceReleased

#: sign, or START -> the signs that may come next, or END.
LaneTable: TypeAlias = Mapping[str, tuple[str, ...]]

START = "START"
END = "END"
REFUSED = "Refused"
UNANSWERED = "Unanswered"
REPLACED = "Replaced"
ABORTED = "Aborted"
STOPPED = "Stopped"
INSUFFICIENT = "Insufficient"
UNGRANTED = "Ungranted"
GATE_SIGNS: Mapping[When, str] = {
    "pre_run": "PreRun",
    "pre_step": "PreStep",
    "post_step": "PostStep",
    "post_run": "PostRun",
}
BACK_SIGNS: Mapping[Target, str] = {"Act": "ToAct", "Decide": "ToDecide", "Orient": "ToOrient"}
#: Kinds whose sign is not always the kind.
SIGNED = frozenset(
    {
        "ApprovalAnswered",
        "GateEvaluated",
        "CallHalted",
        "FallbackTaken",
        "LensAssembled",
        "ResourceAnswered",
        "ResourceReleased",
        "ConflictResolved",
        "WorkEnded",
        "VerificationRun",
    }
)

_INSIDE = ("EffectAsked", "BudgetReserved", "BudgetSettled", "TimerSet", "SkillExecuted")

#: What an attempt may begin with, gates left out.
_BEGIN = ("SkillAsked", "SkillExecuted", "EffectAsked", "BudgetReserved", "TimerSet", "CallHalted")
_GATES = ("ApprovalAsked", "PreStep")
#: What stands before an attempt, or begins it.
_ENTER = (*_BEGIN, "ResourcesClaimed", *_GATES)
#: How a lane ends.
_OVER = ("ResourceReleased", END)

#: How a halt is left, by the sign before it, and a fallback, by its action.
_HALTED: Mapping[str, str] = {"ApprovalAsked": UNANSWERED, ABORTED: STOPPED}
_FALLEN: Mapping[FallbackAction, str] = {"skill": REPLACED, "abort": ABORTED}

#: In the lane of a step: sign -> the signs that may come next.
STEP_LANE: LaneTable = {
    START: ("StepSkipped", *_ENTER),
    "ApprovalAsked": ("ApprovalAnswered", "CallHalted"),
    "ApprovalAnswered": _ENTER,
    "PreStep": _ENTER,
    REFUSED: ("StepSkipped",),
    UNANSWERED: ("StepSkipped", END),
    "ResourcesClaimed": ("ResourceHeld", "ResourceAnswered", "CallHalted"),
    "ResourceHeld": ("ResourceAnswered", "CallHalted"),
    "ResourceAnswered": ("ResourceHeld", "ResourceAnswered", *_BEGIN),
    UNGRANTED: ("ResourceReleased", "SkillExecuted"),
    "SkillAsked": ("SkillExecuted", "CallHalted"),
    "EffectAsked": ("EffectAnswered", "CallHalted"),
    "EffectAnswered": (*_INSIDE, "CallHalted"),
    "BudgetReserved": (*_INSIDE, "ChildSpawned", "CallHalted"),
    "ChildSpawned": ("ChildJoined", "CallHalted"),
    "ChildJoined": ("BudgetSettled",),
    "BudgetSettled": (*_INSIDE, "CallHalted"),
    "TimerSet": ("TimerFired", "CallHalted"),
    "TimerFired": (*_INSIDE, "SkillAsked", "CallHalted", "ResourcesClaimed", *_GATES),
    "CallHalted": (*_INSIDE, "StepSkipped", "CallHalted", *_OVER),
    "SkillExecuted": ("RetryScheduled", "FallbackTaken", "PostStep", *_OVER),
    "FallbackTaken": _OVER,
    REPLACED: (*_BEGIN, "ResourcesClaimed"),
    ABORTED: ("CallHalted",),
    STOPPED: _OVER,
    "PostStep": ("PostStep", *_OVER),
    "RetryScheduled": ("TimerFired", "CallHalted"),
    "StepSkipped": _OVER,
    "ResourceReleased": _OVER,
}

_DECIDED = ("PlanChosen", "PlanAsked")
_UNASKED = ("PreRun", "TimerSet", "PostRun", "WorkEnded")

#: In the root lane; in each pass lanes of steps may stand between PlanChosen and WorkEnded, that of a
#: planner behind PlanAsked, and that of a child that resolves a conflict behind ConflictFound.
ROOT_LANE: LaneTable = {
    START: ("RunStarted",),
    "RunStarted": ("IntentSet",),
    "IntentSet": ("ItemObserved", "LensAssembled"),
    "ItemObserved": ("ItemObserved", "LensAssembled"),
    INSUFFICIENT: ("ConflictFound", "Locked"),
    "LensAssembled": (*_DECIDED, "StrategySuggested", "ConflictFound"),
    "ConflictFound": ("ConflictResolved", "WorkEnded"),
    "StrategySuggested": (*_DECIDED, "StrategyApplied"),
    "StrategyApplied": _DECIDED,
    "PlanAsked": ("PlanRefused", "PlanChosen", "WorkEnded"),
    "PlanRefused": ("PlanAsked", "WorkEnded"),
    "PlanChosen": (*_UNASKED, "ApprovalAsked"),
    "ApprovalAsked": ("ApprovalAnswered", "CallHalted"),
    "ApprovalAnswered": _UNASKED,
    UNANSWERED: ("WorkEnded",),
    "PreRun": _UNASKED,
    REFUSED: ("WorkEnded",),
    "TimerSet": ("TimerFired", "CallHalted"),
    "TimerFired": ("TimerSet", "PostRun", "WorkEnded"),
    "CallHalted": ("TimerSet", "PostRun", "WorkEnded"),
    "PostRun": ("PostRun", "WorkEnded"),
    "WorkEnded": ("VerificationRun", "Locked"),
    "VerificationRun": ("Locked",),
    "ToOrient": ("LensAssembled",),
    "ToDecide": (*_DECIDED, "StrategySuggested"),
    "ToAct": _UNASKED,
    "Locked": (END,),
}

#: The signs after which lanes of steps may stand.
SPAWNING = (
    "ConflictFound",
    "PlanAsked",
    "PlanChosen",
    "ApprovalAnswered",
    "PreRun",
    "TimerFired",
    "CallHalted",
    "ToAct",
)


def comes_as(kind: str, payload: Payload) -> str:
    """Returns the sign by which an event is one that may come next."""
    return GATE_SIGNS[payload.when] if isinstance(payload, GateEvaluated) else kind


def left_as(kind: str, payload: Payload, before: str) -> str:
    """Returns the sign of an event for what comes after it; ``before`` is that of the one before."""
    match payload:
        case ApprovalAnswered() | GateEvaluated() if _bars(payload):
            sign = REFUSED
        case CallHalted():
            sign = _HALTED.get(before, kind)
        case FallbackTaken():
            sign = _FALLEN.get(payload.action, kind)
        case LensAssembled() if payload.failure:
            sign = INSUFFICIENT
        case ResourceAnswered() | ResourceReleased() if _is_ungranted(payload, before):
            sign = UNGRANTED
        case ConflictResolved() | WorkEnded() | VerificationRun() if payload.backtrack:
            sign = BACK_SIGNS[payload.backtrack.to]
        case _:
            sign = comes_as(kind, payload)
    return sign


def _is_ungranted(payload: ResourceAnswered | ResourceReleased, before: str) -> bool:
    if isinstance(payload, ResourceAnswered):
        return bool(payload.failure)
    return before == UNGRANTED


def _bars(answer: ApprovalAnswered | GateEvaluated) -> bool:
    if isinstance(answer, ApprovalAnswered):
        return answer.decision != "approved"
    return answer.when in BARRING and not answer.passed
