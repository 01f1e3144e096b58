"""A bundle of format 0.2 taken apart: edit it, then seal it up to a rung of the ladder.

The ladder of what is computed again after an edit (docs/spec/bundle-0.2.md, sections 3 to 9); each
rung holds all before it:

0. nothing; 1. sizes and hashes in the manifest; 2. the manifest's hash in the receipt; 3. what
events say of files, their numbers, times and chain; 4. the roots; 5. the proof digest; 6. every
other field of the receipt.

This is what an attacker does, so it makes no rule its own: it computes hashes, and for rung 6 the
projection, and checks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import msgspec

from workc.bundle import documents
from workc.bundle.documents import FileEntry
from workc.bundle.layout import ARTIFACTS, EVENTS, EVIDENCE, MANIFEST, RECEIPT
from workc.bundle.projection import Projection, ProjectionError
from workc.kernel import events as events_of
from workc.kernel.digest import TAG_PROOF, sha256_hex, tagged
from workc.kernel.merkle import leaf_hash, root
from workc.sim.tamper.attack import Doc, does_not_apply
from workc.sim.tamper.operation import TamperError
from workc.sim.tamper.parts import Files, component_of
from workc.sim.tamper.rungs import CHAINED, DIGESTED, LISTED, PROJECTED, RECEIPTED, ROOTED

_ENCODER = msgspec.json.Encoder(order="deterministic")
_DOCS = msgspec.json.Decoder(dict[str, Any])
_EFFECTS = frozenset({"EffectAsked", "SkillAsked", "EffectAnswered"})
_MOVES = frozenset({"BudgetReserved", "BudgetSettled"})
_CHILDREN = frozenset({"ChildSpawned", "ChildJoined"})
_LENS = frozenset({"ItemObserved", "LensAssembled", "ConflictFound", "ConflictResolved"})
_GATES = frozenset({"ApprovalAnswered", "GateEvaluated"})


class Draft:
    """The parts of one bundle; all may be edited.

    ``kept`` names what a rung is to leave as it is: ``seq``, ``prev`` and ``ts`` of events, ``bodies``
    in events, ``entries`` of the manifest, ``manifest_sha256``, ``proof_digest``. ``spelled`` changes the
    bytes of a line, ``end`` those after the last, ``roots`` replaces computed roots.
    """

    def __init__(self, files: Files) -> None:
        try:
            self.manifest: Doc = _DOCS.decode(files[MANIFEST])
            self.receipt: Doc = _DOCS.decode(files[RECEIPT])
            lines = files[EVENTS].split(b"\n")[:-1]
            self.events: list[Doc] = [_DOCS.decode(line) for line in lines]
        except (KeyError, msgspec.MsgspecError, ValueError, RecursionError):
            message = "the bundle cannot be taken apart: a document is missing or malformed"
            raise TamperError("not_a_document", message) from None
        self.files = {p: d for p, d in files.items() if p not in {MANIFEST, RECEIPT, EVENTS}}
        self.kept: set[str] = set()
        self.spelled: dict[int, Callable[[bytes], bytes]] = {}
        self.end = b"\n"
        self.roots: Doc = {}

    def all(self, kind: str) -> list[Doc]:
        """Returns the events of a kind, in order; of a run that went back those of its last pass."""
        return [event for event in last_pass(self.events) if event["kind"] == kind]

    def event(self, kind: str, number: int = 0) -> Doc:
        """Returns an event of a kind.

        Raises:
            TamperError: the bundle has none.
        """
        found = self.all(kind)
        if number >= len(found):
            raise does_not_apply(f"no {kind}")
        return found[number]

    def payload(self, kind: str, number: int = 0) -> Doc:
        """Returns the payload of an event of a kind; raises as :meth:`event` does."""
        payload: Doc = self.event(kind, number)["payload"]
        return payload

    def lane(self, event: Doc) -> list[Doc]:
        """Returns the events of the lane that an event stands in."""
        return [other for other in self.events if other["at"][:-1] == event["at"][:-1]]

    def remove(self, event: Doc) -> None:
        """Takes an event away and closes the gap in its lane; so is the root lane's."""
        self.events.remove(event)
        lane, number = event["at"][:-1], event["at"][-1]
        for other in self.events:
            if other["at"][: len(lane)] == lane and other["at"][len(lane)] > number:
                other["at"][len(lane)] -= 1

    def seal(self, rung: int) -> dict[str, bytes]:
        """Returns the bundle, with everything up to a rung computed again.

        Raises:
            TamperError: rung 6 is asked for and the events are none that a receipt follows from.
        """
        if rung >= CHAINED:
            self._chain_events()
        lines = self._lines(is_chained=rung >= CHAINED)
        files = {**self.files, EVENTS: b"\n".join(lines) + self.end}
        if rung >= LISTED and "entries" not in self.kept:
            self.manifest["files"] = list(_entries(files))
        files[MANIFEST] = _ENCODER.encode(self.manifest)
        if rung >= PROJECTED:
            self.receipt = _projected(lines, files[MANIFEST], self.manifest["files"])
        self._follow(rung, lines, files[MANIFEST])
        files[RECEIPT] = _ENCODER.encode(self.receipt)
        return files

    def _follow(self, rung: int, lines: list[bytes], manifest: bytes) -> None:
        """Lets the receipt follow the manifest, then the roots, then itself."""
        if rung >= RECEIPTED and "manifest_sha256" not in self.kept:
            self.receipt["manifest_sha256"] = sha256_hex(manifest)
        if rung >= ROOTED:
            computed = roots_of(self.events, lines, self.manifest["files"])
            self.receipt["roots"] = computed | self.roots
        if rung >= DIGESTED and "proof_digest" not in self.kept:
            self.receipt["proof_digest"] = digest_of(self.receipt)

    def _chain_events(self) -> None:
        ts = 0
        for seq, event in enumerate(self.events):
            ts = max(ts, event.get("at_ms", 0))
            event |= {n: v for n, v in (("seq", seq), ("ts", ts)) if n not in self.kept}
            if "bodies" not in self.kept:
                self._refer(event["payload"])

    def _refer(self, payload: Doc) -> None:
        for body in bodies_in(payload):
            data = self.files.get(body["path"])
            if data is not None:
                body |= {"sha256": sha256_hex(data), "size": len(data)}

    def _lines(self, *, is_chained: bool) -> list[bytes]:
        lines: list[bytes] = []
        prev = "0" * 64
        for number, event in enumerate(self.events):
            if is_chained and "prev" not in self.kept:
                event["prev"] = prev
            line = _ENCODER.encode(event)
            lines.append(self.spelled[number](line) if number in self.spelled else line)
            prev = leaf_hash(lines[-1]).hex() if is_chained else prev
        return lines


