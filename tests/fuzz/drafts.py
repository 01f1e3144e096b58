"""Edits of a bundle before it is sealed anew, each aimed at another part of the format."""

import json
from random import Random
from typing import Any

from drafts_money import balance
from ground import sealing
from values import at, change_value, copied, moved, ways, written

Json = Any
EMPTY = {"form": "json", "inline": "{}"}


def _failure(code: str) -> Json:
    return {"code": code, "details": EMPTY, "message": ""}


def renumber(draft: Json) -> None:
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


def edit_event(draft: Json, random: Random) -> None:
    """Changes a value of an event, of each kind as often as of any other."""
    kind = random.choice([*dict.fromkeys(event["kind"] for event in draft.events)])
    event = random.choice([event for event in draft.events if event["kind"] == kind])
    # Nearly always the payload: the rest is one field each, and the sealer writes most of them.
    part = event if random.random() < 0.15 else event["payload"]
    change_value(part, random, random.choice(draft.events))


def edit_events(draft: Json, random: Random) -> None:
    """Moves, doubles or drops events."""
    draft.events = moved(draft.events, random)


def edit_chain(draft: Json, random: Random) -> None:
    """Keeps a number, link or time as it is changed."""
    field = random.choice(("seq", "prev", "ts"))
    draft.keep.add(field)
    event = random.choice(draft.events)
    now = event[field]
    event[field] = random.choice((now[::-1], "0" * 64) if field == "prev" else (now + 1, 0))
    if field != "prev":
        return
    # The old links do not hold any more where the event is not the last: then nothing does.
    draft.keep.discard("prev")
    value, place = event["prev"], draft.events.index(event)

    def changed(lines: list[bytes]) -> list[bytes]:
        return [
            written({**json.loads(line), "prev": value}) if number == place else line
            for number, line in enumerate(lines)
        ]

    draft.lines = changed


def edit_lane(draft: Json, random: Random) -> None:
    """Takes a lane out, or gives it another step or skill."""
    lanes = [*dict.fromkeys(tuple(e["at"][:2]) for e in draft.events if len(e["at"]) == 3)]
    if not lanes:
        return
    lane = [*random.choice(lanes)]
    here = [event for event in draft.events if event["at"][:2] == lane]
    if random.random() < 0.3:
        draft.events = [event for event in draft.events if event not in here]
        return
    place = f"{lane[0]}.{lane[1]}"
    names = (
        "a",
        "b",
        "x",
        f"x-{place}",
        f"x-{place}\n",
        f"x-0{place}",
        "x-4.1",
        "x-4.0",
        "x-4.",
        "",
    )
    name, field = random.choice(names), random.choice(("step", "step", "skill"))
    for event in here:
        if field in event["payload"]:
            event["payload"][field] = name


def edit_outcome(draft: Json, random: Random) -> None:
    """Draws what the work, the checks and the lock say, so that every row of the table is met."""
    work, locked = draft.payload("WorkEnded"), draft.payload("Locked")
    for field, value in (("halt", "X"), ("failure", _failure("X")), ("step", "a")):
        if random.random() < 0.3:
            work[field] = value
        elif random.random() < 0.3:
            work.pop(field, None)
    if random.random() < 0.15:
        work.pop("output", None)
    for run in [e["payload"] for e in draft.events if e["kind"] == "VerificationRun"]:
        _draw_checks(run, random)
    outcomes = (
        ("success", "Committed"),
        ("success", "Staged"),
        ("partial", "Draft"),
        ("failed", "Draft"),
    )
    if random.random() < 0.8:
        locked["outcome"], locked["lock_level"] = random.choice(outcomes)
        locked.pop("code", None)
        code = random.choice(
            (None, "X", "VERIFICATION_FAILED", work.get("failure", {}).get("code"))
        )
        if code is not None:
            locked["code"] = code


