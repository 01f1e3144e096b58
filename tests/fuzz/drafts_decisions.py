"""Edits of what was decided: plans that were asked for, and strategies."""

from random import Random
from typing import Any

Json = Any
BODY = {"form": "json", "inline": "{}"}


def _payloads(draft: Json, *kinds: str) -> list[Json]:
    return [event["payload"] for event in draft.events if event["kind"] in kinds]


def edit_plans(draft: Json, random: Random) -> None:
    """Changes who was asked for a plan, what came of it, or who let it begin."""
    for payload in _payloads(draft, "PlanAsked", "PlanRefused"):
        if random.random() < 0.3:
            payload["attempt"] = random.choice((0, 1, 2, 3))
    for payload in _payloads(draft, "PlanAsked", "ApprovalAsked", "ApprovalAnswered"):
        if random.random() < 0.3:
            payload["step"] = random.choice(("plan", "plan-2", "count", "a"))
    for payload in _payloads(draft, "PlanAsked"):
        if random.random() < 0.2:
            payload["skill"] = random.choice(("llm_invoke", "json_transform"))
    for payload in _payloads(draft, "PlanChosen"):
        for name, value in (("planner", "skill"), ("document", BODY), ("decision", BODY)):
            if random.random() < 0.2:
                payload[name] = value
            elif random.random() < 0.2:
                payload.pop(name, None)
    for payload in _payloads(draft, "ApprovalAnswered"):
        if random.random() < 0.4:
            payload["decision"] = random.choice(("approved", "denied", "timed_out"))


def edit_strategies(draft: Json, random: Random) -> None:
    """Changes how strategies were weighed, what is suggested, or what was applied."""
    for payload in _payloads(draft, "StrategySuggested"):
        for weighed in payload["weighed"]:
            if random.random() < 0.4:
                name = random.choice(("confidence", "threshold", "weight"))
                weighed[name] = random.choice((0, 1, 500, 999, 1000, 1001))
        if random.random() < 0.4:
            random.shuffle(payload["suggestions"])
        if payload["suggestions"] and random.random() < 0.3:
            payload["suggestions"].pop()
    for payload in _payloads(draft, "StrategyApplied"):
        if random.random() < 0.4:
            payload["permille"] = random.choice((0, 100, 200, 900, 1000))
        if random.random() < 0.4:
            payload["id"] = random.choice(("small", "any", "again", "never"))
