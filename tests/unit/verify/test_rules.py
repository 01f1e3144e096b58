"""Every rule of docs/spec/bundle-0.2.md that a sealed bundle can break, with its code and step.

Each case edits a good bundle and seals it anew with code of its own, so that nothing but the rule
in question can notice. The second verifier must refuse the same bundles.
"""

import json

import pytest
from bundles import bundle
from reseal import canonical, reseal, second, sha256

from workc.verify.reader import MemoryReader, ReadError
from workc.verify.verifier import verify

CASES = []


def rule(code, step, name="success", *, project=True):
    """Adds the decorated edit of a draft as a case."""

    def add(edit):
        case = pytest.param(edit, code, step, name, project, id=edit.__name__)
        CASES.append(case)
        return edit

    return add


def malformed(name="success"):
    return rule("BUNDLE_MALFORMED", "events", name, project=False)


def chain(name="success"):
    return rule("EVENT_CHAIN_MISMATCH", "events", name, project=False)


def table(name="success"):
    return rule("FSM_ILLEGAL_TRANSITION", "table", name, project=False)


def money(name="paid"):
    return rule("BUDGET_INVALID", "money", name, project=True)


def receipt(name="success"):
    return rule("RECEIPT_EVENT_MISMATCH", "projection", name, project=False)


def unproven(name="success"):
    return rule("VERIFICATION_INCOMPLETE", "projection", name)


# ---------------------------------------------------------------------------- section 4: events


@malformed()
def an_unknown_kind(d):
    d.event("IntentSet")["kind"] = "IntentSeen"


@malformed()
def an_unknown_phase(d):
    d.event("IntentSet")["phase"] = "Dream"


@malformed()
def an_unknown_field_of_an_event(d):
    d.event("IntentSet")["more"] = 1


@malformed()
def a_missing_field_of_an_event(d):
    del d.event("IntentSet")["phase"]


@malformed()
def an_unknown_field_of_a_payload(d):
    d.payload("IntentSet")["more"] = 1


@malformed()
def a_field_of_another_type(d):
    d.payload("LensAssembled")["items"] = "0"


@malformed()
def a_negative_count(d):
    d.payload("LensAssembled")["items"] = -1


@malformed()
def a_count_past_2_to_the_53(d):
    d.payload("LensAssembled")["items"] = 2**53


@malformed()
def a_count_of_five_thousand_digits(d):
    def long(lines):
        lines[2] = lines[2].replace(b'"items":0', b'"items":' + b"9" * 5000)
        return lines

    d.lines = long


@malformed()
def a_field_that_is_null(d):
    d.payload("WorkEnded")["halt"] = None


@malformed()
def an_empty_place(d):
    d.event("IntentSet")["at"] = []


@malformed()
def a_place_of_65_numbers(d):
    d.event("IntentSet")["at"] = [1] * 65


@malformed()
def a_code_name_that_is_not_ascii(d):
    d.payload("RunStarted")["code"]["é"] = "0"


@malformed()
def an_answer_without_its_time(d):
    del d.event("RunStarted")["at_ms"]


@malformed()
def a_time_on_what_is_no_answer(d):
    d.event("IntentSet")["at_ms"] = 1


@malformed()
def a_pure_call_whose_request_is_gone_and_whose_time_is_kept(d):
    del d.payload("SkillExecuted")["request"]


@malformed()
def an_attempt_with_value_and_failure(d):
    none = {"form": "json", "inline": "{}"}
    d.payload("SkillExecuted")["failure"] = {"code": "X", "details": none, "message": "m"}


@malformed()
def an_attempt_with_neither_value_nor_failure(d):
    del d.payload("SkillExecuted")["value"]


@malformed()
def an_answer_with_neither_response_nor_failure(d):
    del d.payload("EffectAnswered")["response"]


@malformed()
def an_answer_with_response_and_failure(d):
    none = {"form": "json", "inline": "{}"}
    d.payload("EffectAnswered")["failure"] = {"code": "X", "details": none, "message": "m"}


@malformed()
def a_body_that_is_inline_and_a_file(d):
    d.payload("RunStarted")["program"]["inline"] = "{}"


@malformed()
def a_body_that_is_half_a_file(d):
    del d.payload("RunStarted")["program"]["size"]


@malformed()
def a_body_that_is_nothing(d):
    d.payload("RunStarted")["inputs"] = {"form": "json"}


@malformed()
def a_body_of_an_unknown_form(d):
    d.payload("RunStarted")["inputs"]["form"] = "xml"


@malformed("big")
def inline_bytes_that_are_not_base64(d):
    d.payload("EffectAnswered", 1)["response"]["body"]["inline"] = "/wD-"


@malformed("big")
def inline_bytes_with_loose_bits_in_their_base64(d):
    body = d.payload("EffectAnswered", 1)["response"]["body"]
    assert body["form"] == "bytes"
    body["inline"] = "/x=="


def line_edit(change):
    """Adds a case that changes the bytes of one line."""

    def edit(d):
        def changed(lines):
            lines[1] = change(lines[1])
            return lines

        d.lines = changed

    edit.__name__ = change.__name__
    return malformed()(edit)


