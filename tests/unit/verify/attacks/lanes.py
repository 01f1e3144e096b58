"""Section 5: places, lanes, pairs and phases."""

import json

from bundles import bundle
from reseal import canonical, sha256

from attacks.attack import sealed, table


@table("move")
def events_reordered(d):
    d.events[1], d.events[2] = d.events[2], d.events[1]


@table("move")
def events_reordered_and_placed_anew(d):
    d.events[1], d.events[2] = d.events[2], d.events[1]
    d.events[1]["at"], d.events[2]["at"] = d.events[2]["at"], d.events[1]["at"]


@table("remove")
def an_event_dropped(d):
    d.drop("LensAssembled")


@table("remove")
def an_event_dropped_and_the_places_closed_up(d):
    d.drop("LensAssembled")
    for event in d.events[2:]:
        event["at"][0] -= 1


@table("grow")
def a_first_place_that_is_not_0(d):
    for event in d.events:
        event["at"][0] += 1


@table("add")
def a_step_before_the_run_has_started(d):
    d.events = [{**d.event("SkillExecuted"), "at": [0, 0, 0]}, *d.events]


@table("grow")
def a_lane_that_begins_with_1(d):
    d.event("SkillExecuted")["at"][-1] = 1


@table("grow")
def lanes_that_begin_with_1(d):
    for event in d.events:
        if len(event["at"]) == 3:
            event["at"][1] += 1


@table("grow")
def a_lane_left_out(d):
    for event in d.events:
        if event["at"][1:2] == [1]:
            event["at"][1] = 2


@table("grow")
def a_gap_in_a_lane(d):
    d.events[-4]["at"][-1] += 1


@table("shrink")
def a_place_of_two_numbers(d):
    d.event("SkillExecuted")["at"] = [4, 0]


@table("add")
def a_lane_below_a_lane(d):
    # What stands there would be legal in a lane of its own.
    inner = json.loads(json.dumps(d.event("SkillExecuted")))
    d.events.insert(5, {**inner, "at": [4, 0, 1, 0, 0]})


@table("move")
def lanes_before_the_plan(d):
    step = d.event("SkillExecuted")
    d.events.remove(step)
    d.events.insert(3, {**step, "at": [3, 0, 0]})
    for event in d.events[4:]:
        event["at"] = [event["at"][0] + 1, *event["at"][1:]]


@sealed("move", "FSM_ILLEGAL_TRANSITION", "table")
def lanes_after_the_work(d):
    work = d.event("WorkEnded")
    d.events.remove(work)
    d.events.insert(4, {**work, "at": [4]})
    for event in d.events:
        if len(event["at"]) == 3:
            event["at"][0] += 1


@table("add")
def an_event_of_a_step_in_the_root_lane(d):
    d.events.insert(4, {**d.event("SkillExecuted"), "at": [4]})
    for event in d.events[5:]:
        event["at"] = [event["at"][0] + 1, *event["at"][1:]]


@table("add")
def an_event_of_the_root_in_a_lane(d):
    d.events.insert(5, {**d.event("IntentSet"), "at": [4, 0, 1]})


@table("remove")
def a_lane_that_does_not_end(d):
    d.drop("SkillExecuted")


@table("remove")
def a_lane_whose_last_event_is_an_ask(d):
    (second_step,) = [e for e in d.events if e["at"] == [4, 1, 2]]
    (answer,) = [e for e in d.events if e["at"] == [4, 1, 1]]
    d.events.remove(second_step)
    d.events.remove(answer)


def _open_lane(number):
    def edit(d):
        last = [event for event in d.events if event["at"][1:2] == [number]][-1]
        assert last["kind"] == "SkillExecuted"
        d.events.remove(last)
        d.payload("PlanChosen")["steps"] = 1

    edit.__name__ = f"lane_{number}_does_not_end"
    sealed("remove", "FSM_ILLEGAL_TRANSITION", "table", "paid")(edit)


_open_lane(0)
_open_lane(1)


@table("remove")
def an_answer_without_an_ask(d):
    d.drop("EffectAsked")
    d.event("EffectAnswered")["at"][-1] -= 1
    d.event("SkillExecuted", 1)["at"][-1] -= 1


@table("set")
def an_answer_to_another_request(d):
    d.payload("EffectAnswered")["request"] = "0" * 64


@table("set")
def a_digest_that_is_not_of_the_request(d):
    for kind, name in (("EffectAsked", "digest"), ("EffectAnswered", "request")):
        d.payload(kind)[name] = "0" * 64


@table("set")
def an_inline_request_changed(d):
    request = d.payload("EffectAsked")["request"]
    request["inline"] = request["inline"].replace("items", "other")


@table("set", "function")
def an_opaque_answer_to_another_request(d):
    d.payload("SkillExecuted", 1)["request"] = "0" * 64


@table("set", "function")
def an_opaque_call_that_says_it_is_pure(d):
    d.payload("SkillExecuted", 1)["mode"] = "pure"


@table("set")
def an_opaque_call_that_was_not_asked_for(d):
    d.payload("SkillExecuted")["mode"] = "opaque"


@table("grow")
def an_attempt_renumbered(d):
    d.payload("SkillExecuted")["attempt"] = 2


@table("set", "retried")
def a_second_attempt_numbered_1(d):
    d.payload("SkillExecuted", 1)["attempt"] = 1


@table("grow", "retried")
def a_retry_renumbered(d):
    d.payload("RetryScheduled")["attempt"] = 2


@sealed("grow", "FSM_ILLEGAL_TRANSITION", "table", "retried")
def a_retry_and_all_after_it_renumbered(d):
    d.payload("RetryScheduled")["attempt"] = 2
    for kind in ("EffectAsked", "SkillExecuted"):
        d.payload(kind, 1)["attempt"] = 3


