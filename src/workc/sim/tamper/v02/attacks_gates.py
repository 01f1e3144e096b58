"""Resealed edits of gates: what a human decided, and what was evaluated on the way (5, 6 and 8)."""

from __future__ import annotations

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import BAD_EVENT, NOT_BORNE_OUT, TABLE, UNPROVABLE
from workc.sim.tamper.v02.attacks_policy import refuse_risk
from workc.sim.tamper.v02.draft import Draft, forget_unnamed


def _decided(draft: Draft, *decisions: str) -> Doc:
    for event in draft.all("ApprovalAnswered"):
        if event["payload"]["decision"] in decisions:
            return event
    raise does_not_apply(f"no approval that was {' or '.join(decisions)}")


def _of_step(draft: Draft, *decisions: str) -> Doc:
    """Returns an approval of a step: one of a plan is followed by no skip."""
    for event in draft.all("ApprovalAnswered"):
        if event["payload"]["decision"] in decisions and len(event["at"]) > 1:
            return event
    raise does_not_apply(f"no approval of a step that was {' or '.join(decisions)}")


def _approve(draft: Draft) -> None:
    _of_step(draft, "denied", "timed_out")["payload"].update(by="x", decision="approved")


def _deny(draft: Draft) -> None:
    _decided(draft, "approved")["payload"]["decision"] = "denied"


def _swap_refusals(draft: Draft) -> None:
    payload = _of_step(draft, "denied")["payload"]
    payload["decision"] = "timed_out"
    del payload["by"]


def _decide_anonymously(draft: Draft) -> None:
    del _decided(draft, "approved", "denied")["payload"]["by"]


def _forge_decider(draft: Draft) -> None:
    _decided(draft, "approved", "denied")["payload"]["by"] = "somebody else"


def _forget_approval(draft: Draft) -> None:
    """Takes away question and answer: the step began unasked."""
    answer = _decided(draft, "approved")
    lane = draft.lane(answer)
    asked = lane[lane.index(answer) - 1]
    draft.remove(answer)
    draft.remove(asked)
    forget_unnamed(draft)


def _forget_answer(draft: Draft) -> None:
    draft.remove(_decided(draft, "approved"))


def _answer_other_gate(draft: Draft) -> None:
    _decided(draft, "approved", "denied")["payload"]["gate"] += "x"


def _skip_otherwise(draft: Draft) -> None:
    refused = _decided(draft, "denied", "timed_out")
    lane = draft.lane(refused)
    lane[lane.index(refused) + 1]["payload"]["code"] = "UPSTREAM_FAILED"


def _asked_by_checks(draft: Draft) -> set[str]:
    """Returns the names of evaluations that results of checks repeat."""
    results = [
        result for run in draft.all("VerificationRun") for result in run["payload"]["results"]
    ]
    return {result["check_id"] for result in results if result.get("kind") == "command"}


def _evaluated(draft: Draft, *, passed: bool, of_step: bool | None = None) -> Doc:
    of_checks = _asked_by_checks(draft)
    for event in draft.all("GateEvaluated"):
        is_of_step = "step" in event["payload"]
        if event["payload"]["gate"] in of_checks:
            continue
        if event["payload"]["passed"] is passed and of_step in {None, is_of_step}:
            return event
    raise does_not_apply("no gate that " + ("passed" if passed else "did not pass"))


def _pass(gate: Doc) -> None:
    gate.pop("failure", None)
    text = "0" if gate["kind"] == "command" else "true"
    gate.update(passed=True, value={"form": "json", "inline": text})


def _pass_failed(draft: Draft) -> None:
    gate = _evaluated(draft, passed=False)["payload"]
    if gate["when"].startswith("pre_"):
        raise does_not_apply("no failed gate that barred nothing")
    gate["passed"] = True


def _pass_barring(draft: Draft) -> None:
    gate = _evaluated(draft, passed=False, of_step=True)["payload"]
    if gate["when"] != "pre_step":
        raise does_not_apply("no gate that kept a step from beginning")
    _pass(gate)


def _pass_failed_throughout(draft: Draft) -> None:
    gate = _evaluated(draft, passed=False, of_step=False)["payload"]
    if draft.payload("Locked").get("code") != "GATE_FAILED" or gate["when"] != "post_run":
        raise does_not_apply("no run that failed because of a gate alone")
    _pass(gate)
    level = "Committed" if draft.receipt["verification"]["results"] else "Staged"
    draft.event("Locked")["payload"] = {"lock_level": level, "outcome": "success"}
    forget_unnamed(draft)


