"""Changes of good bundles, drawn from a seed: bytes, lines, JSON values, files, all sealed anew or not.

    mutated("staged", Random(7))   ->   ("a value of an event, sealed anew", {"receipt.json": ...})

The same seed gives the same change of the same bundle.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Any

from ground import build, bundles, sealing

Files = dict[str, bytes]
Json = Any
DOCUMENTS = ("manifest.json", "receipt.json")
BUILT = {"minimal": build.minimal, "eventful": build.eventful, "stopped": build.halted}
NAMES = (*bundles.NAMES, *BUILT)
ODD_NAMES = (
    "", ".", "..", "a b", "A", "con", "x.", "../x", "/x", "evidence", "evidence/", "events.jsonl/x",
    "RECEIPT.json", "evidence/é", "signatures/x", "artifacts/x", "evidence/x", "x" * 129, "\udcff",
)  # fmt: skip
#: What the sealer may raise on values that it cannot place or write.
UNSEALABLE = (ArithmeticError, AttributeError, KeyError, LookupError, TypeError, ValueError)


@cache
def files_of(name: str) -> Mapping[str, bytes]:
    """Returns a good bundle by its name; do not change it."""
    return BUILT[name]().files() if name in BUILT else bundles.bundle(name)


def mutated(name: str, random: Random) -> tuple[str, Files]:
    """Returns which sort of change was drawn, and the changed bundle."""
    sort = random.choices([*SORTS], [weight for _, weight in SORTS.values()])[0]
    change, _ = SORTS[sort]
    return sort, change(dict(files_of(name)), random)


# ------------------------------------------------------------------------------------ bytes


def _changed_bytes(files: Files, random: Random) -> Files:
    path = random.choice([*files])
    for _ in range(random.choice((1, 1, 2))):
        data = files[path]
        place = random.randrange(len(data) + 1)
        end = min(len(data), place + random.choice((0, 1, 1, 2, 9)))
        new = random.choice((b"", random.randbytes(1), random.randbytes(3), data[place:end] * 2))
        files[path] = data[:place] + new + data[end:]
    return files


def _flipped_bit(files: Files, random: Random) -> Files:
    path = random.choice([path for path, data in files.items() if data])
    data = bytearray(files[path])
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return {**files, path: bytes(data)}


def _cut_off(files: Files, random: Random) -> Files:
    path = random.choice([*files])
    return {**files, path: files[path][: random.randrange(len(files[path]) + 1)]}


# ------------------------------------------------------------------------------------ lines


def _moved(items: list[Json], random: Random) -> list[Json]:
    """Returns the items with one taken out, doubled, moved, swapped, or all after it gone."""
    items = list(items)
    place = random.randrange(len(items))
    match random.randrange(5):
        case 0:
            items.insert(random.randrange(len(items) + 1), items.pop(place))
        case 1:
            items.insert(place, json.loads(json.dumps(items[place])))
        case 2:
            items[place], items[place - 1] = items[place - 1], items[place]
        case 3:
            del items[place]
        case _:
            del items[place + 1 :]
    return items


def _moved_lines(files: Files, random: Random) -> Files:
    lines = [line.decode("latin-1") for line in files["events.jsonl"].splitlines(keepends=True)]
    moved = "".join(_moved(lines, random)).encode("latin-1")
    return {**files, "events.jsonl": moved}


# ----------------------------------------------------------------------------------- values

_NUMBERS = (0, 1, 2, -1, 2**53 - 1, 2**53, 1.5, 10**30)
_TEXTS = (
    "", "x", "true", "false", "json", "text", "bytes", "pure", "opaque", "context", "failed",
    "passed", "success", "partial", "Draft", "Staged", "Committed", "file", "function", "usage",
    "bound", "released", "not_run", "nothing_to_check", "Act", "Lock", "TimerSet", "CallHalted",
    "SkillExecuted", "a-4.0", "0" * 32, "0" * 64, "é", "\u202e", "\n", "[]", "{}",
)  # fmt: skip


def ways(value: Json, way: tuple[Json, ...] = ()) -> list[tuple[Json, ...]]:
    """Returns the way to every value inside a JSON value, the value itself left out."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, item in inner:
        found.append((*way, key))
        if isinstance(item, dict | list):
            found += ways(item, (*way, key))
    return found


