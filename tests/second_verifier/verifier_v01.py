"""Judge a bundle of format 0.1 a second time, from `docs/spec/bundle-0.1.md` and nothing else.

Like `verifier.py` beside it, which judges format 0.2 and hands bundles of this format over: it
shares no code with `src/workc`, uses the standard library only, and is to be read beside the page,
whose sections stand in brackets.

    verify({"manifest.json": b"...", ...})  ->  []                       PASS
    verify({"manifest.json": b"", ...})     ->  ["BUNDLE_MALFORMED"]     FAIL

Each step gives each code at most once, in the order of the steps. Any bytes whatever give a list,
never an exception. What a caller may expect [10] is not asked here.
"""

import hashlib
import importlib.util
import json
import os
import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

Json = Any
Event = dict[str, Any]
Shape = Callable[[Json], bool]

MAX_NAMES = 1_000_000  # [2]
MAX_PATH = 512  # [2]
MAX_DOCUMENT = 268_435_456  # [3] [4]
MAX_BRACKETS = 1_000_000  # [4]
MAX_FILE = 8_589_934_592  # [3]
MAX_LINE = 16_777_216  # [5], without its newline
MAX_LINES = 10_000_000  # [5]
MAX_DEPTH = 128  # [1]

_spec = importlib.util.spec_from_file_location(
    "second_folders", Path(__file__).with_name("folders.py")
)
folders = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(folders)
Tree = folders.Tree


# ---------------------------------------------------------------------------------- [1] notation


