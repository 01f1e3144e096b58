"""Section 5: whose a lane is: its step, its skill, its code."""

import json

from reseal import canonical

from attacks.attack import sealed, table


@table("set", "retried")
def a_lane_of_two_steps(d):
    d.payload("SkillExecuted", 1)["step"] = "other"


def _stray_step(name, kind, number):
    def edit(d):
        d.payload(kind, number)["step"] = "other"

    edit.__name__ = f"a_{kind}_of_another_step_in_{name}"
    table("set", name)(edit)


for _name, _kind, _number in (
    ("retried", "EffectAsked", 1),
    ("retried", "RetryScheduled", 0),
    ("function", "SkillAsked", 0),
    ("paid", "BudgetReserved", 1),
    ("paid", "BudgetSettled", 1),
    ("halted", "BudgetReserved", 0),
):
    _stray_step(_name, _kind, _number)


@table("set", "function")
def a_step_named_after_another_place(d):
    for name in ("SkillAsked", "SkillExecuted"):
        for event in d.events:
            if event["kind"] == name and event["at"][:2] == d.event("SkillAsked")["at"][:2]:
                event["payload"]["step"] = "shout-7.0"


@sealed("set", "FSM_ILLEGAL_TRANSITION", "table", "function")
def two_lanes_of_one_step(d):
    first, other = d.payload("SkillExecuted"), d.payload("SkillExecuted", 1)
    d.payload("SkillAsked").update(step=first["step"], skill=first["skill"])
    other.update(step=first["step"], skill=first["skill"])


@sealed("set", "FSM_ILLEGAL_TRANSITION", "table", "function")
def a_lane_of_no_step(d):
    first = d.event("SkillExecuted")
    for key in ("payload", "kind"):
        first.pop(key)
    first.update(kind="CallHalted", payload={"code": "X"})
    d.payload("WorkEnded")["halt"] = "X"
    d.payload("WorkEnded").pop("output")
    d.drop("VerificationRun")
    d.event("Locked")["at"][0] -= 1
    d.events[-1]["payload"] = {"lock_level": "Draft", "outcome": "failed"}
    d.files = {path: data for path, data in d.files.items() if not path.startswith("artifacts/")}


@sealed("set", "FSM_ILLEGAL_TRANSITION", "table", "function")
def an_answer_of_another_skill_than_was_asked(d):
    d.payload("SkillExecuted", 1)["skill"] = d.payload("SkillExecuted")["skill"]


@sealed("remove", "FSM_ILLEGAL_TRANSITION", "table", "function")
def a_skill_whose_code_is_not_known(d):
    d.payload("RunStarted")["code"] = {}


@table("respell", "retried")
def a_step_in_capitals_in_the_same_lane(d):
    d.payload("SkillExecuted", 1)["step"] = "A"


@sealed("respell", "FSM_ILLEGAL_TRANSITION", "table", "retried")
def a_skill_in_capitals_in_the_same_lane(d):
    d.payload("SkillExecuted", 1)["skill"] = "HTTP_CALL"


@table("add")
def a_lane_more_that_names_no_step(d):
    halted = {"kind": "CallHalted", "phase": "Act", "payload": {"code": "X"}, "at": [4, 2, 0]}
    at_ms = d.event("RunStarted")["at_ms"]
    d.events.insert(d.events.index(d.event("WorkEnded")), {**halted, "at_ms": at_ms})


@table("set")
def two_steps_of_one_name(d):
    for event in d.events:
        if event["at"][1:2] == [1] and "step" in event["payload"]:
            event["payload"]["step"] = "a"


@table("repeat", "staged")
def a_lane_made_twice(d):
    executed = d.event("SkillExecuted")
    again = {**json.loads(json.dumps(executed)), "at": [4, 1, 0]}
    d.events.insert(d.events.index(executed) + 1, again)
    plan = d.payload("PlanChosen")
    plan["steps"] = 2
    plan["plan"]["inline"] = canonical(json.loads(plan["plan"]["inline"]) * 2).decode()


@sealed("respell", "FSM_ILLEGAL_TRANSITION", "table", "function")
def a_skill_whose_code_is_named_in_capitals(d):
    code = d.payload("RunStarted")["code"]
    code["SHOUT"] = code.pop("shout")


def _rename(d, lane, step):
    for event in d.events:
        if event["at"][:2] == lane:
            event["payload"]["step"] = step


@sealed("grow", "FSM_ILLEGAL_TRANSITION", "table", "function")
def a_step_named_after_the_next_place(d):
    _rename(d, [9, 0], "shout-9.1")


@sealed("move", "FSM_ILLEGAL_TRANSITION", "table", "function")
def two_steps_with_the_names_of_each_other(d):
    _rename(d, [6, 1], "shout-9.0")
    _rename(d, [9, 0], "shout-6.1")