@line_edit
def white_space_in_a_line(line):
    return line.replace(b":", b": ", 1)


@line_edit
def a_space_after_a_line(line):
    return line + b" "


@line_edit
def a_carriage_return(line):
    return line + b"\r"


@line_edit
def a_byte_order_mark(line):
    return b"\xef\xbb\xbf" + line


@line_edit
def an_empty_line(line):
    return b""


@line_edit
def a_line_that_is_a_list(line):
    return b"[]"


@line_edit
def a_repeated_key(line):
    return line.replace(b'"kind":', b'"kind":"IntentSet","kind":')


@line_edit
def a_repeated_key_in_a_payload(line):
    return line.replace(b'"source":', b'"source":"human","source":')


@line_edit
def keys_out_of_order_in_a_payload(line):
    return line.replace(b'"source":"human"', b'"b":1').replace(
        b'{"description"', b'{"source":"human","description"'
    )


@line_edit
def keys_out_of_order_in_an_event(line):
    return b'{"ts":0,' + line[1:]


@line_edit
def an_escape_that_need_not_be(line):
    return line.replace(b'"human"', b'"\\u0068uman"')


@line_edit
def a_float(line):
    return line.replace(b'"seq":1', b'"seq":1.0')


@line_edit
def an_exponent(line):
    return line.replace(b'"seq":1', b'"seq":1e0')


@line_edit
def a_minus_zero(line):
    return line.replace(b'"seq":1', b'"seq":-0')


@line_edit
def a_leading_zero(line):
    return line.replace(b'"seq":1', b'"seq":01')


@line_edit
def a_number_that_is_infinite(line):
    return line.replace(b'"seq":1', b'"seq":1e999')


@line_edit
def a_number_that_is_none(line):
    return line.replace(b'"seq":1', b'"seq":NaN')


@line_edit
def a_lone_surrogate(line):
    return line.replace(b'"human"', b'"\\ud800"')


@line_edit
def a_surrogate_in_utf_8(line):
    return line.replace(b"human", b"\xed\xa0\x80")


@line_edit
def a_byte_that_is_not_utf_8(line):
    return line.replace(b"human", b"\xff")


@line_edit
def an_overlong_slash(line):
    return line.replace(b"human", b"\xc0\xaf")


@line_edit
def deep_nesting(line):
    return b'{"payload":' + b"[" * 100_000


@line_edit
def deep_nesting_that_ends(line):
    return line.replace(b'"payload":{', b'"payload":{"x":' + b"[" * 9999 + b"]" * 9999 + b",")


@chain()
def a_wrong_number(d):
    d.keep.add("seq")
    d.event("IntentSet")["seq"] = 7


@chain()
def a_wrong_prev(d):
    def changed(lines):
        event = json.loads(lines[-1])
        event["prev"] = "0" * 64
        return [*lines[:-1], canonical(event)]

    d.lines = changed


@chain()
def a_first_prev_that_is_not_zeros(d):
    d.keep.add("prev")
    d.event("RunStarted")["prev"] = "1" * 64


@chain()
def a_time_that_is_too_late(d):
    d.keep.add("ts")
    d.event("WorkEnded")["ts"] += 1


@chain()
def a_time_that_goes_back(d):
    d.keep.add("ts")
    d.event("Locked")["ts"] = 0


@chain()
def a_log_cut_before_its_lock(d):
    d.events.pop()


@chain()
def a_log_cut_to_its_first_line(d):
    del d.events[1:]


@chain()
def two_events_swapped_in_the_bytes(d):
    d.lines = lambda lines: [lines[0], lines[2], lines[1], *lines[3:]]


@chain()
def an_event_taken_out_of_the_bytes(d):
    d.lines = lambda lines: [*lines[:2], *lines[3:]]


@chain()
def an_event_twice_in_the_bytes(d):
    d.lines = lambda lines: [*lines[:2], lines[1], *lines[2:]]


# -------------------------------------------------------------------- section 5: places and lanes


@table()
def events_reordered(d):
    d.events[1], d.events[2] = d.events[2], d.events[1]


@table()
def events_reordered_and_placed_anew(d):
    d.events[1], d.events[2] = d.events[2], d.events[1]
    d.events[1]["at"], d.events[2]["at"] = d.events[2]["at"], d.events[1]["at"]


@table()
def an_event_dropped(d):
    d.drop("LensAssembled")


@table()
def an_event_dropped_and_the_places_closed_up(d):
    d.drop("LensAssembled")
    for event in d.events[2:]:
        event["at"][0] -= 1


@table()
def a_first_place_that_is_not_0(d):
    for event in d.events:
        event["at"][0] += 1


@table()
def a_step_before_the_run_has_started(d):
    d.events = [{**d.event("SkillExecuted"), "at": [0, 0, 0]}, *d.events]


@table()
def a_lane_that_begins_with_1(d):
    d.event("SkillExecuted")["at"][-1] = 1


@table()
def lanes_that_begin_with_1(d):
    for event in d.events:
        if len(event["at"]) == 3:
            event["at"][1] += 1


@table()
def a_lane_left_out(d):
    for event in d.events:
        if event["at"][1:2] == [1]:
            event["at"][1] = 2


