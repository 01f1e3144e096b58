"""Section 6: words of payloads."""

from functools import partial

from attacks.attack import sealed


def _start(operator, what, /, **fields):
    def edit(d):
        d.payload("RunStarted").update(fields)
        if "run_id" in fields:
            d.manifest["run_id"] = fields["run_id"]

    edit.__name__ = f"a_start_with_{what}"
    sealed(operator, "BUNDLE_MALFORMED", "events")(edit)


_start("grow", "a_run_id_of_65", run_id="a" * 65)
_start("foreign", "a_run_id_with_an_escape", run_id="\x1b]0;x\x07")
_start("shrink", "no_name", name="")
_start("grow", "a_name_of_257", name="a" * 257)
_start("foreign", "a_name_that_turns_text_round", name="a\u202eb")
_start("respell", "a_nonce_in_capitals", nonce="A" * 32)
_start("respell", "a_bundle_before_it_in_capitals", continues="A" * 64)
_start("shrink", "63_digits_of_the_bundle_before_it", continues="0" * 63)
_start("foreign", "a_seed_that_is_no_number", seed="one")
_start("respell", "a_seed_with_a_zero_in_front", seed="01")
_start("grow", "a_seed_of_2_to_the_64", seed=str(2**64))


@sealed("set", "BUNDLE_MALFORMED", "events")
def rules_of_another_digest(d):
    d.payload("RunStarted")["policy"].update(id="custom-000000000000", rules_sha256="0" * 64)


def _answer(operator, name, /, **fields):
    def edit(d):
        d.payload("EffectAnswered")["response"].update(fields)

    edit.__name__ = f"an_answer_with_{name}"
    sealed(operator, "BUNDLE_MALFORMED", "events")(edit)


_answer("shrink", "a_status_of_99", status=99)
_answer("grow", "a_status_of_1000", status=1000)
_answer("grow", "a_boundary_past_its_body", boundaries=[99])
_answer("move", "boundaries_that_go_back", boundaries=[3, 2])
_answer(
    "foreign",
    "a_salt_that_is_no_hex",
    redactions=[{"commitment": "0" * 64, "count": 1, "salt": "z" * 32, "secret": "K"}],
)
_answer(
    "shrink",
    "a_commitment_that_is_too_short",
    redactions=[{"commitment": "0" * 63, "count": 1, "salt": "0" * 32, "secret": "K"}],
)


@sealed("grow", "BUNDLE_MALFORMED", "events", "big")
def a_boundary_past_a_body_in_a_file(d):
    response = d.payload("EffectAnswered")["response"]
    response["boundaries"] = [response["body"]["size"] + 1]


@sealed("grow", "BUNDLE_MALFORMED", "events", "big")
def a_boundary_past_a_body_of_bytes(d):
    d.payload("EffectAnswered", 1)["response"]["boundaries"] = [4]


@sealed("remove", "BUNDLE_MALFORMED", "events", "function")
def a_pure_call_without_its_parameters(d):
    del d.payload("SkillExecuted")["params"]


@sealed("add", "BUNDLE_MALFORMED", "events", "function")
def an_opaque_call_with_parameters(d):
    d.payload("SkillExecuted", 1)["params"] = {"form": "json", "inline": "{}"}


@sealed("add", "BUNDLE_MALFORMED", "events")
def a_call_in_the_lane_with_a_request(d):
    d.event("SkillExecuted", 1)["at_ms"] = 1
    d.payload("SkillExecuted", 1)["request"] = "0" * 64


_start("shrink", "a_nonce_of_31", nonce="a" * 31)
_start("foreign", "a_seed_in_other_digits", seed="\u0661\u0662")


@sealed("respell", "BUNDLE_MALFORMED", "events")
def rules_of_a_digest_in_capitals(d):
    policy = d.payload("RunStarted")["policy"]
    digest = policy["rules_sha256"].upper()
    policy.update(id=f"custom-{digest[:12]}", rules_sha256=digest)


@sealed("remove", "BUNDLE_MALFORMED", "events")
def a_pure_call_without_its_request(d):
    executed = d.event("SkillExecuted")
    del executed["payload"]["request"], executed["at_ms"]


@sealed("foreign", "BUNDLE_MALFORMED", "events", "machine")
def a_result_with_a_salt_that_is_no_hex(d):
    record = {"commitment": "0" * 64, "count": 1, "salt": "z" * 32, "secret": "K"}
    d.payload("EffectAnswered")["result"]["redactions"] = [record]


def _malformed(operator, edit):
    sealed(operator, "BUNDLE_MALFORMED", "events", "machine", project=False)(edit)


@partial(_malformed, "add")
def a_result_and_a_failure(d):
    failure = {"code": "X", "details": {"form": "json", "inline": "{}"}, "message": ""}
    d.payload("EffectAnswered")["failure"] = failure


@partial(_malformed, "remove")
def a_result_without_facts(d):
    del d.payload("EffectAnswered")["result"]["facts"]


@partial(_malformed, "remove")
def no_answer_at_all(d):
    del d.payload("EffectAnswered")["result"]
