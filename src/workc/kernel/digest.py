"""SHA-256 digests, and the tags that keep digests of different things apart.

Every hash of the format that is not a Merkle hash is *tagged*: an ASCII tag and a zero byte
stand before the data, so that no bytes hashed for one purpose can pass for another's. The
format has one hash function and no field that names it; another one would be another version.

>>> tagged(TAG_ID, b"")[:16]
'1ed77bd5fbddbefe'
"""

from __future__ import annotations

import hashlib
import re

from workc.kernel.failure import Misuse

#: The proof digest: over the canonical receipt without that one field.
TAG_PROOF = "workc proof/0.2"

#: A request of the engine to the world: answers carry the digest of what they answer.
TAG_REQUEST = "workc request/0.2"

#: A salted commitment to a withheld field.
TAG_REDACTION = "workc redaction/0.2"

#: An identifier derived from data.
TAG_ID = "workc id/0.2"

#: A seed derived from another one.
TAG_SEED = "workc seed/0.2"

#: An idempotency key: the same across the attempts of one effect.
TAG_KEY = "workc idempotency-key/0.2"

_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")


def sha256_hex(data: bytes) -> str:
    """Returns the SHA-256 (FIPS 180-4) of ``data`` as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def tagged(tag: str, data: bytes) -> str:
    """Returns the SHA-256 of ``tag``, a zero byte and ``data`` as 64 lower-case hex digits.

    Raises :class:`~workc.kernel.failure.Misuse` if the tag is empty, not ASCII, or holds a zero
    byte: then two pairs of tag and data could be the same bytes.
    """
    if not tag or not tag.isascii() or "\0" in tag:
        raise Misuse(f"a digest tag must be ASCII text without a zero byte, not {tag!a}")
    state = hashlib.sha256(tag.encode() + b"\0")
    state.update(data)
    return state.hexdigest()


def is_hex_digest(text: str) -> bool:
    """Says whether ``text`` is spelt as the digests here are: 64 lower-case hex digits."""
    return _HEX_DIGEST.fullmatch(text) is not None