@table()
def a_gap_in_a_lane(d):
    d.events[-4]["at"][-1] += 1


@table()
def a_place_of_two_numbers(d):
    d.event("SkillExecuted")["at"] = [4, 0]


@table()
def a_lane_below_a_lane(d):
    # What stands there would be legal in a lane of its own.
    inner = json.loads(json.dumps(d.event("SkillExecuted")))
    d.events.insert(5, {**inner, "at": [4, 0, 1, 0, 0]})


@table()
def lanes_before_the_plan(d):
    step = d.event("SkillExecuted")
    d.events.remove(step)
    d.events.insert(3, {**step, "at": [3, 0, 0]})
    for event in d.events[4:]:
        event["at"] = [event["at"][0] + 1, *event["at"][1:]]


@rule("FSM_ILLEGAL_TRANSITION", "table")
def lanes_after_the_work(d):
    work = d.event("WorkEnded")
    d.events.remove(work)
    d.events.insert(4, {**work, "at": [4]})
    for event in d.events:
        if len(event["at"]) == 3:
            event["at"][0] += 1


@table()
def an_event_of_a_step_in_the_root_lane(d):
    d.events.insert(4, {**d.event("SkillExecuted"), "at": [4]})
    for event in d.events[5:]:
        event["at"] = [event["at"][0] + 1, *event["at"][1:]]


@table()
def an_event_of_the_root_in_a_lane(d):
    d.events.insert(5, {**d.event("IntentSet"), "at": [4, 0, 1]})


@table()
def a_lane_that_does_not_end(d):
    d.drop("SkillExecuted")


@table()
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
    rule("FSM_ILLEGAL_TRANSITION", "table", "paid")(edit)


_open_lane(0)
_open_lane(1)


@table()
def an_answer_without_an_ask(d):
    d.drop("EffectAsked")
    d.event("EffectAnswered")["at"][-1] -= 1
    d.event("SkillExecuted", 1)["at"][-1] -= 1


@table()
def an_answer_to_another_request(d):
    d.payload("EffectAnswered")["request"] = "0" * 64


@table()
def a_digest_that_is_not_of_the_request(d):
    for kind, name in (("EffectAsked", "digest"), ("EffectAnswered", "request")):
        d.payload(kind)[name] = "0" * 64


@table()
def an_inline_request_changed(d):
    request = d.payload("EffectAsked")["request"]
    request["inline"] = request["inline"].replace("items", "other")


@table("function")
def an_opaque_answer_to_another_request(d):
    d.payload("SkillExecuted", 1)["request"] = "0" * 64


@table("function")
def an_opaque_call_that_says_it_is_pure(d):
    d.payload("SkillExecuted", 1)["mode"] = "pure"


@table()
def an_opaque_call_that_was_not_asked_for(d):
    d.payload("SkillExecuted")["mode"] = "opaque"


@table()
def an_attempt_renumbered(d):
    d.payload("SkillExecuted")["attempt"] = 2


@table("retried")
def a_second_attempt_numbered_1(d):
    d.payload("SkillExecuted", 1)["attempt"] = 1


@table("retried")
def a_retry_renumbered(d):
    d.payload("RetryScheduled")["attempt"] = 2


@rule("FSM_ILLEGAL_TRANSITION", "table", "retried")
def a_retry_and_all_after_it_renumbered(d):
    d.payload("RetryScheduled")["attempt"] = 2
    for kind in ("EffectAsked", "SkillExecuted"):
        d.payload(kind, 1)["attempt"] = 3


@table("retried")
def an_effect_of_another_attempt(d):
    d.payload("EffectAsked", 1)["attempt"] = 1


@table("function")
def an_opaque_ask_of_another_attempt(d):
    d.payload("SkillAsked")["attempt"] = 2


@table("retried")
def a_lane_of_two_steps(d):
    d.payload("SkillExecuted", 1)["step"] = "other"


def _stray_step(name, kind, number):
    def edit(d):
        d.payload(kind, number)["step"] = "other"

    edit.__name__ = f"a_{kind}_of_another_step"
    table(name)(edit)


for _name, _kind, _number in (
    ("retried", "EffectAsked", 1),
    ("retried", "RetryScheduled", 0),
    ("function", "SkillAsked", 0),
    ("paid", "BudgetReserved", 1),
    ("paid", "BudgetSettled", 1),
    ("halted", "BudgetReserved", 0),
):
    _stray_step(_name, _kind, _number)


@table("retried")
def a_retry_for_another_code(d):
    d.payload("RetryScheduled")["code"] = "TIMEOUT"


@table("retried")
def a_retry_of_no_attempt(d):
    d.events.remove(d.event("SkillExecuted"))
    for event in d.events:
        if len(event["at"]) == 3 and event["at"][2] > 2:
            event["at"][2] -= 1


@table("retried")
def a_retry_after_a_success(d):
    d.payload("SkillExecuted").pop("failure")
    d.payload("SkillExecuted")["value"] = {"form": "json", "inline": "1"}


@table()
def a_kind_in_a_phase_of_another(d):
    d.event("LensAssembled")["phase"] = "Decide"


