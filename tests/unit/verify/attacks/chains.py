"""Section 4: numbers, links and times, and the end of the log."""

import json

from bundles import bundle
from reseal import canonical

from attacks.attack import chain


@chain("set")
def a_wrong_number(d):
    d.keep.add("seq")
    d.event("IntentSet")["seq"] = 7


@chain("set")
def a_wrong_prev(d):
    def changed(lines):
        event = json.loads(lines[-1])
        event["prev"] = "0" * 64
        return [*lines[:-1], canonical(event)]

    d.lines = changed


@chain("set")
def a_first_prev_that_is_not_zeros(d):
    d.keep.add("prev")
    d.event("RunStarted")["prev"] = "1" * 64


@chain("grow")
def a_time_that_is_too_late(d):
    d.keep.add("ts")
    d.event("WorkEnded")["ts"] += 1


@chain("shrink")
def a_time_that_goes_back(d):
    d.keep.add("ts")
    d.event("Locked")["ts"] = 0


@chain("cut")
def a_log_cut_before_its_lock(d):
    d.events.pop()


@chain("cut")
def a_log_cut_to_its_first_line(d):
    del d.events[1:]


@chain("move")
def two_events_swapped_in_the_bytes(d):
    d.lines = lambda lines: [lines[0], lines[2], lines[1], *lines[3:]]


@chain("remove")
def an_event_taken_out_of_the_bytes(d):
    d.lines = lambda lines: [*lines[:2], *lines[3:]]


@chain("repeat")
def an_event_twice_in_the_bytes(d):
    d.lines = lambda lines: [*lines[:2], lines[1], *lines[2:]]


@chain("grow")
def numbers_that_begin_with_1(d):
    d.keep.add("seq")
    for number, event in enumerate(d.events, 1):
        event["seq"] = number


@chain("remove")
def an_event_taken_out_and_those_after_it_renumbered(d):
    def changed(lines):
        after = [json.loads(line) for line in lines[3:]]
        for event in after:
            event["seq"] -= 1
        return [*lines[:2], *map(canonical, after)]

    d.lines = changed


@chain("splice")
def a_link_to_the_log_of_another_run(d):
    other = json.loads(bundle("paid")["events.jsonl"].splitlines()[-1])

    def changed(lines):
        return [*lines[:-1], canonical({**json.loads(lines[-1]), "prev": other["prev"]})]

    d.lines = changed


@chain("add")
def an_event_after_the_lock(d):
    work = json.loads(canonical(d.event("WorkEnded")))
    d.events.append({**work, "at": [d.events[-1]["at"][0] + 1]})