def _at(value: Json, way: tuple[Json, ...]) -> Json:
    for key in way:
        value = value[key]
    return value


def _change_value(document: Json, random: Random, other: Json) -> None:
    """Changes one value inside a document; ``other`` is a document to take values from."""
    found = ways(document)
    if not found:
        return
    *way, last = random.choice(found)
    parent = _at(document, tuple(way))
    draw = random.random()
    if isinstance(parent, dict) and draw < 0.1:
        del parent[last]
    elif isinstance(parent, list) and draw < 0.3:
        parent[:] = _moved(parent, random)
    elif isinstance(parent, dict) and draw < 0.2:
        parent[random.choice(("x", "code", "halt", "failure", "value", "request", "params"))] = (
            parent[last]
        )
    else:
        parent[last] = _another(parent[last], random, other)


def _another(value: Json, random: Random, other: Json) -> Json:
    draw = random.random()
    if draw < 0.2:
        taken = _at(other, random.choice(ways(other) or [()]))
        return json.loads(json.dumps(taken))
    if isinstance(value, bool):
        return not value
    if isinstance(value, int) and draw < 0.7:
        return value + random.choice((-1, 1, 1, 7))
    if isinstance(value, str) and draw < 0.5:
        return random.choice((value + "x", value[:-1], value.upper(), value + " ", value[::-1]))
    if draw > 0.9:
        return random.choice((None, [], {}, True, value, [value]))
    return random.choice(_NUMBERS if isinstance(value, int) else _TEXTS)


def _written(value: Json) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _changed_document(files: Files, random: Random) -> Files:
    path = random.choice(DOCUMENTS)
    document = json.loads(files[path])
    _change_value(document, random, json.loads(files["receipt.json"]))
    return {**files, path: _written(document)}


def _changed_line(files: Files, random: Random) -> Files:
    lines = files["events.jsonl"].splitlines()
    place = random.randrange(len(lines))
    event = json.loads(lines[place])
    _change_value(event, random, json.loads(random.choice(lines)))
    lines[place] = _written(event)
    return {**files, "events.jsonl": b"".join(line + b"\n" for line in lines)}


# ------------------------------------------------------------------------------------ files


def _changed_files(files: Files, random: Random) -> Files:
    other = files_of(random.choice(NAMES))
    for _ in range(random.choice((1, 1, 2))):
        path = random.choice([*files]) if files else "x"
        to = random.choice((*files, *ODD_NAMES, path + "x", path.upper()))
        match random.randrange(5):
            case 0:
                files.pop(path, None)
            case 1:
                files[to] = files.pop(path, b"")
            case 2:
                files[to] = files.get(path, b"")
            case 3:
                files[to], files[path] = files.get(path, b""), files.get(to, b"")
            case _:
                taken = random.choice([*other])
                files[taken] = other[taken]
    return files


# ------------------------------------------------------------------------------ sealed anew


def _renumber(draft: Json) -> None:
    """Gives the events places in one row again, so that the tables alone can object."""
    count, lane, number, inner = -1, None, 0, 0
    for event in draft.events:
        if len(event["at"]) != 3:
            count, lane = count + 1, None
            event["at"] = [count]
            continue
        here = event["at"][:2]
        if lane is None:
            count, number, inner = count + 1, 0, 0
        elif here == lane:
            inner += 1
        else:
            number, inner = number + 1, 0
        lane, event["at"] = here, [count, number, inner]


def _sealed(edit: Callable[[Json, Random], None]) -> Callable[[Files, Random], Files]:
    """Returns the change that edits the draft of a bundle one to three times and seals it anew."""

    def change(files: Files, random: Random) -> Files:
        def edits(draft: Json) -> None:
            for _ in range(random.choice((1, 1, 1, 2, 3))):
                edit(draft, random)
            if random.random() < 0.3:
                _renumber(draft)
            draft.manifest["run_id"] = draft.payload("RunStarted")["run_id"]

        project, state = random.random() < 0.8, random.getstate()
        for projected in (project, False):
            random.setstate(state)
            try:
                return sealing.reseal(files, edits, project=projected)
            except (*UNSEALABLE, RecursionError):
                continue
        return files

    return change