@table()
def a_lock_that_follows_act_after_a_success(d):
    d.drop("VerificationRun")
    d.event("Locked")["at"] = [6]


@table()
def events_after_the_lock(d):
    d.events.append({**json.loads(json.dumps(d.event("Locked"))), "at": [8]})


@table()
def a_second_start(d):
    d.events.insert(1, {**json.loads(json.dumps(d.event("RunStarted"))), "at": [1]})
    for event in d.events[2:]:
        event["at"] = [event["at"][0] + 1, *event["at"][1:]]


# ------------------------------------------------------------------------------ section 7: money


@money()
def money_lowered(d):
    d.payload("BudgetSettled")["actual"] -= 1


@money()
def money_lowered_in_what_stands_after_it(d):
    for number in (0, 1):
        d.payload("BudgetSettled", number)["spent"] -= 1


@money()
def a_bound_raised(d):
    d.payload("BudgetReserved")["bound"] += 1


@money()
def a_move_with_another_number(d):
    d.payload("BudgetSettled", 1)["n"] = 9


@rule("BUDGET_INVALID", "money", "paid", project=False)
def a_number_twice(d):
    d.payload("BudgetSettled", 1)["n"] = 0


@money()
def a_settlement_of_no_reservation(d):
    d.payload("BudgetSettled")["grant"] = 9


@money()
def a_settlement_made_twice(d):
    first, last = d.payload("BudgetSettled"), d.payload("BudgetSettled", 1)
    last["grant"] = first["grant"]


@rule("BUDGET_INVALID", "money", "paid", project=False)
def a_reservation_denied_that_fits(d):
    d.payload("BudgetReserved")["granted"] = False


@money("halted")
def a_reservation_granted_past_the_ceiling(d):
    move = d.payload("BudgetReserved")
    move["granted"], move["reserved"] = True, move["bound"]


@money()
def a_ceiling_lowered_below_what_was_reserved(d):
    d.payload("RunStarted")["ceiling_micro_cents"] = 1


@money()
def a_reservation_that_nobody_settled(d):
    settled = d.event("BudgetSettled", 1)
    d.events.remove(settled)
    for event in d.events:
        if event["at"][:2] == [4, 1] and event["at"][2] > 2:
            event["at"][2] -= 1


def _settled_by(basis):
    def edit(d):
        d.payload("BudgetSettled")["basis"] = basis

    edit.__name__ = f"a_settlement_by_{basis}_of_another_amount"
    money()(edit)


_settled_by("released")
_settled_by("bound")


@money()
def settlements_in_the_lanes_of_each_other(d):
    first, second_one = d.event("BudgetSettled"), d.event("BudgetSettled", 1)
    first["payload"], second_one["payload"] = second_one["payload"], first["payload"]
    for event, step in ((first, "a"), (second_one, "b")):
        event["payload"]["step"] = step


# ------------------------------------------------------------- sections 5 and 6: steps and words


def _start(what, /, **fields):
    def edit(d):
        d.payload("RunStarted").update(fields)
        if "run_id" in fields:
            d.manifest["run_id"] = fields["run_id"]

    edit.__name__ = f"a_start_with_{what}"
    rule("BUNDLE_MALFORMED", "events")(edit)


_start("a_run_id_of_65", run_id="a" * 65)
_start("a_run_id_with_an_escape", run_id="\x1b]0;x\x07")
_start("no_name", name="")
_start("a_name_of_257", name="a" * 257)
_start("a_name_that_turns_text_round", name="a\u202eb")
_start("a_nonce_in_capitals", nonce="A" * 32)
_start("a_seed_that_is_no_number", seed="one")
_start("a_seed_with_a_zero_in_front", seed="01")
_start("a_seed_of_2_to_the_64", seed=str(2**64))


@rule("BUNDLE_MALFORMED", "events")
def rules_of_another_digest(d):
    d.payload("RunStarted")["policy"].update(id="custom-000000000000", rules_sha256="0" * 64)


def _policy(d, rules, name):
    """Puts other rules into the run, with their digest, under the name."""
    data = canonical(rules)
    body = {"form": "json", "inline": data.decode()}
    policy = d.payload("RunStarted")["policy"]
    d.files.pop(policy["rules"]["path"], None)
    policy.update(id=name or f"custom-{sha256(data)[:12]}", rules=body, rules_sha256=sha256(data))


OPEN = {"allow_hosts": ["*"], "allow_loopback": True, "allow_private": True, "allow_public": True}
CLOSED = {
    "allow_hosts": [],
    "allow_loopback": True,
    "allow_private": False,
    "allow_public": True,
    "deny_hosts": [],
    "offline": True,
}


@rule("POLICY_VIOLATION", "policy")
def a_policy_loosened_under_its_name(d):
    _policy(d, {"network": OPEN}, "workc-default")


@rule("POLICY_VIOLATION", "policy")
def a_policy_of_its_own_name_only(d):
    d.payload("RunStarted")["policy"]["id"] = "strict"


@rule("POLICY_VIOLATION", "policy")
def an_answer_in_a_run_that_was_offline(d):
    _policy(d, {"network": CLOSED}, "workc-offline")


