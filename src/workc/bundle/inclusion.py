"""Inclusion proofs: one event or one listed file, shown without the rest of its bundle.

A proof is one document: the leaf, its place in its tree, the nodes beside its way up (RFC 6962), and
the receipt, which holds the root and whose proof digest commits to it. So a stranger needs nothing
but the document, and a proof digest from somewhere else (docs/spec/inclusion-proof.md).

Proofs are made here from what was verified before; they are judged in
:mod:`workc.verify.inclusion`. Bytes come in through ``read_proof`` alone: it gives the document or
:class:`~workc.bundle.documents.NotCanonicalError`, whatever the bytes are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from workc.bundle.documents import FileEntry, Manifest, NotCanonicalError, Receipt, Root, encode
from workc.bundle.layout import (
    ARTIFACTS,
    BUNDLE_VERSION,
    EVIDENCE,
    MAX_DOCUMENT_BYTES,
    MAX_LINE_BYTES,
)
from workc.kernel import merkle
from workc.kernel.events import UNREADABLE
from workc.kernel.merkle import leaf_hash
from workc.kernel.payloads import Count

Tree = Literal["artifacts", "events", "evidence"]

#: The largest proof: a receipt, an event, and room for the nodes.
MAX_PROOF_BYTES = MAX_DOCUMENT_BYTES + 2 * MAX_LINE_BYTES
#: Which tree holds the files below a folder.
FOLDERS: Mapping[str, Tree] = {ARTIFACTS: "artifacts", EVIDENCE: "evidence"}

_ENCODER = msgspec.json.Encoder(order="deterministic")


class InclusionProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document; its fields stand in key order. Either ``entry`` or ``event`` is the leaf.

    ``inclusion_version`` is the version of the bundle's format.
    """

    entry: FileEntry | UnsetType = UNSET
    event: msgspec.Raw | UnsetType = UNSET
    inclusion_version: str
    index: Count
    nodes: list[str]
    receipt: Receipt
    size: Count
    tree: Tree

    def __post_init__(self) -> None:
        """Refuses a proof of nothing, of two things, or of a thing that its tree does not hold."""
        if (self.entry is UNSET) == (self.event is UNSET):
            raise ValueError("a proof has either an entry or an event")
        if (self.event is UNSET) == (self.tree == "events"):
            raise ValueError("the tree of events holds events, and the others hold none")

    def leaf(self) -> bytes:
        """Returns the bytes that are the leaf: the event's line, or the manifest's entry."""
        return _ENCODER.encode(self.event if self.entry is UNSET else self.entry)

    def root(self) -> Root:
        """Returns what the receipt says of the tree."""
        roots: dict[Tree, Root] = {
            "artifacts": self.receipt.roots.artifacts,
            "events": self.receipt.roots.events,
            "evidence": self.receipt.roots.evidence,
        }
        return roots[self.tree]


def encode_proof(proof: InclusionProof) -> bytes:
    """Returns the canonical bytes, without a newline."""
    return _ENCODER.encode(proof)


def read_proof(data: bytes) -> InclusionProof:
    """Returns the proof that ``data`` is the canonical spelling of.

    The event in it is not looked into: only that it is JSON and where it stands is sure.

    Raises:
        NotCanonicalError: it is none.
    """
    try:
        proof = _PROOFS.decode(data)
    except UNREADABLE as error:
        raise NotCanonicalError(f"it is not of the form: {error}") from None
    if encode_proof(proof) != data:
        raise NotCanonicalError("it is not canonical JSON")
    if proof.receipt.proof_digest is UNSET:
        raise NotCanonicalError("the proof digest is missing")
    return proof


def foreign_version(data: bytes) -> str | None:
    """Returns the version that a proof, or the receipt in it, names if it is another than ours."""
    try:
        head = _HEADS.decode(data)
    except UNREADABLE:
        return None
    named = (head.inclusion_version, head.receipt.bundle_version, head.receipt.receipt_version)
    return next((version for version in named if version not in {None, BUNDLE_VERSION}), None)


def prove_event(receipt: Receipt, lines: Iterable[bytes], index: int) -> InclusionProof | None:
    """Returns the proof of one event, or None if there is none of that number.

    ``lines`` are those of ``events.jsonl`` without their newlines. One hash a line is held.
    """
    leaves: list[bytes] = []
    shown: bytes | None = None
    for number, line in enumerate(lines):
        leaves.append(leaf_hash(line))
        if number == index:
            shown = line
    if shown is None:
        return None
    return InclusionProof(
        event=msgspec.Raw(shown),
        inclusion_version=BUNDLE_VERSION,
        index=index,
        nodes=_nodes_beside(leaves, index),
        receipt=receipt,
        size=len(leaves),
        tree="events",
    )


def prove_file(receipt: Receipt, manifest: Manifest, path: str) -> InclusionProof | None:
    """Returns the proof of one listed file, or None if no tree holds it."""
    folder = next((folder for folder in FOLDERS if path.startswith(folder)), None)
    if folder is None:
        return None
    entries = [entry for entry in manifest.files if entry.path.startswith(folder)]
    index = next((place for place, entry in enumerate(entries) if entry.path == path), None)
    if index is None:
        return None
    leaves = [leaf_hash(encode(entry)) for entry in entries]
    return InclusionProof(
        entry=entries[index],
        inclusion_version=BUNDLE_VERSION,
        index=index,
        nodes=_nodes_beside(leaves, index),
        receipt=receipt,
        size=len(leaves),
        tree=FOLDERS[folder],
    )


def _nodes_beside(leaves: Sequence[bytes], index: int) -> list[str]:
    return [node.hex() for node in merkle.inclusion_proof(leaves, index)]


class _ReceiptHead(msgspec.Struct, frozen=True):
    bundle_version: str | None = None
    receipt_version: str | None = None


class _Head(msgspec.Struct, frozen=True):
    """What tells the version of a proof, whatever else is in it."""

    inclusion_version: str | None = None
    receipt: _ReceiptHead = _ReceiptHead()


_PROOFS = msgspec.json.Decoder(InclusionProof)
_HEADS = msgspec.json.Decoder(_Head)
