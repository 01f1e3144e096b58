"""Section 8: what the receipt says, the outcome, the plan."""

import json

from bundles import bundle
from reseal import canonical, sha256

from attacks.attack import attack, receipt, sealed, table, unproven


@receipt("set")
def an_outcome_flipped_in_the_receipt(d):
    d.receipt["outcome"] = "failed"


@receipt("set")
def a_run_id_changed_in_the_receipt(d):
    d.receipt["run_id"] = "other"


@receipt("set")
def a_check_passed_in_the_receipt(d):
    d.receipt["verification"]["results"][0]["check_id"] = "other"


@receipt("set", "broken_check")
def a_failed_check_passed_in_the_receipt(d):
    d.receipt["verification"]["results"][0]["passed"] = True


@receipt("shrink", "paid")
def money_lowered_in_the_receipt(d):
    d.receipt["money"]["spent_micro_cents"] -= 1


@receipt("remove", "partial")
def a_failure_left_out_of_the_receipt(d):
    d.receipt["step_failures"].pop()


@receipt("grow")
def a_count_changed_in_the_receipt(d):
    d.receipt["counts"]["retries"] = 1


@receipt("remove")
def an_output_left_out_of_the_receipt(d):
    del d.receipt["output"]


@receipt("set")
def a_nonce_changed_in_the_receipt(d):
    d.receipt["nonce"] = "0" * 32


@receipt("grow")
def a_time_changed_in_the_receipt(d):
    d.receipt["ended_ms"] += 1


@receipt("set")
def a_run_id_changed_in_the_manifest(d):
    d.manifest["run_id"] = "other"


@sealed("remove", "RECEIPT_EVENT_MISMATCH", "projection")
def a_step_dropped(d):
    d.events = [event for event in d.events if event["at"][1:2] != [1]]


@sealed("grow", "RECEIPT_EVENT_MISMATCH", "projection")
def a_plan_of_more_steps(d):
    d.payload("PlanChosen")["steps"] = 3


def _plan(operator, name, change, kind="success"):
    def edit(d):
        plan = d.payload("PlanChosen")["plan"]
        plan.update(change(json.loads(plan["inline"])))

    edit.__name__ = f"a_plan_{name}"
    sealed(operator, "RECEIPT_EVENT_MISMATCH", "projection", kind)(edit)


def _text_of(steps):
    return {"inline": canonical(steps).decode()}


_plan("set", "of_another_step", lambda steps: _text_of([{**steps[0], "id": "x"}, *steps[1:]]))
_plan("move", "in_another_order", lambda steps: _text_of(steps[::-1]))
_plan("set", "of_another_skill", lambda steps: _text_of([{**steps[0], "skill": "x"}, *steps[1:]]))
_plan(
    "remove", "of_no_needs", lambda steps: _text_of([{**s, "needs": []} for s in steps]), "partial"
)
_plan("retype", "that_is_no_list", lambda steps: {"inline": "{}"})
_plan("respell", "with_white_space", lambda steps: {"inline": " " + canonical(steps).decode()})
_plan("set", "as_text", lambda steps: {"form": "text"})


@sealed("set", "RECEIPT_HASH_MISMATCH", "projection", project=False)
def the_manifest_of_another_bundle(d):
    d.keep.add("manifest_sha256")
    d.receipt["manifest_sha256"] = "0" * 64


@table("remove")
def no_intent(d):
    d.drop("IntentSet")


@table("remove")
def no_start(d):
    d.drop("RunStarted")


@table("remove")
def no_work(d):
    d.drop("WorkEnded")


@unproven("set")
def an_outcome_flipped(d):
    d.payload("Locked").update(outcome="failed", lock_level="Draft", code="X")


@unproven("set", "broken_check")
def a_failed_check_passed(d):
    d.payload("VerificationRun")["results"][0]["passed"] = True


@unproven("set", "broken_check")
def a_failed_check_in_a_verdict_that_passed(d):
    d.payload("VerificationRun")["verdict"] = "passed"
    d.events[-1]["payload"] = {"lock_level": "Committed", "outcome": "success"}


@unproven("remove")
def no_checks_in_a_verdict_that_passed(d):
    d.payload("VerificationRun")["results"] = []


@unproven("remove")
def a_check_without_a_value_that_passed(d):
    del d.payload("VerificationRun")["results"][0]["value"]


@unproven("add")
def a_check_that_failed_and_passed(d):
    none = {"form": "json", "inline": "{}"}
    failure = {"code": "X", "details": none, "message": "m"}
    d.payload("VerificationRun")["results"][0]["failure"] = failure