@rule("POLICY_VIOLATION", "policy", "paid")
def a_model_that_answered_a_run_that_was_offline(d):
    _policy(d, {"network": CLOSED}, "workc-offline")


def _answer(name, **fields):
    def edit(d):
        d.payload("EffectAnswered")["response"].update(fields)

    edit.__name__ = f"an_answer_with_{name}"
    rule("BUNDLE_MALFORMED", "events")(edit)


_answer("a_status_of_99", status=99)
_answer("a_status_of_1000", status=1000)
_answer("a_boundary_past_its_body", boundaries=[99])
_answer("boundaries_that_go_back", boundaries=[3, 2])
_answer(
    "a_salt_that_is_no_hex",
    redactions=[{"commitment": "0" * 64, "count": 1, "salt": "z" * 32, "secret": "K"}],
)
_answer(
    "a_commitment_that_is_too_short",
    redactions=[{"commitment": "0" * 63, "count": 1, "salt": "0" * 32, "secret": "K"}],
)


@rule("BUNDLE_MALFORMED", "events", "big")
def a_boundary_past_a_body_in_a_file(d):
    response = d.payload("EffectAnswered")["response"]
    response["boundaries"] = [response["body"]["size"] + 1]


@rule("BUNDLE_MALFORMED", "events", "big")
def a_boundary_past_a_body_of_bytes(d):
    d.payload("EffectAnswered", 1)["response"]["boundaries"] = [4]


@rule("BUNDLE_MALFORMED", "events", "function")
def a_pure_call_without_its_parameters(d):
    del d.payload("SkillExecuted")["params"]


@rule("BUNDLE_MALFORMED", "events", "function")
def an_opaque_call_with_parameters(d):
    d.payload("SkillExecuted", 1)["params"] = {"form": "json", "inline": "{}"}


@rule("BUNDLE_MALFORMED", "events")
def a_call_in_the_lane_with_a_request(d):
    d.event("SkillExecuted", 1)["at_ms"] = 1
    d.payload("SkillExecuted", 1)["request"] = "0" * 64


@table("function")
def a_step_named_after_another_place(d):
    for name in ("SkillAsked", "SkillExecuted"):
        for event in d.events:
            if event["kind"] == name and event["at"][:2] == d.event("SkillAsked")["at"][:2]:
                event["payload"]["step"] = "shout-7.0"


@rule("FSM_ILLEGAL_TRANSITION", "table", "function")
def two_lanes_of_one_step(d):
    first, other = d.payload("SkillExecuted"), d.payload("SkillExecuted", 1)
    d.payload("SkillAsked").update(step=first["step"], skill=first["skill"])
    other.update(step=first["step"], skill=first["skill"])


@rule("FSM_ILLEGAL_TRANSITION", "table", "function")
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


@rule("FSM_ILLEGAL_TRANSITION", "table", "function")
def an_answer_of_another_skill_than_was_asked(d):
    d.payload("SkillExecuted", 1)["skill"] = d.payload("SkillExecuted")["skill"]


@rule("FSM_ILLEGAL_TRANSITION", "table", "function")
def a_skill_whose_code_is_not_known(d):
    d.payload("RunStarted")["code"] = {}


@rule("FSM_ILLEGAL_TRANSITION", "table")
def a_request_in_a_file_that_is_another(d):
    data = b"{}"
    d.files["evidence/request.json"] = data
    d.payload("EffectAsked")["request"] = {
        "form": "json",
        "path": "evidence/request.json",
        "sha256": sha256(data),
        "size": len(data),
    }


# --------------------------------------------------------------------------- section 8: receipt


@receipt()
def an_outcome_flipped_in_the_receipt(d):
    d.receipt["outcome"] = "failed"


@receipt()
def a_run_id_changed_in_the_receipt(d):
    d.receipt["run_id"] = "other"


@receipt()
def a_check_passed_in_the_receipt(d):
    d.receipt["verification"]["results"][0]["check_id"] = "other"


@receipt("broken_check")
def a_failed_check_passed_in_the_receipt(d):
    d.receipt["verification"]["results"][0]["passed"] = True


@receipt("paid")
def money_lowered_in_the_receipt(d):
    d.receipt["money"]["spent_micro_cents"] -= 1


@receipt("partial")
def a_failure_left_out_of_the_receipt(d):
    d.receipt["step_failures"].pop()


@receipt()
def a_count_changed_in_the_receipt(d):
    d.receipt["counts"]["retries"] = 1


@receipt()
def an_output_left_out_of_the_receipt(d):
    del d.receipt["output"]


@receipt()
def a_nonce_changed_in_the_receipt(d):
    d.receipt["nonce"] = "0" * 32


@receipt()
def a_time_changed_in_the_receipt(d):
    d.receipt["ended_ms"] += 1


@receipt()
def a_run_id_changed_in_the_manifest(d):
    d.manifest["run_id"] = "other"


@rule("RECEIPT_EVENT_MISMATCH", "projection")
def a_step_dropped(d):
    d.events = [event for event in d.events if event["at"][1:2] != [1]]


@rule("RECEIPT_EVENT_MISMATCH", "projection")
def a_plan_of_more_steps(d):
    d.payload("PlanChosen")["steps"] = 3


