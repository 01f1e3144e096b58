"""Section 5: places, what may follow what in a lane, phases."""

import json

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


@table("move")
def two_phases_in_place_of_each_other(d):
    first, other = d.event("LensAssembled"), d.event("PlanChosen")
    first["phase"], other["phase"] = other["phase"], first["phase"]


@table("grow")
def a_place_of_64_numbers(d):
    d.event("IntentSet")["at"] = [1] * 64