def _succeed_all_the_same(draft: Draft) -> None:
    if draft.payload("Locked").get("code") != "GATE_FAILED" or not draft.receipt.get("output"):
        raise does_not_apply("no work that failed because of a gate")
    level = "Committed" if draft.receipt["verification"]["results"] else "Staged"
    draft.event("Locked")["payload"] = {"lock_level": level, "outcome": "success"}
    draft.payload("WorkEnded").pop("failure", None)
    forget_unnamed(draft)


def _fail_passed(draft: Draft) -> None:
    gate = _evaluated(draft, passed=True)["payload"]
    gate["value"] = {"form": "json", "inline": "1"}


def _misplace(draft: Draft) -> None:
    for event in draft.all("GateEvaluated"):
        if event["payload"]["when"] == "post_step":
            event["payload"]["when"] = "pre_step"
            return
    raise does_not_apply("no gate after a step")


def _misplace_in_run(draft: Draft) -> None:
    for event in draft.all("GateEvaluated"):
        if event["payload"]["when"] == "post_run":
            event["payload"]["when"] = "pre_run"
            return
    raise does_not_apply("no gate after the run")


def _misname(draft: Draft) -> None:
    named = [e for e in draft.events if e["kind"] in _OF_GATES]
    if not named:
        raise does_not_apply("no gate")
    for event in named:
        event["payload"]["gate"] += " "


def _forget_gate(draft: Draft) -> None:
    refuse_risk(draft, "decide")
    gate = _evaluated(draft, passed=True)
    draft.remove(gate)
    forget_unnamed(draft)


def _forget_checked(draft: Draft) -> None:
    of_checks = _asked_by_checks(draft)
    for event in draft.all("GateEvaluated"):
        if event["payload"]["gate"] in of_checks:
            draft.remove(event)
            return
    raise does_not_apply("no check that asked a program")


def _strip_step(draft: Draft) -> None:
    for event in draft.all("GateEvaluated"):
        if event["payload"].pop("step", None) is not None:
            return
    raise does_not_apply("no gate of a step")


_OF_GATES = frozenset({"ApprovalAsked", "ApprovalAnswered", "GateEvaluated"})

GATE_ATTACKS: Attacks[Draft] = {
    "ApprovalFlipped": Attack(_approve, TABLE, "A step that was refused is said to be approved."),
    "ApprovalDenied": Attack(_deny, TABLE, "A step that began is said to be denied."),
    "ApprovalForged": Attack(_forge_decider, UNPROVABLE, "Somebody else is said to have decided."),
    "ApprovalForgotten": Attack(_forget_approval, UNPROVABLE, "Nobody was ever asked."),
    "ApprovalUnanswered": Attack(_forget_answer, TABLE, "A step began without an answer."),
    "ApprovalOfAnotherGate": Attack(_answer_other_gate, TABLE, "Another question was answered."),
    "ApprovalByNobody": Attack(_decide_anonymously, BAD_EVENT, "Nobody is said to have decided."),
    "RefusalExchanged": Attack(_swap_refusals, TABLE, "A human who said no said nothing."),
    "RefusalHidden": Attack(
        _skip_otherwise, TABLE, "A refused step was skipped for another reason."
    ),
    "FailedGatePassed": Attack(
        _pass_failed, NOT_BORNE_OUT, "A gate that failed is said to have passed."
    ),
    "FailedGatePassedThroughout": Attack(
        _pass_failed_throughout, UNPROVABLE, "A gate that failed passes, with value and lock."
    ),
    "BarredStepLetIn": Attack(_pass_barring, TABLE, "A gate let in a step that never began."),
    "FailedGateIgnored": Attack(
        _succeed_all_the_same, NOT_BORNE_OUT, "A run is a success past a gate that failed."
    ),
    "PassedGateValueReplaced": Attack(
        _fail_passed, NOT_BORNE_OUT, "A gate passed and gave what lets nothing pass."
    ),
    "GateMisplaced": Attack(_misplace, TABLE, "A gate after a step was one before it."),
    "RunGateMisplaced": Attack(_misplace_in_run, TABLE, "A gate after the run was one before it."),
    "GateMisnamed": Attack(_misname, BAD_EVENT, "Gates have names that no gate may have."),
    "GateForgotten": Attack(_forget_gate, UNPROVABLE, "A gate that passed never was."),
    "CheckUnanswered": Attack(_forget_checked, TABLE, "A check says what no program was asked."),
    "GateOfNoStep": Attack(_strip_step, BAD_EVENT, "A gate of a step names none."),
}
