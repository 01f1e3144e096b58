"""Section 5: what the policy of the run says of itself and of what was done."""

import json

from bundles import bundle
from reseal import canonical, sha256

from attacks.attack import sealed

OPEN = {"allow_hosts": ["*"], "allow_loopback": True, "allow_private": True, "allow_public": True}
CLOSED = {
    "allow_hosts": [],
    "allow_loopback": True,
    "allow_private": False,
    "allow_public": True,
    "deny_hosts": [],
    "offline": True,
}


def put_policy(d, rules, name):
    """Puts other rules into the run, with their digest, under the name; or one made of it."""
    data = canonical(rules)
    body = {"form": "json", "inline": data.decode()}
    policy = d.payload("RunStarted")["policy"]
    d.files.pop(policy["rules"]["path"], None)
    policy.update(id=name or f"custom-{sha256(data)[:12]}", rules=body, rules_sha256=sha256(data))


@sealed("set", "POLICY_VIOLATION", "policy")
def a_policy_loosened_under_its_name(d):
    put_policy(d, {"network": OPEN}, "workc-default")


@sealed("set", "POLICY_VIOLATION", "policy")
def a_policy_of_its_own_name_only(d):
    d.payload("RunStarted")["policy"]["id"] = "strict"


@sealed("set", "POLICY_VIOLATION", "policy")
def an_answer_in_a_run_that_was_offline(d):
    put_policy(d, {"network": CLOSED}, "workc-offline")


@sealed("set", "POLICY_VIOLATION", "policy", "paid")
def a_model_that_answered_a_run_that_was_offline(d):
    put_policy(d, {"network": CLOSED}, "workc-offline")


@sealed("respell", "POLICY_VIOLATION", "policy")
def a_policy_whose_name_is_in_capitals(d):
    policy = d.payload("RunStarted")["policy"]
    policy["id"] = policy["id"].upper()


@sealed("grow", "POLICY_VIOLATION", "policy")
def a_policy_named_by_thirteen_digits(d):
    put_policy(d, {"network": OPEN}, None)
    policy = d.payload("RunStarted")["policy"]
    policy["id"] = f"custom-{policy['rules_sha256'][:13]}"


@sealed("splice", "POLICY_VIOLATION", "policy", "nothing")
def an_answer_of_another_run_in_one_that_was_offline(d):
    put_policy(d, {"network": CLOSED}, "workc-offline")
    events = map(json.loads, bundle("success")["events.jsonl"].splitlines())
    (answer,) = [e["payload"] for e in events if e["kind"] == "EffectAnswered"]
    answered = d.payload("EffectAnswered")
    del answered["failure"]
    answered["response"] = answer["response"]


ALLOWED = {"allow": [{"op": "Network", "selector": "net:http://93.184.216.34/"}], "deny": []}
ITEMS = {"op": "Network", "selector": "net:http://93.184.216.34/items"}


def speak(d, unknown="deny", **effects):
    """Puts rules that speak of effects into the run: those that it needs, but for these."""
    rules = {**ALLOWED, "unknown": unknown, **effects}
    put_policy(d, {"effects": rules, "network": OPEN}, None)


@sealed("set", "POLICY_VIOLATION", "policy", "bounded")
def an_effect_that_no_line_of_the_policy_allows(d):
    speak(d, allow=[{"op": "Publish", "selector": "pub:x"}])


@sealed("grow", "POLICY_VIOLATION", "policy", "bounded")
def an_effect_that_a_line_of_the_policy_denies(d):
    speak(d, deny=[ITEMS])


@sealed("remove", "POLICY_VIOLATION", "policy", "bounded")
def effects_that_no_plan_declares_under_a_policy_that_speaks_of_them(d):
    speak(d)
    plan = d.payload("PlanChosen")
    del plan["effects"], plan["compression"]
    for event in d.events:
        if event["kind"] == "EffectAsked":
            del event["payload"]["effect"]


