"""Changes of JSON values: another one, none, one from elsewhere, or the same in another order."""

import json
from random import Random
from typing import Any, NamedTuple

Json = Any


class Words(NamedTuple):
    """What a format's rules look for: numbers, texts, and names of fields to put where none is."""

    numbers: tuple[Json, ...]
    texts: tuple[str, ...]
    fields: tuple[str, ...]


_NUMBERS = (0, 1, 2, -1, 2**53 - 1, 2**53, 1.5, 10**30)
_TEXTS = (
    "", "x", "true", "false", "json", "text", "bytes", "pure", "opaque", "context", "failed",
    "passed", "success", "partial", "Draft", "Staged", "Committed", "file", "function", "usage",
    "bound", "released", "not_run", "nothing_to_check", "Observe", "Orient", "Decide", "Act",
    "Verify", "Lock", "TimerSet", "TimerFired", "CallHalted", "SkillExecuted", "StepSkipped",
    "approved", "denied", "timed_out", "check", "command", "policy", "human", "pre_run", "pre_step",
    "post_step", "post_run", "APPROVAL_DENIED", "APPROVAL_TIMEOUT", "GATE_FAILED", "GateEvaluated", "CHILD_FAILED", "ChildSpawned", "ChildJoined",
    "FallbackTaken", "abort", "skip", "value", "skill", "skill http_call", "ABORTED", "BUDGET_EXCEEDED",
    "Network", "ReadFS", "fs:/", "net:http://h/a",
    "ApprovalAsked", "ApprovalAnswered", "a-4.0", "0" * 32, "0" * 64, "é", "\u202e", "\n", "[]", "{}", "AA==", "AB==",
)  # fmt: skip
#: Names of fields that may be absent, to be put where they may not.
_FIELDS = (
    "x",
    "code",
    "halt",
    "failure",
    "value",
    "request",
    "params",
    "step",
    "at_ms",
    "path",
    "by",
    "timeout_ms",
    "effect",
    "effects",
    "compression",
    "continues",
    "parent",
    "stages",
    "children",
    "gates",
    "fallbacks",
    "on_failure",
    "skill",
)
WORDS = Words(_NUMBERS, _TEXTS, _FIELDS)


def copied(value: Json) -> Json:
    """Returns a copy that shares nothing."""
    return json.loads(json.dumps(value))


def written(value: Json) -> bytes:
    """Returns the canonical spelling, of values that have none too."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def ways(value: Json, way: tuple[Json, ...] = ()) -> list[tuple[Json, ...]]:
    """Returns the way to every value inside a JSON value, the value itself left out."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, item in inner:
        found.append((*way, key))
        if isinstance(item, dict | list):
            found += ways(item, (*way, key))
    return found


def at(value: Json, way: tuple[Json, ...]) -> Json:
    """Returns what stands at the end of a way."""
    for key in way:
        value = value[key]
    return value


def moved(items: list[Json], random: Random) -> list[Json]:
    """Returns the items with one taken out, doubled, moved, swapped, or all after it gone."""
    items = list(items)
    place = random.randrange(len(items))
    match random.randrange(5):
        case 0:
            items.insert(random.randrange(len(items)), items.pop(place))
        case 1:
            items.insert(place, copied(items[place]))
        case 2:
            items[place], items[place - 1] = items[place - 1], items[place]
        case 3:
            del items[place]
        case _:
            del items[place + 1 :]
    return items


def change_value(document: Json, random: Random, other: Json, words: Words = WORDS) -> None:
    """Changes one value inside a document; ``other`` is a document to take values from."""
    found = ways(document)
    if not found:
        return
    *way, last = random.choice(found)
    parent = at(document, tuple(way))
    draw = random.random()
    if isinstance(parent, dict) and draw < 0.1:
        del parent[last]
    elif isinstance(parent, dict) and draw < 0.2:
        parent[random.choice(words.fields)] = parent[last]
    elif isinstance(parent, list) and draw < 0.3:
        parent[:] = moved(parent, random)
    else:
        parent[last] = another(parent[last], random, other, words)


def another(value: Json, random: Random, other: Json, words: Words = WORDS) -> Json:
    """Returns another value, often of the same type, or one from elsewhere."""
    draw = random.random()
    if draw < 0.2:
        return copied(at(other, random.choice(ways(other) or [()])))
    if isinstance(value, bool):
        return not value
    if isinstance(value, int) and draw < 0.7:
        return value + random.choice((-1, 1, 1, 7))
    if isinstance(value, str) and draw < 0.5:
        return random.choice(
            (value + "x", value[:-1], value.upper(), value + " ", value[::-1], value * 2)
        )
    if draw > 0.9:
        return random.choice((None, [], {}, True, value, [value]))
    return random.choice(words.numbers if isinstance(value, int) else words.texts)
