"""What must be found first when one of the two documents was edited and nothing else.

Sections 3, 8, 9 and 10 of docs/spec/bundle-0.2.md, for a bundle that was good before: a document
that is not the one spelling of its form is malformed; one that is says something else, and which
field it is says where that is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property

from workc.kernel import canonical
from workc.kernel.canonical import CanonicalError
from workc.kernel.values import Json, JsonObject
from workc.sim.json_text import JsonTextError, read_json
from workc.sim.tamper.parts import Files, component_of
from workc.sim.tamper.place import (
    BAD_MANIFEST,
    BAD_RECEIPT,
    DIGEST,
    HASH,
    MISSING,
    NOT_SAID,
    OTHER_MANIFEST,
    ROOTS,
    UNLISTED,
    UNSAFE_ENTRY,
    VERSION,
    Place,
    first,
)
from workc.sim.tamper.v02.forms import (
    MANIFEST_FORM,
    RECEIPT_FORM,
    fits,
    is_digest,
    is_safe,
    may_be_listed,
)

_VERSION = "0.2"
_DOCUMENTS = ("manifest.json", "receipt.json")


class Documents:
    """Judges edits of the documents of one good bundle."""

    def __init__(self, files: Files) -> None:
        self._files = files

    @cached_property
    def _receipt(self) -> JsonObject:
        return _object(canonical.decode(self._files["receipt.json"]))

    @cached_property
    def _run_id(self) -> Json:
        return _object(canonical.decode(self._files["manifest.json"]))["run_id"]

    @cached_property
    def _contents(self) -> dict[str, tuple[str, int]]:
        """Returns SHA-256 and size of every file that must be listed."""
        return {
            path: (hashlib.sha256(data).hexdigest(), len(data))
            for path, data in self._files.items()
            if path not in _DOCUMENTS and component_of(path) != "signatures"
        }

    def of_receipt(self, data: bytes) -> Place:
        """Returns what is found of a bundle whose receipt is ``data`` instead."""
        if _names_other_version(data):
            return VERSION
        receipt = _canonical(data)
        if receipt is None or not fits(receipt, RECEIPT_FORM):
            return BAD_RECEIPT
        return first(self._differences(receipt))

    def _differences(self, receipt: JsonObject) -> Iterator[Place]:
        before, after = self._receipt, receipt
        names = sorted(n for n in {*before, *after} if before.get(n) != after.get(n))
        if "roots" in names:
            yield from _differing_roots(_object(before["roots"]), _object(after["roots"]))
        for name in names:
            if name == "manifest_sha256":
                yield OTHER_MANIFEST
            elif name not in {"roots", "proof_digest"}:
                yield NOT_SAID
        yield DIGEST

    def of_manifest(self, data: bytes, *, is_receipted: bool = False) -> Place:
        """Returns what is found of a bundle whose manifest is ``data`` instead.

        ``is_receipted`` says that the receipt, with its digest, follows it.
        """
        manifest = _canonical(data)
        if manifest is None or not fits(manifest, MANIFEST_FORM):
            return BAD_MANIFEST
        entries = [_object(entry) for entry in _list(manifest["files"])]
        found = [*self._of_form(manifest, entries), *self._of_files(entries)]
        if manifest["run_id"] != self._run_id:
            found.append(NOT_SAID)
        if not is_receipted:
            found.append(OTHER_MANIFEST)
        return first(found)

    def _of_form(self, manifest: JsonObject, entries: list[JsonObject]) -> Iterator[Place]:
        if manifest["bundle_version"] != _VERSION:
            yield BAD_MANIFEST
        before = ""
        for number, entry in enumerate(entries):
            path = str(entry["path"])
            if not is_safe(path):
                yield UNSAFE_ENTRY
            elif not may_be_listed(path):
                yield BAD_MANIFEST
            if not is_digest(str(entry["sha256"])) or (number and path <= before):
                yield BAD_MANIFEST
            before = path
        paths = {str(entry["path"]) for entry in entries}
        if "events.jsonl" not in paths or not any(p.startswith("evidence/") for p in paths):
            yield BAD_MANIFEST

    def _of_files(self, entries: list[JsonObject]) -> Iterator[Place]:
        listed = {str(e["path"]): (e["sha256"], e["size"]) for e in entries}
        there = self._contents
        if listed.keys() - there.keys():
            yield MISSING
        if there.keys() - listed.keys():
            yield UNLISTED
        if any(there[path] != listed[path] for path in listed.keys() & there.keys()):
            yield HASH


def _differing_roots(before: JsonObject, after: JsonObject) -> Iterator[Place]:
    return (place for name, place in ROOTS.items() if before[name] != after[name])


def _names_other_version(data: bytes) -> bool:
    """Returns whether a JSON object, in whatever spelling, names another version."""
    try:
        value = read_json(data)
    except JsonTextError:
        return False
    if not isinstance(value, dict):
        return False
    version = value.get("bundle_version")
    return isinstance(version, str) and version != _VERSION


def _canonical(data: bytes) -> JsonObject | None:
    try:
        value = canonical.decode(data)
    except CanonicalError:
        return None
    return value if isinstance(value, dict) else None


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
