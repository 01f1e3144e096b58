"""Edits of the rules of a policy: what they say of checks, of risk, and of decisions, in form or not."""

import hashlib
import json
from random import Random
from typing import Any

Json = Any
_LOCKS = ("Draft", "Staged", "Committed", "Published", "Immutable")
_LEVELS = ("Syntactic", "Semantic", "Regression", "Acceptance")
_NUMBERS = (0, 1, 45_000, 900_000, 10**9, 2**53 - 1, -1, None, "1")


def _levels(random: Random) -> Json:
    locks = random.sample((*_LOCKS, "Perhaps"), random.choice((0, 1, 2)))
    return {lock: random.sample(_LEVELS, random.choice((0, 1, 2))) for lock in locks}


def _verify(random: Random) -> Json:
    said: Json = {"high_risk": _levels(random), "levels": _levels(random)}
    said |= {"max_lock_level": random.choice(_LOCKS), "unmet": random.choice(("lower", "refuse"))}
    return {name: said[name] for name in random.sample([*said], random.choice((1, 1, 2, 3)))}


def _approval(random: Random) -> Json:
    names = ("cost_ms", "loss_ms", "production_loss_ms", "publish_loss_ms", "timeout_ms", "other")
    return {name: random.choice(_NUMBERS) for name in random.sample(names, random.randrange(3))}


def edit_rules(draft: Json, random: Random) -> None:
    """Puts rules into the run, under the name that they have."""
    implicit = random.choice(("low", "low", "never", "always"))
    said: Json = {
        "approval": _approval(random),
        "decide": random.choice(({"implicit": implicit}, {"implicit": implicit}, {}, "low")),
        "verify": random.choice((_verify(random), _verify(random), [])),
    }
    rules = {name: said[name] for name in random.sample([*said], random.choice((1, 2, 3)))}
    text = json.dumps(rules, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    policy = draft.payload("RunStarted")["policy"]
    draft.files.pop(policy["rules"].get("path"), None)
    body = {"form": "json", "inline": text}
    policy.update(id=f"custom-{digest[:12]}", rules=body, rules_sha256=digest)
    plans = [event["payload"] for event in draft.events if event["kind"] == "PlanChosen"]
    for plan in plans:
        if random.random() < 0.3:
            plan.pop("effects", None)
            plan.pop("compression", None)
        elif random.random() < 0.3:
            op, name = random.choice(
                (("Publish", "pub:a"), ("WriteFS", "fs:/"), ("Exec", "exec:a"))
            )
            plan["effects"] = [{"op": op, "selector": name}]
            plan.pop("compression", None)