def _plan(name, change, kind="success"):
    def edit(d):
        plan = d.payload("PlanChosen")["plan"]
        plan.update(change(json.loads(plan["inline"])))

    edit.__name__ = f"a_plan_{name}"
    rule("RECEIPT_EVENT_MISMATCH", "projection", kind)(edit)


def _text_of(steps):
    return {"inline": canonical(steps).decode()}


_plan("of_another_step", lambda steps: _text_of([{**steps[0], "id": "x"}, *steps[1:]]))
_plan("in_another_order", lambda steps: _text_of(steps[::-1]))
_plan("of_another_skill", lambda steps: _text_of([{**steps[0], "skill": "x"}, *steps[1:]]))
_plan("of_no_needs", lambda steps: _text_of([{**s, "needs": []} for s in steps]), "partial")
_plan("that_is_no_list", lambda steps: {"inline": "{}"})
_plan("with_white_space", lambda steps: {"inline": " " + canonical(steps).decode()})
_plan("as_text", lambda steps: {"form": "text"})


@rule("RECEIPT_HASH_MISMATCH", "projection", project=False)
def the_manifest_of_another_bundle(d):
    d.keep.add("manifest_sha256")
    d.receipt["manifest_sha256"] = "0" * 64


@rule("PROOF_DIGEST_MISMATCH", "digest", project=False)
def a_proof_digest_changed(d):
    d.keep.add("proof_digest")
    d.receipt["proof_digest"] = "0" * 64


@rule("BUNDLE_MALFORMED", "projection", project=False)
def no_intent(d):
    d.drop("IntentSet")


@rule("BUNDLE_MALFORMED", "projection", project=False)
def no_start(d):
    d.drop("RunStarted")


@rule("BUNDLE_MALFORMED", "projection", project=False)
def no_work(d):
    d.drop("WorkEnded")


@unproven()
def an_outcome_flipped(d):
    d.payload("Locked").update(outcome="failed", lock_level="Draft", code="X")


@unproven("broken_check")
def a_failed_check_passed(d):
    d.payload("VerificationRun")["results"][0]["passed"] = True


@unproven("broken_check")
def a_failed_check_in_a_verdict_that_passed(d):
    d.payload("VerificationRun")["verdict"] = "passed"
    d.events[-1]["payload"] = {"lock_level": "Committed", "outcome": "success"}


@unproven()
def no_checks_in_a_verdict_that_passed(d):
    d.payload("VerificationRun")["results"] = []


@unproven()
def a_check_without_a_value_that_passed(d):
    del d.payload("VerificationRun")["results"][0]["value"]


@unproven()
def a_check_that_failed_and_passed(d):
    none = {"form": "json", "inline": "{}"}
    failure = {"code": "X", "details": none, "message": "m"}
    d.payload("VerificationRun")["results"][0]["failure"] = failure


@unproven()
def a_check_whose_value_is_a_text(d):
    d.payload("VerificationRun")["results"][0]["value"]["form"] = "text"


@unproven()
def two_checks_of_one_id(d):
    d.payload("VerificationRun")["results"] *= 2


def _never_halted(name):
    def edit(d):
        del d.payload("WorkEnded")["halt"]

    edit.__name__ = f"a_{name}_run_that_says_nothing_stopped_it"
    unproven(name)(edit)


_never_halted("halted")
_never_halted("overrun")


@unproven("staged")
def a_halted_call_in_a_success(d):
    executed = d.event("SkillExecuted")
    halted = {**json.loads(json.dumps(executed)), "kind": "CallHalted", "payload": {"code": "X"}}
    halted["at_ms"] = d.event("RunStarted")["at_ms"]
    d.events.insert(d.events.index(executed), halted)
    executed["at"][-1] += 1


@unproven("staged")
def a_success_that_says_it_was_committed(d):
    d.payload("Locked")["lock_level"] = "Committed"


@unproven("staged")
def a_success_with_a_code(d):
    d.payload("Locked")["code"] = ""


@unproven("partial")
def a_partial_success_called_a_success(d):
    d.events[-1]["payload"] = {"lock_level": "Staged", "outcome": "success"}


@unproven("partial")
def a_failure_left_out_of_the_work(d):
    del d.payload("WorkEnded")["failure"]
    d.events[-1]["payload"] = {"lock_level": "Staged", "outcome": "success"}


@unproven("staged")
def a_work_with_a_failure_without_a_name_called_a_success(d):
    none = {"form": "json", "inline": "{}"}
    d.payload("WorkEnded")["failure"] = {"code": "", "details": none, "message": ""}


@unproven("staged")
def a_halt_without_a_name_called_a_success(d):
    d.payload("WorkEnded")["halt"] = ""


@rule("VERIFICATION_INCOMPLETE", "projection", "nothing", project=False)
def a_failure_called_partial(d):
    d.payload("Locked")["outcome"] = "partial"


# ------------------------------------------------------------------------ sections 3 and 8: files


def documents_rule(code, step="manifest"):
    return rule(code, step, project=False)


@documents_rule("BUNDLE_MALFORMED")
def a_manifest_out_of_order(d):
    d.listed = lambda entries: entries[::-1]


