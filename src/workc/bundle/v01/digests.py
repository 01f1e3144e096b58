"""The hashes of format 0.1 that are not Merkle hashes: of a receipt, of an event, of a proof.

Each hashes a tag that ends in a bar, and then canonical JSON (CJ-0.1) or raw hashes. What is
hashed is the object as it was parsed, unknown fields included, never a typed model of it.

1. ``receipt_hash``: the receipt without ``integrity``.
2. ``event_hash``: the event without ``event_hash``; its ``prev_event_hash`` is part of it.
3. PROOF-0.1: the receipt hash and the eight roots, nine raw values of 32 bytes.

>>> event_hash({"event_hash": "?", "seq": 0}) == event_hash({"seq": 0})
True
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from workc.bundle.v01.canonical import encode
from workc.bundle.v01.merkle import Tree
from workc.kernel.digest import is_hex_digest
from workc.kernel.failure import Misuse
from workc.kernel.values import JsonObject

#: What the first event has as ``prev_event_hash``.
GENESIS = "0" * 64

_DS_RECEIPT = b"MOTUS|RECEIPT|0.1|"
_DS_EVENT = b"MOTUS|EVT|0.1|"
_DS_PROOF = b"MOTUS|PROOF|0.1|"


def receipt_hash(receipt: JsonObject) -> str:
    """Returns the hash of a receipt, 64 hex digits; its field ``integrity`` is left out.

    Raises :class:`~workc.kernel.canonical.CanonicalError` for what CJ-0.1 cannot spell.
    """
    return _hash_without("integrity", _DS_RECEIPT, receipt)


def event_hash(event: JsonObject) -> str:
    """Returns the hash of an event, 64 hex digits; its field ``event_hash`` is left out.

    Raises :class:`~workc.kernel.canonical.CanonicalError` for what CJ-0.1 cannot spell.
    """
    return _hash_without("event_hash", _DS_EVENT, event)


def proof_digest(receipt: str, roots: Mapping[Tree, str]) -> str:
    """Returns PROOF-0.1 of a receipt hash and the roots of all eight trees, 64 hex digits.

    Raises :class:`~workc.kernel.failure.Misuse` if a hash is not 64 lower-case hex digits or a
    root is missing.
    """
    state = hashlib.sha256(_DS_PROOF)
    for value in (receipt, *(roots.get(tree, "") for tree in Tree)):
        if not is_hex_digest(value):
            raise Misuse(f"a proof is made of hashes, 64 lower-case hex digits, not {value!a:.80}")
        state.update(bytes.fromhex(value))
    return state.hexdigest()


def _hash_without(field: str, tag: bytes, value: JsonObject) -> str:
    rest = {key: item for key, item in value.items() if key != field}
    return hashlib.sha256(tag + encode(rest)).hexdigest()