def edit_passes(draft: Json, random: Random) -> None:
    """Draws how often a run may go back, and why and where it does."""
    started = draft.payload("RunStarted")
    started["max_backtracks"] = random.choice((0, 1, 1, 2, 3))
    if random.random() < 0.3:
        del started["max_backtracks"]
    ends = [e["payload"] for e in draft.events if e["kind"] in ("WorkEnded", "VerificationRun")]
    for end in ends if random.random() < 0.8 else random.sample(ends, 1):
        said = end.get("backtrack")
        if said is None and random.random() < 0.7:
            continue
        failed = end.get("failure", {}).get("code", "X")
        ids = [result["check_id"] for result in end.get("results", [])]
        end["backtrack"] = {
            "code": random.choice(("VERIFICATION_FAILED", "GATE_FAILED", failed)),
            "of": random.choice(("a", "b", "sound", end.get("step", "c1"), *ids)),
            "to": random.choice(("Act", "Decide", "Orient")),
        }
        if said is not None and random.random() < 0.8:
            end["backtrack"] |= {name: said[name] for name in random.sample([*said], len(said) - 1)}
        gates = [e["payload"]["gate"] for e in draft.events if "gate" in e["payload"]]
        if random.random() < 0.3:
            end["backtrack"]["gate"] = random.choice(("g", *gates))
        if random.random() < 0.3:
            classes = ("Recoverable", "Unrecoverable", "PatternFailure", "Catastrophic")
            end["backtrack"]["error_class"] = random.choice(classes)
        if random.random() < 0.1:
            del end["backtrack"]["of"]
        if random.random() < 0.1:
            del end["backtrack"]


def _draw_checks(run: Json, random: Random) -> None:
    check = {"check_id": "c", "level": "Semantic", "passed": True, "that": "`true`"}
    check = copied((run["results"] or [check])[0])
    texts = ("true", "false", "1", " true", '"true"')
    check["value"] = {
        "form": random.choice(("json", "json", "text")),
        "inline": random.choice(texts),
    }
    check["passed"] = random.random() < 0.6
    if random.random() < 0.2:
        check["failure"] = _failure("X")
    if random.random() < 0.2:
        del check["value"]
    run["results"] = [check] * random.choice((0, 1, 1, 1, 2))
    run["verdict"] = random.choice(("passed", "failed", "nothing_to_check", run["verdict"]))


def edit_plan(draft: Json, random: Random) -> None:
    """Changes the steps of the plan, or only how they are written."""
    payload = draft.payload("PlanChosen")
    steps = json.loads(payload["plan"]["inline"])
    if random.random() < 0.8 and steps:
        change_value(steps, random, copied(steps))
    if random.random() < 0.2:
        payload["steps"] = len(steps) + random.choice((0, 0, 1))
    text = written(steps).decode("utf-8")
    loose = random.choice(
        (text, text, text, text + " ", json.dumps(steps), text.replace("a", "\\u0061"))
    )
    payload["plan"]["inline"] = loose


_GATE = {"gate": "g", "kind": "check", "that": "x"}
_APPROVAL = {"gate": "h", "question": {"form": "text", "inline": "?"}}


def edit_gates(draft: Json, random: Random) -> None:
    """Puts gates and approvals somewhere, or changes what they say; mostly all that follows fits."""
    for _ in range(random.choice((0, 1, 1, 2))):
        _put_gate(draft, random)
    gates = [e for e in draft.events if e["kind"] in ("GateEvaluated", "ApprovalAnswered")]
    for event in gates:
        if random.random() < 0.3:
            _decide(event["payload"], random)
        if "decision" not in event["payload"]:
            event.pop("at_ms", None)
            if (event["payload"]["kind"] == "command") != (random.random() < 0.05):
                event["at_ms"] = draft.event("RunStarted")["at_ms"]
    if random.random() < 0.7:
        renumber(draft)
    if random.random() < 0.3:
        edit_outcome(draft, random)


