"""Resealed edits of the manifest, the evidence, the versions and the hashes (sections 3, 4 and 8)."""

from __future__ import annotations

from collections.abc import Callable

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import (
    BAD_MANIFEST,
    BAD_RECEIPT,
    DIGEST,
    HASH,
    NOT_SAID,
    OTHER_RECEIPT,
    UNPROVABLE,
    UNSAFE_ENTRY,
    VERSION,
    Place,
)
from workc.sim.tamper.rungs import DIGESTED
from workc.sim.tamper.v01.draft import TREES, Draft
from workc.sim.tamper.v01.places import OTHER_VERSION, ROOTS

_OLD_TIME = "1970-01-01T00:00:00Z"
_OTHER_MANIFEST = Place("manifest", "VERSION_UNSUPPORTED")


def _listed(change: Callable[[list[Doc]], list[Doc]]) -> Callable[[Draft], None]:
    def edit(draft: Draft) -> None:
        draft.kept.add("entries")
        draft.manifest["files"] = change(draft.manifest["files"])

    return edit


def _climbing(entries: list[Doc]) -> list[Doc]:
    return [{"path": "../x", "sha256": "0" * 64, "size_bytes": 1}, *entries]


def _with_manifest(entries: list[Doc]) -> list[Doc]:
    entry: Doc = {"path": "manifest.json", "sha256": "0" * 64, "size_bytes": 1}
    return sorted([*entries, entry], key=lambda one: str(one["path"]))


def _in_capitals(entries: list[Doc]) -> list[Doc]:
    return [{**entries[0], "sha256": "A" * 64}, *entries[1:]]


def _longer(entries: list[Doc]) -> list[Doc]:
    return [{**entries[0], "size_bytes": entries[0]["size_bytes"] + 1}, *entries[1:]]


def _of_manifest(**words: str) -> Callable[[Draft], None]:
    return lambda draft: draft.manifest.update(words)


def _of_integrity(**words: object) -> Callable[[Draft], None]:
    def edit(draft: Draft) -> None:
        draft.kept |= words.keys()
        draft.receipt["integrity"].update(words)

    return edit


def _of_version(draft: Draft) -> None:
    draft.receipt["receipt_version"] = "0.3.0"


def _add_evidence(draft: Draft) -> None:
    draft.files["evidence/zz-added"] = b"{}"


def _replace_evidence(draft: Draft) -> None:
    if not draft.files:
        raise does_not_apply("no evidence")
    path = min(draft.files)
    draft.files[path] += b"\n"


def _replace_root(field: str) -> Callable[[Draft], None]:
    def edit(draft: Draft) -> None:
        draft.roots = {field: "0" * 64}

    return edit


def _manifest(edit: Callable[[Draft], None], expected: Place, text: str) -> Attack[Draft]:
    return Attack(edit, expected, text, DIGESTED, "manifest")


def _receipt(edit: Callable[[Draft], None], expected: Place, text: str) -> Attack[Draft]:
    return Attack(edit, expected, text, DIGESTED, "receipt")


def _root_name(field: str) -> str:
    return "".join(word.title() for word in field.removesuffix("_root").split("_"))


DOCUMENT_ATTACKS: Attacks[Draft] = {
    "EvidenceAdded": Attack(_add_evidence, UNPROVABLE, "There was more.", DIGESTED, "evidence"),
    "EvidenceReplaced": Attack(
        _replace_evidence, UNPROVABLE, "A file of evidence is another.", DIGESTED, "evidence"
    ),
    "ManifestOfAnotherLoop": _manifest(
        _of_manifest(loop_id="other"), NOT_SAID, "The manifest names another loop."
    ),
    "ManifestOfAnotherTime": _manifest(
        _of_manifest(created_utc=_OLD_TIME), NOT_SAID, "The manifest is of another time."
    ),
    "ManifestOfAnotherVersion": _manifest(
        _of_manifest(bundle_version="BUNDLE-0.3"), _OTHER_MANIFEST, "A version that nobody knows."
    ),
    "EntriesReversed": _manifest(
        _listed(lambda entries: entries[::-1]), BAD_MANIFEST, "The manifest is out of order."
    ),
    "EntryDoubled": _manifest(
        _listed(lambda entries: [entries[0], *entries]), BAD_MANIFEST, "A file is listed twice."
    ),
    "EntryClimbs": _manifest(_listed(_climbing), UNSAFE_ENTRY, "A path leads out of the bundle."),
    "ManifestListed": _manifest(_listed(_with_manifest), BAD_MANIFEST, "It lists itself."),
    "HashInCapitals": _manifest(_listed(_in_capitals), BAD_MANIFEST, "A hash that is misspelt."),
    "SizeWrong": _manifest(_listed(_longer), HASH, "A size that no hash covers."),
    "ReceiptOfAnotherVersion": _receipt(_of_version, VERSION, "A version that nobody knows."),
    "CanonicalFormOfAnotherVersion": _receipt(
        _of_integrity(cj_version="CJ-0.3"), OTHER_VERSION, "A spelling that nobody knows."
    ),
    "IntegrityWidened": _receipt(
        _of_integrity(zz_more=1), BAD_RECEIPT, "A field that no hash covers."
    ),
    "ReceiptHashReplaced": _receipt(
        _of_integrity(receipt_hash="0" * 64), OTHER_RECEIPT, "The hash of another receipt."
    ),
    "ProofDigestReplaced": _receipt(
        _of_integrity(proof_digest="0" * 64), DIGEST, "The digest of another bundle."
    ),
    **{
        f"RootOf{_root_name(field)}Replaced": _receipt(
            _replace_root(field), ROOTS[field], f"The {field} is another."
        )
        for field in TREES
    },
}