@documents_rule("BUNDLE_MALFORMED")
def a_file_listed_twice(d):
    d.listed = lambda entries: [entries[0], *entries]


@documents_rule("BUNDLE_MALFORMED")
def a_manifest_of_another_version(d):
    d.manifest["bundle_version"] = "0.3"


@documents_rule("BUNDLE_MALFORMED")
def a_manifest_with_another_field(d):
    d.manifest["more"] = 1


@documents_rule("BUNDLE_MALFORMED")
def a_hash_in_capitals(d):
    d.listed = lambda entries: [{**entries[0], "sha256": "A" * 64}, *entries[1:]]


@documents_rule("BUNDLE_MALFORMED")
def a_negative_size(d):
    d.listed = lambda entries: [{**entries[0], "size": -1}, *entries[1:]]


@documents_rule("BUNDLE_MALFORMED")
def a_receipt_that_is_listed(d):
    d.listed = lambda entries: sorted(
        [*entries, {"path": "receipt.json", "sha256": "0" * 64, "size": 1}],
        key=lambda entry: entry["path"],
    )


@documents_rule("BUNDLE_MALFORMED")
def events_that_are_not_listed(d):
    d.listed = lambda entries: [e for e in entries if e["path"] != "events.jsonl"]


@documents_rule("BUNDLE_MALFORMED")
def no_evidence(d):
    d.listed = lambda entries: [e for e in entries if not e["path"].startswith("evidence/")]


@documents_rule("UNSAFE_PATH")
def a_listed_path_that_climbs(d):
    d.listed = lambda entries: [
        {"path": "../x", "sha256": "0" * 64, "size": 1},
        *entries,
    ]


@documents_rule("BUNDLE_MALFORMED")
def a_file_at_the_top(d):
    d.files["zz.txt"] = b"x"


@documents_rule("MANIFEST_MISSING_FILE", "files")
def a_listed_file_that_is_not_there(d):
    d.listed = lambda entries: [
        *entries,
        {"path": "evidence/zz", "sha256": "0" * 64, "size": 1},
    ]


@documents_rule("UNLISTED_FILE", "references")
def a_listed_file_that_no_event_names(d):
    d.files["evidence/zz"] = b"x"


@documents_rule("HASH_MISMATCH", "references")
def a_file_swapped_for_another(d):
    path = next(path for path in d.files if path.startswith("evidence/"))
    d.files[path] += b" "


@documents_rule("CAPTURE_MISSING", "references")
def an_event_that_names_no_file(d):
    body = {"form": "json", "path": "evidence/none\n", "sha256": "0" * 64, "size": 1}
    d.payload("RunStarted")["inputs"] = body


@documents_rule("CAPTURE_MISSING", "references")
def an_event_that_names_the_log(d):
    body = {"form": "json", "path": "events.jsonl", "sha256": "0" * 64, "size": 1}
    d.payload("RunStarted")["inputs"] = body


@documents_rule("HASH_MISMATCH", "references")
def two_events_that_say_different_things_of_a_file(d):
    program = d.payload("RunStarted")["program"]
    d.payload("WorkEnded")["output"] = {**program, "sha256": "0" * 64}


# ----------------------------------------------------------------------------- section 8: roots


def _root_case(name):
    suffix = "EVENTLOG" if name == "events" else name.upper()

    def edit(d):
        d.roots = {name: {"root": "0" * 64, "size": 0}}

    edit.__name__ = f"another_root_of_{name}"
    rule(f"MERKLE_MISMATCH_{suffix}", "roots", project=False)(edit)


for _name in second.ROOTS:
    _root_case(_name)


@rule("MERKLE_MISMATCH_EVENTLOG", "roots", project=False)
def a_root_with_another_size(d):
    lines = d.seal(project=False)["events.jsonl"].splitlines()
    root = json.loads(d.seal(project=False)["receipt.json"])["roots"]["events"]["root"]
    d.roots = {"events": {"root": root, "size": len(lines) + 1}}


# ------------------------------------------------------------------------- section 10: versions


@rule("VERSION_UNSUPPORTED", "receipt", project=False)
def a_receipt_of_another_version(d):
    d.receipt["bundle_version"] = "0.3"


@rule("VERSION_UNSUPPORTED", "receipt", project=False)
def a_receipt_of_format_0_1(d):
    del d.receipt["bundle_version"]
    d.receipt["receipt_version"] = "0.1"


@rule("BUNDLE_MALFORMED", "receipt", project=False)
def a_receipt_without_a_version(d):
    del d.receipt["bundle_version"]


@rule("BUNDLE_MALFORMED", "receipt", project=False)
def a_version_that_is_no_string(d):
    d.receipt["bundle_version"] = 2


@rule("BUNDLE_MALFORMED", "receipt", project=False)
def a_receipt_without_its_digest(d):
    d.keep.add("proof_digest")
    del d.receipt["proof_digest"]


@rule("BUNDLE_MALFORMED", "receipt", project=False)
def a_receipt_with_another_field(d):
    d.receipt["more"] = 1