def _put_gate(draft: Json, random: Random) -> None:
    place = random.randrange(1, len(draft.events))
    before = draft.events[place]
    step = next((e["payload"]["step"] for e in draft.events if e["at"][:-1] == before["at"][:-1]
                 and "step" in e["payload"]), "a")  # fmt: skip
    in_lane = len(before["at"]) > 1
    whens = ("pre_step", "post_step") if in_lane else ("pre_run", "post_run")
    when = random.choice((*whens, *whens, *whens, "pre_run", "post_step"))
    head = {"at": before["at"], "phase": "Act"}
    if in_lane and random.random() < 0.5:
        ask = {**_APPROVAL, "step": step}
        if random.random() < 0.5:
            ask["timeout_ms"] = 1
        answer = {"by": "b", "decision": "approved", "gate": "h", "note": "", "step": step}
        found = [
            {**head, "kind": "ApprovalAsked", "payload": copied(ask)},
            {**head, "at_ms": 0, "kind": "ApprovalAnswered", "payload": answer},
        ]
    else:
        gate = {**_GATE, "when": when, "passed": True, "value": {"form": "json", "inline": "true"}}
        if when.endswith("step") == (random.random() < 0.95):
            gate["step"] = step
        found = [{**head, "kind": "GateEvaluated", "payload": gate}]
    draft.events[place:place] = [copied(each) for each in found]


def _decide(payload: Json, random: Random) -> None:
    if "decision" in payload:
        payload["decision"] = random.choice(("approved", "denied", "timed_out"))
        if random.random() < 0.8:
            payload.pop("by", None)
            if payload["decision"] != "timed_out":
                payload["by"] = "b"
        return
    payload["kind"] = random.choice(("check", "command", "function", "policy"))
    payload["passed"] = random.random() < 0.6
    good, bad = ("0", "1") if payload["kind"] == "command" else ("true", "false")
    text = good if payload["passed"] == (random.random() < 0.9) else random.choice((bad, "x", "1"))
    payload["value"] = {"form": "json", "inline": text}


def edit_children(draft: Json, random: Random) -> None:
    """Lets steps that paid for something pay for children, or changes what is said of those."""
    for place, event in enumerate(draft.events[:-2]):
        if event["kind"] == "BudgetReserved" and random.random() < 0.5:
            _put_child(draft, place, random)
    children = [e["payload"] for e in draft.events if e["kind"] == "ChildSpawned"]
    for number, child in enumerate(children):
        if random.random() < 0.7:
            child["spawn_index"] = number
    _tell_children(draft, random)
    if random.random() < 0.1 and children:
        parent = {"run_id": random.choice(("p", "", "a b")), "spawn_index": 1, "step": "s"}
        draft.payload("RunStarted")["parent"] = parent
    if random.random() < 0.8:
        balance(draft, random)
    if random.random() < 0.5:
        edit_outcome(draft, random)


def _put_child(draft: Json, place: int, random: Random) -> None:
    """Puts a child after a reservation, in place of the effect that it paid for, if it did."""
    reserved, head = draft.events[place]["payload"], {"phase": "Act"}
    run_id = random.choice(("c", f"c{place}", f"c{place}", f"c{place}"))
    spawned = {
        "ceiling_micro_cents": reserved["bound"] + (random.random() < 0.05),
        "child_run_id": run_id,
        "critical": random.random() < 0.5,
        "nonce": "0" * 32,
        "spawn_index": 0,
        "step": reserved["step"],
    }
    joined = {
        "child_run_id": run_id,
        "outcome": "success",
        "proof_digest": "0" * 64,
        "spawn_index": 0,
        "spent_micro_cents": 0,
    }
    at = draft.events[place]["at"]
    found = [
        {**head, "at": [*at[:-1], at[-1] + 1], "kind": "ChildSpawned", "payload": spawned},
        {
            **head,
            "at": [*at[:-1], at[-1] + 2],
            "at_ms": 0,
            "kind": "ChildJoined",
            "payload": joined,
        },
    ]
    following = [event["kind"] for event in draft.events[place + 1 : place + 3]]
    end = place + 3 if following[:1] == ["EffectAsked"] else place + 1
    draft.events[place + 1 : end] = found


