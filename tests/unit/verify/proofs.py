"""Inclusion proofs, made and checked from docs/spec/inclusion-proof.md and the standard library alone.

``make`` gives the proof of an event or a file of a bundle, ``check`` what is wrong with one: None, or
a word. Nothing of workc is imported here.
"""

import hashlib
import json

#: The fields of a receipt (bundle-0.2, section 8); the optional ones first.
OPTIONAL = {
    "backtracks",
    "children",
    "continues",
    "effects",
    "failure",
    "fallbacks",
    "gates",
    "halt",
    "output",
    "parent",
    "stages",
}
RECEIPT = set(
    [
        "bundle_version",
        "catalog_sha256",
        "code",
        "counts",
        "ended_ms",
        "engine",
        "inputs",
        "intent",
        "lock_level",
        "manifest_sha256",
        "money",
        "name",
        "nonce",
        "outcome",
        "phase_sequence",
        "policy",
        "prices",
        "program",
        "program_kind",
        "proof_digest",
        "roots",
        "run_id",
        "seed",
        "started_ms",
        "step_failures",
        "verification",
    ]
)


def sha256(data):
    return hashlib.sha256(data).digest()


def canonical(value):
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def split(size):
    """Returns the largest power of two below a size (RFC 6962, section 2.1)."""
    return 1 << (size - 1).bit_length() - 1


def tree_hash(leaves):
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0])
    cut = split(len(leaves))
    return sha256(b"\1" + tree_hash(leaves[:cut]) + tree_hash(leaves[cut:]))


def path(index, leaves):
    """Returns the audit path of a leaf (RFC 6962, section 2.1.1)."""
    if len(leaves) == 1:
        return []
    cut = split(len(leaves))
    if index < cut:
        return [*path(index, leaves[:cut]), tree_hash(leaves[cut:])]
    return [*path(index - cut, leaves[cut:]), tree_hash(leaves[:cut])]


def climb(leaf, index, size, nodes):
    """Returns the root that a path leads to."""
    if size == 1:
        if nodes:
            raise ValueError("too many nodes")
        return sha256(b"\0" + leaf)
    *rest, node = nodes
    cut = split(size)
    if index < cut:
        return sha256(b"\1" + climb(leaf, index, cut, rest) + node)
    return sha256(b"\1" + node + climb(leaf, index - cut, size - cut, rest))


def digest_of(receipt):
    bare = {key: value for key, value in receipt.items() if key != "proof_digest"}
    return hashlib.sha256(b"workc proof/0.2\0" + canonical(bare)).hexdigest()


def make(files, *, event=None, file=None):
    receipt = json.loads(files["receipt.json"])
    if file is None:
        leaves, index, tree = files["events.jsonl"].splitlines(), event, "events"
        shown = {"event": json.loads(leaves[index])}
    else:
        tree = file.partition("/")[0]
        entries = json.loads(files["manifest.json"])["files"]
        entries = [entry for entry in entries if entry["path"].startswith(f"{tree}/")]
        index = [entry["path"] for entry in entries].index(file)
        leaves, shown = [canonical(entry) for entry in entries], {"entry": entries[index]}
    nodes = [node.hex() for node in path(index, leaves)]
    place = {"index": index, "nodes": nodes, "size": len(leaves), "tree": tree}
    return canonical({**shown, **place, "inclusion_version": "0.2", "receipt": receipt})


def no_float(text):
    raise ValueError(f"{text} is no integer")


def check(data, *, digest=None, content=None):
    try:
        proof = json.loads(data, parse_float=no_float)
        return _check(proof, data, digest, content)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        return f"form: {error!r}"


def _check(proof, data, digest, content):
    if canonical(proof) != data:
        return "spelling"
    receipt, tree, index, size = (proof[key] for key in ("receipt", "tree", "index", "size"))
    fields = {"inclusion_version", "index", "nodes", "receipt", "size", "tree"}
    kind = "event" if tree == "events" else "entry"
    if set(proof) != fields | {kind} or proof["inclusion_version"] != "0.2":
        return "fields"
    if set(receipt) - OPTIONAL != RECEIPT:
        return "receipt"
    if receipt["bundle_version"] != "0.2" or tree not in {"artifacts", "events", "evidence"}:
        return "version"
    if not all(type(number) is int for number in (index, size)) or not 0 <= index < size:
        return "place"
    leaf = proof[kind]
    if kind == "event" and leaf["seq"] != index:
        return "number"
    if kind == "entry" and not leaf["path"].startswith(f"{tree}/"):
        return "folder"
    root = receipt["roots"][tree]
    nodes = [bytes.fromhex(node) for node in proof["nodes"]]
    if [node.hex() for node in nodes] != proof["nodes"] or size != root["size"]:
        return "nodes"
    if climb(canonical(leaf), index, size, nodes).hex() != root["root"]:
        return "root"
    if receipt["proof_digest"] != digest_of(receipt):
        return "digest"
    if digest is not None and digest != receipt["proof_digest"]:
        return "expectation"
    found = content and (hashlib.sha256(content).hexdigest(), len(content))
    if content is not None and found != (leaf["sha256"], leaf["size"]):
        return "content"
    return None
