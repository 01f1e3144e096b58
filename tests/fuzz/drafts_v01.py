"""Edits of the drafts of bundles of format 0.1: each changes one thing at random, before it is sealed.

Some are aimed at a part of the format, and change receipt and events alike, so that the rules behind
the hashes and the cross-checks are reached, by bundles that break them and by bundles that do not.
"""

import json
from random import Random
from typing import Any

from ground import load
from values import Words, another, at, change_value, copied, moved, ways

Json = Any

sealing = load("unit/verify/v01/sealing.py")
canonical = sealing.canonical

# ------------------------------------------------------------------------------------ values

WORDS = Words(
    numbers=(
        0, 1, 1000, 1001, -1, 2**63, -(2**63), 2**64 - 1, 2**64, -(2**63) - 1, 10**30, 0.0, 1.5,
    ),
    texts=(
        "", "x", "a@1", "Lock", "Act", "Observe", "success", "partial", "failed", "Draft", "human",
        "Prompt", "Decision", "File", "Semantic", "Recoverable", "Locked", "IntentSet", "ReadFS",
        "ChildJoined", "0.1.0", "CJ-0.1", "0" * 64, "é", "\ue000", "\U0001f600", "\n", "\u202e",
    ),
    fields=("x", "evidence", "kind", "bundle_version", "results", "suggestions", "note", "ts_utc"),
)  # fmt: skip


def shuffled(items: list[Json], random: Random) -> list[Json]:
    """Returns the items after one move; none, if there are none."""
    return moved(items, random) if items else []


def change(document: Json, random: Random) -> None:
    """Changes, takes out, renames, retypes or adds one value."""
    if random.random() < 0.7:
        change_value(document, random, document, WORDS)
        return
    *way, last = random.choice(ways(document))
    parent = at(document, tuple(way))
    value = parent[last]
    if isinstance(parent, dict) and random.random() < 0.3:
        parent[last + "x"] = parent.pop(last)
    else:
        number = isinstance(value, int)
        others = (None, 1, [value], {"x": value}, str(value), float(value) if number else 0.0)
        parent[last] = random.choice((*others, int(value) if number else value))


def edit_values(draft: Any, random: Random) -> None:
    """Changes a value of the receipt or of an event."""
    change(random.choice((draft.receipt, draft.events)), random)


# --------------------------------------------------------------------------------- spellings

MARK = "\u0001mark\u0001"


def respelled(document: Json, random: Random) -> bytes:
    """Returns a document in which one object, or the whole, is not spelled canonically."""
    boxes = [way for way in ways(document) if isinstance(at(document, way), dict)]
    if not boxes or random.random() < 0.5:
        return badly(canonical(document), random)
    way = random.choice(boxes)
    box, parent = at(document, way), at(document, way[:-1])
    pairs = [f"{json.dumps(key)}:{canonical(box[key]).decode()}" for key in sorted(box)]
    parent[way[-1]] = MARK
    spelled = canonical(document).decode()
    parent[way[-1]] = box
    text = "{" + ",".join(shuffled(pairs, random)) + "}"
    return spelled.replace(json.dumps(MARK), text).encode()


def badly(raw: bytes, random: Random) -> bytes:
    places = [place for place, byte in enumerate(raw) if byte in b'{}[]:,"0123456789']
    place = random.choice(places or [0])
    new = random.choice(
        (b" ", b"\n", b"\t", b"\r", b"0", b"-", b".0", b"e0", b",", b"\xef\xbb\xbf")
    )
    return raw[:place] + new + raw[place:]


# ------------------------------------------------------------------------------------- edits


def edit_outer(draft: Any, random: Random) -> None:
    """Changes what no hash but the manifest's covers, or the manifest itself."""
    box = random.choice((draft.receipt["integrity"], draft.manifest))
    if random.random() < 0.3:
        draft.seal()
        draft.keep |= {"receipt_hash", "roots", "proof_digest"}
    change(box, random)


def edit_entries(draft: Any, random: Random) -> None:
    def listed(entries: Json) -> Json:
        entries = copied(entries)
        if random.random() < 0.5:
            return shuffled(entries, random)
        change(entries, random)
        return entries

    draft.listed = listed


def edit_hashes(draft: Any, random: Random) -> None:
    draft.seal()
    draft.keep |= {random.choice(("seq", "prev_event_hash", "event_hash", "roots", "receipt_hash"))}
    change(random.choice((draft.events, draft.receipt["integrity"])), random)


def edit_spelling(draft: Any, random: Random) -> None:
    if random.random() < 0.4:
        draft.receipt_bytes = lambda raw: respelled(json.loads(raw), random)
    elif random.random() < 0.4:
        draft.manifest_bytes = lambda raw: respelled(json.loads(raw), random)
    else:
        draft.lines = lambda lines: respelled_line(lines, random)


