"""Resealed edits of children: who they are, what they cost, how they ended (sections 5 to 8)."""

from __future__ import annotations

from collections.abc import Callable

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import BAD_EVENT, NOT_BORNE_OUT, TABLE, UNPROVABLE
from workc.sim.tamper.v02.draft import Draft, forget_unnamed


def _spawned(draft: Draft, *, last: bool) -> Doc:
    """Returns the child with the first or the last number, of two at least."""
    found = sorted(draft.all("ChildSpawned"), key=_index_of)
    if len(found) < 2:
        raise does_not_apply("no two children")
    return found[-1] if last else found[0]


def _index_of(event: Doc) -> int:
    index: int = event["payload"]["spawn_index"]
    return index


def _drop(*, last: bool) -> Callable[[Draft], None]:
    """Returns the edit that leaves of a child nothing but what it cost."""

    def edit(draft: Draft) -> None:
        child = _spawned(draft, last=last)
        lane = draft.lane(child)
        following = lane[lane.index(child) + 1]
        if following["kind"] != "ChildJoined" or _is_bad(following["payload"]):
            raise does_not_apply("no child at that end that succeeded")
        draft.remove(following)
        draft.remove(child)
        forget_unnamed(draft)

    return edit


def _is_bad(joined: Doc) -> bool:
    return bool(joined["outcome"] != "success")


def _forget_end(draft: Draft) -> None:
    draft.remove(draft.event("ChildJoined"))


def _bad_one(draft: Draft) -> Doc:
    """Returns how the child ended that alone keeps its run from being a success."""
    found: list[Doc] = [e["payload"] for e in draft.all("ChildJoined") if _is_bad(e["payload"])]
    work = draft.payload("WorkEnded")
    is_whole = "output" in work and not {"failure", "halt"} & work.keys()
    if len(found) != 1 or not is_whole or draft.receipt["step_failures"]:
        raise does_not_apply("no child that alone kept its run from being a success")
    return found[0]


def _flip(draft: Draft) -> None:
    joined = _bad_one(draft)
    joined["outcome"] = "success"
    joined.pop("failure", None)


def _flip_throughout(draft: Draft) -> None:
    _flip(draft)
    passed = draft.receipt["verification"]["verdict"] == "passed"
    level = "Committed" if passed else "Staged"
    draft.event("Locked")["payload"] = {"lock_level": level, "outcome": "success"}


def _belittle(draft: Draft) -> None:
    """Makes what failed the run a thing of no weight."""
    found = [e["payload"] for e in draft.all("ChildSpawned") if e["payload"]["critical"]]
    bad = _bad_one(draft)
    for child in found:
        if child["spawn_index"] == bad["spawn_index"] and bad["outcome"] == "failed":
            child["critical"] = False
            return
    raise does_not_apply("no critical child that failed")


def _joined(**words: object) -> Callable[[Draft], None]:
    def edit(draft: Draft) -> None:
        draft.payload("ChildJoined").update(words)

    return edit


def _spend_less(draft: Draft) -> None:
    for event in draft.all("ChildJoined"):
        if event["payload"]["spent_micro_cents"]:
            event["payload"]["spent_micro_cents"] -= 1
            return
    raise does_not_apply("no child that spent anything")


def _raise_ceiling(draft: Draft) -> None:
    draft.payload("ChildSpawned")["ceiling_micro_cents"] += 1


def _be_own_child(draft: Draft) -> None:
    run_id = draft.payload("RunStarted")["run_id"]
    for kind in ("ChildSpawned", "ChildJoined"):
        draft.payload(kind)["child_run_id"] = run_id


def _count_twice(draft: Draft) -> None:
    child = _spawned(draft, last=True)
    lane = draft.lane(child)
    for event in lane[lane.index(child) :]:
        if "spawn_index" in event["payload"]:
            event["payload"]["spawn_index"] += 1


def _misname(draft: Draft) -> None:
    named = [*draft.all("ChildSpawned"), *draft.all("ChildJoined")]
    if not named:
        raise does_not_apply("no child")
    for event in named:
        event["payload"]["child_run_id"] += " "


def _forge_parent(draft: Draft) -> None:
    parent = draft.payload("RunStarted").get("parent")
    if parent is None:
        raise does_not_apply("no parent")
    parent["run_id"] = "other"


CHILD_ATTACKS: Attacks[Draft] = {
    "ChildDropped": Attack(
        _drop(last=False), TABLE, "A child is gone although a later one is there."
    ),
    "ChildDroppedThroughout": Attack(
        _drop(last=True), UNPROVABLE, "The child that was spawned last is gone; its cost is not."
    ),
    "ChildEndForgotten": Attack(_forget_end, TABLE, "A child is settled that never joined."),
    "ChildOutcomeFlipped": Attack(
        _flip, NOT_BORNE_OUT, "A child that failed succeeds; its parent does not."
    ),
    "ChildOutcomeFlippedThroughout": Attack(
        _flip_throughout, UNPROVABLE, "A child that failed succeeds, and so does its parent."
    ),
    "ChildBelittled": Attack(
        _belittle, NOT_BORNE_OUT, "A child that failed its parent was not critical."
    ),
    "ChildBundleReplaced": Attack(
        _joined(proof_digest="0" * 64), UNPROVABLE, "A child has another bundle."
    ),
    "ChildDigestMisspelt": Attack(
        _joined(proof_digest="F" * 64), BAD_EVENT, "The digest of a child is misspelt."
    ),
    "ChildOfAnotherRun": Attack(
        _joined(child_run_id="other"), TABLE, "Another child joins than was spawned."
    ),
    "ChildMisnamed": Attack(_misname, BAD_EVENT, "Children have ids that no run may have."),
    "ChildSpendingLowered": Attack(
        _spend_less, TABLE, "A child says that it spent less than was settled."
    ),
    "ChildCeilingRaised": Attack(_raise_ceiling, TABLE, "A child had more than was reserved."),
    "ChildOfItself": Attack(_be_own_child, TABLE, "A run is its own child."),
    "ChildCountedTwice": Attack(_count_twice, TABLE, "The numbers of children leave one out."),
    "ParentForged": Attack(_forge_parent, UNPROVABLE, "A child names another parent."),
}