def _edit_event(draft: Json, random: Random) -> None:
    event = random.choice(draft.events)
    # Nearly always the payload: the rest is one field each, and the sealer writes most of them.
    part = event if random.random() < 0.15 else event["payload"]
    _change_value(part, random, random.choice(draft.events))


def _edit_events(draft: Json, random: Random) -> None:
    draft.events = _moved(draft.events, random)


def _edit_spliced(draft: Json, random: Random) -> None:
    lines = files_of(random.choice(NAMES))["events.jsonl"].splitlines()
    event = json.loads(random.choice(lines))
    place = random.randrange(len(draft.events))
    if random.random() < 0.5:
        draft.events[place] = {**event, "at": draft.events[place]["at"]}
    else:
        draft.events.insert(place, event)


def _edit_lane(draft: Json, random: Random) -> None:
    lanes = [*dict.fromkeys(tuple(e["at"][:2]) for e in draft.events if len(e["at"]) == 3)]
    if not lanes:
        return
    lane = [*random.choice(lanes)]
    here = [event for event in draft.events if event["at"][:2] == lane]
    if random.random() < 0.4:
        draft.events = [event for event in draft.events if event not in here]
        return
    name = random.choice(("a", "b", "x", f"x-{lane[0]}.{lane[1]}", "x-4.1", "x-04.0", "x-4.0\n"))
    field = random.choice(("step", "skill"))
    for event in here:
        if field in event["payload"]:
            event["payload"][field] = name


def _edit_receipt(draft: Json, random: Random) -> None:
    draft.keep |= random.choice((set(), set(), {"proof_digest"}, {"manifest_sha256"}))
    _change_value(draft.receipt, random, draft.receipt)


def _edit_manifest(draft: Json, random: Random) -> None:
    before = draft.listed

    def listed(entries: list[Json]) -> list[Json]:
        entries = before(entries)
        _change_value(entries, Random(seed), entries)
        return entries

    seed = random.randrange(2**32)
    draft.listed = listed


def _edit_bodies(draft: Json, random: Random) -> None:
    """Moves a body into a file, out of it, or to another name."""
    payload = random.choice(draft.events)["payload"]
    bodies = [way for way in ways(payload) if "form" in _keys(_at(payload, way))]
    if not bodies:
        return
    body = _at(payload, random.choice(bodies))
    if "path" in body:
        data = draft.files.get(body["path"], b"")
        if random.random() < 0.5:
            del draft.files[body["path"]], body["path"], body["sha256"], body["size"]
            body["inline"] = data.decode("utf-8")
            return
    else:
        data = body.pop("inline").encode("utf-8")
    path = random.choice(("evidence/moved", "artifacts/moved", "evidence/a/b", "signatures/x", "x"))
    draft.files[path] = data
    body |= {"path": path, "sha256": sealing.sha256(data), "size": len(data)}


def _keys(value: Json) -> Json:
    return value if isinstance(value, dict) else ()


def _edit_files(draft: Json, random: Random) -> None:
    draft.files = _changed_files(draft.files, random)


#: What may be done, and how often against the others.
SORTS: dict[str, tuple[Callable[[Files, Random], Files], int]] = {
    "bits": (_flipped_bit, 3),
    "bytes": (_changed_bytes, 8),
    "cut": (_cut_off, 2),
    "lines": (_moved_lines, 4),
    "values of a document": (_changed_document, 5),
    "values of a line": (_changed_line, 5),
    "files": (_changed_files, 5),
    "values of events, sealed anew": (_sealed(_edit_event), 30),
    "events, sealed anew": (_sealed(_edit_events), 10),
    "events of other bundles, sealed anew": (_sealed(_edit_spliced), 8),
    "lanes, sealed anew": (_sealed(_edit_lane), 8),
    "bodies, sealed anew": (_sealed(_edit_bodies), 6),
    "receipt, sealed anew": (_sealed(_edit_receipt), 3),
    "manifest, sealed anew": (_sealed(_edit_manifest), 4),
    "files, sealed anew": (_sealed(_edit_files), 4),
}