def respelled_line(lines: list[bytes], random: Random) -> list[bytes]:
    lines = list(lines)
    place = random.randrange(len(lines))
    ending = random.choice((b"\n", b"\n", b"\n", b"", b"\r\n", b"\n\n"))
    lines[place] = respelled(json.loads(lines[place]), random) + ending
    return lines


def edit_words(draft: Any, random: Random) -> None:
    """Puts another value wherever a value stands, in receipt, events and manifest alike."""
    whole = {"receipt": draft.receipt, "events": draft.events, "manifest": draft.manifest}
    found = ways(random.choice((draft.receipt, [event["payload"] for event in draft.events])))
    sample = at(draft.receipt, random.choice(ways(draft.receipt)))
    if random.random() < 0.5 and draft.events:
        payloads = [event["payload"] for event in draft.events]
        found = ways(payloads)
        sample = at(payloads, random.choice(found))
    old = canonical(sample)
    new = another(sample, random, draft.receipt, WORDS)
    for way in ways(whole):
        try:
            parent = at(whole, way[:-1])
            if canonical(parent[way[-1]]) == old:
                parent[way[-1]] = copied(new)
        except LookupError:
            continue  # It stood in what was put in its place.


def edit_events(draft: Any, random: Random) -> None:
    draft.events[:] = shuffled(draft.events, random)


def edit_kinds(draft: Any, random: Random) -> None:
    event = random.choice(draft.events)
    other = random.choice(draft.events)
    field = random.choice(("kind", "phase", "ts_utc", "payload"))
    event[field] = copied(other[field])


TIMES = (
    "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.0Z", "2026-01-02T03:04:05.50Z",
    "2026-01-02T03:04:05.45Z", "2026-01-02T03:04:60Z", "2026-01-02T03:05:00Z", "2026-02-29T00:00:00Z",
    "2026-02-30T00:00:00Z", "2026-03-01T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:60Z",
    "2026-01-02T24:00:00Z", "2026-01-02T03:60:00Z", "2026-01-02T03:04:61Z", "2026-13-01T00:00:00Z",
    "2026-01-02t03:04:05Z", "2026-01-02T03:04:05z", "2026-01-02T03:04:05+00:00", "2026-01-02 03:04:05Z",
    "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05,5Z", "2026-01-02T03:04:05Z\n", "2026-04-31T00:00:00Z",
    "٢026-01-02T03:04:05Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
    "2026-01-02T03:04:05." + "0" * 40 + "1Z",
)  # fmt: skip


def edit_times(draft: Any, random: Random) -> None:
    if random.random() < 0.6:
        place = random.randrange(len(draft.events))
        for event in draft.events[place:]:
            event["ts_utc"] = random.choice(TIMES[:6]) if event is draft.events[place] else TIMES[5]
        start = draft.events[0]["ts_utc"]
        draft.receipt["timestamp_utc"] = draft.manifest["created_utc"] = start
        draft.receipt["lens"]["created_utc"] = start
    else:
        new = random.choice(TIMES)
        boxes = [draft.receipt, draft.receipt["lens"], draft.manifest, *draft.events]
        for box in boxes if random.random() < 0.5 else [random.choice(boxes)]:
            for field in ("ts_utc", "created_utc", "timestamp_utc"):
                if field in box:
                    box[field] = new


PATHS = (
    "a", "a/", "/a", "/a/", "a/b", "a//b", "./a/b", "a/.", "a/./", "/", "//", ".", "./", "", "..",
    "a/../b", "a/..", "/./", "/..", "a\tb", "a\x7f", "ab", "ab/c", "a/b/c", "A/b", "a\\b", "é/b", "...",
    "a/b\\..\\..\\c", "a\\..", "a/%2e%2E/b", "a/.%2e", "a/..%2fb", "a/b%5c..", "a/%2e/b", "a/..%2ec",
)  # fmt: skip
HOSTS = (
    "h", "H", "h:80", "h:443", "h:", ":80", "", "h:80:80", "u@h", "h h", "h\\x", "h\u00a0", "h\u3000",
    "h.", "..", ".", "[::1]", "[::1]:443", "\u212aelvin", "kelvin", "\u0130", "h?", "h#", "\u03a3\u03a3",
)  # fmt: skip
SCHEMES = ("http", "https", "HTTP", "ftp", "a+b.c-1", "1a", "", "a b", "é", "s:")


