"""Edits of fallbacks: put behind attempts that failed, or changed; mostly all that follows fits."""

import json
from random import Random
from typing import Any

from drafts import edit_outcome, renumber
from values import copied, written

Json = Any
_VALUE = {"form": "json", "inline": "1"}
_FAILURE = {"code": "TIMEOUT", "details": {"form": "json", "inline": "{}"}, "message": ""}
_ACTIONS = ("abort", "skill", "skip", "value")
_CODES = ("TIMEOUT", "NOT_FOUND", "BUDGET_EXCEEDED", "IN_DOUBT", "ABORTED", "QUOTA_EXCEEDED", "X")


def edit_fallbacks(draft: Json, random: Random) -> None:
    """Puts fallbacks somewhere, or changes what they say."""
    for _ in range(random.choice((0, 1, 1, 2))):
        _put(draft, random)
    for event in draft.events:
        if event["kind"] == "FallbackTaken" and random.random() < 0.4:
            _change(draft, event["payload"], random)
    if random.random() < 0.8:
        _plan(draft, random)
    if random.random() < 0.8:
        renumber(draft)
    if random.random() < 0.4:
        edit_outcome(draft, random)


def _put(draft: Json, random: Random) -> None:
    """Puts a fallback behind an attempt, which fails then, and behind it what it leads to."""
    executed = [event for event in draft.events if event["kind"] == "SkillExecuted"]
    if not executed:
        return
    event = random.choice(executed)
    payload, place = event["payload"], draft.events.index(event)
    if random.random() < 0.95:
        payload.pop("value", None)
        payload["failure"] = {**copied(_FAILURE), "code": random.choice(_CODES)}
    action = random.choice(_ACTIONS)
    taken = {
        "action": action,
        "attempt": payload.get("attempt", 1),
        "code": payload.get("failure", {}).get("code", "TIMEOUT"),
        "step": payload.get("step", "a"),
    }
    _fit(taken, payload.get("skill", "s"))
    head = {"at": event["at"], "phase": "Act"}
    found = [{**head, "kind": "FallbackTaken", "payload": taken}, *_behind(head, taken, random)]
    draft.events[place + 1 : place + 1] = [copied(each) for each in found]


def _fit(taken: Json, skill: str) -> None:
    taken.pop("skill", None)
    taken.pop("value", None)
    if taken["action"] == "skill":
        taken["skill"] = skill
    if taken["action"] == "value":
        taken["value"] = copied(_VALUE)


def _behind(head: Json, taken: Json, random: Random) -> list[Json]:
    if random.random() < 0.1:
        return []
    if taken["action"] == "abort":
        return [{**head, "at_ms": 0, "kind": "CallHalted", "payload": {"code": "ABORTED"}}]
    if taken["action"] != "skill":
        return []
    again = {
        "attempt": taken["attempt"] + random.choice((0, 1, 1, 1, 1, 1)),
        "mode": "context",
        "skill": random.choice((taken["skill"],) * 9 + ("other",)),
        "step": taken["step"],
        "value": _VALUE,
    }
    return [{**head, "kind": "SkillExecuted", "payload": again}]


def _change(draft: Json, taken: Json, random: Random) -> None:
    field = random.choice(("action", "action", "attempt", "code", "skill", "step", "value"))
    match field:
        case "action":
            taken["action"] = random.choice(_ACTIONS)
            if random.random() < 0.8:
                _fit(taken, random.choice([*draft.payload("RunStarted")["code"], "other"]))
        case "attempt":
            taken["attempt"] = random.choice((0, 1, 2, 3))
        case "code":
            taken["code"] = random.choice(_CODES)
        case _ if field in taken and random.random() < 0.5:
            del taken[field]
        case _:
            taken[field] = copied(_VALUE) if field == "value" else "other"


def _plan(draft: Json, random: Random) -> None:
    """Lets the plan say what is done in each lane, nearly always."""
    body = next((e["payload"].get("plan") for e in draft.events if e["kind"] == "PlanChosen"), {})
    try:
        steps = json.loads(body["inline"])
        said = {
            e["payload"]["step"]: e["payload"] for e in draft.events if e["kind"] == "FallbackTaken"
        }
        for entry in steps:
            taken = said.get(entry["id"])
            if taken is not None and random.random() < 0.9:
                skill = f" {taken['skill']}" if "skill" in taken else ""
                entry["on_failure"] = f"{taken['action']}{skill}"
            elif random.random() < 0.1:
                entry["on_failure"] = random.choice((*_ACTIONS, "skill x", ""))
        body["inline"] = written(steps).decode("utf-8")
    except (KeyError, TypeError, ValueError):
        return
