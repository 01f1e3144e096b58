"""Resealed edits of the outcome: of the work's end, the checks and the lock (section 8)."""

from __future__ import annotations

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import NOT_BORNE_OUT, TABLE, UNPROVABLE
from workc.sim.tamper.v02.attacks_policy import refuse_risk
from workc.sim.tamper.v02.draft import Draft, forget_unnamed

_TRUE: Doc = {"form": "json", "inline": "true"}


def _flip_outcome(draft: Draft) -> None:
    if not draft.all("WorkEnded"):
        raise does_not_apply("no work: it knew too little to decide")
    if not draft.all("VerificationRun"):
        _add_empty_checks(draft)
    locked = draft.event("Locked")
    if locked["payload"]["outcome"] == "success":
        locked["payload"] = {"code": "X", "lock_level": "Draft", "outcome": "failed"}
    else:
        locked["payload"] = {"lock_level": "Staged", "outcome": "success"}


def _add_empty_checks(draft: Draft) -> None:
    """Lets a success follow, which must not come without checks."""
    locked = draft.event("Locked")
    checks: Doc = {"results": [], "verdict": "nothing_to_check"}
    at = locked["at"][0]
    locked["at"] = [at + 1]
    where = draft.events.index(locked)
    draft.events.insert(
        where,
        {**locked, "at": [at], "kind": "VerificationRun", "payload": checks, "phase": "Verify"},
    )


def _results(draft: Draft) -> list[Doc]:
    results: list[Doc] = draft.payload("VerificationRun")["results"]
    if not results:
        raise does_not_apply("no check")
    return results


def _failed(draft: Draft) -> list[Doc]:
    found = [result for result in _results(draft) if not result["passed"]]
    if not found:
        raise does_not_apply("no check that failed")
    return found


def _passed(draft: Draft) -> Doc:
    found = [result for result in _results(draft) if result["passed"]]
    if not found:
        raise does_not_apply("no check that passed")
    return found[0]


def _pass_failed(draft: Draft) -> None:
    _failed(draft)[0]["passed"] = True


def _pass_failed_throughout(draft: Draft) -> None:
    work = draft.payload("WorkEnded")
    if "failure" in work or "output" not in work or draft.receipt["step_failures"]:
        raise does_not_apply("other failures than those of checks")
    for result in _failed(draft):
        result.pop("failure", None)
        result |= {"passed": True, "value": dict(_TRUE)}
    draft.payload("VerificationRun")["verdict"] = "passed"
    draft.event("Locked")["payload"] = {"lock_level": "Committed", "outcome": "success"}
    forget_unnamed(draft)


def _flip_verdict(draft: Draft) -> None:
    checks = draft.payload("VerificationRun")
    checks["verdict"] = "nothing_to_check" if checks["results"] else "passed"


def _forget_checks(draft: Draft) -> None:
    refuse_risk(draft, "high_risk")
    _results(draft).clear()
    forget_unnamed(draft)


def _forget_checks_throughout(draft: Draft) -> None:
    _require_success(draft)
    _results(draft).clear()
    draft.payload("VerificationRun")["verdict"] = "nothing_to_check"
    draft.payload("Locked")["lock_level"] = "Staged"
    forget_unnamed(draft)


def _double_check(draft: Draft) -> None:
    results = _results(draft)
    results.append(dict(results[0]))


def _forget_value(draft: Draft) -> None:
    del _passed(draft)["value"]


def _value_of_text(draft: Draft) -> None:
    _passed(draft)["value"]["form"] = "text"


def _pass_with_failure(draft: Draft) -> None:
    details: Doc = {"form": "json", "inline": "{}"}
    _passed(draft)["failure"] = {"code": "X", "details": details, "message": "m"}


def _forget_halt(draft: Draft) -> None:
    work = draft.payload("WorkEnded")
    if "halt" not in work or not _is_halted(draft):
        raise does_not_apply("nothing that shows that it was halted")
    del work["halt"]


