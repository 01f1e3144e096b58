"""Sections 5, 6 and 8: approvals and gates: their places, their words, what they let pass."""

import json

from attacks.attack import receipt, sealed, table, unproven

NONE = {"form": "json", "inline": "{}"}


def _flow(operator, name="approved"):
    """Adds an edit of what follows what, the receipt with it."""
    return sealed(operator, "FSM_ILLEGAL_TRANSITION", "table", name)


def _words(operator, name="approved"):
    return sealed(operator, "BUNDLE_MALFORMED", "events", name)


def _gate(d, gate):
    return next(e for e in d.events if e["payload"].get("gate") == gate and "kind" in e["payload"])


def _insert(d, before, *found):
    """Puts events of the same lane before one of them."""
    place, at = d.events.index(before), [*before["at"]]
    made = [
        {"phase": "Act", **each, "at": [*at[:-1], at[-1] + number]}
        for number, each in enumerate(found)
    ]
    for event in d.events:
        if event["at"][:-1] == at[:-1] and event["at"][-1] >= at[-1]:
            event["at"][-1] += len(found)
    d.events[place:place] = made


def _timer(d):
    at_ms = d.event("RunStarted")["at_ms"]
    fired = {"kind": "TimerFired", "payload": {}, "at_ms": at_ms}
    return [{"kind": "TimerSet", "payload": {"after_ms": 1}}, fired]


@_flow("set")
def an_answer_about_another_gate(d):
    d.payload("ApprovalAnswered")["gate"] = "other"


@_flow("respell")
def an_answer_about_a_gate_in_capitals(d):
    d.payload("ApprovalAnswered")["gate"] = "RELEASE"


@_flow("remove", "denied")
def an_answer_that_came_too_late_without_a_limit(d):
    del d.payload("ApprovalAsked", 2)["timeout_ms"]


@_flow("set", "denied")
def a_denial_called_an_approval(d):
    d.payload("ApprovalAnswered", 1)["decision"] = "approved"


@_flow("set")
def an_approval_called_a_denial(d):
    d.payload("ApprovalAnswered")["decision"] = "denied"


@table("remove", "approved")
def a_question_without_an_answer(d):
    d.drop("ApprovalAnswered")
    for event in d.events:
        if event["at"][:2] == [5, 0] and event["at"][-1] > 1:
            event["at"][-1] -= 1


@_flow("remove", "denied")
def a_refused_step_that_was_not_skipped(d):
    skip = d.event("StepSkipped", 2)
    d.events.remove(skip)
    d.payload("PlanChosen")["steps"] -= 1


@_flow("set", "denied")
def a_denied_step_skipped_for_another_reason(d):
    d.payload("StepSkipped")["code"] = "APPROVAL_TIMEOUT"


@_flow("respell", "gate_barred")
def a_barred_step_skipped_with_its_code_in_small_letters(d):
    d.payload("StepSkipped")["code"] = "gate_failed"


@_flow("move")
def an_approval_asked_after_a_wait(d):
    _insert(d, d.event("ApprovalAsked"), *_timer(d))


@_flow("add")
def a_gate_before_a_step_that_has_waited(d):
    effect = d.event("EffectAsked")
    gate = {"kind": "GateEvaluated", "payload": dict(_gate(d, "small")["payload"], step="b")}
    _insert(d, effect, *_timer(d), gate)


@_flow("add")
def a_gate_before_a_run_that_has_begun(d):
    gate = json.loads(json.dumps(_gate(d, "ready")))
    gate["payload"]["gate"] = "again"
    _insert(d, d.event("WorkEnded"), gate)
    for event in d.events:
        if event["payload"].get("gate") == "again":
            event["at"] = [6]
        elif event["payload"].get("gate") == "clean":
            event["at"] = [7]
    late = next(e for e in d.events if e["payload"].get("gate") == "clean")
    again = next(e for e in d.events if e["payload"].get("gate") == "again")
    d.events.remove(again)
    d.events.insert(d.events.index(late), again)


@table("add", "approved")
def work_behind_a_gate_that_barred_the_run(d):
    gate = _gate(d, "ready")["payload"]
    gate.update(passed=False, value={"form": "json", "inline": "false"})


@sealed("set", "RECEIPT_EVENT_MISMATCH", "projection", "run_barred")
def a_gate_that_barred_the_run_said_to_have_passed(d):
    _gate(d, "alone")["payload"].update(passed=True, value={"form": "json", "inline": "true"})


@sealed("grow", "RECEIPT_EVENT_MISMATCH", "projection", "run_barred")
def a_barred_run_said_to_have_planned_another_step(d):
    d.payload("PlanChosen")["steps"] += 1


