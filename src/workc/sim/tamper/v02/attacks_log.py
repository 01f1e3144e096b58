"""Resealed edits of the log: events, places, lanes, steps and calls (sections 4 to 6)."""

from __future__ import annotations

import copy
import json

from workc.sim.json_text import spell_json
from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import BAD_EVENT, CHAIN, NOT_SAID, TABLE, UNPROVABLE
from workc.sim.tamper.rungs import DIGESTED
from workc.sim.tamper.v02.draft import Draft, forget_unnamed, last_pass

_MOVES = frozenset({"BudgetReserved", "BudgetSettled"})


def _reorder(draft: Draft) -> None:
    intent, lens = draft.event("IntentSet"), draft.event("LensAssembled")
    intent["at"], lens["at"] = lens["at"], intent["at"]
    _reorder_in_place(draft)


def _reorder_in_place(draft: Draft) -> None:
    events, intent = draft.events, draft.events.index(draft.event("IntentSet"))
    events[intent], events[intent + 1] = events[intent + 1], events[intent]


def _drop_lens(draft: Draft) -> None:
    draft.remove(draft.event("LensAssembled"))


def _double_lock(draft: Draft) -> None:
    again = copy.deepcopy(draft.event("Locked"))
    again["at"] = [again["at"][0] + 1]
    draft.events.append(again)


def _cut(draft: Draft) -> None:
    draft.events.pop()


def _leave_unended(draft: Draft) -> None:
    draft.end = b""


def _time_intent(draft: Draft) -> None:
    draft.event("IntentSet")["at_ms"] = 0


def _drop_answer(draft: Draft) -> None:
    draft.remove(draft.event("EffectAnswered"))
    forget_unnamed(draft)


def _change_skill(draft: Draft) -> None:
    for event in draft.all("SkillExecuted"):
        called = [e["payload"] for e in draft.lane(event) if "skill" in e["payload"]]
        if len(called) > 1:
            names = [n for n in draft.payload("RunStarted")["code"] if n != called[0]["skill"]]
            called[-1]["skill"] = names[0] if names else "x"
            return
    raise does_not_apply("no step that names its skill twice")


def _first_lane(draft: Draft) -> list[Doc]:
    found = [event for event in draft.events if len(event["at"]) > 1]
    if not found:
        raise does_not_apply("no step")
    return draft.lane(found[0])


def _shift_lane(draft: Draft) -> None:
    for event in _first_lane(draft):
        event["at"][-1] += 1


def _deepen_lane(draft: Draft) -> None:
    for event in _first_lane(draft):
        event["at"] = [*event["at"], 0, 0]


def _open_late(draft: Draft) -> None:
    lanes = [event for event in draft.events if len(event["at"]) > 1]
    if not lanes or {event["at"][0] for event in lanes} != {4}:
        raise does_not_apply("no steps that stand together after the plan")
    work = draft.event("WorkEnded")
    draft.events.remove(work)
    draft.events.insert(4, work)
    work["at"] = [4]
    for event in lanes:
        event["at"][0] = 5


def _halt_lane(draft: Draft) -> None:
    first, *rest = _first_lane(draft)
    for event in rest:
        draft.events.remove(event)
    ts = first["ts"]
    first |= {"at_ms": ts, "kind": "CallHalted", "payload": {"code": "X"}, "phase": "Act"}


def _double_step(draft: Draft) -> None:
    # In another pass a step may well stand again.
    named = [e for e in last_pass(draft.events) if "step" in e["payload"] and len(e["at"]) > 1]
    step = named[0]["payload"]["step"] if named else ""
    others = [event for event in named if event["payload"]["step"] != step]
    if not others:
        raise does_not_apply("no second step")
    for event in draft.lane(others[0]):
        if "step" in event["payload"]:
            event["payload"]["step"] = step


def _last_lane_of_file(draft: Draft) -> list[Doc]:
    """Returns the lane of the last step of a plan, if nothing else in the log depends on it."""
    if draft.payload("RunStarted")["program_kind"] != "file":
        raise does_not_apply("no workflow file")
    last = [event for event in draft.events if len(event["at"]) > 1][-1:]
    lane = draft.lane(last[0]) if last else []
    kinds = {event["kind"] for event in lane}
    is_first = not lane or lane[0]["at"][1] == 0
    if is_first or "value" not in lane[-1]["payload"] or kinds & {*_MOVES, "CallHalted"}:
        raise does_not_apply(
            "no second step that succeeded and cost nothing at the end of its plan"
        )
    return lane


