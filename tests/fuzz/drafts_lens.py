"""Edits of lenses: items that were had or not, and what a lens says of them, honestly or not."""

from random import Random
from typing import Any

from ground import second
from values import copied

Json = Any
_DAY = 86_400_000
_HOW = ("bundle", "environment", "file", "files", "run", "text", "url")
_SOURCES = (
    "",
    "r/a",
    "repo/late.txt",
    "repo/*.txt",
    "repo/a/b?.txt",
    "https://a/",
    "http://a/",
    "HTTPS://a/",
    "http://a:80/b/./c",
    "http://a:8080/b/?c",
    "http://93.184.216.34/items/",
    "http://093.184.216.34/items",
)
_EFFECTS = (
    {"op": "ReadFS", "selector": "fs:repo/late.txt"},
    {"op": "ReadFS", "selector": "fs:repo/"},
    {"op": "ReadFS", "selector": "fs:repo/a/"},
    {"op": "Network", "selector": "net:http://a/"},
    {"op": "Network", "selector": "net:http://a:8080/b"},
    {"op": "ReadFS", "selector": "fs:repo//a"},
    {"op": "Network", "selector": "net:http://93.184.216.34/items"},
    {"op": "Exec", "selector": "exec:x"},
)
_ENDS = ("", "", "/", "?a=b", "*.txt", "/x?")
_LEVELS = ("Draft", "Staged", "Committed", "Published", "Immutable")


def edit_lens(draft: Json, random: Random) -> None:
    """Draws items, then mostly what a lens truly says of them."""
    items = [event for event in draft.events if event["kind"] == "ItemObserved"]
    for event in random.sample(items, min(len(items), random.choice((0, 1, 1, 3)))):
        _edit_item(event, random)
    _be_scripted(draft, random)
    words = None
    for event in draft.events:
        lens = event["payload"]
        if event["kind"] in ("ConflictFound", "ConflictResolved"):
            _edit_conflict(lens, random)
            words = lens.get("words", words)
        if event["kind"] != "LensAssembled":
            continue
        _edit_lens(lens, random)
        if items and random.random() < 0.85:
            _be_true(lens, draft.events, words, random)


def _edit_conflict(said: Json, random: Random) -> None:
    """Changes what a child was asked about, or what came of it."""
    match random.randrange(12):
        case 0 if "about" in said:
            said["about"] = random.sample(("colour", "price", "count"), random.randrange(3))
        case 1 if "about" in said:
            said["step"] = random.choice(("resolve", "a"))
        case 2 if "words" in said:
            random.shuffle(said["words"])
        case 3 if "words" in said:
            said["words"].pop()
        case 4 if "words" in said:
            said["words"][0]["says"] = {"form": "json", "inline": random.choice(("2", '"red"'))}
        case 5 if "words" in said:
            said["value"] = {"form": "text", "inline": random.choice(("", "{}"))}
        case 6 if "words" in said:
            said["proof_digest"] = random.choice(("0" * 64, "x"))
        case 7 if "item" in said:
            said["item"] = random.choice(("list", "resolved", "a b"))
        case 8 if "backtrack" in said:
            name = random.choice(("to", "code", "of"))
            said["backtrack"][name] = random.choice(("Orient", "Decide", "LENS_CONFLICT"))
        case _:
            pass


def _edit_item(event: Json, random: Random) -> None:
    item = event["payload"]
    match random.randrange(11):
        case 0:
            item["weight"] = random.choice((0, 1, 999, 1_000_000, 1_000_001))
        case 1:
            item["how"] = random.choice(_HOW)
        case 2:
            item["source"] = random.choice(_SOURCES)
        case 3:
            item["round"] = random.choice((0, 1, 2, 3))
        case 4:
            item["part"] = random.choice((0, 1, 2))
            if random.random() < 0.5:
                del item["part"]
        case 5:
            item["item"] = random.choice(("late", "page", "a b", "x" * 65, "n"))
        case 6:
            item["effect"] = copied(random.choice(_EFFECTS))
            if random.random() < 0.3:
                del item["effect"]
        case 8:
            _cite(item, random)
        case 9 if "effect" in item:
            item["source"] = item["effect"]["selector"].partition(":")[2] + random.choice(_ENDS)
        case 7 if "dated_ms" in item:
            days = random.choice((0, 7, 8, 30, 31, 180, 181, -1))
            item["dated_ms"] = max(0, event["at_ms"] - days * _DAY - random.choice((0, 1)))
        case _:
            _lose(item)


def _cite(item: Json, random: Random) -> None:
    """Lets an item name the evidence that it was read from, wholly or in part, well or badly."""
    item["how"] = random.choice(("run", "run", "text"))
    item.pop("effect", None)
    item["run_id"] = random.choice(("a", "a", "a b", ""))
    item["proof_digest"] = random.choice(("ab" * 32, "ab" * 32, "AB" * 32, "ab"))
    for name in ("run_id", "proof_digest"):
        if random.random() < 0.2:
            del item[name]


def _lose(item: Json) -> None:
    """Lets an item be missing that was had."""
    if item.pop("value", None) is not None:
        del item["dated_ms"]
        details = {"form": "json", "inline": "{}"}
        item["failure"] = {"code": "X", "details": details, "message": "m"}


def _be_scripted(draft: Json, random: Random) -> None:
    """Changes what a script says of the lens, or whether one does."""
    started = next((e["payload"] for e in draft.events if e["kind"] == "RunStarted"), {})
    if "lens_script" not in started or random.random() < 0.6:
        return
    name = random.choice(("conflict", "coverage"))
    started["lens_script"][-1][name] = random.choice((0, 850, 1000, 1001))
    if random.random() < 0.3:
        started["lens_script"].pop()
    for lens in [e["payload"] for e in draft.events if e["kind"] == "LensAssembled"]:
        lens["scripted"] = random.choice((True, True, False))


def _edit_lens(lens: Json, random: Random) -> None:
    if random.random() < 0.5:
        least = [random.choice((0, 300, 500, 600, 601, 1000)) for _ in _LEVELS]
        if random.random() < 0.9:
            least.sort()
        pairs = [*zip(_LEVELS, least, strict=True)]
        lens["at_least"] = dict(random.sample(pairs, random.randrange(len(pairs))))
    if random.random() < 0.2:
        lens["requires"] = random.sample(("late", "page", "texts", "z"), random.randrange(4))
    if lens.get("claims") and random.random() < 0.3:
        claim = random.choice(lens["claims"])
        claim["about"] = random.choice(("count", "other"))
        claim["says"] = {"form": "json", "inline": random.choice(("2", "3"))}
    if random.random() < 0.1:
        for name in random.sample(("quality", "claims", "requires", "at_least", "failure"), 2):
            lens.pop(name, None)


def _be_true(lens: Json, events: Json, words: Json, random: Random) -> None:
    """Lets a lens say of the items of the last round what is so."""
    items = [event for event in events if event["kind"] == "ItemObserved"]
    last = max(event["payload"]["round"] for event in items)
    seen = [event for event in items if event["payload"]["round"] == last]
    lens["items"] = len(seen) + (words is not None)
    lens["quality"] = second.quality_of(seen, lens, words)
    lens.pop("failure", None)
    if lens["quality"]["aggregate"] < lens.get("at_least", {}).get("Draft", 0):
        details = {"form": "json", "inline": "{}"}
        lens["failure"] = {"code": "LENS_INSUFFICIENT", "details": details, "message": "m"}
        if random.random() < 0.1:
            lens["failure"]["code"] = "TIMEOUT"