def _tell_children(draft: Json, random: Random) -> None:
    """Lets the ends of children, and what is settled of them, fit nearly always."""
    before = None
    for event in draft.events:
        payload = event["payload"]
        if event["kind"] == "ChildJoined" and before and random.random() < 0.95:
            payload["spawn_index"] = before.get("spawn_index", 0)
            payload["child_run_id"] = before.get("child_run_id", "c")
            payload["outcome"] = random.choice(("success", "success", "partial", "failed"))
        if event["kind"] == "BudgetSettled" and before and "outcome" in before:
            payload["basis"] = "usage"
            before["spent_micro_cents"] = payload["actual"] + (random.random() < 0.05)
        before = payload


_SELECTORS = (
    "fs:a", "fs:/", "fs:a/", "fs:/a", "fs:a/../b", "fs:a//b", "fs:./a", "fs:", "fs:a\\..", "fs:a\\b",
    "net:http://h/", "net:http://h/a", "net:http://h/a/", "net:http://h:80/a", "net:https://h:80/a",
    "net:https://h:443/", "net:http://H/a", "net:HTTP://h/a", "net:http://h", "net:http://h/a?b",
    "net:http://h/a#b", "net:http://u@h/a", "net:http://h/%2e%2E/a", "net:http://h/%2e./a",
    "net:http://h/a%2f..", "net:http://h/a%5C..%5c", "net:http://h\u3000/a", "net:http://:1/a",
    "net:http://h/a/b", "net:h/a", "exec:x", "exec:", "exec:x/", "pub:x\n", "pub:x", "pub:\x7f",
)  # fmt: skip
_OPS = ("ReadFS", "WriteFS", "Network", "Exec", "Publish")
_OP_OF = {"fs": ("ReadFS", "WriteFS"), "net": ("Network",), "exec": ("Exec",), "pub": ("Publish",)}


def edit_effects(draft: Json, random: Random) -> None:
    """Declares effects, and lets effects name themselves; mostly all is spelled and sorted."""
    plan = draft.payload("PlanChosen")
    count = random.choice((0, 1, 1, 2, 3, 50, 51))
    pairs = {_drawn_effect(random) for _ in range(count)} if count < 9 else set()
    pairs |= {("Exec", f"exec:{number:02}") for number in range(count)} if count > 9 else set()
    effects = [{"op": op, "selector": selector} for op, selector in sorted(pairs)]
    if random.random() < 0.1:
        effects = moved(effects, random) if effects else effects
    plan["effects"] = effects
    if random.random() < 0.3:
        plan["compression"] = {
            "algorithm": "TrieMerge-v0.1",
            "input_count": len(effects) + random.choice((-1, 0, 1)) % 99,
            "output_count": len(effects) + (random.random() < 0.1),
        }
    if random.random() < 0.05:
        del plan["effects"]
    for event in draft.events:
        asks = event["kind"] == "EffectAsked" or event["payload"].get("kind") == "command"
        if asks and random.random() < 0.95:
            op, selector = random.choice([*pairs] * 3 + [_drawn_effect(random)])
            more = random.choice(("", "", "", "/", "/x", "x"))
            event["payload"]["effect"] = {"op": op, "selector": selector + more}


def _drawn_effect(random: Random) -> tuple[str, str]:
    selector = random.choice(
        (*_SELECTORS, *_SELECTORS[:4], "net:http://h/", "net:http://h/a", "exec:x")
    )
    ops = _OP_OF[selector.partition(":")[0]] if random.random() < 0.95 else _OPS
    return random.choice(ops), selector


