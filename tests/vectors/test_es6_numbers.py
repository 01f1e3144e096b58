"""ES6 number spelling against the SHA-256 of generated lines that cyberphone publishes.

The sequence of doubles: 168 fixed ones, then the 2,000 smallest normal ones in order, then the
32 bytes of a SHA-256 chain that starts from 32 zero bytes, four little-endian doubles a block,
zeros, infinities and NaN left out. A line is the bits in hex without leading zeros, a comma,
the spelling and a newline.

The fixed doubles are written here as what they are: thirds of powers of ten (some of them a few
units in the last place off), numbers just above 5e-6, and the neighbours of round numbers.
"""

import hashlib
import json
import math
import struct
from itertools import chain, islice
from pathlib import Path

import pytest

from workc.kernel import jcs

ORACLE = Path(__file__).parent / "jcs-cyberphone" / "es6_sha256_oracle.json"
SHA256_BY_LINES = json.loads(ORACLE.read_text())["sha256_of_first_n_lines"]

# How many units in the last place the third of 10^k lies off its nearest double, by k. Each k
# from 22 down to -27 that is not named here is exact.
ULPS_OFF = {
    20: 1, 19: 1, 18: 1, 17: 2, 16: 1, 15: 1, 14: 3, 13: 1,
    12: 2, 11: 2, 10: 1, 9: 1, 8: 1, 4: -1, -27: 1,
}  # fmt: skip


def off(value, ulps):
    """Returns the double ``ulps`` steps away from zero (towards it if negative)."""
    bits = struct.unpack(">q", struct.pack(">d", value))[0]
    return struct.unpack(">d", struct.pack(">q", bits + ulps))[0]


def thirds():
    return [off(float(f"3.{'3' * 30}e{k - 1}"), ULPS_OFF.get(k, 0)) for k in range(22, -28, -1)]


def fixed_doubles():
    tiny, least_normal = 5e-324, 2.0**-1022
    yield from (0.0, -0.0, tiny, -tiny)
    yield from (-third for third in thirds())
    yield from thirds()
    yield 10.0
    yield from (float(f"5e{k}") for k in range(0, -10, -1))
    yield from (float(f"5.{'0' * zeros}6e-6") for zeros in range(1, 16))
    yield from (1.0, -1.0)
    below_one = [off(1.0, -ulps) for ulps in range(1, 7)]
    yield from (-below_one[5], -below_one[4], below_one[5], below_one[4])
    yield from (below_one[3], below_one[1])
    yield from (-below_one[0], -below_one[0], below_one[0], below_one[0])
    yield from (off(0.3, ulps) for ulps in (-1, 0, 1))
    yield from (least_normal, off(least_normal, -3), off(least_normal, -1))
    largest = off(math.inf, -1)
    yield from (largest, -largest, 2.0**53, -(2.0**53), 2.0**68)
    yield from (off(1e23, ulps) for ulps in (-1, 0, 1))
    yield from (off(1e21, ulps) for ulps in (-2, -1, 0))
    yield from (off(1e-6, ulps) for ulps in (-1, 0))
    yield from (off(1e9 / 3, ulps) for ulps in range(-2, 3))
    yield from (-thirds()[27], 1424953923781206.25)


def chained_doubles():
    block = bytes(32)
    while True:
        block = hashlib.sha256(block).digest()
        yield from (f for f in struct.unpack("<4d", block) if f != 0 and math.isfinite(f))


def doubles():
    serial = (off(2.0**-1022, step) for step in range(2000))
    return chain(fixed_doubles(), serial, chained_doubles())


def line(value):
    bits = struct.unpack(">Q", struct.pack(">d", value))[0]
    return f"{bits:x},{jcs.es6_number(value)}\n".encode()


@pytest.mark.parametrize("count", [1_000, 10_000, 100_000])
def test_the_first_lines_have_the_published_digest(count):
    state = hashlib.sha256()
    for value in islice(doubles(), count):
        state.update(line(value))
    assert state.hexdigest() == SHA256_BY_LINES[str(count)]


def test_a_spelt_number_reads_back_to_the_same_double():
    for value in islice(doubles(), 5_000):
        assert float(jcs.es6_number(value)) == value
        assert jcs.encode(jcs.parse(jcs.encode([value]))) == jcs.encode([value])