@pytest.mark.parametrize(("edit", "code", "step", "name", "project"), CASES)
def test_breaking_one_rule_in_a_resealed_bundle_gives_its_code(edit, code, step, name, project):
    files = reseal(bundle(name), edit, project=project)
    verdict = verify(MemoryReader(files))
    found = [(finding.code, finding.step) for finding in verdict.failures]
    assert verdict.verdict == "FAIL"
    assert verdict.proof_digest is None
    assert (code, step) in found
    assert second.verify(dict(files))


#: Those that show as nothing but the rule that they break.
@pytest.mark.parametrize(
    ("edit", "code", "step", "name", "project"),
    [case for case in CASES if case.values[4]],
)
def test_a_fully_resealed_attack_is_caught_by_the_rule_alone(edit, code, step, name, project):
    verdict = verify(MemoryReader(reseal(bundle(name), edit, project=project)))
    assert {(finding.code, finding.step) for finding in verdict.failures} == {(code, step)}


def test_what_was_sealed_wholly_anew_is_not_provable_without_a_digest():
    """The plan, the lane and all that follows are gone: the bundle is good, its digest another."""

    def forget_the_second_step(d):
        d.events = [event for event in d.events if event["at"][1:2] != [1]]
        d.payload("PlanChosen")["steps"] = 1
        plan = d.payload("PlanChosen")["plan"]
        plan["inline"] = canonical(json.loads(plan["inline"])[:1]).decode()

    forged = reseal(bundle("success"), forget_the_second_step, project=True)
    verdict = verify(MemoryReader(forged))
    assert verdict.ok
    assert verdict.proof_digest != json.loads(bundle("success")["receipt.json"])["proof_digest"]
    assert any(line.startswith("origin:") for line in verdict.not_checked)


def test_a_policy_loosened_under_a_name_of_its_own_is_not_provable_without_a_digest():
    forged = reseal(bundle("success"), lambda d: _policy(d, {"network": OPEN}, None), project=True)
    verdict = verify(MemoryReader(forged))
    assert verdict.ok
    assert not second.verify(dict(forged))
    assert verdict.proof_digest != json.loads(bundle("success")["receipt.json"])["proof_digest"]


def test_a_request_in_a_file_passes_as_one_in_the_event_does():
    def move(d):
        request = d.payload("EffectAsked")["request"]
        data = request["inline"].encode()
        d.files["evidence/request.json"] = data
        d.payload("EffectAsked")["request"] = {
            "form": "json",
            "path": "evidence/request.json",
            "sha256": sha256(data),
            "size": len(data),
        }

    assert verify(MemoryReader(reseal(bundle("success"), move))).ok


def test_the_steps_of_a_plan_in_a_file_are_counted_and_not_compared():
    def move(d):
        data = b"[]"
        d.files["evidence/plan.json"] = data
        d.payload("PlanChosen")["plan"] = {
            "form": "json",
            "path": "evidence/plan.json",
            "sha256": sha256(data),
            "size": len(data),
        }

    files = reseal(bundle("success"), move, project=True)
    assert verify(MemoryReader(files)).ok
    assert not second.verify(dict(files))


def test_a_redaction_of_the_right_lengths_passes():
    def redact(d):
        record = {"commitment": "0" * 64, "count": 1, "salt": "0" * 32, "secret": "K"}
        d.payload("EffectAnswered")["response"]["redactions"] = [record, record]

    assert verify(MemoryReader(reseal(bundle("success"), redact))).ok


def test_rules_in_the_event_pass_as_those_in_a_file_do():
    def move(d):
        policy = d.payload("RunStarted")["policy"]
        data = d.files.pop(policy["rules"]["path"])
        policy["rules"] = {"form": "json", "inline": data.decode()}

    files = reseal(bundle("success"), move, project=True)
    assert verify(MemoryReader(files)).ok
    assert not second.verify(dict(files))


class Vanishing(MemoryReader):
    """Gives each file of a request once."""

    def __init__(self, files):
        super().__init__(files)
        self.given = set()

    def chunks(self, path, size):
        if path in self.given and path == "evidence/request.json":
            raise ReadError("it is gone")
        self.given.add(path)
        return super().chunks(path, size)


def _request_in_a_file(d):
    request = d.payload("EffectAsked")["request"]
    data = request["inline"].encode()
    d.files["evidence/request.json"] = data
    d.payload("EffectAsked")["request"] = {
        "form": "json",
        "path": "evidence/request.json",
        "sha256": sha256(data),
        "size": len(data),
    }


def test_a_request_that_cannot_be_read_again_leaves_the_bundle_undecided():
    verdict = verify(Vanishing(reseal(bundle("success"), _request_in_a_file)))
    assert verdict.codes() == ("FILE_UNREADABLE",)


def test_a_request_in_a_file_that_is_not_there_is_a_missing_file():
    files = reseal(bundle("success"), _request_in_a_file)
    del files["evidence/request.json"]
    assert verify(MemoryReader(files)).codes() == ("MANIFEST_MISSING_FILE",)


def test_resealing_without_an_edit_gives_the_same_bytes():
    for name in ("success", "retried", "function", "paid", "partial"):
        assert reseal(bundle(name), lambda draft: None, project=True) == bundle(name)
        assert sha256(bundle(name)["manifest.json"])