def _drop_step(draft: Draft) -> None:
    lane = _last_lane_of_file(draft)
    draft.events = [event for event in draft.events if event not in lane]
    forget_unnamed(draft)


def _drop_step_throughout(draft: Draft) -> None:
    plan = planned(draft)
    _drop_step(draft)
    put_plan(draft, plan[:-1])
    draft.payload("PlanChosen")["steps"] = len(plan) - 1


def planned(draft: Draft) -> list[Doc]:
    """Returns the plan of a workflow file, if it stands in its event and names a step."""
    chosen = draft.payload("PlanChosen")
    by_file = draft.payload("RunStarted")["program_kind"] == "file"
    plan: list[Doc] = json.loads(chosen["plan"].get("inline", "[]")) if by_file else []
    if not plan:
        raise does_not_apply("no plan of a workflow file in its event")
    return plan


def put_plan(draft: Draft, plan: list[Doc]) -> None:
    """Writes another plan."""
    draft.payload("PlanChosen")["plan"]["inline"] = spell_json([*plan]).decode()


def _taken(draft: Draft) -> list[Doc]:
    """Returns the plan, if a step of it was taken, which a gate of the run may have barred."""
    plan = planned(draft)
    chosen = draft.event("PlanChosen")["at"]
    # What stands before the plan is the lane of a planner, and no step of it.
    if not any(len(event["at"]) > 1 and event["at"] > chosen for event in draft.events):
        raise does_not_apply("no step that was taken")
    return plan


def _plan_other_step(draft: Draft) -> None:
    plan = _taken(draft)
    plan[0]["id"] += "x"
    put_plan(draft, plan)


def _plan_other_order(draft: Draft) -> None:
    plan = _taken(draft)
    if len(plan) < 2:
        raise does_not_apply("no second step")
    put_plan(draft, plan[::-1])


def _plan_other_skill(draft: Draft) -> None:
    plan = _taken(draft)
    executed = {e["payload"]["step"] for e in draft.all("SkillExecuted")}
    found = next((entry for entry in plan if entry["id"] in executed), None)
    if found is None:
        raise does_not_apply("no step of the plan was executed")
    found["skill"] += "x"
    put_plan(draft, plan)


def _plan_no_needs(draft: Draft) -> None:
    if not any(event["payload"]["because"] for event in draft.all("StepSkipped")):
        raise does_not_apply("no step that was skipped because of another")
    put_plan(draft, [{**entry, "needs": []} for entry in planned(draft)])


def _plan_as_text(draft: Draft) -> None:
    planned(draft)
    draft.payload("PlanChosen")["plan"]["form"] = "text"


#: What has a number in one order with that of other lanes.
_COUNTED = _MOVES | {"ResourceAnswered", "ResourceReleased"}


def _forget_retry(draft: Draft) -> None:
    retry = draft.event("RetryScheduled")
    lane = draft.lane(retry)
    end = lane.index(retry) + 2
    if lane[end - 1]["kind"] != "TimerFired" or {e["kind"] for e in lane[:end]} & _COUNTED:
        raise does_not_apply("no retry that cost nothing")
    if any(event["kind"] == "FallbackTaken" for event in lane):
        raise does_not_apply("no retry but in a lane that fell back")
    draft.events = [event for event in draft.events if event not in lane[:end]]
    for event in lane[end:]:
        event["at"][-1] -= end
        if "attempt" in event["payload"]:
            event["payload"]["attempt"] -= 1
    forget_unnamed(draft)


def _call_opaque_pure(draft: Draft) -> None:
    executed = draft.lane(draft.event("SkillAsked"))
    payload: Doc = next(e["payload"] for e in executed if e["kind"] == "SkillExecuted")
    payload |= {"mode": "pure", "params": {"form": "json", "inline": "{}"}}


def _pure(draft: Draft) -> Doc:
    for event in draft.all("SkillExecuted"):
        if event["payload"]["mode"] == "pure":
            payload: Doc = event["payload"]
            return payload
    raise does_not_apply("no pure call")


