"""Edits of the ids of stages: other ones, misspelt ones, of what has no code, or none at all."""

from random import Random
from typing import Any

Json = Any
_IDS = ("evidence_id", "signature_id", "stage_id")
_WORDS = ("0" * 64, "A" * 64, "0" * 63, "0" * 65, "x" * 64, "", 0)


def edit_stages(draft: Json, random: Random) -> None:
    """Puts stages into the start of a run, or changes those that it has."""
    started = next((e["payload"] for e in draft.events if e["kind"] == "RunStarted"), None)
    if started is None:
        return
    names = [*started["code"], "nobody"]
    stages = started.setdefault("stages", {})
    for name in random.sample(names, min(len(names), random.choice((0, 1, 1, 2)))):
        stages[name] = dict.fromkeys(_IDS, "0" * 64)
    if stages and random.random() < 0.6:
        ids = random.choice([*stages.values()])
        ids[random.choice(_IDS)] = random.choice(_WORDS)
    if stages and random.random() < 0.2:
        stages.pop(random.choice([*stages]))
