"""The seeded generator of the project: xorshift64*, and streams derived from a seed by name.

Multiplier and shifts (12 right, 25 left, 27 right) are those of S. Vigna, "An experimental
exploration of Marsaglia's xorshift generators, scrambled" (2016), table of xorshift64*.
A state of 0 would stay 0 for ever, so seed 0 is mapped to ``ZERO_SEED``.

>>> SeededRng(1).next_u64()
5180492295206395165
"""

from __future__ import annotations

import hashlib

from workc.kernel.failure import Misuse

ZERO_SEED = 0x9E3779B97F4A7C15
_MULTIPLIER = 0x2545F4914F6CDD1D
_MASK = 2**64 - 1


class SeededRng:
    """Yields a fixed sequence of 64-bit numbers for a seed; only its lower 64 bits count."""

    def __init__(self, seed: int) -> None:
        self._state = (seed & _MASK) or ZERO_SEED

    def next_u64(self) -> int:
        """Returns the next number, 0 <= n < 2**64."""
        x = self._state
        x ^= x >> 12
        x = (x ^ (x << 25)) & _MASK
        x ^= x >> 27
        self._state = x
        return (x * _MULTIPLIER) & _MASK

    def below(self, bound: int) -> int:
        """Returns a number, 0 <= n < bound, without bias (rejection on the high bits).

        Raises:
            Misuse: ``bound`` is not 1 to 2**64.
        """
        if not 1 <= bound <= 2**64:
            raise Misuse(f"a bound is 1 to 2**64, not {bound}")
        shift = 64 - max(1, (bound - 1).bit_length())
        while (drawn := self.next_u64() >> shift) >= bound:
            pass
        return drawn

    def bytes(self, count: int) -> bytes:
        """Returns ``count`` bytes, each number big-endian, the last one cut."""
        words = [self.next_u64().to_bytes(8, "big") for _ in range((count + 7) // 8)]
        return b"".join(words)[:count]


def derive(seed: int, name: str) -> int:
    """Returns the seed of the stream ``name``: a draw in one stream never shifts another."""
    text = f"workc seed/0.2\0{seed}\0{name}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