def _is_halted(draft: Draft) -> bool:
    bounds = {move["payload"]["n"]: move["payload"] for move in draft.all("BudgetReserved")}
    is_over = any(
        event["payload"]["actual"] > bounds[event["payload"]["grant"]]["bound"]
        for event in draft.all("BudgetSettled")
    )
    is_refused = any(not move["granted"] for move in bounds.values())
    return is_over or is_refused or bool(draft.all("CallHalted"))


def _require_success(draft: Draft) -> None:
    if draft.payload("Locked")["outcome"] != "success":
        raise does_not_apply("no success")


def _raise_lock(draft: Draft) -> None:
    _require_success(draft)
    draft.payload("Locked")["lock_level"] = "Immutable"


def _invent_code(draft: Draft) -> None:
    _require_success(draft)
    draft.payload("Locked")["code"] = "X"


def _call_partial_success(draft: Draft) -> None:
    if draft.payload("Locked")["outcome"] != "partial":
        raise does_not_apply("no partial success")
    draft.event("Locked")["payload"] = {"lock_level": "Staged", "outcome": "success"}


def _forget_failure(draft: Draft) -> None:
    by_file = draft.payload("RunStarted")["program_kind"] == "file"
    if not by_file or not draft.receipt["step_failures"]:
        raise does_not_apply("no step that failed in a workflow file")
    _call_partial_success(draft)
    draft.payload("WorkEnded").pop("failure", None)
    forget_unnamed(draft)


def _skip_checks(draft: Draft) -> None:
    if draft.payload("Locked")["outcome"] == "failed":
        raise does_not_apply("an outcome that needs no checks")
    draft.remove(draft.event("VerificationRun"))
    forget_unnamed(draft)


OUTCOME_ATTACKS: Attacks[Draft] = {
    "OutcomeFlipped": Attack(
        _flip_outcome, NOT_BORNE_OUT, "A success is called a failure, or the other way round."
    ),
    "FailedCheckPassed": Attack(
        _pass_failed, NOT_BORNE_OUT, "A check that failed is said to have passed."
    ),
    "FailedCheckPassedThroughout": Attack(
        _pass_failed_throughout,
        UNPROVABLE,
        "A check that failed passes, with its value, the verdict and the lock.",
    ),
    "VerdictFlipped": Attack(_flip_verdict, NOT_BORNE_OUT, "Another verdict than the checks give."),
    "ChecksForgotten": Attack(_forget_checks, NOT_BORNE_OUT, "A verdict without its checks."),
    "ChecksForgottenThroughout": Attack(
        _forget_checks_throughout, UNPROVABLE, "There never was anything to check."
    ),
    "ChecksSkipped": Attack(_skip_checks, TABLE, "A lock that follows the work at once."),
    "CheckDoubled": Attack(_double_check, NOT_BORNE_OUT, "One check stands there twice."),
    "CheckWithoutValue": Attack(_forget_value, NOT_BORNE_OUT, "A check passed and gave nothing."),
    "CheckOfText": Attack(_value_of_text, NOT_BORNE_OUT, "A check gave the text true."),
    "CheckFailedAndPassed": Attack(_pass_with_failure, NOT_BORNE_OUT, "A check did both."),
    "HaltForgotten": Attack(_forget_halt, NOT_BORNE_OUT, "A halted run that was not halted."),
    "LockRaised": Attack(_raise_lock, NOT_BORNE_OUT, "A success at a level that it cannot have."),
    "CodeInvented": Attack(_invent_code, NOT_BORNE_OUT, "A success with a code of failure."),
    "PartialCalledSuccess": Attack(
        _call_partial_success, NOT_BORNE_OUT, "A partial success is called a whole one."
    ),
    "FailureForgotten": Attack(
        _forget_failure, NOT_BORNE_OUT, "The work ends without the failure of its step."
    ),
}
