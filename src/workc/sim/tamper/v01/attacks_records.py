"""Resealed edits of what the receipt records: outcome, checks, effects, children (sections 7 and 9)."""

from __future__ import annotations

from collections.abc import Callable

from workc.kernel.digest import sha256_hex
from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import NOT_BORNE_OUT, NOT_SAID, POLICY, UNPROVABLE, Place
from workc.sim.tamper.rungs import DIGESTED
from workc.sim.tamper.v01.draft import Draft
from workc.sim.tamper.v01.places import BOUNDS, CHILD

#: What an outcome is turned into: nothing that more rules than one notice.
_FLIPPED = {"success": "failed", "partial": "failed", "failed": "partial"}


def _status(draft: Draft) -> str:
    return str(draft.receipt["outcome"]["status"])


def _flip_outcome(draft: Draft) -> None:
    draft.receipt["outcome"]["status"] = _FLIPPED[_status(draft)]


def _flip_outcome_throughout(draft: Draft) -> None:
    if _status(draft) != "success":
        raise does_not_apply("no success")
    _flip_outcome(draft)
    locked = draft.all("Locked")[-1]["payload"]
    if isinstance(locked["outcome"], str):
        locked["outcome"] = "failed"
    else:
        locked["outcome"]["status"] = "failed"


def _results(draft: Draft) -> list[Doc]:
    results: list[Doc] = draft.receipt["verification"]["results"]
    if not results:
        raise does_not_apply("no check")
    return results


def _failed(draft: Draft) -> Doc:
    for result in _results(draft):
        if not result["passed"]:
            return result
    raise does_not_apply("no check that failed")


def _pass_failed(draft: Draft) -> None:
    _failed(draft)["passed"] = True


def _pass_failed_throughout(draft: Draft) -> None:
    failed = dict(_failed(draft))
    for result in _everywhere(draft):
        if result == failed:
            result["passed"] = True


def _everywhere(draft: Draft) -> list[Doc]:
    """Returns the results of the receipt and of the events."""
    runs = [event["payload"].get("results", []) for event in draft.all("VerificationRun")]
    return [*_results(draft), *(result for results in runs for result in results)]


def _fail_required(draft: Draft) -> None:
    required = draft.receipt["verification"]["spec"]["checks_required"]
    if _status(draft) != "success" or not required:
        raise does_not_apply("no success that needed a check")
    name = required[0].partition("@")[0]
    for result in _everywhere(draft):
        if result["check_id"].partition("@")[0] == name:
            result["passed"] = False


def _forget_result(draft: Draft) -> None:
    _results(draft).pop()


def _loosen(draft: Draft) -> None:
    digest = sha256_hex(b"policy-loose")
    draft.receipt["integrity"] |= {"policy_id": "POLICY-LOOSE", "policy_hash": digest}


def _replace_policy_hash(draft: Draft) -> None:
    draft.receipt["integrity"]["policy_hash"] = "0" * 64


def _act_undeclared(draft: Draft) -> None:
    effects = draft.receipt["effects"]
    effects["executed_raw"].append({"op": "Publish", "selector": "pub:zz-undeclared"})


def _lower_cap(draft: Draft) -> None:
    if not draft.receipt["effects"]["declared"]:
        raise does_not_apply("no declared effect")
    draft.receipt["effects"]["k"] = 0


def _miscount(draft: Draft) -> None:
    compression = draft.receipt["effects"].get("compression")
    if not compression:
        raise does_not_apply("no compression")
    compression["output_count"] += 1


def _declare_more(draft: Draft) -> None:
    effects = draft.receipt["effects"]
    is_planned = any("effects_declared" in e["payload"] for e in draft.all("PlanChosen"))
    if not is_planned or effects.get("compression") or len(effects["declared"]) >= effects["k"]:
        raise does_not_apply("no plan whose effects could be more")
    effects["declared"].append({"op": "Publish", "selector": "pub:zz-more"})


def _children(draft: Draft) -> list[Doc]:
    children: list[Doc] = draft.receipt["children"]
    if not children:
        raise does_not_apply("no child")
    return children


def _drop_child(draft: Draft) -> None:
    _children(draft).pop()


def _drop_child_throughout(draft: Draft) -> None:
    name = _children(draft).pop()["child_loop_id"]
    draft.events = [
        event
        for event in draft.events
        if event["kind"] not in {"ChildSpawned", "ChildJoined"}
        or event["payload"]["child_loop_id"] != name
    ]


def _of_child(**words: object) -> Callable[[Draft], None]:
    return lambda draft: _children(draft)[0].update(words)


def _worsen_child(draft: Draft) -> None:
    status = _status(draft)
    for child in _children(draft):
        if status == "success" or (status == "partial" and child["critical"]):
            child["outcome_status"] = "failed"
            return
    raise does_not_apply("no child whose failure would show")


def _words(draft: Draft, field: str) -> Doc:
    words: Doc = draft.receipt[field]
    return words


