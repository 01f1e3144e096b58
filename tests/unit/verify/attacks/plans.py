"""Section 16: who was asked for a plan, what was made of it, and whether it was let begin."""

from attacks.attack import sealed, table


def _plan(operator, name="planned"):
    """Adds an edit of what a run says of its plan, the receipt with it."""
    return sealed(operator, "FSM_ILLEGAL_TRANSITION", "table", name)


def _lane(d, place):
    return [event for event in d.events if event["at"][:1] == [place] and event["at"][1:]]


@_plan("set")
def a_planner_of_another_step(d):
    d.payload("PlanAsked")["step"] = "plan-3"


@_plan("set")
def a_planner_of_another_skill(d):
    d.payload("PlanAsked")["skill"] = "http_call"


@table("add", "planned")
def two_lanes_of_one_planner(d):
    place = next(n for n, event in enumerate(d.events) if event["kind"] == "PlanRefused")
    twice = {**_lane(d, 4)[-1], "at": [4, 1, 0]}
    twice["payload"] = {**twice["payload"], "step": "another"}
    d.events.insert(place, twice)


@table("remove", "plan_refused")
def a_planner_that_was_never_asked(d):
    for event in _lane(d, 7):
        d.events.remove(event)
    for event in d.events[-3:]:
        event["at"][0] -= 1


@table("set", "function")
def a_function_that_asks_a_planner(d):
    d.event("LensAssembled").update(
        kind="PlanAsked",
        phase="Decide",
        payload={"attempt": 1, "planner": "skill", "skill": "shout", "step": "plan"},
    )


@_plan("grow")
def a_first_ask_with_the_number_of_a_second(d):
    d.payload("PlanAsked")["attempt"] = 2
    d.payload("PlanRefused")["attempt"] = 2
    d.payload("PlanAsked", 1)["attempt"] = 3


@_plan("shrink")
def a_second_ask_with_the_number_of_the_first(d):
    d.payload("PlanAsked", 1)["attempt"] = 1


@_plan("set")
def a_plan_refused_of_another_ask(d):
    d.payload("PlanRefused")["attempt"] = 2
    d.payload("PlanAsked", 1)["attempt"] = 3


@_plan("set")
def a_plan_by_another_sort_of_planner(d):
    d.payload("PlanChosen")["planner"] = "function"


@_plan("remove")
def a_plan_that_hides_its_planner(d):
    del d.payload("PlanChosen")["planner"]


@_plan("remove")
def a_plan_without_what_was_accepted(d):
    del d.payload("PlanChosen")["document"]


@_plan("add", "success")
def a_plan_of_the_program_with_a_planner(d):
    d.payload("PlanChosen")["planner"] = "skill"


@_plan("add", "success")
def a_plan_of_the_program_with_a_decision(d):
    d.payload("PlanChosen")["decision"] = {"form": "json", "inline": "{}"}


def _fail(d, number):
    executed = d.payload("SkillExecuted", number)
    del executed["value"]
    details = {"form": "json", "inline": "{}"}
    executed["failure"] = {"code": "TIMEOUT", "details": details, "message": ""}


@table("retype", "planned")
def a_plan_of_a_planner_that_failed(d):
    """The planner failed, and the plan is refused all the same."""
    _fail(d, 0)


@_plan("add")
def a_plan_chosen_before_its_planner_has_ended(d):
    """Something stands behind what the planner gave."""
    last = _lane(d, 7)[-1]
    gate = {"gate": "seen", "kind": "check", "passed": True, "step": "plan-2", "that": "value"}
    gate |= {"value": {"form": "json", "inline": "true"}, "when": "post_step"}
    event = {key: item for key, item in last.items() if key != "at_ms"}
    event |= {"at": [7, 0, last["at"][2] + 1], "kind": "GateEvaluated", "payload": gate}
    d.events.insert(d.events.index(last) + 1, event)


@_plan("set", "plan_approved")
def an_approval_of_another_step_than_that_of_the_planner(d):
    for kind in ("ApprovalAsked", "ApprovalAnswered"):
        d.payload(kind)["step"] = "count"


@table("splice", "success")
def an_approval_of_a_plan_that_nobody_made(d):
    chosen = d.event("PlanChosen")
    place = d.events.index(chosen)
    asked = {"gate": "plan", "question": {"form": "text", "inline": "?"}, "step": "plan"}
    answered = {"by": "ada", "decision": "approved", "gate": "plan", "note": "", "step": "plan"}
    for event in d.events[place + 1 :]:
        event["at"][0] += 2
    d.events[place + 1 : place + 1] = [
        {**chosen, "at": [4], "kind": "ApprovalAsked", "phase": "Act", "payload": asked},
        {
            **chosen,
            "at": [5],
            "at_ms": chosen["ts"],
            "kind": "ApprovalAnswered",
            "phase": "Act",
            "payload": answered,
        },
    ]


@_plan("set", "plan_approved")
def an_approval_of_another_gate_than_was_asked(d):
    d.payload("ApprovalAnswered")["gate"] = "another"


@_plan("remove", "plan_denied")
def an_approval_of_a_plan_that_was_late_without_a_limit(d):
    del d.payload("ApprovalAsked")["timeout_ms"]


@sealed("set", "RECEIPT_EVENT_MISMATCH", "projection", "plan_approved")
def a_plan_that_was_denied_and_carried_out(d):
    d.payload("ApprovalAnswered").update(by="eve", decision="approved")
    d.payload("PlanChosen")["steps"] = 2


@sealed("remove", "RECEIPT_EVENT_MISMATCH", "projection", "planned")
def a_step_of_a_planned_plan_left_out(d):
    d.events = [event for event in d.events if event["at"][0] != 9]
    for event in d.events[-3:]:
        event["at"][0] -= 1
