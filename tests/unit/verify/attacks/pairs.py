"""Section 5: asks and answers, attempts and retries."""

import json

from bundles import bundle
from reseal import sha256

from attacks.attack import sealed, table


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


@table("splice")
def an_answer_of_another_run(d):
    lines = bundle("big")["events.jsonl"].splitlines()
    answers = [e for e in map(json.loads, lines) if e["kind"] == "EffectAnswered"]
    d.event("EffectAnswered")["payload"] = answers[1]["payload"]


@table("set", "machine")
def a_result_of_a_server(d):
    d.payload("EffectAsked")["port"] = "http"


@table("set")
def a_response_of_a_file(d):
    d.payload("EffectAsked")["port"] = "file"


@table("splice", "machine")
def a_response_in_place_of_a_result(d):
    lines = bundle("success")["events.jsonl"].splitlines()
    [answer] = [e for e in map(json.loads, lines) if e["kind"] == "EffectAnswered"]
    told = d.payload("EffectAnswered")
    del told["result"]
    told["response"] = answer["payload"]["response"]


@table("splice")
def a_result_in_place_of_a_response(d):
    lines = bundle("machine")["events.jsonl"].splitlines()
    answer = next(e for e in map(json.loads, lines) if e["kind"] == "EffectAnswered")
    told = d.payload("EffectAnswered")
    del told["response"]
    told["result"] = answer["payload"]["result"]
