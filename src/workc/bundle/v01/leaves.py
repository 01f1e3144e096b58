"""The leaves of the eight trees of format 0.1, in their order, from documents as they were parsed.

A leaf is a CJ-0.1 object. Only what gives a leaf its place must be of its type (text, or an
integer for a spawn index); every other value goes into the leaf as it stands. Text is ordered by
its UTF-8 bytes. Entries with equal keys keep the order of their list.

| tree | order | leaf |
|---|---|---|
| EVENT_LOG | seq | event_hash, seq |
| ARTIFACTS | inputs before outputs, each by path, sha256 | io ("in" or "out"), path, sha256 |
| EVIDENCE | path; manifest entries below ``evidence/`` | path, sha256 |
| LENS | kind, uri, sha256 | kind, provenance, sha256, ts_utc, uri |
| EFFECTS | op, selector; the declared effects | op, selector |
| GATES | phase, gate_id | evidence or null, gate_id, passed, phase |
| VERIFICATION | level, check_id | check_id, evidence or null, level, passed |
| WORKGRAPH | spawn_index | child_loop_id, child_proof_digest, critical, spawn_index and |
| | | parent_loop_id: the loop_id of this receipt |

A document read by :func:`workc.bundle.v01.canonical.decode` that lacks what a leaf needs gives
:class:`LeafError`, and nothing else.

>>> manifest_leaves({"files": [{"path": "evidence/a", "sha256": "12", "size_bytes": 0}]})
[b'{"path":"evidence/a","sha256":"12"}']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workc.bundle.v01.canonical import encode
from workc.bundle.v01.merkle import Tree
from workc.kernel.failure import Misuse
from workc.kernel.values import Json, JsonObject

#: Where evidence stands in a bundle.
EVIDENCE = "evidence/"


class LeafError(ValueError):
    """Says in one sentence what a document lacks to have leaves."""


def event_leaf(event_hash: str, seq: int) -> bytes:
    """Returns the leaf of one event for the tree EVENT_LOG."""
    return encode({"event_hash": event_hash, "seq": seq})


def manifest_leaves(manifest: JsonObject) -> list[bytes]:
    """Returns the leaves of the tree EVIDENCE; raises :class:`LeafError`."""
    entries = _ordered(_objects(manifest, "files"), "path")
    return [
        _leaf(entry, "path", "sha256")
        for entry in entries
        if _text(entry, "path").startswith(EVIDENCE)
    ]


def receipt_leaves(tree: Tree, receipt: JsonObject) -> list[bytes]:
    """Returns the leaves of one of :data:`RECEIPT_TREES`; raises :class:`LeafError`.

    The other two trees are made from other documents: :class:`~workc.kernel.failure.Misuse`.
    """
    leaves = _FROM_RECEIPT.get(tree)
    if leaves is None:
        raise Misuse(f"the leaves of {tree.name} do not stand in the receipt")
    return leaves(receipt)


def _artifacts(receipt: JsonObject) -> list[bytes]:
    section = _object(receipt, "artifacts")
    return [
        _leaf(entry, "path", "sha256", io=io)
        for field, io in (("inputs", "in"), ("outputs", "out"))
        for entry in _ordered(_objects(section, field), "path", "sha256")
    ]


def _lens(receipt: JsonObject) -> list[bytes]:
    items = _ordered(_objects(_object(receipt, "lens"), "items"), "kind", "uri", "sha256")
    return [_leaf(item, "kind", "provenance", "sha256", "ts_utc", "uri") for item in items]


def _effects(receipt: JsonObject) -> list[bytes]:
    declared = _ordered(_objects(_object(receipt, "effects"), "declared"), "op", "selector")
    return [_leaf(effect, "op", "selector") for effect in declared]


def _gates(receipt: JsonObject) -> list[bytes]:
    gates = _ordered(_objects(receipt, "gates"), "phase", "gate_id")
    return [
        _leaf(gate, "gate_id", "passed", "phase", evidence=gate.get("evidence")) for gate in gates
    ]


def _verification(receipt: JsonObject) -> list[bytes]:
    section = _object(receipt, "verification")
    results = _ordered(_objects(section, "results"), "level", "check_id")
    return [
        _leaf(result, "check_id", "level", "passed", evidence=result.get("evidence"))
        for result in results
    ]


def _workgraph(receipt: JsonObject) -> list[bytes]:
    children = _objects(receipt, "children")
    children.sort(key=lambda child: _integer(child, "spawn_index"))
    parent = _field(receipt, "loop_id")
    fields = ("child_loop_id", "child_proof_digest", "critical", "spawn_index")
    return [_leaf(child, *fields, parent_loop_id=parent) for child in children]


_FROM_RECEIPT: Mapping[Tree, Callable[[JsonObject], list[bytes]]] = {
    Tree.ARTIFACTS: _artifacts,
    Tree.LENS: _lens,
    Tree.EFFECTS: _effects,
    Tree.GATES: _gates,
    Tree.VERIFICATION: _verification,
    Tree.WORKGRAPH: _workgraph,
}

#: The trees whose leaves stand in the receipt.
RECEIPT_TREES = tuple(_FROM_RECEIPT)


def _leaf(entry: JsonObject, *fields: str, **more: Json) -> bytes:
    return encode({field: _field(entry, field) for field in fields} | more)


def _ordered(entries: list[JsonObject], *fields: str) -> list[JsonObject]:
    # Python compares text by code points, which is the order of its UTF-8 bytes.
    return sorted(entries, key=lambda entry: [_text(entry, field) for field in fields])


def _objects(box: JsonObject, field: str) -> list[JsonObject]:
    entries = _field(box, field)
    if not isinstance(entries, list):
        raise LeafError(f"{field} is not a list")
    found = [entry for entry in entries if isinstance(entry, dict)]
    if len(found) < len(entries):
        raise LeafError(f"an entry of {field} is not an object")
    return found


def _object(box: JsonObject, field: str) -> JsonObject:
    value = _field(box, field)
    if not isinstance(value, dict):
        raise LeafError(f"{field} is not an object")
    return value


def _text(box: JsonObject, field: str) -> str:
    value = _field(box, field)
    if not isinstance(value, str):
        raise LeafError(f"{field} is not text")
    return value


def _integer(box: JsonObject, field: str) -> int:
    value = _field(box, field)
    if not isinstance(value, int) or isinstance(value, bool):
        raise LeafError(f"{field} is not an integer")
    return value


def _field(box: JsonObject, field: str) -> Json:
    if field not in box:
        raise LeafError(f"{field} is missing")
    return box[field]
