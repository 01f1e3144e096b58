"""What may stand in a lane, and after what: the second half of the table, for kinds of events.

``workc.kernel.phases`` says which phase may follow which; this says it for the records of one
lane. START and END stand for the two ends of a lane.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

#: kind, or START -> the kinds that may come next, or END.
LaneTable: TypeAlias = Mapping[str, tuple[str, ...]]

START = "START"
END = "END"

_INSIDE = ("EffectAsked", "BudgetReserved", "BudgetSettled", "TimerSet", "SkillExecuted")

#: In the lane of a step: kind -> the kinds that may come next.
STEP_LANE: LaneTable = {
    START: (
        "StepSkipped",
        "SkillAsked",
        "SkillExecuted",
        "EffectAsked",
        "BudgetReserved",
        "TimerSet",
        "CallHalted",
    ),
    "SkillAsked": ("SkillExecuted", "CallHalted"),
    "EffectAsked": ("EffectAnswered", "CallHalted"),
    "EffectAnswered": (*_INSIDE, "CallHalted"),
    "BudgetReserved": (*_INSIDE, "CallHalted"),
    "BudgetSettled": (*_INSIDE, "CallHalted"),
    "TimerSet": ("TimerFired", "CallHalted"),
    "TimerFired": (*_INSIDE, "SkillAsked", "CallHalted"),
    "CallHalted": (*_INSIDE, "StepSkipped", "CallHalted", END),
    "SkillExecuted": ("RetryScheduled", END),
    "RetryScheduled": ("TimerFired", "CallHalted"),
    "StepSkipped": (END,),
}

#: In the root lane; lanes of steps may stand between PlanChosen and WorkEnded.
ROOT_LANE: LaneTable = {
    START: ("RunStarted",),
    "RunStarted": ("IntentSet",),
    "IntentSet": ("LensAssembled",),
    "LensAssembled": ("PlanChosen",),
    "PlanChosen": ("TimerSet", "WorkEnded"),
    "TimerSet": ("TimerFired", "CallHalted"),
    "TimerFired": ("TimerSet", "WorkEnded"),
    "CallHalted": ("TimerSet", "WorkEnded"),
    "WorkEnded": ("VerificationRun", "Locked"),
    "VerificationRun": ("Locked",),
    "Locked": (END,),
}

#: The kinds after which lanes of steps may stand.
SPAWNING = ("PlanChosen", "TimerFired", "CallHalted")
