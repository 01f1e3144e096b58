"""Sections 5, 6 and 8: what was done about a step that had failed, and whether it might be."""

import json

from attacks.attack import malformed, sealed, table, unproven

ONE = {"form": "json", "inline": "1"}


def _flow(operator, name="fallen"):
    """Adds an edit of what follows what, the receipt with it."""
    return sealed(operator, "FSM_ILLEGAL_TRANSITION", "table", name)


def _planned(operator, name="fallen"):
    return sealed(operator, "RECEIPT_EVENT_MISMATCH", "projection", name)


def _taken(d, action):
    return next(e for e in d.events if e["payload"].get("action") == action)


def _before(d, event):
    return d.events[d.events.index(event) - 1]


def _append(d, last, *payloads):
    """Puts events behind the last one of a lane."""
    place, at = d.events.index(last) + 1, last["at"]
    made = [
        {"at": [*at[:-1], at[-1] + number], "kind": kind, "payload": payload, "phase": "Act"}
        for number, (kind, payload) in enumerate(payloads, 1)
    ]
    d.events[place:place] = made


def _plan(d, step, on_failure):
    body = d.payload("PlanChosen")["plan"]
    steps = json.loads(body["inline"])
    for entry in steps:
        if entry["id"] == step:
            entry.pop("on_failure", None)
            entry |= {} if on_failure is None else {"on_failure": on_failure}
    body["inline"] = json.dumps(steps, sort_keys=True, separators=(",", ":"))


@_flow("set")
def a_fallback_from_another_code(d):
    _taken(d, "skip")["payload"]["code"] = "TIMEOUT"


@_flow("grow")
def a_fallback_from_a_later_attempt(d):
    _taken(d, "skip")["payload"]["attempt"] = 2


@_flow("shrink")
def a_fallback_before_the_first_attempt(d):
    _taken(d, "value")["payload"]["attempt"] = 0


@table("set", "fallen")
def a_fallback_from_a_success(d):
    executed = _before(d, _taken(d, "skip"))["payload"]
    del executed["failure"]
    executed["value"] = ONE


@_flow("set")
def a_spent_budget_that_is_tolerated(d):
    taken = _taken(d, "skip")
    taken["payload"]["code"] = "BUDGET_EXCEEDED"
    _before(d, taken)["payload"]["failure"]["code"] = "BUDGET_EXCEEDED"


@_flow("add", "aborted")
def an_answer_that_was_given_up_and_a_fallback_from_it(d):
    failed = next(e for e in d.events if e["kind"] == "SkillExecuted")
    taken = {"action": "skip", "attempt": 1, "code": "ABORTED", "step": "a"}
    _append(d, failed, ("FallbackTaken", taken))
    _plan(d, "a", "skip")


@_flow("repeat")
def a_step_that_falls_back_and_falls_back_again(d):
    taken = _taken(d, "skill")["payload"]
    last = next(e for e in reversed(d.events) if e["payload"].get("step") == taken["step"])
    executed = last["payload"]
    del executed["value"]
    failure = {"code": "TIMEOUT", "details": {"form": "json", "inline": "{}"}, "message": ""}
    again = {**executed, "attempt": executed["attempt"] + 1, "value": ONE}
    executed["failure"] = failure
    once_more = {**taken, "attempt": executed["attempt"], "code": "TIMEOUT"}
    _append(d, last, ("FallbackTaken", once_more), ("SkillExecuted", again))


@_flow("set")
def a_retry_called_a_fallback(d):
    retry = d.event("RetryScheduled")
    fired = d.events[d.events.index(retry) + 1]
    payload = retry["payload"]
    retry["kind"] = "FallbackTaken"
    del payload["after_ms"]
    payload |= {"action": "skill", "skill": "http_call"}
    d.events.remove(fired)
    for event in d.events:
        if event["at"][:2] == fired["at"][:2] and event["at"][-1] > fired["at"][-1]:
            event["at"][-1] -= 1


@table("remove", "fallen")
def another_skill_that_no_fallback_announces(d):
    d.events.remove(_taken(d, "skill"))


@_flow("foreign", "fallen_paid")
def a_skill_that_is_not_one_of_the_code(d):
    taken = _taken(d, "skill")
    taken["payload"]["skill"] = "other"
    d.payload("SkillExecuted", 1)["skill"] = "other"
    _plan(d, "a", "skill other")


@_flow("move")
def another_skill_ran_than_the_fallback_says(d):
    _taken(d, "skill")["payload"]["skill"] = "json_transform"
    _plan(d, "f", "skill json_transform")


@_flow("respell", "fallen_paid")
def attempts_that_are_counted_from_the_beginning(d):
    for kind in ("EffectAsked", "SkillExecuted"):
        d.payload(kind, 1)["attempt"] = 1


@_flow("set", "fallen_paid")
def a_fallback_of_another_step(d):
    _taken(d, "skill")["payload"]["step"] = "b"


@table("remove", "aborted")
def an_abort_that_halts_nothing(d):
    d.drop("CallHalted")


@_flow("add", "aborted")
def an_abort_and_work_after_it(d):
    halted = d.event("CallHalted")
    executed = dict(_before(d, _taken(d, "abort"))["payload"])
    _append(d, halted, ("SkillExecuted", executed))


@_flow("add")
def work_after_a_step_that_was_skipped(d):
    taken = _taken(d, "skip")
    executed = dict(_before(d, taken)["payload"], attempt=2)
    _append(d, taken, ("SkillExecuted", executed))


@_planned("set")
def a_plan_that_says_another_fallback(d):
    _plan(d, "b", "skip")


@_planned("remove")
def a_plan_that_says_no_fallback(d):
    _plan(d, "c", None)


@_planned("splice")
def a_plan_with_another_skill_to_run_instead(d):
    _plan(d, "f", "skill llm_invoke")


@malformed("remove", "fallen")
def a_fallback_to_a_value_without_it(d):
    del _taken(d, "value")["payload"]["value"]


@malformed("add", "fallen")
def a_fallback_to_nothing_with_a_value(d):
    _taken(d, "skip")["payload"]["value"] = ONE


@malformed("retype", "fallen")
def a_fallback_to_what_there_is_not(d):
    _taken(d, "skip")["payload"]["action"] = "ignore"


@unproven("set", "fallen")
def a_success_of_a_run_that_fell_back(d):
    d.event("Locked")["payload"] = {"lock_level": "Committed", "outcome": "success"}


@unproven("set", "fallen_paid")
def a_success_of_a_run_in_which_another_skill_did_the_work(d):
    d.event("Locked")["payload"] = {"lock_level": "Staged", "outcome": "success"}