def _call_pure_opaque(draft: Draft) -> None:
    pure = _pure(draft)
    pure["mode"] = "opaque"
    del pure["params"]


def _forget_params(draft: Draft) -> None:
    del _pure(draft)["params"]


def _forget_code(draft: Draft) -> None:
    if not any("request" in event["payload"] for event in draft.all("SkillExecuted")):
        raise does_not_apply("no call whose code is named")
    started = draft.payload("RunStarted")
    started["code"] = {}
    started.pop("stages", None)


def _misspell_continued(draft: Draft) -> None:
    started = draft.payload("RunStarted")
    if "continues" not in started:
        raise does_not_apply("no bundle that the run goes on from")
    started["continues"] = "F" * 64


def _replace_request(draft: Draft) -> None:
    request = draft.payload("EffectAsked")["request"]
    if "inline" not in request:
        raise does_not_apply("no request in its event")
    request["inline"] += " "


def _ask_in_lane(draft: Draft) -> None:
    for event in draft.all("SkillExecuted"):
        if event["payload"]["mode"] == "context":
            event["payload"]["request"] = "0" * 64
            event["at_ms"] = 0
            return
    raise does_not_apply("no call that asked for effects")


LOG_ATTACKS: Attacks[Draft] = {
    "EventsReordered": Attack(_reorder, TABLE, "Two events change their order and their places."),
    "EventsReorderedInPlace": Attack(_reorder_in_place, TABLE, "Two events change their order."),
    "EventDropped": Attack(_drop_lens, TABLE, "An event is gone and the gap is closed."),
    "ContinuedMisspelt": Attack(
        _misspell_continued, BAD_EVENT, "The digest of the bundle before is misspelt."
    ),
    "LockDoubled": Attack(_double_lock, TABLE, "The run is locked twice."),
    "LogCut": Attack(_cut, CHAIN, "The log ends before its end.", DIGESTED),
    "LogUnended": Attack(_leave_unended, BAD_EVENT, "The last line has no end.", DIGESTED),
    "IntentTimed": Attack(
        _time_intent, BAD_EVENT, "What nobody answered has the time of an answer."
    ),
    "AnswerDropped": Attack(_drop_answer, TABLE, "What was asked for was never answered."),
    "SkillChanged": Attack(_change_skill, TABLE, "One step calls two skills."),
    "LaneShifted": Attack(_shift_lane, TABLE, "A lane does not begin at its beginning."),
    "LaneDeepened": Attack(_deepen_lane, TABLE, "A lane lies below a lane."),
    "LanesOpenedLate": Attack(_open_late, TABLE, "Steps stand after the end of the work."),
    "LaneHalted": Attack(_halt_lane, TABLE, "A lane says of no step whose it is."),
    "StepDoubled": Attack(_double_step, TABLE, "Two lanes are of one step."),
    "StepDropped": Attack(_drop_step, NOT_SAID, "A planned step was never taken."),
    "StepDroppedThroughout": Attack(
        _drop_step_throughout, UNPROVABLE, "A step is gone, from the plan too."
    ),
    "PlanOfAnotherStep": Attack(_plan_other_step, NOT_SAID, "The plan names another step."),
    "PlanReordered": Attack(_plan_other_order, NOT_SAID, "The plan has another order."),
    "PlanOfAnotherSkill": Attack(_plan_other_skill, NOT_SAID, "The plan names another skill."),
    "PlanWithoutNeeds": Attack(_plan_no_needs, NOT_SAID, "A step was skipped for no reason."),
    "PlanAsText": Attack(_plan_as_text, NOT_SAID, "The plan is no JSON."),
    "RetryForgotten": Attack(_forget_retry, UNPROVABLE, "The first attempt never was."),
    "OpaqueCalledPure": Attack(_call_opaque_pure, TABLE, "An opaque call says that it is pure."),
    "PureCalledOpaque": Attack(_call_pure_opaque, TABLE, "A call was opaque and not asked for."),
    "ParamsForgotten": Attack(_forget_params, BAD_EVENT, "A pure call without its parameters."),
    "ContextAsked": Attack(_ask_in_lane, BAD_EVENT, "A call that makes effects was itself asked."),
    "CodeForgotten": Attack(_forget_code, TABLE, "The code of a call is not named."),
    "RequestReplaced": Attack(_replace_request, TABLE, "Something else was asked for."),
}