def selector(op: str, random: Random) -> str:
    """Returns a selector, mostly of the form that the op has."""
    path = random.choice(PATHS)
    if random.random() < 0.15:
        odd = ("exec:", "pub:", "net:", "", "fs:", "fs:fs:", "FS:", "net://", "net:h")
        return random.choice(odd) + path
    if op in ("ReadFS", "WriteFS"):
        return "fs:" + path
    if op == "Network":
        scheme = random.choice(SCHEMES[:3] * 5 + SCHEMES)
        host = random.choice(HOSTS[:4] * 6 + HOSTS)
        return (
            f"net:{scheme}://{host}{random.choice(('', '/', '/', '/', '/', '?', '#', '@'))}{path}"
        )
    return random.choice(("exec:", "pub:")) + path


OPS = ("ReadFS", "ReadFS", "WriteFS", "Network", "Network", "Network", "Exec", "Publish")
BELOW = (
    "",
    "",
    "/",
    "b",
    "/b",
    "/b",
    "/.",
    "//",
    "/../b",
    "/%2e%2e/b",
    "/x\\..\\..\\b",
    "/é",
    "?",
    "@",
)


def respelled_selector(text: str, random: Random) -> str:
    """Returns a selector that may mean the same as another one."""
    new = random.choice(("/./", "//", "/"))
    match random.randrange(4):
        case 0:
            return text.replace("net:http:", "net:HTTP:").replace("://h", "://H")
        case 1:
            return text.replace("://h/", "://h:80/").replace("://H", "://h:443")
        case 2 if "://" not in text:
            return text.replace("/", new, 1)
        case _:
            return text


def edit_selectors(draft: Any, random: Random) -> None:
    """Puts a few declared effects and one executed one into the place of all."""
    op, effects = random.choice(OPS), draft.receipt["effects"]
    ops = [
        op if random.random() < 0.8 else random.choice(OPS)
        for _ in range(random.choice((1, 1, 2, 4)))
    ]
    several = [{"op": each, "selector": selector(each, random)} for each in ops]
    effects["declared"] = several
    one = several[0]["selector"] if random.random() < 0.85 else selector(op, random)
    one = respelled_selector(one, random) + random.choice(BELOW)
    effects["executed_raw"] = [{"op": several[0]["op"], "selector": one}]
    effects["k"] = random.choice((50,) * 6 + (len(several), len(several) - 1, 2**64 - 1))
    count = random.choice((len(several),) * 6 + (len(several) + 1,))
    if random.random() < 0.2:
        effects["compression"] = {
            "algorithm": "TrieMerge-v0.1",
            "input_count": random.choice((200, count, 0)),
            "output_count": count,
        }
    else:
        effects.pop("compression", None)
    for event in draft.events:
        event["payload"].pop("effects_declared", None)
        if event["kind"] == "PlanChosen" and random.random() < 0.1:
            event["payload"]["effects_declared"] = shuffled(several, random)


IDS = (
    "c", "c@", "c@0", "c@1", "c@01", "c@2", "c@10", "c@x", "c@-1", "c@1@2", "c@2@1", "c@1.5", "c@ 3",
    "c@\u0663", "c@\u00b2", "@1", "@", "", "c@" + "9" * 5000, "c@" + "0" * 30 + "3", "d", "d@1",
)  # fmt: skip


def edit_checks(draft: Any, random: Random) -> None:
    """Puts other checks and results into receipt and events alike."""
    results = [
        {
            "level": random.choice(("Syntactic", "Acceptance")),
            "check_id": random.choice(IDS),
            "passed": random.random() < 0.6,
            **random.choice(({}, {"evidence": None}, {"evidence": "e"}, {"more": 1})),
        }
        for _ in range(random.choice((0, 1, 2, 3)))
    ]
    draft.receipt["verification"]["results"] = results
    draft.receipt["verification"]["spec"]["checks_required"] = random.choices(
        IDS, k=random.choice((0, 1, 1, 2))
    )
    runs = [event["payload"] for event in draft.events if event["kind"] == "VerificationRun"]
    for run in runs:
        run["results"] = []
    for result in copied(results):
        runs[0 if random.random() < 0.5 else -1]["results"].append(result)
    if random.random() < 0.5:
        for run in runs[:-1]:
            run["results"] = random.choice((None, {}, "x"))
        runs[-1]["results"] = copied(results)


