"""Edits of resources: who claimed what, in which order it was held, and with which tokens."""

from random import Random
from typing import Any

Json = Any
KINDS = ("ResourcesClaimed", "ResourceHeld", "ResourceAnswered", "ResourceReleased")
NAMES = ("alone", "busy", "cache", "db", "gone", "late", "taken")
FAILURE = {
    "code": "RESOURCE_LOCKED",
    "details": {"form": "json", "inline": "{}"},
    "message": "it is held",
}


def _events(draft: Json, *kinds: str) -> list[Json]:
    return [event for event in draft.events if event["kind"] in kinds]


def edit_resources(draft: Json, random: Random) -> None:
    """Changes what lanes claim, the order of the moves, their tokens, or takes some of it away."""
    random.choice((_rename, _renumber, _retoken, _answer, _forget, _plan))(draft, random)


def _rename(draft: Json, random: Random) -> None:
    for event in _events(draft, *KINDS):
        payload = event["payload"]
        if random.random() < 0.2 and "resource" in payload:
            payload["resource"] = random.choice(NAMES)
        if random.random() < 0.3 and "resources" in payload:
            payload["resources"] = sorted(random.sample(NAMES, random.choice((1, 2, 2))))


def _renumber(draft: Json, random: Random) -> None:
    moves = [event["payload"] for event in _events(draft, *KINDS) if "n" in event["payload"]]
    if len(moves) > 1 and random.random() < 0.7:
        one, other = random.sample(moves, 2)
        one["n"], other["n"] = other["n"], one["n"]
    elif moves:
        random.choice(moves)["n"] = random.randrange(len(moves) + 1)


def _retoken(draft: Json, random: Random) -> None:
    for event in _events(draft, "ResourceAnswered", "ResourceReleased"):
        payload = event["payload"]
        if random.random() < 0.3 and "token" in payload:
            payload["token"] = random.choice((0, 1, 2, 3, 9))
        if random.random() < 0.2:
            payload["forced"] = random.choice((0, 1, 2))
        elif random.random() < 0.3:
            payload.pop("forced", None)


def _answer(draft: Json, random: Random) -> None:
    for event in _events(draft, "ResourceAnswered"):
        payload = event["payload"]
        if random.random() > 0.4:
            continue
        if "failure" in payload:
            del payload["failure"]
            payload |= {"n": random.randrange(12), "token": random.choice((1, 2, 9))}
        else:
            for name in ("n", "token", "forced"):
                payload.pop(name, None)
            payload["failure"] = FAILURE
    _count(draft)


def _forget(draft: Json, random: Random) -> None:
    found = _events(draft, *KINDS)
    for event in random.sample(found, min(len(found), random.choice((1, 1, 2, 3)))):
        draft.events.remove(event)
        for other in draft.events:
            if other["at"][:-1] == event["at"][:-1] and other["at"][-1] > event["at"][-1]:
                other["at"][-1] -= 1
    if random.random() < 0.8:
        _count(draft)


def _count(draft: Json) -> None:
    moves = [event["payload"] for event in _events(draft, *KINDS) if "n" in event["payload"]]
    for number, move in enumerate(sorted(moves, key=lambda move: str(move["n"]).zfill(20))):
        move["n"] = number


def _plan(draft: Json, random: Random) -> None:
    for event in _events(draft, "PlanChosen"):
        plan = event["payload"]["plan"]
        if "inline" in plan:
            one, other = random.sample(NAMES, 2)
            new = random.choice((f'"{other}"', f'"{one}","{other}"', ""))
            plan["inline"] = plan["inline"].replace(f'"{one}"', new)
