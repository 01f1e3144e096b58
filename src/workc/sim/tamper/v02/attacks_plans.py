"""Resealed edits of plans: who was asked, what came of it, and whether it was let begin (section 16)."""

from __future__ import annotations

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import NOT_SAID, TABLE
from workc.sim.tamper.v02.draft import Draft


def _planner_lane(draft: Draft) -> list[Doc]:
    """Returns the lane of the planner that was asked last."""
    draft.payload("PlanAsked")
    place = draft.events.index(draft.all("PlanAsked")[-1])
    return draft.lane(draft.events[place + 1])


def _hide_planner(draft: Draft) -> None:
    draft.payload("PlanAsked")
    chosen = draft.payload("PlanChosen")
    for name in ("decision", "document", "planner"):
        del chosen[name]


def _forget_refusal(draft: Draft) -> None:
    """Lets the ask behind a plan that was refused look as if it were the first."""
    draft.payload("PlanRefused")
    if len(draft.all("PlanAsked")) == 1:
        raise does_not_apply("no ask behind a plan that was refused")
    draft.payload("PlanAsked", 1)["attempt"] = 1


def _silence(draft: Draft) -> None:
    """Puts a check behind what the planner gave, so that its lane does not end with that."""
    last = _planner_lane(draft)[-1]
    gate = {
        "gate": "seen",
        "kind": "check",
        "passed": True,
        "step": last["payload"]["step"],
        "that": "value",
        "value": {"form": "json", "inline": "true"},
        "when": "post_step",
    }
    at = [*last["at"][:-1], last["at"][-1] + 1]
    # A gate of this kind is no answer.
    event = {key: item for key, item in last.items() if key != "at_ms"}
    place = draft.events.index(last) + 1
    draft.events.insert(place, {**event, "at": at, "kind": "GateEvaluated", "payload": gate})


def _approve_step(draft: Draft) -> None:
    """Makes of the approval of a plan one of another step."""
    asked = [event for event in draft.all("ApprovalAsked") if len(event["at"]) == 1]
    if not asked:
        raise does_not_apply("no approval of a plan")
    for event in draft.events:
        if len(event["at"]) == 1 and event["kind"].startswith("Approval"):
            event["payload"]["step"] += "x"


def _let_begin(draft: Draft) -> None:
    """Says that a human let a plan begin who did not."""
    refused = [each for each in _decisions(draft) if each["payload"]["decision"] != "approved"]
    if not refused:
        raise does_not_apply("no plan that a human did not let begin")
    refused[0]["payload"].update(by="x", decision="approved")


def _plan_more(draft: Draft) -> None:
    """Says of a plan that was made by a planner that it has one step more."""
    draft.payload("PlanAsked")
    if any(event["payload"].get("decision") != "approved" for event in _decisions(draft)):
        raise does_not_apply("the plan was not let begin")
    draft.payload("PlanChosen")["steps"] += 1


def _decisions(draft: Draft) -> list[Doc]:
    return [event for event in draft.all("ApprovalAnswered") if len(event["at"]) == 1]


PLAN_ATTACKS: Attacks[Draft] = {
    "PlannerHidden": Attack(_hide_planner, TABLE, "A plan does not say that it was asked for."),
    "RefusalForgotten": Attack(_forget_refusal, TABLE, "A second ask is said to be the first."),
    "PlanNotGiven": Attack(_silence, TABLE, "The planner's lane does not end with its plan."),
    "OtherApproved": Attack(_approve_step, TABLE, "What was approved is not the plan."),
    "PlanApproved": Attack(_let_begin, NOT_SAID, "A plan that was refused is said to be approved."),
    "PlanGrown": Attack(_plan_more, NOT_SAID, "A plan is said to have a step more."),
}