@_flow("move")
def a_gate_after_a_step_in_front_of_its_end(d):
    gate = next(e for e in d.events if e["payload"].get("when") == "post_step")
    _insert(d, d.event("EffectAsked"), {"kind": gate["kind"], "payload": gate["payload"]})


@table("add", "approved")
def a_retry_after_a_gate(d):
    gate = [e for e in d.events if e["payload"].get("when") == "post_step"][-1]
    retry = {"after_ms": 1, "attempt": 1, "code": "GATE_FAILED", "step": "b"}
    place = d.events.index(gate) + 1
    at = [*gate["at"][:-1], gate["at"][-1] + 1]
    lane = [{"kind": "RetryScheduled", "payload": retry}, _timer(d)[1]]
    last = {"kind": "SkillExecuted", "payload": dict(d.payload("SkillExecuted", 1), attempt=2)}
    made = [
        {"phase": "Act", **e, "at": [*at[:-1], at[-1] + n]} for n, e in enumerate([*lane, last])
    ]
    d.events[place:place] = made


def _gate_named(operator, name, gate, kind="ApprovalAsked"):
    def edit(d):
        d.payload(kind)["gate"] = gate
        if kind == "ApprovalAsked":
            d.payload("ApprovalAnswered")["gate"] = gate

    edit.__name__ = f"a_gate_{name}"
    _words(operator)(edit)


_gate_named("grow", "of_65", "a" * 65)
_gate_named("shrink", "without_a_name", "")
_gate_named("foreign", "with_a_space", "a b", "GateEvaluated")


@_words("remove")
def an_answer_of_nobody(d):
    del d.payload("ApprovalAnswered")["by"]


@_words("add", "denied")
def somebody_who_did_not_answer_in_time(d):
    d.payload("ApprovalAnswered", 2)["by"] = "ada"


@_words("foreign")
def somebody_whose_name_turns_text_round(d):
    d.payload("ApprovalAnswered")["by"] = "a\u202eb"


@_words("grow")
def somebody_whose_name_is_too_long(d):
    d.payload("ApprovalAnswered")["by"] = "a" * 257


@_words("add")
def a_gate_of_the_run_with_a_step(d):
    _gate(d, "ready")["payload"]["step"] = "a"


@_words("remove")
def a_gate_of_a_step_without_one(d):
    del _gate(d, "small")["payload"]["step"]


@_words("add")
def an_expression_with_the_time_of_an_answer(d):
    gate = _gate(d, "ready")
    gate["at_ms"] = d.event("RunStarted")["at_ms"]


@_words("remove")
def a_command_without_the_time_of_an_answer(d):
    del _gate(d, "clean")["at_ms"]


@unproven("set", "gate_failed")
def a_failed_gate_passed(d):
    _gate(d, "whole")["payload"]["passed"] = True


@unproven("retype", "approved")
def a_passed_gate_whose_value_is_a_text(d):
    _gate(d, "clean")["payload"]["value"]["form"] = "text"


@unproven("remove", "approved")
def a_passed_gate_without_a_value(d):
    del _gate(d, "clean")["payload"]["value"]


@unproven("add", "approved")
def a_passed_gate_with_a_failure(d):
    failure = {"code": "X", "details": NONE, "message": "m"}
    _gate(d, "clean")["payload"]["failure"] = failure


@unproven("set", "approved")
def a_command_that_ended_with_true(d):
    _gate(d, "clean")["payload"]["value"]["inline"] = "true"


@unproven("set", "approved")
def an_expression_that_gave_0(d):
    _gate(d, "ready")["payload"]["value"]["inline"] = "0"


@unproven("set", "gate_failed")
def a_success_past_a_gate_of_the_run(d):
    d.event("Locked")["payload"] = {"lock_level": "Committed", "outcome": "success"}


@unproven("set", "approved")
def a_gate_of_a_step_that_failed_last_in_a_success(d):
    first, last = [e["payload"] for e in d.events if e["payload"].get("when") == "post_step"]
    first["value"], last["value"] = last["value"], first["value"]
    first["passed"], last["passed"] = True, False


@unproven("remove", "approved")
def a_gate_whose_second_try_is_gone(d):
    d.events.remove([e for e in d.events if e["payload"].get("when") == "post_step"][-1])


@receipt("set", "gate_failed")
def a_failed_gate_passed_in_the_receipt(d):
    d.receipt["gates"][1]["passed"] = True


@receipt("remove", "approved")
def gates_left_out_of_the_receipt(d):
    del d.receipt["gates"]


@receipt("add")
def an_empty_list_of_gates_in_the_receipt(d):
    d.receipt["gates"] = []


@receipt("set", "denied")
def an_approval_in_the_receipt_that_was_a_denial(d):
    d.receipt["gates"][1]["passed"] = True
