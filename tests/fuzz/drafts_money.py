"""Edits of the money of a bundle: the moves of the ledger, and the limits that they are held against."""

from random import Random
from typing import Any

from ground import second

Json = Any
BASES = ("usage", "released", "bound")


def edit_money(draft: Json, random: Random) -> None:
    """Changes moves of the ledger, and mostly computes anew what stands after each."""
    events = [event for event in draft.events if event["kind"].startswith("Budget")]
    if not events:
        return
    for _ in range(random.choice((1, 1, 2))):
        edit = random.choice((_edit_move, _edit_limits, _edit_tokens, _edit_step, _edit_shared))
        edit(draft, events, random)
    if random.random() < 0.8:
        balance(draft, random)


def _edit_move(draft: Json, events: list[Json], random: Random) -> None:
    moves = [event["payload"] for event in events]
    move, ceiling = random.choice(moves), draft.payload("RunStarted")["ceiling_micro_cents"]
    match random.randrange(5):
        case 0:
            move["n"], moves[0]["n"] = moves[0]["n"], move["n"]
        case 1:
            draft.payload("RunStarted")["ceiling_micro_cents"] = random.choice(
                (0, ceiling - 1, ceiling + 1, move["reserved"] + move["spent"])
            )
        case 2 if "bound" in move:
            move["bound"] = random.choice((0, move["bound"] + 1, ceiling, ceiling + 1))
        case 3 if "basis" in move:
            move["basis"] = random.choice(BASES)
        case _:
            field = random.choice(("grant", "actual") if "grant" in move else ("granted", "bound"))
            move[field] = random.choice((0, 1, move[field] + 1, moves[0].get("bound", 0)))
            if field == "granted":
                move[field] = bool(move[field] % 2)


def _edit_limits(draft: Json, events: list[Json], random: Random) -> None:
    """Puts limits where some of the moves just fit, or just do not; or takes them away."""
    run, started_ms = draft.payload("RunStarted"), draft.event("RunStarted")["at_ms"]
    tokens = [event["payload"].get("tokens", 0) for event in events]
    drawn = {
        "calls": random.randrange(len(events) + 1),
        "tokens": sum(random.sample(tokens, random.randrange(len(tokens) + 1)))
        + random.choice((-1, 0, 1)),
        "wall_ms": random.choice(events)["at_ms"] - started_ms + random.choice((0, 1, 60_000)),
    }
    kept = {name: max(0, value) for name, value in drawn.items() if random.random() < 0.5}
    run.pop("limits", None)
    if random.random() < 0.9:
        run["limits"] = kept


def _edit_tokens(_draft: Json, events: list[Json], random: Random) -> None:
    """Gives a reservation tokens or takes them, mostly with its settlement."""
    move = random.choice(events)["payload"]
    number = move.get("grant", move["n"])
    pair = [
        event["payload"]
        for event in events
        if number in (event["payload"].get("grant"), event["payload"]["n"])
    ]
    tokens = random.choice((None, 0, 1, 15, 1219, 2**53 - 1))
    for each in pair if random.random() < 0.8 else [move]:
        each.pop("tokens", None)
        if tokens is not None:
            each["tokens"] = tokens
    if random.random() < 0.3 and "tokens" in move:
        move["tokens"] = max(0, move["tokens"] + random.choice((-1, 1)))


def _edit_step(_draft: Json, events: list[Json], random: Random) -> None:
    """Puts a ceiling over a step, mostly over all of its reservations, or takes it away."""
    reserved = [event for event in events if "bound" in event["payload"]]
    if not reserved:
        return
    chosen = random.choice(reserved)
    lane = [event for event in reserved if event["at"][:-1] == chosen["at"][:-1]]
    bound = chosen["payload"]["bound"]
    ceiling = random.choice((None, 0, bound - 1, bound, bound + 1, 2 * bound, 10**9))
    for event in lane if random.random() < 0.8 else [chosen]:
        event["payload"].pop("step_ceiling", None)
        if ceiling is not None:
            event["payload"]["step_ceiling"] = max(0, ceiling)


def _edit_shared(_draft: Json, events: list[Json], random: Random) -> None:
    """Says what was left of a shared ceiling, or what refused a reservation."""
    reserved = [event["payload"] for event in events if "bound" in event["payload"]]
    if not reserved:
        return
    move = random.choice(reserved)
    field = random.choice(("shared_left", "shared_left", "refused_by"))
    words = ("step", "tokens", "calls", "wall", "shared")
    bound = move["bound"]
    drawn = random.choice((bound - 1, bound, bound + 1, 0)), random.choice(words)
    move.pop(field, None)
    if random.random() < 0.8:
        move[field] = max(0, drawn[0]) if field == "shared_left" else drawn[1]


def balance(draft: Json, random: Random) -> None:
    """Computes what each move gives and what stands after it."""
    run, started_ms = draft.payload("RunStarted"), draft.event("RunStarted")["at_ms"]
    events = [event for event in draft.events if event["kind"].startswith("Budget")]
    now = {"reserved": 0, "spent": 0, "tokens": 0, "calls": 0, "started": started_ms}
    held: dict[int, Json] = {}
    charged: dict[str, int] = {}
    for event in sorted(events, key=lambda each: each["payload"]["n"]):
        move = event["payload"]
        if "bound" in move:
            _reserve(move, run, event["at_ms"], now, charged, held)
        else:
            _settle(move, now, charged, held, random)
        move["reserved"], move["spent"] = now["reserved"], now["spent"]


def _reserve(
    move: Json, run: Json, at_ms: int, now: Json, charged: Json, held: dict[int, Json]
) -> None:
    room = second.has_room(move, run, at_ms, now, charged.get(move["step"], 0))
    refused = [line for line, fits in room.items() if not fits]
    move["granted"] = not refused
    move.pop("refused_by", None)
    if refused and refused[0]:
        move["refused_by"] = refused[0]
    if refused:
        return
    held[move["n"]] = move
    now["reserved"] += move["bound"]
    now["tokens"] += move.get("tokens", 0)
    now["calls"] += 1
    if "step_ceiling" in move:
        charged[move["step"]] = charged.get(move["step"], 0) + move["bound"]


def _settle(move: Json, now: Json, charged: Json, held: dict[int, Json], random: Random) -> None:
    reserved = held.pop(move["grant"], {"bound": 0, "step": move["step"]})
    if random.random() < 0.6:
        for name, bound in (("actual", "bound"), ("tokens", "tokens")):
            fixed = {"released": 0, "bound": reserved.get(bound, 0)}
            if name in move:
                move[name] = fixed.get(move["basis"], move[name])
    now["reserved"] -= reserved["bound"]
    now["spent"] += move["actual"]
    now["tokens"] += move.get("tokens", 0) - reserved.get("tokens", 0)
    now["calls"] -= move["basis"] == "released"
    if "step_ceiling" in reserved:
        charged[move["step"]] += move["actual"] - reserved["bound"]
