"""Merkle trees against the recursive definitions of RFC 9162, and hostile proofs."""

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from workc.kernel import merkle

LEAVES = [merkle.leaf_hash(b"%d" % n) for n in range(70)]


def split_point(size):
    """Returns the largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


def naive_root(leaves):
    """RFC 9162, section 2.1.1, as it is written."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split_point(len(leaves))
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_inclusion(leaves, index):
    """RFC 9162, section 2.1.3.1, as it is written."""
    if len(leaves) == 1:
        return []
    k = split_point(len(leaves))
    if index < k:
        return [*naive_inclusion(leaves[:k], index), naive_root(leaves[k:])]
    return [*naive_inclusion(leaves[k:], index - k), naive_root(leaves[:k])]


def naive_consistency(leaves, old_size, whole=True):
    """RFC 9162, section 2.1.4.1, as it is written: SUBPROOF(m, D_n, b)."""
    if old_size == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = split_point(len(leaves))
    if old_size <= k:
        return [*naive_consistency(leaves[:k], old_size, whole), naive_root(leaves[k:])]
    return [*naive_consistency(leaves[k:], old_size - k, False), naive_root(leaves[:k])]


def test_roots_and_proofs_are_those_of_the_recursive_definition_for_all_small_trees():
    for size in range(1, 36):
        leaves = LEAVES[:size]
        whole = naive_root(leaves)
        assert merkle.root(leaves) == whole
        for n in range(size):
            inclusion = naive_inclusion(leaves, n)
            assert merkle.inclusion_proof(leaves, n) == inclusion
            assert merkle.verify_inclusion(leaves[n], n, size, inclusion, whole)
            consistency = naive_consistency(leaves, n + 1)
            old = naive_root(leaves[: n + 1])
            assert merkle.consistency_proof(leaves, n + 1) == consistency
            assert merkle.verify_consistency(n + 1, size, consistency, old, whole)


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=70), st.data())
@settings(max_examples=100, deadline=None)
def test_proofs_of_any_tree_hold_and_tell_places_apart(contents, data):
    leaves = [merkle.leaf_hash(content) for content in contents]
    size = len(leaves)
    index = data.draw(st.integers(0, size - 1))
    whole = merkle.root(iter(leaves))
    assert whole == naive_root(leaves)
    proof = merkle.inclusion_proof(leaves, index)
    assert proof == naive_inclusion(leaves, index)
    other = data.draw(st.integers(0, size - 1))
    holds = merkle.verify_inclusion(leaves[other], other, size, proof, whole)
    assert holds or other != index
    # Elsewhere the proof can hold only where that leaf really has these nodes beside it.
    assert not holds or proof == naive_inclusion(leaves, other)


NODES = st.sampled_from(LEAVES[:4]) | st.binary(max_size=40)
SIZES = st.integers(-2, 20) | st.integers()


@given(NODES, SIZES, SIZES, st.lists(NODES, max_size=6), NODES)
@settings(max_examples=300, deadline=None)
def test_no_hostile_proof_raises_or_holds(leaf, index, size, proof, root):
    holds = merkle.verify_inclusion(leaf, index, size, proof, root)
    assert holds is (index == 0 and size == 1 and proof == [] and leaf == root and len(leaf) == 32)
    holds = merkle.verify_consistency(index, size, proof, leaf, root)
    equal = index == size > 0 and proof == [] and leaf == root and len(leaf) == 32
    assert holds is (equal and size <= merkle.MAX_SIZE)


@given(st.integers(2, 70), st.data())
@settings(max_examples=150, deadline=None)
def test_a_proof_with_any_bit_flipped_does_not_hold(size, data):
    leaves = LEAVES[:size]
    old_size = data.draw(st.integers(1, size - 1))
    proof = merkle.consistency_proof(leaves, old_size)
    old, new = merkle.root(leaves[:old_size]), merkle.root(leaves)
    at, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    flipped = (int.from_bytes(proof[at], "big") ^ (1 << bit)).to_bytes(32, "big")
    assert merkle.verify_consistency(old_size, size, proof, old, new)
    assert not merkle.verify_consistency(
        old_size, size, [*proof[:at], flipped, *proof[at + 1 :]], old, new
    )
