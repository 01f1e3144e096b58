"""Judge the signatures of a bundle a second time, from section 12 of the page and nothing else.

Like `verifier.py` beside it: standard library only, no code of `src/workc`. It takes a bundle that
`verifier.verify` passes and gives the codes of the step, each at most once.

    read_trust(b'{"schema": "workc.trust/1", ...}')         ->  a dict, or ValueError
    judge(files, trust, required=True, at="2026-01-01T00:00:00Z")  ->  []  or  ["SIGNER_UNTRUSTED"]
"""

import base64
import hashlib
import importlib.util
import json
import re
import unicodedata
from datetime import datetime
from pathlib import Path

MAX_FILES, MAX_FILE, MAX_SIGNATURES = 64, 65_536, 8
MAX_TRUST, MAX_KEYS, MAX_NAME, MAX_DEPTH = 1_048_576, 256, 128, 128
VERSIONS = ["0.1", "0.2"]
FILE = re.compile(r"signatures/[A-Za-z0-9._-]+\.dsse\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z", re.ASCII)
INVALID, UNTRUSTED = "SIGNATURE_INVALID", "SIGNER_UNTRUSTED"

_spec = importlib.util.spec_from_file_location(
    "second_ed25519", Path(__file__).with_name("ed25519.py")
)
ed25519 = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ed25519)


class Bad(Exception):
    """One file is not good; the code says why."""


# ------------------------------------------------------------------------------------ strict JSON


def once(pairs):
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key twice")
    return value


def no_constant(text):
    raise ValueError(text)


def depth(value):
    inner = list(value.values()) if type(value) is dict else value if type(value) is list else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def parse(raw):
    text = raw.decode("utf-8")
    value = json.loads(text, object_pairs_hook=once, parse_constant=no_constant)
    json.dumps(value, ensure_ascii=False).encode("utf-8")  # No lone surrogate.
    if depth(value) > MAX_DEPTH:
        raise ValueError("deep")
    return value


def closed(value, needed, optional=()):
    """The object, if it has the needed fields and none but the optional ones besides."""
    if type(value) is not dict or not set(needed) <= value.keys() <= {*needed, *optional}:
        raise ValueError("fields")
    return value


def text(value):
    if type(value) is not str:
        raise ValueError("no string")
    return value


def from_base64(value):
    data = base64.b64decode(text(value), validate=True)
    if base64.b64encode(data).decode() != value:
        raise ValueError("base64")
    return data


# ------------------------------------------------------------------------------------- trust file


def time_of(value):
    if not TIME.fullmatch(text(value)) or value < "1970":
        raise ValueError("time")
    return datetime.fromisoformat(value)


def name_of(value):
    bad = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    for letter in text(value):
        kind = unicodedata.category(letter)
        if kind in bad or (kind == "Zs" and letter != " "):
            raise ValueError("name")
    if not 1 <= len(value) <= MAX_NAME:
        raise ValueError("name")
    return value


def key_of(value):
    hex_ = re.fullmatch(r"[0-9a-f]{64}", text(value))
    data = bytes.fromhex(value) if hex_ else from_base64(value)
    point = ed25519.decode(data) if len(data) == 32 else None
    if point is None or ed25519.is_low(point):
        raise ValueError("key")
    return data


def keyid_of(key):
    return hashlib.sha256(bytes.fromhex("302a300506032b6570032100") + key).hexdigest()


def entry_of(value):
    closed(value, ("name", "public_key"), ("keyid", "not_before", "not_after"))
    key = key_of(value["public_key"])
    since = time_of(value["not_before"]) if "not_before" in value else None
    until = time_of(value["not_after"]) if "not_after" in value else None
    if since and until and until < since:
        raise ValueError("span")
    keyid = name_of(value["keyid"]) if "keyid" in value else keyid_of(key)
    name_of(value["name"])
    return {"key": key, "keyid": keyid, "since": since, "until": until}