def h(data: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def canonical(value: Json) -> bytes:
    """The one spelling of a value; UnicodeEncodeError for a lone surrogate."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")  # Python sorts by code points, which is the order of UTF-8.


def same(one: Json, other: Json) -> bool:
    return canonical(one) == canonical(other)


def refuse(text: str) -> NoReturn:
    raise ValueError(text)


def integer(text: str) -> int:
    number = int(text) if len(text) <= 20 else refuse(text)
    return number if -(2**63) <= number < 2**64 else refuse(text)


def depth(value: Json) -> int:
    inner = value.values() if type(value) is dict else value if type(value) is list else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def parse(raw: bytes) -> Json:
    """The value of canonical JSON; ValueError or RecursionError for any other bytes."""
    value = json.loads(
        raw.decode("utf-8"), parse_int=integer, parse_float=refuse, parse_constant=refuse
    )
    good = depth(value) <= MAX_DEPTH and canonical(value) == raw
    return value if good else refuse("not canonical")


TIME = re.compile(r"(\d{4}-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d))(?:\.(\d+))?Z", re.ASCII)
DAYS = dict(zip(range(1, 13), (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), strict=True))


def time(value: Json) -> bool:
    found = TIME.fullmatch(value) if type(value) is str else None
    if found is None:
        return False
    month, day, hour, minute, second = map(int, found.groups()[1:6])
    return 1 <= day <= DAYS.get(month, 0) and hour < 24 and minute < 60 and second <= 60


def instant(text: str) -> tuple[str, str]:
    """What to compare a time by."""
    found = TIME.fullmatch(text)
    return found[1], (found[7] or "").rstrip("0")


HEX = re.compile(r"[0-9a-f]{64}")


def count(value: Json) -> bool:
    return type(value) is int and value >= 0


# Shapes are written as on the page. A type is a name in SHAPES, or `:a|b` for one of these strings;
# `[]` after it makes it a list. A field whose name ends in `?` may be absent or null.


def shape(name: str) -> Shape:
    if name.endswith("[]"):
        item = shape(name[:-2])
        return lambda value: type(value) is list and all(map(item, value))
    if name.startswith(":"):
        allowed = name[1:].split("|")
        return lambda value: type(value) is str and value in allowed
    return SHAPES[name]


def opened(text: str) -> Shape:
    """An object that has these fields and perhaps more."""
    fields = [field.split() for field in text.split(", ")]
    needed = {name: shape(of) for name, of in fields if not name.endswith("?")}
    spare = {name[:-1]: shape(of) for name, of in fields if name.endswith("?")}

    def fits(value: Json) -> bool:
        return (
            type(value) is dict
            and all(name in value and of(value[name]) for name, of in needed.items())
            and all(value.get(name) is None or of(value[name]) for name, of in spare.items())
        )

    return fits


def closed(text: str) -> Shape:
    """An object that has these fields and no other."""
    names, fits = {field.split()[0] for field in text.split(", ")}, opened(text)
    return lambda value: fits(value) and value.keys() <= names


SHAPES: dict[str, Shape] = {
    "any": lambda value: True,
    "object": lambda value: type(value) is dict,
    "string": lambda value: type(value) is str,
    "text": lambda value: value is None or type(value) is str,
    "boolean": lambda value: type(value) is bool,
    "integer": lambda value: type(value) is int,
    "count": count,
    "permille": lambda value: count(value) and value <= 1000,
    "hash": lambda value: type(value) is str and HEX.fullmatch(value) is not None,
    "time": time,
    "status": shape(":success|partial|failed"),
    "who": shape(":human|agent|automation"),
    "phase": shape(":Observe|Orient|Decide|Act|Verify|Lock"),
    "level": shape(":Syntactic|Semantic|Regression|Acceptance"),
}


def named(**texts: str) -> None:
    SHAPES.update({name: opened(text) for name, text in texts.items()})


# ----------------------------------------------------------------------------- [3] [4] [5] shapes

SHAPES["entry"] = closed("path string, sha256 hash, size_bytes count")
MANIFEST = closed("bundle_version string, created_utc time, files entry[], loop_id string")

ROOTS = ["event_log", "artifacts", "evidence", "lens", "effects", "gates", "verification"]
ROOTS += ["workgraph"]
SHAPES["roots"] = closed(", ".join(f"{name}_root hash" for name in ROOTS))
INTEGRITY = closed(
    "cj_version string, proof_version string, fsm_version string, enf_version string, "
    "policy_id string, policy_hash hash, receipt_hash hash, proof_digest hash, roots roots"
)
named(
    intent="description string, source :human|parent_loop|trigger|policy",
    outcome="description string, status status",
    actor="type who, name string, model? string, model_digest? string, email? string",
    artifact="path string, sha256 hash, size_bytes? count, kind? :File|Directory|Uri",
    item="kind string, uri string, sha256 hash, ts_utc time, provenance any",
    quality=", ".join(
        f"{name} permille"
        for name in ("coverage", "freshness", "conflict", "provenance", "aggregate")
    ),
    effect="op :ReadFS|WriteFS|Network|Exec|Publish, selector string",
    compression="algorithm :TrieMerge-v0.1, input_count count, output_count count",
    suggestion="strategy_id string, match_permille permille",
    used="strategy_id string, applied_at_phase phase",
    spec="level level, checks_required string[]",
    result="level level, check_id string, passed boolean, evidence? any",
    gate="phase phase, gate_id string, passed boolean, evidence? any",
    child="spawn_index count, child_loop_id string, critical boolean, child_proof_digest hash, "
    "outcome_status status",
    error="phase phase, class :Recoverable|Unrecoverable|PatternFailure|Catastrophic, code any, "
    "message any, retryable boolean, evidence? any",
    prompt="kind :Prompt, required boolean, p_override_permille permille, loss_ms count, "
    "cost_ms count, evi_ms integer, ts_utc time",
    approver="type who, name string",
)
named(decision="kind :Decision, approved boolean, approver approver, ts_utc time")
SHAPES["asked"] = lambda value: SHAPES["prompt"](value) or SHAPES["decision"](value)
SHAPES["used_or_not"] = lambda value: value is None or SHAPES["used"](value)
named(
    artifacts="inputs artifact[], outputs artifact[]",
    lens="lens_id any, created_utc time, items item[], quality quality",
    effects="enf_version string, k count, executed_raw effect[], declared effect[], "
    "compression? compression",
    strategies="suggestions suggestion[], used used_or_not",
    verification="spec spec, results result[]",
)
RECEIPT = opened(
    "receipt_version :0.1.0, loop_id string, parent_loop_id text, timestamp_utc time, "
    "intent intent, outcome outcome, actor actor, "
    "lock_level :Draft|Staged|Committed|Published|Immutable, phase_sequence phase[], "
    "artifacts artifacts, lens lens, effects effects, decisions object[], strategies strategies, "
    "verification verification, gates gate[], children child[], errors error[], hitl asked[]"
)
EVENT = opened(
    "event_id any, loop_id string, seq count, ts_utc time, phase phase, kind string, "
    "payload object, prev_event_hash hash, event_hash hash"
)


# ------------------------------------------------------------------------------- step 1: names [2]

SEGMENT = re.compile(r'(?! )[^"*:<>?\\|/]{1,255}(?<![ .])')
PRINTABLE = re.compile(r"[\x20-\x7e]*")
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9]) *(\..*)?", re.IGNORECASE | re.ASCII)


def safe(path: str) -> bool:
    if len(path) > MAX_PATH or not PRINTABLE.fullmatch(path):
        return False
    segments = path.split("/")  # `.` and `..` end in a dot.
    return all(SEGMENT.fullmatch(part) and not DEVICE.fullmatch(part) for part in segments)


def check_names(tree: Tree) -> list[str]:
    names = tree.names()
    if len(names) > MAX_NAMES:
        return ["LIMIT_EXCEEDED"]
    twice = tree.files.keys() & tree.folders  # Only a dict can have it, never a file system.
    alone = len({name.lower() for name in names}) == len(names)
    unsafe = tree.neither or twice or not alone or not all(map(safe, names))
    held = {folder for path in tree.files if safe(path) for folder in folders.parents(path)}
    empty = {folder for folder in tree.folders - held if safe(folder)}
    return ["UNSAFE_PATH"] * bool(unsafe) + ["UNLISTED_FILE"] * bool(empty)


# ------------------------------------------------------------------------------ documents [3] [4]


def read_document(tree: Tree, name: str) -> tuple[Json, list[str]]:
    """The value of a document and no code, or None and the code that says why there is none."""
    raw = tree.files.get(name)
    if raw is None:
        return None, ["BUNDLE_MALFORMED"]
    if isinstance(raw, str):
        return None, [raw]
    if len(raw) > MAX_DOCUMENT:
        return None, ["LIMIT_EXCEEDED"]
    if name == "receipt.json" and raw.count(b"[") + raw.count(b"{") > MAX_BRACKETS:
        return None, ["LIMIT_EXCEEDED"]
    try:
        return parse(raw), []
    except (ValueError, RecursionError):
        return None, ["BUNDLE_MALFORMED"]


# ---------------------------------------------------------------------------- step 2: manifest [3]


def read_manifest(tree: Tree) -> tuple[Json, list[str]]:
    manifest, codes = read_document(tree, "manifest.json")
    if codes:
        return None, codes
    if not MANIFEST(manifest):
        return None, ["BUNDLE_MALFORMED"]
    if manifest["bundle_version"] != "BUNDLE-0.1":
        return None, ["VERSION_UNSUPPORTED"]
    return manifest, check_entries([entry["path"] for entry in manifest["files"]], tree)


def is_evidence(path: str) -> bool:
    return path.startswith("evidence/")


def check_entries(paths: list[str], tree: Tree) -> list[str]:
    needed = {"receipt.json", "events.jsonl"}
    in_order = sorted(set(paths)) == paths
    known = all(path in needed or is_evidence(path) or not safe(path) for path in paths)
    good = in_order and known and needed <= {*paths, *tree.files}
    unsafe = not all(map(safe, paths))
    return ["BUNDLE_MALFORMED"] * (not good) + ["UNSAFE_PATH"] * unsafe


# ------------------------------------------------------------------------------- step 3: files [3]


def check_files(tree: Tree, manifest: Json) -> list[str]:
    entries = {entry["path"]: entry for entry in manifest["files"]}
    there = {path for path in tree.files if safe(path)} - {"manifest.json"}
    codes: list[str] = []
    if {path for path in entries if safe(path)} - there:
        codes.append("MANIFEST_MISSING_FILE")
    if there - entries.keys():
        codes.append("UNLISTED_FILE")
    for path in sorted(there):
        raw = tree.files[path]
        if isinstance(raw, str):
            codes.append(raw)
        elif len(raw) > MAX_FILE:
            codes.append("LIMIT_EXCEEDED")
        elif path in entries and not is_listed(raw, entries[path]):
            codes.append("HASH_MISMATCH")
    return list(dict.fromkeys(codes))


def is_listed(raw: bytes, entry: Json) -> bool:
    return bool(len(raw) == entry["size_bytes"] and h(raw) == entry["sha256"])


# ----------------------------------------------------------------------------- step 4: receipt [4]

VERSIONS = {"cj_version": "CJ-0.1", "proof_version": "PROOF-0.1", "fsm_version": "FSM-0.1"}
EFFECTS_VERSION = {"enf_version": "ENF-0.1"}
VERSIONS |= EFFECTS_VERSION
UNKNOWN = "VERSION_UNSUPPORTED"


def read_receipt(tree: Tree) -> tuple[Json, list[str]]:
    """The receipt if each rule about its form holds, and the codes."""
    if "receipt.json" not in tree.files:
        return None, []  # It was missed in step 2 or 3.
    receipt, codes = read_document(tree, "receipt.json")
    if codes:
        return None, codes
    if type(receipt) is not dict:
        return None, ["BUNDLE_MALFORMED"]
    if not versions_known(receipt):
        return None, [UNKNOWN]
    if not INTEGRITY(receipt.get("integrity")) or not RECEIPT(receipt):
        return None, ["BUNDLE_MALFORMED"]
    rest = {name: item for name, item in receipt.items() if name != "integrity"}
    holds = h(b"MOTUS|RECEIPT|0.1|" + canonical(rest)) == receipt["integrity"]["receipt_hash"]
    return receipt, [] if holds else ["RECEIPT_HASH_MISMATCH"]


def versions_known(receipt: Json) -> bool:
    boxes = [(receipt.get("integrity"), VERSIONS), (receipt.get("effects"), EFFECTS_VERSION)]
    said = [
        (box.get(name), known)
        for box, versions in boxes
        if type(box) is dict
        for name, known in versions.items()
    ]
    return all(value == known for value, known in said if type(value) is str)


# ------------------------------------------------------------------------------ step 5: events [5]


def read_events(tree: Tree) -> tuple[list[Event] | None, list[str]]:
    """All events, or None if one cannot be had; no code of its own if step 3 has one."""
    raw = tree.files.get("events.jsonl")
    if not isinstance(raw, bytes) or len(raw) > MAX_FILE:
        return None, []
    *lines, rest = raw.split(b"\n")
    if rest or not lines:
        return None, ["BUNDLE_MALFORMED"]
    if len(lines) > MAX_LINES or max(map(len, lines)) > MAX_LINE:
        return None, ["LIMIT_EXCEEDED"]
    try:
        events = [parse(line) for line in lines]
    except (ValueError, RecursionError):
        return None, ["BUNDLE_MALFORMED"]
    if not all(map(EVENT, events)):
        return None, ["BUNDLE_MALFORMED"]
    return events, [] if chained(events) else ["EVENT_CHAIN_MISMATCH"]


def chained(events: list[Event]) -> bool:
    before = "0" * 64
    for number, event in enumerate(events):
        rest = {name: item for name, item in event.items() if name != "event_hash"}
        said = event["seq"], event["prev_event_hash"], event["event_hash"]
        if said != (number, before, h(b"MOTUS|EVT|0.1|" + canonical(rest))):
            return False
        before = event["event_hash"]
    return True


def payloads(events: list[Event], kind: str) -> list[Json]:
    return [event["payload"] for event in events if event["kind"] == kind]


# ------------------------------------------------------------------------------- step 6: table [6]

AFTER = {
    "Observe": "Observe Orient",
    "Orient": "Orient Decide",
    "Decide": "Decide Act Orient",
    "Act": "Act Verify Decide Orient",
    "Verify": "Verify Lock Act Decide Orient",
    "Lock": "Lock",
}


def check_phases(receipt: Json) -> bool:
    phases = receipt["phase_sequence"]
    pairs = list(pairwise(phases))
    prompted = any(entry["kind"] == "Prompt" for entry in receipt["hitl"])
    return (
        phases[:1] == ["Observe"]
        and phases[-1] == "Lock"
        and all(after in AFTER[before].split() for before, after in pairs)
        and (prompted or ("Lock", "Lock") not in pairs)
    )


def is_subsequence(few: list[str], many: list[str]) -> bool:
    rest = iter(many)
    return all(each in rest for each in few)


def check_events_phases(receipt: Json, events: list[Event]) -> bool:
    phases = [event["phase"] for event in events]
    changes = [phase for n, phase in enumerate(phases) if n == 0 or phases[n - 1] != phase]
    last = events[-1]["kind"], events[-1]["phase"]
    return is_subsequence(changes, receipt["phase_sequence"]) and last == ("Locked", "Lock")


def check_table(receipt: Json, events: list[Event] | None) -> list[str]:
    good = check_phases(receipt) and (events is None or check_events_phases(receipt, events))
    return [] if good else ["FSM_ILLEGAL_TRANSITION"]


# ------------------------------------------------------------------------------ step 7: policy [7]

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
PORTS = {"http": ":80", "https": ":443"}


def parts(path: str) -> list[str] | None:
    """The segments that count, or None if one leads up."""
    if ".." in path.replace("\\", "/").split("/"):
        return None
    return [part for part in path.split("/") if part not in ("", ".")]


def unhidden(path: str) -> str:
    """What a client or a server may make of a path."""
    for code, letter in (("2e", "."), ("2f", "/"), ("5c", "/")):
        path = re.sub("%" + code, letter, path, flags=re.IGNORECASE)
    return path


def lower(text: str) -> str:
    return re.sub("[A-Z]+", lambda found: found[0].lower(), text)


def file_spelling(selector: str) -> str | None:
    """The one spelling of a path on the file system, or None if it has none."""
    path = selector.removeprefix("fs:")
    segments = parts(path)
    if path == selector or CONTROL.search(path) or segments is None:
        return None
    front = "/" if path.startswith("/") else ""
    if not segments:
        return front or None
    end = "/" if path.split("/")[-1] in ("", ".") else ""
    return front + "/".join(segments) + end


def net_spelling(selector: str) -> tuple[str, str, str] | None:
    """Scheme, host and path in their one spelling, or None if they have none."""
    scheme, middle, rest = selector.removeprefix("net:").partition("://")
    host, _, path = rest.partition("/")
    segments = parts(path) if parts(unhidden(path)) is not None else None
    if not selector.startswith("net:") or not middle or not SCHEME.fullmatch(scheme):
        return None
    if CONTROL.search(rest) or segments is None or set(rest) & set("?#"):
        return None
    if re.search(r"[\s\\@]", host) or host[:1] in ("", ":"):
        return None
    host = lower(host).removesuffix(PORTS.get(scheme.lower(), ""))
    return scheme.lower(), host, "/" + "/".join(segments)


def covers_file(declared: str, executed: str) -> bool:
    wide, narrow = file_spelling(declared), file_spelling(executed)
    if wide is None or narrow is None:
        return False
    return wide in (narrow, "/") or (wide.endswith("/") and narrow.startswith(wide))


def covers_net(declared: str, executed: str) -> bool:
    wide, narrow = net_spelling(declared), net_spelling(executed)
    if wide is None or narrow is None or wide[:2] != narrow[:2]:
        return False
    return narrow[2].startswith(wide[2]) if wide[2] == "/" else below(wide[2], narrow[2])


def below(wide: str, narrow: str) -> bool:
    return narrow == wide or narrow.startswith(wide + "/")


COVERS = {"ReadFS": covers_file, "WriteFS": covers_file, "Network": covers_net}


def covers(declared: Json, executed: Json) -> bool:
    if declared["op"] != executed["op"]:
        return False
    one, other = declared["selector"], executed["selector"]
    by_form = COVERS.get(declared["op"])
    return one == other or (by_form is not None and by_form(one, other))


def check_policy(receipt: Json) -> list[str]:
    integrity, effects = receipt["integrity"], receipt["effects"]
    declared, compression = effects["declared"], effects.get("compression")
    known = ("POLICY-DEFAULT", h(b"policy-default"))
    good = (integrity["policy_id"], integrity["policy_hash"]) == known
    held = len(declared) <= effects["k"] and all(
        any(covers(wide, each) for wide in declared) for each in effects["executed_raw"]
    )
    if compression is not None:
        held = held and len(declared) == compression["output_count"] <= compression["input_count"]
    return ["POLICY_VIOLATION"] * (not good) + ["EFFECT_BOUNDS_EXCEEDED"] * (not held)


# ------------------------------------------------------------------- step 8: roots, step 10: digest


def merkle(tree: str, leaves: list[bytes]) -> str:
    """The root of a tree, level by level; an odd level repeats its last hash."""

    def tag(part: str) -> bytes:
        return f"MOTUS|MRKL|{tree}|{part}|0.1|".encode("ascii")

    if not leaves:
        return h(tag("EMPTY"))
    level = [hashlib.sha256(tag("LEAF") + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        level += level[-1:] * (len(level) % 2)
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [hashlib.sha256(tag("NODE") + a + b).digest() for a, b in pairs]
    return level[0].hex()


def pick(entries: list[Json], names: str, *, by: str = "", **more: Json) -> list[Json]:
    """Objects of these fields (null where there is none), sorted by some, with more fields."""
    if by:
        entries = sorted(entries, key=lambda entry: [entry[name] for name in by.split()])
    return [{name: entry.get(name) for name in names.split()} | more for entry in entries]


def leaves_of_receipt(receipt: Json) -> dict[str, list[Json]]:
    artifacts = receipt["artifacts"]
    results = receipt["verification"]["results"]
    return {
        "artifacts": pick(artifacts["inputs"], "path sha256", by="path sha256", io="in")
        + pick(artifacts["outputs"], "path sha256", by="path sha256", io="out"),
        "lens": pick(
            receipt["lens"]["items"],
            "kind provenance sha256 ts_utc uri",
            by="kind uri sha256",
        ),
        "effects": pick(receipt["effects"]["declared"], "op selector", by="op selector"),
        "gates": pick(receipt["gates"], "evidence gate_id passed phase", by="phase gate_id"),
        "verification": pick(results, "check_id evidence level passed", by="level check_id"),
        "workgraph": pick(
            receipt["children"],
            "child_loop_id child_proof_digest critical spawn_index",
            by="spawn_index",
            parent_loop_id=receipt["loop_id"],
        ),
    }


def check_roots(receipt: Json, manifest: Json, events: list[Event] | None) -> list[str]:
    leaves = leaves_of_receipt(receipt)
    if events is not None:
        leaves["event_log"] = pick(events, "event_hash seq")
    if manifest is not None:
        entries = [entry for entry in manifest["files"] if is_evidence(entry["path"])]
        leaves["evidence"] = pick(entries, "path sha256", by="path")
    said = receipt["integrity"]["roots"]
    wrong = [
        name.upper().replace("_", "")
        for name in ROOTS
        if name in leaves
        and said[f"{name}_root"]
        != merkle(name.upper().replace("_", ""), [canonical(leaf) for leaf in leaves[name]])
    ]
    return [f"MERKLE_MISMATCH_{name}" for name in wrong]


def check_digest(receipt: Json) -> list[str]:
    integrity = receipt["integrity"]
    hashes = [integrity["receipt_hash"], *(integrity["roots"][f"{name}_root"] for name in ROOTS)]
    digest = h(b"MOTUS|PROOF|0.1|" + b"".join(map(bytes.fromhex, hashes)))
    return [] if digest == integrity["proof_digest"] else ["PROOF_DIGEST_MISMATCH"]


# -------------------------------------------------------------------------- step 9: projection [9]


def repeats(payload: Json, record: Json, fields: str) -> bool:
    """Whether a payload repeats a record; one that is no object repeats any."""
    held = [name for name in fields.split() if type(payload) is dict and name in payload]
    return all(name in record and same(payload[name], record[name]) for name in held)


def repeat(told: list[Json], records: list[Json], fields: str) -> bool:
    """Whether payloads repeat as many records, in order."""
    return len(told) == len(records) and all(
        repeats(payload, record, fields) for payload, record in zip(told, records, strict=True)
    )


def says(payload: Json, name: str, record: Json, short: str) -> bool:
    """Whether a payload holds a record of the receipt, or the string that stands for it."""
    return name in payload and (same(payload[name], record) or same(payload[name], record[short]))


def one_loop(receipt: Json, manifest: Json, events: list[Event]) -> bool:  # 9.01
    loops = {receipt["loop_id"], *(event["loop_id"] for event in events)}
    return len(loops | {manifest["loop_id"]} if manifest else loops) == 1


def intent_holds(receipt: Json, events: list[Event]) -> bool:  # 9.02
    for payload in payloads(events, "IntentSet")[:1]:
        return says(payload, "intent", receipt["intent"], "description") and says(
            payload, "actor", receipt["actor"], "name"
        )
    return False


def lock_holds(receipt: Json, events: list[Event]) -> bool:  # 9.03
    for payload in payloads(events, "Locked")[-1:]:
        level = "lock_level" in payload and same(payload["lock_level"], receipt["lock_level"])
        return level and says(payload, "outcome", receipt["outcome"], "status")
    return True


def results_hold(receipt: Json, events: list[Event]) -> bool:  # 9.04
    lists = [payload.get("results") for payload in payloads(events, "VerificationRun")]
    told = [result for results in lists if type(results) is list for result in results]
    return same(told, receipt["verification"]["results"])


HITL = {
    "HitlPrompt": "required reason p_override_permille loss_ms cost_ms evi_ms ts_utc",
    "HitlDecision": "approved approver note ts_utc",
}


def humans_hold(receipt: Json, events: list[Event]) -> bool:  # 9.05
    asked = [event for event in events if event["kind"] in HITL]
    return len(asked) == len(receipt["hitl"]) and all(
        event["kind"] == "Hitl" + record["kind"]
        and repeats(event["payload"], record, HITL[event["kind"]])
        for event, record in zip(asked, receipt["hitl"], strict=True)
    )


def errors_hold(receipt: Json, events: list[Event]) -> bool:  # 9.06
    fields = "phase class code message retryable evidence"
    return repeat(payloads(events, "ActError"), receipt["errors"], fields)


def suggestions_hold(receipt: Json, events: list[Event]) -> bool:  # 9.07
    told: list[Json] = []
    for payload in payloads(events, "StrategySuggested"):
        several = payload.get("suggestions")
        told += several if type(several) is list else [payload]
    fields = "strategy_id match_permille trigger explanation"
    return repeat(told, receipt["strategies"]["suggestions"], fields)


def used_holds(receipt: Json, events: list[Event]) -> bool:  # 9.08
    used = receipt["strategies"]["used"]
    told = payloads(events, "StrategyApplied")[-1:]
    return repeat(
        told, [] if used is None else [used], "strategy_id version applied_at_phase result"
    )


def alike(one: list[Json], other: list[Json]) -> bool:
    """Whether two lists hold the same, in any order."""
    return Counter(map(canonical, one)) == Counter(map(canonical, other))


def plans_hold(receipt: Json, events: list[Event]) -> bool:  # 9.09
    plans = [plan for plan in payloads(events, "PlanChosen") if "effects_declared" in plan]
    lists = [plan["effects_declared"] for plan in plans]
    declared = receipt["effects"]["declared"]
    return all(type(each) is list and alike(each, declared) for each in lists)


def times_hold(receipt: Json, manifest: Json, events: list[Event]) -> bool:  # 9.10 9.11
    instants = [instant(event["ts_utc"]) for event in events]
    texts = {receipt["timestamp_utc"], receipt["lens"]["created_utc"], events[0]["ts_utc"]}
    texts |= {manifest["created_utc"]} if manifest else set()
    return instants == sorted(instants) and len(texts) == 1


def scores_hold(receipt: Json) -> bool:  # 9.12 9.13
    quality = receipt["lens"]["quality"]
    least = min(quality[name] for name in ("coverage", "freshness", "conflict", "provenance"))
    prompts = [entry for entry in receipt["hitl"] if entry["kind"] == "Prompt"]
    return quality["aggregate"] == least and all(
        each["evi_ms"] == each["p_override_permille"] * each["loss_ms"] // 1000 - each["cost_ms"]
        for each in prompts
    )


def attempt(check_id: str) -> tuple[str, str, str]:
    """The id, and its attempt to compare by, however many digits it has."""
    name, _, number = check_id.partition("@")
    digits = number.lstrip("0") if re.fullmatch("[0-9]+", number) else ""
    return name, f"{len(digits):020}", digits


def checks_hold(receipt: Json) -> bool:  # 9.14
    if receipt["outcome"]["status"] != "success":
        return True
    last: dict[str, tuple[str, str, bool]] = {}
    for result in receipt["verification"]["results"]:
        name, *number = attempt(result["check_id"])
        if name not in last or (*number,) >= last[name][:2]:
            last[name] = (*number, result["passed"])
    required = [attempt(name)[0] for name in receipt["verification"]["spec"]["checks_required"]]
    return all(name in last and last[name][2] for name in required)


def check_projection(receipt: Json, manifest: Json, events: list[Event]) -> list[str]:
    holds = [
        one_loop(receipt, manifest, events),
        times_hold(receipt, manifest, events),
        scores_hold(receipt),
    ]
    rules = (
        intent_holds, lock_holds, results_hold, humans_hold, errors_hold, suggestions_hold,
        used_holds, plans_hold,
    )  # fmt: skip
    codes = [] if all(holds + [rule(receipt, events) for rule in rules]) else [MISMATCH]
    return codes if checks_hold(receipt) else [*codes, "VERIFICATION_INCOMPLETE"]


MISMATCH = "RECEIPT_EVENT_MISMATCH"


# ---------------------------------------------------------------------------- step 12: children [9]


def held(entries: list[Json], names: str) -> list[Json]:
    return [{name: e[name] for name in names.split() if name in e} for e in entries]


def children_hold(receipt: Json, events: list[Event], kind: str, names: str) -> bool:
    """Whether as many events as children hold these fields, in any order."""
    return alike(held(payloads(events, kind), names), held(receipt["children"], names))


def joined_after_spawned(events: list[Event]) -> bool:
    """Whether no id was at any time joined more often than it was spawned."""
    out: Counter[bytes] = Counter()
    for event in events:
        if event["kind"] in ("ChildSpawned", "ChildJoined"):
            name = canonical(event["payload"].get("child_loop_id"))
            out[name] += 1 if event["kind"] == "ChildSpawned" else -1
            if out[name] < 0:
                return False
    return True


STATUSES = ["success", "partial", "failed"]


def least_outcome(children: list[Json]) -> str:
    failed = [child for child in children if child["outcome_status"] != "success"]
    critical = any(each["critical"] and each["outcome_status"] == "failed" for each in failed)
    return "failed" if critical else "partial" if failed else "success"


def check_children(receipt: Json, events: list[Event] | None) -> list[str]:
    said, least = receipt["outcome"]["status"], least_outcome(receipt["children"])
    good = STATUSES.index(said) >= STATUSES.index(least)
    if events is not None:
        good = (
            good
            and children_hold(receipt, events, "ChildSpawned", "spawn_index child_loop_id critical")
            and children_hold(receipt, events, "ChildJoined", "child_loop_id child_proof_digest")
            and joined_after_spawned(events)
        )
    return [] if good else ["CHILD_MISMATCH"]


# --------------------------------------------------------------------------------- [10] the verdict


def loosely(tree: Tree, name: str) -> Json:
    """The object in a document that need not be canonical; one without fields if there is none."""
    raw = tree.files.get(name)
    if not isinstance(raw, bytes) or len(raw) > MAX_DOCUMENT:
        return {}
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError):
        return {}
    return value if type(value) is dict else {}


def is_of_this_format(tree: Tree) -> bool:
    receipt = loosely(tree, "receipt.json")
    if "bundle_version" in receipt or "receipt_version" in receipt:
        return "bundle_version" not in receipt
    return bool(loosely(tree, "manifest.json").get("bundle_version") == "BUNDLE-0.1")


def judge(tree: Tree) -> list[str]:
    """Every step in its order. A step is left out only if an earlier one has given a code."""
    names = check_names(tree)
    if "LIMIT_EXCEEDED" in names:
        return names
    version = loosely(tree, "receipt.json").get("receipt_version")
    if type(version) is str and version != "0.1.0":
        return [*names, UNKNOWN]
    manifest, codes = read_manifest(tree)
    codes = names + codes
    if manifest is not None:
        codes += check_files(tree, manifest)
    receipt, of_receipt = read_receipt(tree)
    codes += of_receipt
    if UNKNOWN in of_receipt:
        return codes
    events, of_events = read_events(tree)
    codes += of_events
    return codes if receipt is None else codes + judge_receipt(receipt, manifest, events)


def judge_receipt(receipt: Json, manifest: Json, events: list[Event] | None) -> list[str]:
    codes = check_table(receipt, events) + check_policy(receipt)
    codes += check_roots(receipt, manifest, events)
    if events is not None:
        codes += check_projection(receipt, manifest, events)
    return codes + check_digest(receipt) + check_children(receipt, events)


def verify(files: dict[str, bytes]) -> list[str]:
    """The codes of the breaches in the order of the steps; none is PASS."""
    return judge(folders.in_memory(files))


def verify_dir(root: str | os.PathLike[str]) -> list[str]:
    """The codes for a real folder; a folder that cannot be listed is FILE_UNREADABLE alone."""
    tree = folders.read(root, max_names=MAX_NAMES, max_file=MAX_FILE)
    return ["FILE_UNREADABLE"] if tree is None else judge(tree)
