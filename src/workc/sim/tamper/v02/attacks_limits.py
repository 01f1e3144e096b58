"""Resealed edits of what limits a run beside its money: steps, tokens, calls, time, shared ceilings."""

from __future__ import annotations

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import MONEY, UNPROVABLE
from workc.sim.tamper.v02.draft import Draft


def _moves(draft: Draft, kind: str, has: str) -> list[Doc]:
    found: list[Doc] = [event["payload"] for event in draft.all(kind) if has in event["payload"]]
    if not found:
        raise does_not_apply(f"no {kind} with {has}")
    return found


def _granted(draft: Draft) -> Doc:
    for event in draft.all("BudgetReserved"):
        if event["payload"]["granted"] and event["payload"]["bound"]:
            payload: Doc = event["payload"]
            return payload
    raise does_not_apply("no reservation that was granted")


def _limit(draft: Draft, name: str) -> None:
    _granted(draft)
    draft.payload("RunStarted").setdefault("limits", {})[name] = 0


def _limit_calls(draft: Draft) -> None:
    _limit(draft, "calls")


def _limit_time(draft: Draft) -> None:
    _limit(draft, "wall_ms")


def _blame_another(draft: Draft) -> None:
    refused = _moves(draft, "BudgetReserved", "refused_by")[0]
    refused["refused_by"] = "tokens" if refused["refused_by"] == "calls" else "calls"


def _lower_step(draft: Draft) -> None:
    _granted(draft)["step_ceiling"] = 0


def _lift_step(draft: Draft) -> None:
    for event in draft.all("BudgetReserved"):
        lane = [e for e in draft.all("BudgetReserved") if e["at"][:-1] == event["at"][:-1]]
        if len(lane) > 1 and "step_ceiling" in event["payload"] and lane[-1] is not event:
            del lane[-1]["payload"]["step_ceiling"]
            return
    raise does_not_apply("no step that reserved twice under a ceiling")


def _empty_shared(draft: Draft) -> None:
    _granted(draft)["shared_left"] = 0


def _hide_tokens(draft: Draft) -> None:
    del _moves(draft, "BudgetSettled", "tokens")[0]["tokens"]


def _lower_tokens(draft: Draft) -> None:
    for settled in _moves(draft, "BudgetSettled", "tokens"):
        if settled["basis"] == "usage" and settled["tokens"] and not _is_limited(draft):
            settled["tokens"] -= 1
            return
    raise does_not_apply("no tokens that were used, unless they are limited")


def _is_limited(draft: Draft) -> bool:
    return "tokens" in draft.payload("RunStarted").get("limits", {})


def _raise_limits(draft: Draft) -> None:
    started = draft.payload("RunStarted")
    refused = [e for e in draft.all("BudgetReserved") if not e["payload"]["granted"]]
    if refused or not started.get("limits"):
        raise does_not_apply("no limits that refused nothing")
    started["limits"] = {name: limit + 1 for name, limit in started["limits"].items()}


LIMIT_ATTACKS: Attacks[Draft] = {
    "CallsLimited": Attack(_limit_calls, MONEY, "The run could make no call, and made one."),
    "TimeLimited": Attack(_limit_time, MONEY, "The time was over before a call was made."),
    "RefusalBlamedOnAnother": Attack(_blame_another, MONEY, "Another limit is said to refuse."),
    "StepCeilingLowered": Attack(_lower_step, MONEY, "The step could not pay for its call."),
    "StepCeilingLifted": Attack(_lift_step, MONEY, "A later attempt of a step has no ceiling."),
    "SharedCeilingEmptied": Attack(_empty_shared, MONEY, "Nothing was left for what was granted."),
    "TokensHidden": Attack(_hide_tokens, MONEY, "A call does not say what tokens it used."),
    "TokensLowered": Attack(_lower_tokens, UNPROVABLE, "A call says that it used fewer tokens."),
    "LimitsRaised": Attack(
        _raise_limits, UNPROVABLE, "The run could have used more than it might."
    ),
}
