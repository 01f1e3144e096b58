"""A bundle of format 0.1 taken apart: edit it, then seal it up to a rung of the ladder.

The rungs here (docs/spec/bundle-0.1.md, sections 3 to 8): 1. sizes and hashes in the manifest, the
receipt's among them; 2. ``receipt_hash``; 3. numbers, links and hashes of the events; 4. the roots;
5. the proof digest. A receipt of this format is no projection of the events: what the two say of each
other an edit has to change in both.

This is what an attacker does, so it makes no rule its own: it computes hashes and checks nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.kernel.digest import sha256_hex
from workc.kernel.values import Json
from workc.sim.json_text import JsonTextError, read_json, spell_json
from workc.sim.tamper.attack import Doc, does_not_apply
from workc.sim.tamper.operation import TamperError
from workc.sim.tamper.parts import Files
from workc.sim.tamper.rungs import CHAINED, DIGESTED, LISTED, RECEIPTED, ROOTED

#: In the order of the proof digest: the field of a root and the name of its tree.
TREES: Mapping[str, str] = {
    "event_log_root": "EVENTLOG",
    "artifacts_root": "ARTIFACTS",
    "evidence_root": "EVIDENCE",
    "lens_root": "LENS",
    "effects_root": "EFFECTS",
    "gates_root": "GATES",
    "verification_root": "VERIFICATION",
    "workgraph_root": "WORKGRAPH",
}


class Draft:
    """The parts of one bundle; all may be edited.

    ``kept`` names what a rung is to leave as it is: ``seq``, ``prev_event_hash`` and ``event_hash`` of
    events, ``entries`` of the manifest, ``receipt_hash``, ``proof_digest``. ``spelled`` changes the bytes
    of a line, ``end`` those after the last, ``roots`` replaces computed roots.
    """

    def __init__(self, files: Files) -> None:
        try:
            self.manifest = _object(files[MANIFEST])
            self.receipt = _object(files[RECEIPT])
            self.events = [_object(line) for line in files[EVENTS].split(b"\n")[:-1]]
        except (KeyError, JsonTextError):
            message = "the bundle cannot be taken apart: a document is missing or malformed"
            raise TamperError("not_a_document", message) from None
        self.files = {p: d for p, d in files.items() if p not in {MANIFEST, RECEIPT, EVENTS}}
        self.kept: set[str] = set()
        self.spelled: dict[int, Callable[[bytes], bytes]] = {}
        self.end = b"\n"
        self.roots: Doc = {}

    def all(self, kind: str) -> list[Doc]:
        """Returns the events of a kind, in order."""
        return [event for event in self.events if event["kind"] == kind]

    def payload(self, kind: str, number: int = 0) -> Doc:
        """Returns the payload of an event of a kind.

        Raises:
            TamperError: the bundle has none.
        """
        found = self.all(kind)
        if number >= len(found):
            raise does_not_apply(f"no {kind}")
        payload: Doc = found[number]["payload"]
        return payload

    def seal(self, rung: int) -> dict[str, bytes]:
        """Returns the bundle, with everything up to a rung computed again."""
        lines = self._lines(is_chained=rung >= CHAINED)
        files = {**self.files, EVENTS: b"\n".join(lines) + self.end}
        self._follow(rung, files)
        files[RECEIPT] = spell_json(self.receipt)
        if rung >= LISTED and "entries" not in self.kept:
            self.manifest["files"] = _entries(files)
        files[MANIFEST] = spell_json(self.manifest)
        return files

    def _follow(self, rung: int, files: Files) -> None:
        """Lets ``integrity`` follow the receipt, the events and the evidence."""
        integrity: Doc = self.receipt.get("integrity", {})
        if rung >= RECEIPTED and "receipt_hash" not in self.kept:
            integrity["receipt_hash"] = receipt_hash(self.receipt)
        if rung >= ROOTED:
            integrity["roots"] = roots_of(self.receipt, self.events, files) | self.roots
        if rung >= DIGESTED and "proof_digest" not in self.kept:
            integrity["proof_digest"] = digest_of(integrity)

    def _lines(self, *, is_chained: bool) -> list[bytes]:
        lines: list[bytes] = []
        before = "0" * 64
        for seq, event in enumerate(self.events):
            if is_chained:
                words = {"seq": seq, "prev_event_hash": before}
                event |= {name: value for name, value in words.items() if name not in self.kept}
                if "event_hash" not in self.kept:
                    event["event_hash"] = _hash_without("event_hash", "MOTUS|EVT|0.1|", event)
                before = str(event["event_hash"])
            line = spell_json(event)
            lines.append(self.spelled[seq](line) if seq in self.spelled else line)
        return lines


def _object(data: bytes) -> Doc:
    value = read_json(data)
    if not isinstance(value, dict):
        raise JsonTextError("it is no object")
    return value


def receipt_hash(receipt: Doc) -> str:
    """Returns the hash of a receipt without its integrity (section 4)."""
    return _hash_without("integrity", "MOTUS|RECEIPT|0.1|", receipt)


def _hash_without(field: str, tag: str, value: Mapping[str, Any]) -> str:
    rest = {name: item for name, item in value.items() if name != field}
    return sha256_hex(tag.encode() + spell_json(rest))


def digest_of(integrity: Doc) -> str:
    """Returns the proof digest of a receipt hash and eight roots (section 8)."""
    hashes = [integrity["receipt_hash"], *(integrity["roots"][field] for field in TREES)]
    return sha256_hex(b"MOTUS|PROOF|0.1|" + b"".join(bytes.fromhex(text) for text in hashes))


def roots_of(receipt: Doc, events: Iterable[Doc], files: Files) -> Doc:
    """Returns the eight roots (section 8)."""
    artifacts = receipt["artifacts"]
    parent = receipt["loop_id"]
    evidence = [entry for entry in _entries(files) if entry["path"].startswith("evidence/")]
    sides = [("in", side) for side in _sorted(artifacts["inputs"], "path", "sha256")]
    sides += [("out", side) for side in _sorted(artifacts["outputs"], "path", "sha256")]
    children = sorted(receipt["children"], key=lambda child: int(child["spawn_index"]))
    gates = _sorted(receipt["gates"], "phase", "gate_id")
    results = _sorted(receipt["verification"]["results"], "level", "check_id")
    leaves: dict[str, list[Json]] = {
        "event_log_root": [_part(event, "event_hash", "seq") for event in events],
        "artifacts_root": [{"io": io, **_part(side, "path", "sha256")} for io, side in sides],
        "evidence_root": [_part(entry, "path", "sha256") for entry in evidence],
        "lens_root": [
            _part(item, "kind", "provenance", "sha256", "ts_utc", "uri")
            for item in _sorted(receipt["lens"]["items"], "kind", "uri", "sha256")
        ],
        "effects_root": [
            _part(effect, "op", "selector")
            for effect in _sorted(receipt["effects"]["declared"], "op", "selector")
        ],
        "gates_root": [_part(gate, "evidence", "gate_id", "passed", "phase") for gate in gates],
        "verification_root": [
            _part(result, "check_id", "evidence", "level", "passed") for result in results
        ],
        "workgraph_root": [
            {**_part(child, *_OF_CHILD), "parent_loop_id": parent} for child in children
        ],
    }
    return {field: _root(tree, leaves[field]) for field, tree in TREES.items()}


_OF_CHILD = ("child_loop_id", "child_proof_digest", "critical", "spawn_index")


def _part(entry: Doc, *fields: str) -> dict[str, Json]:
    return {field: entry.get(field) for field in fields}


def _sorted(entries: Iterable[Doc], *fields: str) -> list[Doc]:
    return sorted(entries, key=lambda entry: [str(entry[field]).encode() for field in fields])


def _root(tree: str, leaves: list[Json]) -> str:
    """Returns the root of a tree, an odd last hash repeated (section 1)."""
    level = [_tagged(tree, "LEAF", spell_json(leaf)) for leaf in leaves]
    level = level or [_tagged(tree, "EMPTY", b"")]
    while len(level) > 1:
        level += level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [_tagged(tree, "NODE", left + right) for left, right in pairs]
    return level[0].hex()


def _tagged(tree: str, part: str, data: bytes) -> bytes:
    return hashlib.sha256(f"MOTUS|MRKL|{tree}|{part}|0.1|".encode() + data).digest()


def _entries(files: Files) -> list[Doc]:
    """Returns what a manifest lists: every file but itself, by path."""
    return [
        {"path": path, "sha256": sha256_hex(data), "size_bytes": len(data)}
        for path, data in sorted(files.items())
        if path != MANIFEST
    ]