@sealed("respell", "POLICY_VIOLATION", "policy", "bounded")
def a_line_of_the_policy_in_another_spelling(d):
    speak(d, allow=[{"op": "Network", "selector": "net:http://93.184.216.34"}])


@sealed("retype", "POLICY_VIOLATION", "policy", "bounded")
def rules_of_effects_that_have_another_form(d):
    speak(d, unknown=True)


def require(d, **verify):
    """Puts rules that speak of checks into the run."""
    put_policy(d, {"network": OPEN, "verify": verify}, None)


@sealed("tighten", "POLICY_VIOLATION", "policy")
def a_lock_level_above_the_highest_that_the_policy_allows(d):
    require(d, max_lock_level="Staged")


@sealed("add", "POLICY_VIOLATION", "policy")
def a_lock_level_without_a_check_that_it_takes(d):
    require(d, levels={"Committed": ["Semantic", "Acceptance"]})


@sealed("add", "POLICY_VIOLATION", "policy", "staged")
def a_lock_level_that_takes_a_check_without_any(d):
    require(d, levels={"Staged": ["Syntactic"]}, unmet="lower")


@sealed("retype", "POLICY_VIOLATION", "policy")
def rules_of_checks_that_have_another_form(d):
    require(d, levels={"Committed": ["Perhaps"]})


@sealed("set", "POLICY_VIOLATION", "policy", "lowered")
def a_lock_level_that_was_lowered_in_vain(d):
    require(d, levels={"Committed": ["Acceptance"], "Staged": ["Acceptance"]})
    d.payload("Locked")["lock_level"] = "Committed"


@sealed("grow", "VERIFICATION_INCOMPLETE", "projection", "lowered")
def a_lock_level_lowered_though_nothing_is_missing(d):
    require(d, levels={"Committed": ["Semantic"]}, unmet="lower")


@sealed("remove", "VERIFICATION_INCOMPLETE", "projection", "lowered")
def a_lock_level_lowered_though_no_policy_says_so(d):
    require(d)


# --- risk [6] [22]


@sealed("grow", "POLICY_VIOLATION", "policy", "bounded")
def a_lock_level_that_takes_more_of_what_is_declared(d):
    require(d, high_risk={"Staged": ["Acceptance"], "Committed": ["Acceptance"]})
    d.payload("PlanChosen")["effects"][1] = {"op": "Publish", "selector": "pub:a"}


@sealed("remove", "POLICY_VIOLATION", "policy")
def a_lock_level_that_takes_more_of_what_declares_nothing(d):
    require(d, high_risk={"Committed": ["Acceptance"]})


def _decide(d, implicit, **approval):
    rules = {"decide": {"implicit": implicit}, "network": OPEN}
    put_policy(d, {**rules, "approval": approval} if approval else rules, None)


@sealed("set", "POLICY_VIOLATION", "policy", "bounded")
def a_call_about_which_nobody_decided(d):
    _decide(d, "never")


@sealed("grow", "POLICY_VIOLATION", "policy", "bounded")
def a_call_of_high_risk_about_which_nobody_decided(d):
    _decide(d, "low", loss_ms=900_000)


@sealed("remove", "POLICY_VIOLATION", "policy")
def a_call_without_a_name_about_which_nobody_decided(d):
    _decide(d, "low")


@sealed("retype", "POLICY_VIOLATION", "policy", "bounded")
def rules_of_decisions_that_have_another_form(d):
    put_policy(d, {"decide": "low", "network": OPEN}, None)


@sealed("foreign", "POLICY_VIOLATION", "policy", "bounded")
def what_asking_costs_below_nothing(d):
    _decide(d, "low", cost_ms=-1)


@sealed("cut", "POLICY_VIOLATION", "policy", "back_by_gates")
def a_call_after_what_a_gate_of_another_step_let_begin(d):
    _decide(d, "never")