def last_pass(events: list[Doc]) -> list[Doc]:
    """Returns the events that count for the outcome, and those before all passes (section 5)."""
    turns = [number for number, event in enumerate(events) if "backtrack" in event["payload"]]
    return events if not turns else [*events[:2], *events[turns[-1] + 1 :]]


def forget_unnamed(draft: Draft) -> None:
    """Takes away the files that no event names any more, but for signatures."""
    named = {body["path"] for event in draft.events for body in bodies_in(event["payload"])}
    draft.files = {
        path: data
        for path, data in draft.files.items()
        if path in named or component_of(path) == "signatures"
    }


def bodies_in(value: object) -> Iterator[Doc]:
    """Yields every body within a value that stands in a file."""
    if isinstance(value, dict):
        box = cast("Doc", value)
        if {"form", "path", "sha256", "size"} <= box.keys():
            yield box
        value = [*box.values()]
    for item in cast("list[object]", value) if isinstance(value, list) else ():
        yield from bodies_in(item)


def digest_of(receipt: Doc) -> str:
    """Returns the proof digest of a receipt (section 9)."""
    rest = {name: value for name, value in receipt.items() if name != "proof_digest"}
    return tagged(TAG_PROOF, _ENCODER.encode(rest))


def roots_of(events: list[Doc], lines: Iterable[bytes], entries: list[Doc]) -> Doc:
    """Returns the nine roots (section 8), whatever the events say."""
    moves = [event["payload"] for event in events if event["kind"] in _MOVES]
    kin = [event["payload"] for event in events if event["kind"] in _CHILDREN]
    last = last_pass(events)
    checks = [event["payload"] for event in last if event["kind"] == "VerificationRun"]
    leaves: dict[str, list[Doc]] = {
        "artifacts": [entry for entry in entries if entry["path"].startswith(ARTIFACTS)],
        "budget": sorted(moves, key=_number),
        "effects": [event["payload"] for event in events if event["kind"] in _EFFECTS],
        "evidence": [entry for entry in entries if entry["path"].startswith(EVIDENCE)],
        "gates": [event["payload"] for event in events if event["kind"] in _GATES],
        "lens": [event["payload"] for event in events if event["kind"] in _LENS],
        "verification": [result for run in checks[-1:] for result in run.get("results") or ()],
        "workgraph": sorted(kin, key=_spawn_index),
    }
    spelled = {name: [_ENCODER.encode(leaf) for leaf in found] for name, found in leaves.items()}
    return {name: _root(found) for name, found in {**spelled, "events": lines}.items()}


def _number(move: Doc) -> int:
    return _count(move, "n")


def _spawn_index(child: Doc) -> int:
    return _count(child, "spawn_index")


def _count(payload: Doc, name: str) -> int:
    number = payload.get(name)
    return number if isinstance(number, int) else -1


def _root(leaves: Iterable[bytes]) -> Doc:
    hashes = [leaf_hash(leaf) for leaf in leaves]
    return {"root": root(hashes).hex(), "size": len(hashes)}


def _entries(files: Files) -> Iterator[Doc]:
    for path in sorted(path for path in files if component_of(path) != "signatures"):
        data = files[path]
        yield {"path": path, "sha256": sha256_hex(data), "size": len(data)}


def _projected(lines: Iterable[bytes], manifest: bytes, entries: list[Doc]) -> Doc:
    projection = Projection()
    try:
        for line in lines:
            event = events_of.decode_event(line)
            payload = events_of.decode_payload(event.kind, event.payload)
            projection.grow((leaf_hash(line),))
            projection.add(line, event.phase, event.ts, payload)
        listed = [msgspec.convert(entry, FileEntry) for entry in entries]
        receipt = projection.receipt(sha256_hex(manifest), listed)
    except (ProjectionError, KeyError, *events_of.UNREADABLE) as error:
        message = f"no receipt follows from these events: {error}"
        raise TamperError("does_not_apply", message) from None
    projected: Doc = _DOCS.decode(documents.encode(receipt))
    return projected
