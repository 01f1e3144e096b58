"""Run ids: 26 characters, in order of time, as ULIDs are (48 bits of ms, 80 bits of entropy)."""

from __future__ import annotations

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def run_id(now_ms: int, entropy: bytes) -> str:
    """Returns the id for a time and ten random bytes."""
    number = (now_ms & (2**48 - 1)) << 80 | int.from_bytes(entropy[:10], "big")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
