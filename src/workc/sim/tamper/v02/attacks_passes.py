"""Resealed edits of passes: why, how often and whereto a run went back (sections 5 and 8)."""

from __future__ import annotations

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import NOT_BORNE_OUT, TABLE
from workc.sim.tamper.v02.draft import Draft


def _ends(draft: Draft) -> list[Doc]:
    """Returns the payloads of the events with which the run went back."""
    found = [event["payload"] for event in draft.events if "backtrack" in event["payload"]]
    if not found:
        raise does_not_apply("no pass but the last")
    return found


def _allow_less(draft: Draft) -> None:
    draft.payload("RunStarted")["max_backtracks"] = len(_ends(draft)) - 1


def _allow_none(draft: Draft) -> None:
    _ends(draft)
    del draft.payload("RunStarted")["max_backtracks"]


def _hide(draft: Draft) -> None:
    """Lets the first pass end as if nothing had come after it."""
    del _ends(draft)[0]["backtrack"]


def _pass_a_check(draft: Draft) -> None:
    for end in _ends(draft):
        for result in end.get("results", []):
            if not result["passed"] and result["check_id"] != end["backtrack"]["of"]:
                result["passed"] = True
                return
    raise does_not_apply("no check of an earlier pass that did not hold and was not the cause")


PASS_ATTACKS: Attacks[Draft] = {
    "BacktracksLowered": Attack(_allow_less, TABLE, "The run went back more often than it may."),
    "BacktracksForbidden": Attack(_allow_none, TABLE, "A run went back that may not."),
    "BacktrackHidden": Attack(_hide, TABLE, "A pass is followed by another without going back."),
    "EarlierCheckPassed": Attack(
        _pass_a_check, NOT_BORNE_OUT, "A check of an earlier pass is said to have held."
    ),
}