@unproven("retype")
def a_check_whose_value_is_a_text(d):
    d.payload("VerificationRun")["results"][0]["value"]["form"] = "text"


@unproven("repeat")
def two_checks_of_one_id(d):
    d.payload("VerificationRun")["results"] *= 2


def _never_halted(name):
    def edit(d):
        del d.payload("WorkEnded")["halt"]

    edit.__name__ = f"a_{name}_run_that_says_nothing_stopped_it"
    unproven("remove", name)(edit)


_never_halted("halted")
_never_halted("overrun")


@unproven("add", "staged")
def a_halted_call_in_a_success(d):
    executed = d.event("SkillExecuted")
    halted = {**json.loads(json.dumps(executed)), "kind": "CallHalted", "payload": {"code": "X"}}
    halted["at_ms"] = d.event("RunStarted")["at_ms"]
    d.events.insert(d.events.index(executed), halted)
    executed["at"][-1] += 1


@unproven("set", "staged")
def a_success_that_says_it_was_committed(d):
    d.payload("Locked")["lock_level"] = "Committed"


@unproven("add", "staged")
def a_success_with_a_code(d):
    d.payload("Locked")["code"] = ""


@unproven("set", "partial")
def a_partial_success_called_a_success(d):
    d.events[-1]["payload"] = {"lock_level": "Staged", "outcome": "success"}


@unproven("remove", "partial")
def a_failure_left_out_of_the_work(d):
    del d.payload("WorkEnded")["failure"]
    d.events[-1]["payload"] = {"lock_level": "Staged", "outcome": "success"}


@unproven("add", "staged")
def a_work_with_a_failure_without_a_name_called_a_success(d):
    none = {"form": "json", "inline": "{}"}
    d.payload("WorkEnded")["failure"] = {"code": "", "details": none, "message": ""}


@unproven("add", "staged")
def a_halt_without_a_name_called_a_success(d):
    d.payload("WorkEnded")["halt"] = ""


@sealed("set", "VERIFICATION_INCOMPLETE", "projection", "nothing", project=False)
def a_failure_called_partial(d):
    d.payload("Locked")["outcome"] = "partial"


@sealed("grow", "RECEIPT_EVENT_MISMATCH", "projection", project=False)
def a_run_id_in_the_manifest_with_a_letter_more(d):
    d.manifest["run_id"] += "x"


@sealed("respell", "RECEIPT_HASH_MISMATCH", "projection", project=False)
def the_digest_of_the_manifest_in_capitals(d):
    d.keep.add("manifest_sha256")
    d.receipt["manifest_sha256"] = sha256(bundle("success")["manifest.json"]).upper()


@sealed("splice", "RECEIPT_HASH_MISMATCH", "projection", project=False)
def the_digest_of_the_manifest_of_another_run(d):
    d.keep.add("manifest_sha256")
    d.receipt["manifest_sha256"] = sha256(bundle("paid")["manifest.json"])


@unproven("add")
def another_check_of_the_same_id(d):
    check = d.payload("VerificationRun")["results"][0]
    d.payload("VerificationRun")["results"].append({**check, "that": "`true`"})


@sealed("shrink", "RECEIPT_EVENT_MISMATCH", "projection")
def a_plan_of_fewer_steps(d):
    d.payload("PlanChosen")["steps"] = 1


_plan(
    "respell",
    "of_a_skill_in_capitals",
    lambda steps: _text_of([{**steps[0], "skill": steps[0]["skill"].upper()}, *steps[1:]]),
)


@sealed("set", "RECEIPT_EVENT_MISMATCH", "projection", "partial")
def a_step_skipped_because_of_what_it_does_not_need(d):
    d.payload("StepSkipped")["because"] = ["a"]


@sealed("add", "RECEIPT_EVENT_MISMATCH", "projection", "partial")
def a_step_skipped_because_of_one_thing_more(d):
    d.payload("StepSkipped")["because"].append("a")


@sealed("splice", "RECEIPT_EVENT_MISMATCH", "projection", project=False)
def the_events_of_another_run(d):
    d.events = [json.loads(line) for line in bundle("staged")["events.jsonl"].splitlines()]


def _of_another_run(path, code, step):
    def files():
        return {**bundle("success"), path: bundle("staged")[path]}

    name = path.replace(".", "_").replace("/", "_")
    attack(f"the_{name}_of_another_run", "splice", code, step, files)


_of_another_run("receipt.json", "RECEIPT_HASH_MISMATCH", "projection")
_of_another_run("manifest.json", "HASH_MISMATCH", "files")
_of_another_run("events.jsonl", "HASH_MISMATCH", "files")