def _say_intent(draft: Draft) -> None:
    _words(draft, "intent")["description"] += "x"


def _raise_lock(draft: Draft) -> None:
    level = draft.receipt["lock_level"]
    draft.receipt["lock_level"] = "Published" if level == "Immutable" else "Immutable"


def _pop(*path: str) -> Callable[[Draft], None]:
    """Returns the edit that forgets the last entry of a list of the receipt."""

    def edit(draft: Draft) -> None:
        *outer, last = path
        box = draft.receipt
        for name in outer:
            box = box[name]
        if not box[last]:
            raise does_not_apply(f"no {last}")
        box[last].pop()

    return edit


def _forget_decision(draft: Draft) -> None:
    hitl: list[Doc] = draft.receipt["hitl"]
    decisions = [record for record in hitl if record["kind"] == "Decision"]
    if not decisions:
        raise does_not_apply("no decision of a human")
    hitl.remove(decisions[-1])


def _unuse_strategy(draft: Draft) -> None:
    if draft.receipt["strategies"]["used"] is None:
        raise does_not_apply("no strategy")
    draft.receipt["strategies"]["used"] = None


def _raise_aggregate(draft: Draft) -> None:
    quality = draft.receipt["lens"]["quality"]
    quality["aggregate"] += -1 if quality["aggregate"] == 1000 else 1


def _replace_evi(draft: Draft) -> None:
    prompts = [record for record in draft.receipt["hitl"] if record["kind"] == "Prompt"]
    if not prompts:
        raise does_not_apply("no prompt")
    evi = prompts[0]["evi_ms"]
    for record in [*prompts, *(event["payload"] for event in draft.all("HitlPrompt"))]:
        if record.get("evi_ms") == evi:
            record["evi_ms"] = evi + 1


def _receipt(edit: Callable[[Draft], None], expected: Place, text: str) -> Attack[Draft]:
    return Attack(edit, expected, text, DIGESTED, "receipt")


RECORD_ATTACKS: Attacks[Draft] = {
    "OutcomeFlipped": _receipt(_flip_outcome, NOT_SAID, "Another outcome than was locked."),
    "OutcomeFlippedThroughout": _receipt(
        _flip_outcome_throughout, UNPROVABLE, "A success is called a failure, in the events too."
    ),
    "FailedCheckPassed": _receipt(
        _pass_failed, NOT_SAID, "A check that failed is said to have passed."
    ),
    "FailedCheckPassedThroughout": _receipt(
        _pass_failed_throughout, UNPROVABLE, "A check that failed passes, in the events too."
    ),
    "RequiredCheckFailed": _receipt(
        _fail_required, NOT_BORNE_OUT, "A success without a check that it needs."
    ),
    "ResultForgotten": _receipt(_forget_result, NOT_SAID, "A check was never made."),
    "PolicyLoosened": _receipt(_loosen, POLICY, "A policy that nobody knows."),
    "PolicyHashReplaced": _receipt(_replace_policy_hash, POLICY, "Other rules of a policy."),
    "EffectUndeclared": _receipt(_act_undeclared, BOUNDS, "An effect that nobody declared."),
    "CapLowered": _receipt(_lower_cap, BOUNDS, "More effects than may be declared."),
    "CompressionMiscounted": _receipt(_miscount, BOUNDS, "A count of effects that is wrong."),
    "DeclaredMore": _receipt(_declare_more, NOT_SAID, "An effect that the plan does not declare."),
    "ChildDropped": _receipt(_drop_child, CHILD, "A child was never spawned."),
    "ChildDroppedThroughout": _receipt(
        _drop_child_throughout, UNPROVABLE, "A child is gone, from the events too."
    ),
    "ChildRenumbered": _receipt(_of_child(spawn_index=99), CHILD, "A child of another number."),
    "ChildReplaced": _receipt(
        _of_child(child_proof_digest="0" * 64), CHILD, "A child of another digest."
    ),
    "ChildWorsened": _receipt(_worsen_child, CHILD, "A better outcome than its children allow."),
    "IntentReplaced": _receipt(_say_intent, NOT_SAID, "Another intent than was set."),
    "LockRaised": _receipt(_raise_lock, NOT_SAID, "Another level than was locked."),
    "ErrorForgotten": _receipt(_pop("errors"), NOT_SAID, "An error never was."),
    "DecisionForgotten": _receipt(_forget_decision, NOT_SAID, "A human never decided."),
    "SuggestionForgotten": _receipt(
        _pop("strategies", "suggestions"), NOT_SAID, "A strategy was never suggested."
    ),
    "StrategyUnused": _receipt(_unuse_strategy, NOT_SAID, "A strategy was never applied."),
    "AggregateRaised": _receipt(_raise_aggregate, NOT_SAID, "A lens better than its least score."),
    "EviReplaced": _receipt(_replace_evi, NOT_SAID, "A value of asking that does not follow."),
}