def read_trust(raw):
    """A trust file; ValueError or RecursionError for any other bytes."""
    if len(raw) > MAX_TRUST:
        raise ValueError("large")
    value = closed(parse(raw), ("schema", "keys", "threshold", "min_version"))
    if value["schema"] != "workc.trust/1" or value["min_version"] not in VERSIONS:
        raise ValueError("schema")
    threshold = value["threshold"]
    number = type(threshold) in (int, float) and 1 <= threshold <= MAX_KEYS
    if not number or threshold != int(threshold):
        raise ValueError("threshold")
    if type(value["keys"]) is not list or len(value["keys"]) > MAX_KEYS:
        raise ValueError("keys")
    entries = [entry_of(entry) for entry in value["keys"]]
    if 0 < len({entry["key"] for entry in entries}) < threshold:
        raise ValueError("never")
    return {"entries": entries, "threshold": threshold, "min_version": value["min_version"]}


# -------------------------------------------------------------------------------------- one file


def read_envelope(raw):
    envelope = closed(parse(raw), ("payload", "payloadType", "signatures"))
    if envelope["payloadType"] != "application/vnd.in-toto+json":
        raise ValueError("type")
    listed = envelope["signatures"]
    if type(listed) is not list or not 1 <= len(listed) <= MAX_SIGNATURES:
        raise ValueError("number")
    signatures = []
    for each in listed:
        closed(each, ("sig",), ("keyid",))
        signatures.append((text(each.get("keyid", "")), from_base64(each["sig"])))
    return from_base64(envelope["payload"]), signatures


def pae(payload):
    kind = b"application/vnd.in-toto+json"
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def is_possible(signature):
    """What can be said of a signature without a key."""
    if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= ed25519.ORDER:
        return False
    y = int.from_bytes(signature[:32], "little") % 2**255
    point = ed25519.decode(y.to_bytes(32, "little"))
    return y < ed25519.P and (point is None or not ed25519.is_low(point))


def signer(keyid, signature, message, entries, at):
    if not is_possible(signature):
        raise Bad(INVALID)
    mine = [e for e in entries if ed25519.holds(e["key"], signature, message)]
    if not mine:
        raise Bad(INVALID if any(e["keyid"] == keyid for e in entries) else UNTRUSTED)
    if at is not None and not any(is_valid(entry, at) for entry in mine):
        raise Bad(UNTRUSTED)
    return mine[0]["key"]


def is_valid(entry, at):
    since, until = entry["since"], entry["until"]
    return (since is None or since <= at) and (until is None or at <= until)


def statement_of(receipt):
    """What must be signed; no signature stands in a good bundle of format 0.1."""
    if "bundle_version" not in receipt:
        return None
    predicate = {name: receipt[name] for name in ("bundle_version", "lock_level", "outcome")}
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "predicate": predicate,
        "predicateType": "workc:sealed-run/v1",
        "subject": [{"digest": {"sha256": receipt["proof_digest"]}, "name": receipt["run_id"]}],
    }


def signers(raw, receipt, entries, at):
    """The keys that made the signatures of a good file."""
    try:
        payload, signatures = read_envelope(raw)
    except (ValueError, RecursionError):
        raise Bad(INVALID) from None
    found = {signer(keyid, sig, pae(payload), entries, at) for keyid, sig in signatures}
    try:
        said = parse(payload)
    except (ValueError, RecursionError):
        raise Bad(INVALID) from None
    if said != statement_of(receipt):
        raise Bad(INVALID)
    return found


def judge(files, trust, *, required=False, at=None):
    """The codes of the step for a bundle that is good apart from its signatures."""
    paths = sorted(path for path in files if FILE.fullmatch(path))
    small = [path for path in paths if len(files[path]) <= MAX_FILE]
    bad = len(paths) > MAX_FILES or small != paths
    codes = {"LIMIT_EXCEEDED"} if bad else set()
    if trust is None:
        return sorted(codes)
    receipt = json.loads(files["receipt.json"])
    counted, moment = set(), None if at is None else time_of(at)
    version = receipt.get("bundle_version", "0.1")
    if VERSIONS.index(version) < VERSIONS.index(trust["min_version"]):
        codes.add(UNTRUSTED)
    for path in small if len(paths) <= MAX_FILES else ():
        try:
            counted |= signers(files[path], receipt, trust["entries"], moment)
        except Bad as reason:
            bad = True
            codes.add(str(reason))
    if paths and not bad and len(counted) < trust["threshold"]:
        codes.add(UNTRUSTED)
    if not paths and required:
        codes.add("SIGNATURE_MISSING")
    return sorted(codes)