def edit_children(draft: Any, random: Random) -> None:
    """Puts other children into receipt and events alike, some spawned or joined out of order."""
    statuses = ("success", "success", "partial", "failed")
    children = [
        {
            "spawn_index": random.choice((0, 1, number)),
            "child_loop_id": random.choice(("c1", "c1", "c2", "c3")),
            "critical": random.random() < 0.4,
            "child_proof_digest": random.choice("0123") * 64,
            "outcome_status": random.choice(statuses),
        }
        for number in range(random.choice((1, 2, 2, 3)))
    ]
    draft.receipt["children"] = children
    kinds = ("ChildSpawned", "ChildJoined")
    draft.events[:] = [event for event in draft.events if event["kind"] not in kinds]
    told = [
        ("ChildSpawned", child, ("spawn_index", "child_loop_id", "critical")) for child in children
    ]
    told += [("ChildJoined", child, ("child_loop_id", "child_proof_digest")) for child in children]
    if random.random() < 0.7:
        random.shuffle(told)
    if random.random() < 0.2:
        told = shuffled(told, random)
    place = random.randrange(1, len(draft.events))
    phase = draft.events[place]["phase"]
    for kind, child, fields in reversed(told):
        draft.insert(place, kind, phase, {field: child[field] for field in fields})
    set_outcome(draft, random.choice(("success", "partial", "failed")))


def set_outcome(draft: Any, status: str) -> None:
    draft.receipt["outcome"]["status"] = status
    for event in draft.events:
        if event["kind"] == "Locked":
            event["payload"]["outcome"] = status


PHASES = ("Observe", "Orient", "Decide", "Act", "Verify", "Lock")


def edit_phases(draft: Any, random: Random) -> None:
    sequence = draft.receipt["phase_sequence"]
    place = random.randrange(len(sequence) + 1)
    if random.random() < 0.4:
        sequence.insert(place, random.choice(PHASES))
    elif random.random() < 0.5:
        sequence.insert(place, sequence[place - 1])
    else:
        sequence[:] = shuffled(sequence, random)
    if random.random() < 0.2:
        random.choice(draft.events)["phase"] = random.choice(PHASES)


def edit_people(draft: Any, random: Random) -> None:
    """Puts other prompts and decisions into receipt and events alike."""
    hitl = []
    kinds = ("HitlPrompt", "HitlDecision")
    draft.events[:] = [event for event in draft.events if event["kind"] not in kinds]
    for _ in range(random.choice((0, 1, 2, 3))):
        p, loss = random.choice((0, 1, 409, 999, 1000)), random.choice((0, 1, 50_000, 2**64 - 1))
        cost = random.choice((0, 45_000, 1))
        worth = p * loss // 1000 - cost + random.choice((0, 0, 0, 0, 1, -1))
        prompt = {**sealing.PROMPT, "p_override_permille": p, "loss_ms": loss, "cost_ms": cost}
        decision = {**sealing.DECISION, "approved": random.random() < 0.5}
        if random.random() < 0.6:
            hitl.append({"kind": "Prompt", **prompt, "evi_ms": worth})
        else:
            hitl.append({"kind": "Decision", **decision})
    draft.receipt["hitl"] = hitl
    told = hitl if random.random() < 0.8 else shuffled(hitl, random)
    for record in told:
        payload = {key: value for key, value in record.items() if random.random() < 0.9}
        draft.insert(len(draft.events) - 1, "Hitl" + record["kind"], "Lock", payload)
    if not any(record["kind"] == "Prompt" for record in hitl):
        sequence = draft.receipt["phase_sequence"]
        while sequence[-2:] == ["Lock", "Lock"] and random.random() < 0.8:
            sequence.pop()


def edit_strategies(draft: Any, random: Random) -> None:
    """Puts other suggestions, errors and a used strategy into receipt and events alike."""
    kinds = ("StrategySuggested", "StrategyApplied", "ActError")
    draft.events[:] = [event for event in draft.events if event["kind"] not in kinds]
    place = random.randrange(1, len(draft.events))
    phase = draft.events[place]["phase"]
    suggestions = [
        {**sealing.SUGGESTION, "strategy_id": random.choice("abc")}
        for _ in range(random.choice((0, 1, 2)))
    ]
    used = random.choice((None, {**sealing.USED, "strategy_id": "a"}))
    errors = [sealing.ERROR] * random.choice((0, 1, 2))
    draft.receipt["strategies"] = {"suggestions": suggestions, "used": used}
    draft.receipt["errors"] = copied(errors)
    told = (
        copied(suggestions) if random.random() < 0.8 else [*suggestions, random.choice((1, [], {}))]
    )
    events = [("StrategySuggested", {"suggestions": told})]
    if random.random() < 0.5:
        events = [("StrategySuggested", payload) for payload in told]
    events += [("StrategyApplied", used)] if used else []
    events += [("ActError", error) for error in errors]
    for kind, payload in events if random.random() < 0.8 else shuffled(events, random):
        fields = {key: value for key, value in payload.items() if random.random() < 0.9}
        draft.insert(place, kind, phase, fields)