_EDGES = "\x00\x1f\x20\x7e\x7f\x9f\xa0\u200d\u200e\u200f\u2010\u2027\u2028\u202e\u202f\u2065\u2066\u2069\u206a\U0001f600"
#: Words at the edges of their grammars, by field.
_WORDS: dict[str, tuple[Json, ...]] = {
    "run_id": ("", ".", "..", "a" * 64, "a" * 65, "a\n", "a b", "ä", "-", "A_z.9"),
    "name": ("", "a" * 256, "a" * 257, "\U0001f600" * 256, *_EDGES, *(f"a{edge}" for edge in _EDGES)),
    "nonce": ("0" * 31, "0" * 33, "0" * 32 + "\n", "A" * 32, "g" * 32, "\u0660" * 32, "f" * 32),
    "seed": (
        "", "0", "00", "01", "-1", "+1", " 1", "1_0", "1\n", "\u0661", "\u00b2", "1e3", "0x1",
        str(2**64 - 1), str(2**64), "1" * 20, "1" * 21, "9" * 5000,
    ),
    "status": (0, 99, 100, 999, 1000),
    "boundaries": ([], [0], [0, 0], [1, 0], [2**53 - 1]),
    "salt": ("0" * 32, "0" * 31, "0" * 32 + "\n", "F" * 32),
    "commitment": ("0" * 64, "0" * 63, "0" * 64 + "\n", "F" * 64),
    "rules_sha256": ("0" * 64, ""),
    "child_run_id": ("", ".", "a" * 64, "a" * 65, "a/b"),
    "proof_digest": ("0" * 63, "F" * 64, "f" * 64),
    "gate": ("", "a" * 64, "a" * 65, "a b", "a\n", "."),
    "by": ("", "a" * 256, "a" * 257, *_EDGES),
    "when": ("pre_run", "pre_step", "post_step", "post_run"),
    "decision": ("approved", "denied", "timed_out"),
    "mode": ("pure", "opaque", "context"),
    "attempt": (0, 1, 2, 3),
    "inline": ("", "AA==", "AB==", "AA=", "AAA=", "AAB=", "AA\n==", "_w==", " true", "true"),
}  # fmt: skip
_REDACTION = {"commitment": "0" * 64, "count": 1, "salt": "0" * 32, "secret": "K"}


def edit_word(draft: Json, random: Random) -> None:
    """Puts a word at the edge of its grammar, or takes away or adds what goes with a mode."""
    payloads = [event["payload"] for event in draft.events]
    for payload in payloads:
        if "response" in payload and random.random() < 0.3:
            payload["response"]["redactions"] = [copied(_REDACTION)]
    field = random.choice((*_WORDS, "request", "params"))
    found = [(p, way) for p in payloads for way in ways(p) if way[-1] == field]
    if field in _WORDS and found:
        payload, way = random.choice(found)
        at(payload, way[:-1])[field] = random.choice(_WORDS[field])
        return
    event = random.choice([e for e in draft.events if e["kind"] == "SkillExecuted"])
    if field in event["payload"]:
        del event["payload"][field]
    else:
        event["payload"][field] = "r" if field == "request" else EMPTY
    if "request" in event["payload"]:
        event.setdefault("at_ms", draft.event("RunStarted")["at_ms"])
    else:
        event.pop("at_ms", None)


def edit_receipt(draft: Json, random: Random) -> None:
    """Changes a value of the receipt."""
    draft.keep |= random.choice((set(), set(), {"proof_digest"}, {"manifest_sha256"}))
    change_value(draft.receipt, random, copied(draft.receipt))


def edit_manifest(draft: Json, random: Random) -> None:
    """Changes a value of the list of files."""
    before, seed = draft.listed, random.randrange(2**32)

    def listed(entries: list[Json]) -> list[Json]:
        entries = before(entries)
        change_value(entries, Random(seed), copied(entries))
        return entries

    draft.listed = listed


def edit_bodies(draft: Json, random: Random) -> None:
    """Moves a body into a file, out of it, or to another name."""
    payload = random.choice(draft.events)["payload"]
    bodies = [way for way in ways(payload) if _is_body(at(payload, way))]
    if not bodies:
        return
    body = at(payload, random.choice(bodies))
    if "path" in body:
        data = draft.files.get(body["path"], b"")
        if random.random() < 0.5:
            for name in (body["path"],):
                draft.files.pop(name, None)
            for field in ("path", "sha256", "size"):
                del body[field]
            body["inline"] = data.decode("utf-8")
            return
    else:
        data = body.pop("inline").encode("utf-8")
    path = random.choice(("evidence/moved", "artifacts/moved", "evidence/a/b", "signatures/x", "x"))
    draft.files[path] = data
    body |= {"path": path, "sha256": sealing.sha256(data), "size": len(data)}


def _is_body(value: Json) -> bool:
    return isinstance(value, dict) and "form" in value
