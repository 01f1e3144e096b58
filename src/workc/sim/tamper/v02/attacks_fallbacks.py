"""Resealed edits of fallbacks: what was done about steps that had failed (5, 6 and 8)."""

from __future__ import annotations

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import NOT_BORNE_OUT, NOT_SAID, TABLE, UNPROVABLE
from workc.sim.tamper.v02.draft import Draft, forget_unnamed


def _taken(draft: Draft, *actions: str) -> Doc:
    for event in draft.all("FallbackTaken"):
        if event["payload"]["action"] in actions:
            return event
    raise does_not_apply(f"no fallback by {' or '.join(actions)}")


def _forget(draft: Draft) -> None:
    taken = _taken(draft, "skip", "value")
    if draft.payload("RunStarted")["program_kind"] != "file":
        raise does_not_apply("no workflow file, whose failed steps make it partial")
    draft.remove(taken)
    forget_unnamed(draft)


def _forget_replacement(draft: Draft) -> None:
    draft.remove(_taken(draft, "skill"))


def _succeed(draft: Draft) -> None:
    _taken(draft, "skill", "skip", "value")
    if draft.payload("Locked")["outcome"] != "partial":
        raise does_not_apply("no run that is partial")
    level = "Committed" if draft.receipt["verification"]["results"] else "Staged"
    draft.event("Locked")["payload"] = {"lock_level": level, "outcome": "success"}


def _fail_otherwise(draft: Draft) -> None:
    taken = _taken(draft, "skill", "skip", "value")
    lane = draft.lane(taken)
    lane[lane.index(taken) - 1]["payload"]["failure"]["code"] = "BUDGET_EXCEEDED"
    taken["payload"]["code"] = "BUDGET_EXCEEDED"


def _planned(draft: Draft) -> None:
    if "inline" not in draft.payload("PlanChosen")["plan"]:
        raise does_not_apply("no plan that stands in its event")


def _skip_instead(draft: Draft) -> None:
    _planned(draft)
    taken = _taken(draft, "value")["payload"]
    taken["action"] = "skip"
    del taken["value"]
    forget_unnamed(draft)


def _give_instead(draft: Draft) -> None:
    _planned(draft)
    value = {"form": "json", "inline": "1"}
    _taken(draft, "skip")["payload"].update(action="value", value=value)


def _go_on(draft: Draft) -> None:
    _planned(draft)
    taken = _taken(draft, "abort")
    lane = draft.lane(taken)
    taken["payload"]["action"] = "skip"
    draft.remove(lane[lane.index(taken) + 1])


def _stop_nothing(draft: Draft) -> None:
    taken = _taken(draft, "abort")
    lane = draft.lane(taken)
    draft.remove(lane[lane.index(taken) + 1])


def _count_anew(draft: Draft) -> None:
    taken = _taken(draft, "skill")
    lane = draft.lane(taken)
    for event in lane[lane.index(taken) + 1 :]:
        if "attempt" in event["payload"]:
            event["payload"]["attempt"] -= taken["payload"]["attempt"]


def _fall_back_again(draft: Draft) -> None:
    taken = _taken(draft, "skill")
    lane = draft.lane(taken)
    retries = [event for event in lane[lane.index(taken) :] if event["kind"] == "RetryScheduled"]
    if not retries:
        raise does_not_apply("no retry of a skill that ran instead")
    retry = retries[0]
    fired = lane[lane.index(retry) + 1]
    again = {**taken["payload"], "attempt": retry["payload"]["attempt"]}
    retry.update(kind="FallbackTaken", payload={**again, "code": retry["payload"]["code"]})
    draft.remove(fired)


FALLBACK_ATTACKS: Attacks[Draft] = {
    "FallbackForgotten": Attack(_forget, UNPROVABLE, "Nothing was done about a failed step."),
    "ReplacementForgotten": Attack(
        _forget_replacement, TABLE, "The step's own skill is said to have succeeded in the end."
    ),
    "FallbackSucceeded": Attack(
        _succeed, NOT_BORNE_OUT, "A run that fell back is said to be a success."
    ),
    "ForbiddenTolerated": Attack(
        _fail_otherwise, TABLE, "A spent budget was tolerated like any failure."
    ),
    "ValueSkipped": Attack(_skip_instead, NOT_SAID, "A step gave nothing, not the planned value."),
    "SkipGivenAValue": Attack(_give_instead, NOT_SAID, "A step gave a value that was not planned."),
    "AbortTolerated": Attack(_go_on, NOT_SAID, "A step that was to stop the run was skipped."),
    "AbortStoppedNothing": Attack(_stop_nothing, TABLE, "An abort halted nothing."),
    "ReplacementReplaced": Attack(
        _fall_back_again, TABLE, "A skill that ran instead was replaced by itself, not tried again."
    ),
    "ReplacementCountedAnew": Attack(
        _count_anew, TABLE, "The attempts of another skill are counted from the beginning."
    ),
}
