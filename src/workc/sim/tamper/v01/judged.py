"""What must be found first when one of the two documents was edited and nothing else.

Sections 3, 4, 7 and 8 of docs/spec/bundle-0.1.md, for a bundle that was good before. The manifest lists
the receipt, so that a receipt that was edited is not the listed one; once it is, the receipt's own
hash, or the part of ``integrity`` that was edited, is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property

from workc.kernel.values import Json, JsonObject
from workc.sim.json_text import JsonTextError, read_json, spell_json
from workc.sim.tamper.parts import Files
from workc.sim.tamper.place import (
    BAD_MANIFEST,
    BAD_RECEIPT,
    DIGEST,
    HASH,
    MISSING,
    NOT_SAID,
    OTHER_RECEIPT,
    POLICY,
    UNLISTED,
    UNSAFE_ENTRY,
    VERSION,
    Place,
    first,
)
from workc.sim.tamper.v01.forms import (
    INTEGRITY_FORM,
    MANIFEST_FORM,
    RECEIPT_FORM,
    fits,
    is_safe,
    may_be_listed,
)
from workc.sim.tamper.v01.places import OTHER_VERSION, ROOTS

_VERSIONS = {
    ("integrity", "cj_version"): "CJ-0.1",
    ("integrity", "proof_version"): "PROOF-0.1",
    ("integrity", "fsm_version"): "FSM-0.1",
    ("integrity", "enf_version"): "ENF-0.1",
    ("effects", "enf_version"): "ENF-0.1",
}


class Documents:
    """Judges edits of the documents of one good bundle."""

    def __init__(self, files: Files) -> None:
        self._files = files

    @cached_property
    def _receipt(self) -> JsonObject:
        return _object(read_json(self._files["receipt.json"]))

    @cached_property
    def _manifest(self) -> JsonObject:
        return _object(read_json(self._files["manifest.json"]))

    @cached_property
    def _contents(self) -> dict[str, tuple[str, int]]:
        """Returns SHA-256 and size of every file that must be listed."""
        return {
            path: (hashlib.sha256(data).hexdigest(), len(data))
            for path, data in self._files.items()
            if path != "manifest.json"
        }

    def of_receipt(self, data: bytes) -> Place:
        """Returns what is found of a bundle whose receipt is ``data`` instead."""
        return VERSION if _names_other_version(data) else HASH

    def of_listed_receipt(self, data: bytes, *, is_hashed: bool) -> Place | None:
        """Returns what is found if the manifest lists the other receipt; None if that is not one place.

        ``is_hashed`` says that ``receipt_hash`` follows the receipt too.
        """
        if _names_other_version(data):
            return VERSION
        receipt = _canonical(data)
        if receipt is None:
            return BAD_RECEIPT
        if any(_is_other(receipt, *place, known) for place, known in _VERSIONS.items()):
            return OTHER_VERSION
        if not fits(receipt.get("integrity"), INTEGRITY_FORM):
            return BAD_RECEIPT
        if not fits(receipt, RECEIPT_FORM):
            # Without its hash, two rules of one step are broken.
            return BAD_RECEIPT if is_hashed else None
        return first(self._differences(receipt))

    def _differences(self, receipt: JsonObject) -> Iterator[Place]:
        if _bare(receipt) != _bare(self._receipt):
            yield OTHER_RECEIPT
        before, after = _object(self._receipt["integrity"]), _object(receipt["integrity"])
        if before["receipt_hash"] != after["receipt_hash"]:
            yield OTHER_RECEIPT
        if any(before[name] != after[name] for name in ("policy_id", "policy_hash")):
            yield POLICY
        roots, others = _object(before["roots"]), _object(after["roots"])
        yield from (place for name, place in ROOTS.items() if roots[name] != others[name])
        yield DIGEST

    def of_manifest(self, data: bytes) -> Place:
        """Returns what is found of a bundle whose manifest is ``data`` instead."""
        manifest = _canonical(data)
        if manifest is None or not fits(manifest, MANIFEST_FORM):
            return BAD_MANIFEST
        if manifest["bundle_version"] != self._manifest["bundle_version"]:
            return Place("manifest", "VERSION_UNSUPPORTED")
        listed = manifest["files"]
        entries = [_object(entry) for entry in (listed if isinstance(listed, list) else [])]
        found = [*_of_entries(entries), *self._of_files(entries)]
        if any(manifest[name] != self._manifest[name] for name in ("loop_id", "created_utc")):
            found.append(NOT_SAID)
        return first(found)

    def _of_files(self, entries: list[JsonObject]) -> Iterator[Place]:
        listed = {str(e["path"]): (e["sha256"], e["size_bytes"]) for e in entries}
        there = self._contents
        if listed.keys() - there.keys():
            yield MISSING
        if there.keys() - listed.keys():
            yield UNLISTED
        if any(there[path] != listed[path] for path in listed.keys() & there.keys()):
            yield HASH


def _of_entries(entries: list[JsonObject]) -> Iterator[Place]:
    before = ""
    for number, entry in enumerate(entries):
        path = str(entry["path"])
        if not is_safe(path):
            yield UNSAFE_ENTRY
        elif not may_be_listed(path):
            yield BAD_MANIFEST
        if number and path <= before:
            yield BAD_MANIFEST
        before = path


def _is_other(receipt: JsonObject, outer: str, name: str, known: str) -> bool:
    named = _object(receipt.get(outer)).get(name)
    return isinstance(named, str) and named != known


def _bare(receipt: JsonObject) -> bytes:
    return spell_json({name: value for name, value in receipt.items() if name != "integrity"})


def _names_other_version(data: bytes) -> bool:
    """Returns whether a JSON object, in whatever spelling, names a version that is not this one."""
    try:
        value = read_json(data)
    except JsonTextError:
        return False
    if not isinstance(value, dict):
        return False
    if "bundle_version" in value:
        return isinstance(value["bundle_version"], str)
    version = value.get("receipt_version")
    return isinstance(version, str) and version != "0.1.0"


def _canonical(data: bytes) -> JsonObject | None:
    """Returns the object that CJ-0.1 bytes spell, or None."""
    try:
        value = read_json(data)
    except JsonTextError:
        return None
    is_spelled = isinstance(value, dict) and not _has_float(value) and spell_json(value) == data
    return value if is_spelled and isinstance(value, dict) else None


def _has_float(value: Json) -> bool:
    if isinstance(value, dict):
        return any(map(_has_float, value.values()))
    if isinstance(value, list):
        return any(map(_has_float, value))
    return isinstance(value, float)


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}
