"""Sections 5, 6 and 8: why and how often a run went back, and what its earlier passes say."""

from attacks.attack import sealed, table, unproven


def _back(operator, name):
    """Adds an edit of a backtrack, the receipt with it."""
    return sealed(operator, "FSM_ILLEGAL_TRANSITION", "table", name)


def _ends(d):
    return [event["payload"] for event in d.events if "backtrack" in event["payload"]]


@_back("set", "went_back")
def a_backtrack_with_another_code_than_that_of_a_check(d):
    _ends(d)[0]["backtrack"]["code"] = "TIMEOUT"


@_back("set", "went_back")
def a_backtrack_because_of_a_check_that_is_not_there(d):
    _ends(d)[0]["backtrack"]["of"] = "another"


@_back("remove", "went_back")
def a_backtrack_because_of_no_check(d):
    del _ends(d)[1]["backtrack"]["of"]


@_back("set", "went_back")
def a_backtrack_because_of_a_check_that_held(d):
    _ends(d)[1]["backtrack"]["of"] = "Decide"


@_back("set", "back_after_failure")
def a_backtrack_because_of_another_step(d):
    _ends(d)[0]["backtrack"]["of"] = "c"


@_back("set", "back_after_gate")
def a_backtrack_because_of_another_gate(d):
    _ends(d)[0]["backtrack"]["of"] = "c1"


@_back("add", "back_after_gate")
def a_backtrack_from_what_was_halted(d):
    _ends(d)[0]["halt"] = "TIMEOUT"


@_back("move", "back_after_gate")
def a_backtrack_from_the_work_to_itself(d):
    again = d.event("PlanChosen", 1)
    d.events.remove(again)
    for event in d.events:
        event["at"][0] -= event["at"][0] > again["at"][0]
    _ends(d)[0]["backtrack"]["to"] = "Act"


@_back("shrink", "went_back")
def more_backtracks_than_there_may_be(d):
    d.payload("RunStarted")["max_backtracks"] = 1


@_back("remove", "back_in_vain")
def a_backtrack_of_a_run_that_may_not_go_back(d):
    del d.payload("RunStarted")["max_backtracks"]


@table("set", "went_back")
def a_backtrack_to_another_phase_than_what_comes(d):
    _ends(d)[0]["backtrack"]["to"] = "Orient"


@table("remove", "went_back")
def a_pass_that_ends_without_going_back(d):
    del _ends(d)[0]["backtrack"]


@table("move", "back_after_failure")
def a_step_twice_in_one_pass(d):
    """The lanes of the second pass stand in the first one."""
    second = [event for event in d.events if len(event["at"]) > 1 and event["at"][0] == 8]
    for event in second:
        d.events.remove(event)
        event["at"][:2] = [4, event["at"][1] + 3]
    place = next(n for n, event in enumerate(d.events) if event["kind"] == "WorkEnded")
    d.events[place:place] = second


@unproven("set", "back_in_vain")
def a_check_of_an_earlier_pass_that_passed_all_the_same(d):
    _ends(d)[0]["results"][1]["passed"] = True


@sealed("remove", "RECEIPT_EVENT_MISMATCH", "projection", "back_in_vain")
def a_lane_less_in_an_earlier_pass(d):
    d.events = [event for event in d.events if event["at"][:2] != [4, 2]]


@sealed("set", "RECEIPT_EVENT_MISMATCH", "projection", "back_in_vain")
def another_skill_in_an_earlier_pass(d):
    d.payload("SkillExecuted")["skill"] = "http_call"


@_back("set", "back_by_gates")
def a_backtrack_because_of_a_gate_that_is_not_there(d):
    _ends(d)[0]["backtrack"]["gate"] = "another"


@_back("set", "back_by_gates")
def a_backtrack_because_of_a_gate_that_passed(d):
    _ends(d)[1]["backtrack"]["gate"] = "again"


@_back("remove", "back_by_gates")
def a_backtrack_because_of_a_gate_of_the_run_that_is_of_a_step(d):
    del _ends(d)[0]["backtrack"]["of"]


@_back("add", "back_by_gates")
def a_backtrack_because_of_a_gate_of_a_step_that_is_of_the_run(d):
    _ends(d)[2]["backtrack"]["of"] = "a"


@_back("set", "back_by_gates")
def a_backtrack_because_of_a_gate_with_another_code(d):
    _ends(d)[0]["backtrack"]["code"] = "VERIFICATION_FAILED"


@_back("add", "back_by_gates")
def a_backtrack_because_of_a_gate_that_has_a_class(d):
    _ends(d)[0]["backtrack"]["error_class"] = "Unrecoverable"


@_back("remove", "back_by_gates")
def a_backtrack_from_the_checks_because_of_no_gate(d):
    del _ends(d)[1]["backtrack"]["gate"]


@_back("add", "went_back")
def a_backtrack_because_of_a_check_that_has_a_class(d):
    _ends(d)[0]["backtrack"]["error_class"] = "Unrecoverable"


@_back("set", "recovered")
def a_failure_that_comes_again_said_to_be_new(d):
    _ends(d)[2]["backtrack"]["error_class"] = "Unrecoverable"


@_back("set", "recovered")
def a_failure_that_is_new_said_to_come_again(d):
    _ends(d)[0]["backtrack"]["error_class"] = "PatternFailure"


@_back("grow", "recovered")
def a_failure_that_nothing_may_follow(d):
    end = _ends(d)[1]
    d.payload("SkillExecuted", 2)["failure"]["code"] = "INTERNAL_ERROR"
    end["failure"]["code"] = end["backtrack"]["code"] = "INTERNAL_ERROR"
    end["backtrack"]["error_class"] = "Catastrophic"


@_back("remove", "recovered")
def a_backtrack_from_the_work_to_itself_without_a_class(d):
    del _ends(d)[0]["backtrack"]["error_class"]


@_back("set", "recovered")
def a_backtrack_of_a_class_because_of_another_step(d):
    _ends(d)[0]["backtrack"]["of"] = "b"


def _result(d, check_id="tests", last=True):
    runs = [event["payload"] for event in d.events if event["kind"] == "VerificationRun"]
    return next(each for each in runs[-last]["results"] if each["check_id"] == check_id)


@_back("set", "checked_by_program")
def a_check_by_another_program_than_was_asked(d):
    _result(d)["that"] = '["true"]'


@_back("respell", "checked_by_program")
def a_check_by_a_program_under_another_name(d):
    _result(d, "built")["check_id"] = "Built"


@_back("set", "checked_by_program")
def a_check_by_a_program_that_failed_for_another_reason(d):
    _result(d, last=False)["failure"]["message"] = "it was raining"


@_back("add", "success")
def a_check_by_a_program_that_nobody_asked(d):
    d.payload("VerificationRun")["results"][0]["kind"] = "command"