@table("set", "retried")
def an_effect_of_another_attempt(d):
    d.payload("EffectAsked", 1)["attempt"] = 1


@table("grow", "function")
def an_opaque_ask_of_another_attempt(d):
    d.payload("SkillAsked")["attempt"] = 2


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


@table("set", "retried")
def a_retry_for_another_code(d):
    d.payload("RetryScheduled")["code"] = "TIMEOUT"


@table("remove", "retried")
def a_retry_of_no_attempt(d):
    d.events.remove(d.event("SkillExecuted"))
    for event in d.events:
        if len(event["at"]) == 3 and event["at"][2] > 2:
            event["at"][2] -= 1


@table("set", "retried")
def a_retry_after_a_success(d):
    d.payload("SkillExecuted").pop("failure")
    d.payload("SkillExecuted")["value"] = {"form": "json", "inline": "1"}


@table("set")
def a_kind_in_a_phase_of_another(d):
    d.event("LensAssembled")["phase"] = "Decide"


@table("remove")
def a_lock_that_follows_act_after_a_success(d):
    d.drop("VerificationRun")
    d.event("Locked")["at"] = [6]


@table("repeat")
def events_after_the_lock(d):
    d.events.append({**json.loads(json.dumps(d.event("Locked"))), "at": [8]})


@table("repeat")
def a_second_start(d):
    d.events.insert(1, {**json.loads(json.dumps(d.event("RunStarted"))), "at": [1]})
    for event in d.events[2:]:
        event["at"] = [event["at"][0] + 1, *event["at"][1:]]


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


@sealed("set", "FSM_ILLEGAL_TRANSITION", "table")
def a_request_in_a_file_that_is_another(d):
    data = b"{}"
    d.files["evidence/request.json"] = data
    d.payload("EffectAsked")["request"] = {
        "form": "json",
        "path": "evidence/request.json",
        "sha256": sha256(data),
        "size": len(data),
    }


def _down_from(d, number, by):
    """Moves the events of the root lane from one place on, and the lanes, further down."""
    for event in d.events:
        if event["at"][0] >= number:
            event["at"][0] += by


@sealed("add", "FSM_ILLEGAL_TRANSITION", "table")
def a_timer_after_the_work(d):
    at_ms = d.event("RunStarted")["at_ms"]
    _down_from(d, 6, 2)
    timer = {"kind": "TimerSet", "phase": "Act", "payload": {"after_ms": 1}, "at": [6]}
    fired = {"kind": "TimerFired", "phase": "Act", "payload": {}, "at": [7], "at_ms": at_ms}
    place = d.events.index(d.event("WorkEnded")) + 1
    d.events[place:place] = [timer, fired]


@sealed("add", "FSM_ILLEGAL_TRANSITION", "table")
def a_timer_after_the_end_of_a_lane(d):
    executed = d.event("SkillExecuted")
    timer = {"kind": "TimerSet", "phase": "Act", "payload": {"after_ms": 1}}
    d.events.insert(d.events.index(executed) + 1, {**timer, "at": [*executed["at"][:2], 1]})


@sealed("add", "FSM_ILLEGAL_TRANSITION", "table", "staged")
def a_lane_while_the_root_lane_waits(d):
    at_ms = d.event("RunStarted")["at_ms"]
    executed = d.event("SkillExecuted")
    _down_from(d, 5, 2)
    timer = {"kind": "TimerSet", "phase": "Act", "payload": {"after_ms": 1}, "at": [4]}
    fired = {"kind": "TimerFired", "phase": "Act", "payload": {}, "at": [6], "at_ms": at_ms}
    executed["at"] = [5, 0, 0]
    place = d.events.index(executed)
    d.events[place : place + 1] = [timer, executed, fired]


@sealed("move", "FSM_ILLEGAL_TRANSITION", "table", "big")
def two_answers_in_place_of_each_other(d):
    first, other = d.payload("EffectAnswered"), d.payload("EffectAnswered", 1)
    assert first["request"] != other["request"]
    first["request"], other["request"] = other["request"], first["request"]


@sealed("respell", "FSM_ILLEGAL_TRANSITION", "table")
def a_digest_of_a_request_in_capitals(d):
    for kind, name in (("EffectAsked", "digest"), ("EffectAnswered", "request")):
        d.payload(kind)[name] = d.payload(kind)[name].upper()


@sealed("respell", "FSM_ILLEGAL_TRANSITION", "table", "function")
def an_opaque_answer_to_a_request_in_capitals(d):
    executed = d.payload("SkillExecuted", 1)
    executed["request"] = executed["request"].upper()


@sealed("set", "FSM_ILLEGAL_TRANSITION", "table")
def a_pure_call_that_says_it_is_opaque(d):
    executed = d.payload("SkillExecuted")
    executed["mode"] = "opaque"
    del executed["params"]


@sealed("remove", "FSM_ILLEGAL_TRANSITION", "table", "function")
def an_opaque_call_whose_ask_is_gone(d):
    d.events.remove(d.event("SkillAsked"))
    d.event("SkillExecuted", 1)["at"][2] = 0


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


@table("move")
def two_phases_in_place_of_each_other(d):
    first, other = d.event("LensAssembled"), d.event("PlanChosen")
    first["phase"], other["phase"] = other["phase"], first["phase"]


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


@table("grow")
def a_place_of_64_numbers(d):
    d.event("IntentSet")["at"] = [1] * 64


@table("splice")
def an_answer_of_another_run(d):
    lines = bundle("big")["events.jsonl"].splitlines()
    answers = [e for e in map(json.loads, lines) if e["kind"] == "EffectAnswered"]
    d.event("EffectAnswered")["payload"] = answers[1]["payload"]
