"""The generator against its definition, computed by hand, and its streams."""

import hashlib

import pytest

from workc.kernel.failure import Misuse
from workc.kernel.rng import ZERO_SEED, SeededRng, derive


def naive(state):
    """Yields xorshift64* as in the paper's table, in plain arithmetic."""
    while True:
        state = state ^ (state // 2**12)
        state = state ^ (state * 2**25 % 2**64)
        state = state ^ (state // 2**27)
        yield state * 2685821657736338717 % 2**64


@pytest.mark.parametrize("seed", [1, 2, 12345, 2**63, 2**64 - 1])
def test_the_numbers_are_those_of_the_definition(seed):
    rng, numbers = SeededRng(seed), naive(seed)
    assert [rng.next_u64() for _ in range(100)] == [next(numbers) for _ in range(100)]


def test_a_seed_of_zero_does_not_stay_zero():
    assert SeededRng(0).next_u64() == SeededRng(ZERO_SEED).next_u64() != 0


def test_only_the_lower_64_bits_of_a_seed_count():
    assert SeededRng(2**64 + 5).next_u64() == SeededRng(5).next_u64()


@pytest.mark.parametrize("bound", [1, 2, 3, 7, 256, 1000, 2**63 + 1, 2**64])
def test_a_number_below_a_bound_is_below_it(bound):
    rng = SeededRng(7)
    assert all(0 <= rng.below(bound) < bound for _ in range(200))


@pytest.mark.parametrize(("bound", "shift"), [(1, 63), (2, 63), (4, 62), (256, 56), (2**64, 0)])
def test_a_number_below_a_power_of_two_is_the_highest_bits_of_the_next_number(bound, shift):
    rng, same = SeededRng(5), SeededRng(5)
    drawn = [same.next_u64() >> shift for _ in range(200)]
    expected = [each for each in drawn if each < bound]
    assert [rng.below(bound) for _ in expected] == expected


def test_every_number_below_a_small_bound_is_drawn_about_as_often():
    rng, counts = SeededRng(3), [0] * 5
    for _ in range(5000):
        counts[rng.below(5)] += 1
    assert all(900 < count < 1100 for count in counts)


@pytest.mark.parametrize("bound", [0, -1, 2**64 + 1])
def test_a_bound_that_has_no_numbers_is_misuse_and_does_not_hang(bound):
    with pytest.raises(Misuse):
        SeededRng(1).below(bound)


def test_bytes_are_the_numbers_big_endian_and_cut():
    words = [SeededRng(9).next_u64()]
    assert SeededRng(9).bytes(8) == words[0].to_bytes(8, "big")
    assert SeededRng(9).bytes(3) == words[0].to_bytes(8, "big")[:3]
    rng = SeededRng(9)
    three = b"".join(rng.next_u64().to_bytes(8, "big") for _ in range(3))
    assert SeededRng(9).bytes(17) == three[:17]
    assert SeededRng(9).bytes(0) == b""


@pytest.mark.parametrize(("count", "numbers"), [(0, 0), (1, 1), (7, 1), (8, 1), (9, 2), (16, 2)])
def test_bytes_take_as_many_numbers_as_they_need_and_no_more(count, numbers):
    rng, same = SeededRng(9), SeededRng(9)
    rng.bytes(count)
    for _ in range(numbers):
        same.next_u64()
    assert rng.next_u64() == same.next_u64()


def test_streams_are_derived_by_name_and_do_not_meet():
    digest = hashlib.sha256(b"workc seed/0.2\x001\x00a").digest()
    assert derive(1, "a") == int.from_bytes(digest[:8], "big")
    assert len({derive(seed, name) for seed in (1, 2, 11) for name in ("a", "b", "1a")}) == 9
