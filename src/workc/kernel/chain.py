"""The hash chain: each line names the one before it.

``prev`` of line i+1 is SHA-256(0x00 || line i) without the newline, which is the RFC 6962 leaf
hash: one hash serves the chain and the Merkle tree. The first line's ``prev`` is 64 zeros.

>>> link(b"{}")[:16]
'28a3a18f6cd6406b'
"""

from __future__ import annotations

from workc.kernel.merkle import leaf_hash

GENESIS = "0" * 64


def link(line: bytes) -> str:
    """Returns what the next line's ``prev`` must be."""
    return leaf_hash(line).hex()
