"""Merkle trees: roots, proofs, and everything a verifier must say no to."""

import hashlib

import pytest

from workc.kernel.failure import Misuse
from workc.kernel.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    Accumulator,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(b"%d" % n) for n in range(7)]
ROOT = root(LEAVES)


def test_the_empty_tree_has_the_hash_of_nothing():
    assert root([]) == EMPTY_ROOT == hashlib.sha256(b"").digest()


def test_leaves_and_nodes_are_hashed_apart():
    assert leaf_hash(b"ab") == hashlib.sha256(b"\x00ab").digest()
    assert node_hash(b"a", b"b") == hashlib.sha256(b"\x01ab").digest()
    assert leaf_hashes([b"ab", b""]) == [leaf_hash(b"ab"), leaf_hash(b"")]


def test_an_odd_last_node_moves_up_unchanged():
    a, b, c = LEAVES[:3]
    assert root([a, b, c]) == node_hash(node_hash(a, b), c)


def test_repeating_the_last_leaf_changes_the_root():
    assert root(LEAVES[:3]) != root([*LEAVES[:3], LEAVES[2]])


def test_an_inner_node_is_not_taken_for_a_leaf():
    a, b, c, d = LEAVES[:4]
    assert root([leaf_hash(a + b), leaf_hash(c + d)]) != root([a, b, c, d])


def test_the_accumulator_gives_every_root_on_the_way():
    accumulator = Accumulator()
    for size in range(len(LEAVES) + 1):
        assert accumulator.size == size
        assert accumulator.root() == root(LEAVES[:size])
        if size < len(LEAVES):
            accumulator.append(LEAVES[size])


@pytest.mark.parametrize("together", [1, 3, 700, 1024, 5000])
def test_the_accumulator_holds_few_hashes_and_gives_the_root_of_the_whole_tree(together):
    leaves = leaf_hashes(b"%d" % n for n in range(5000))
    accumulator = Accumulator()
    for start in range(0, len(leaves), together):
        accumulator.extend(leaves[start : start + together])
        held = len(accumulator._peaks) + len(accumulator._gathered)
        assert held <= (accumulator.size // 1024).bit_count() + accumulator.size % 1024
    assert accumulator.root().hex() == naive_root(leaves).hex()


def naive_root(level):
    """The definition of RFC 9162, section 2.1.1: split at the largest power of two."""
    if len(level) == 1:
        return level[0]
    half = 1 << (len(level) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + naive_root(level[:half]) + naive_root(level[half:])).digest()


def test_leaves_that_come_one_by_one_give_the_root_of_those_that_come_together():
    leaves = [leaf_hash(b"%d" % number) for number in range(2_100)]
    one_by_one, together = Accumulator(), Accumulator()
    for leaf in leaves:
        one_by_one.append(leaf)
    together.extend(leaves)
    assert one_by_one.root() == together.root() == naive_root(leaves)
    assert one_by_one.size == together.size == len(leaves)


@pytest.mark.parametrize("leaf", [b"", b"x", bytes(31), bytes(33)])
def test_a_leaf_that_is_no_hash_is_misuse(leaf):
    accumulator = Accumulator()
    with pytest.raises(Misuse, match="a leaf hash has 32 bytes"):
        accumulator.append(leaf)
    assert (accumulator.size, accumulator.root()) == (0, EMPTY_ROOT)
    with pytest.raises(Misuse, match="a leaf hash has 32 bytes"):
        inclusion_proof([LEAVES[0], leaf], 0)
    with pytest.raises(Misuse, match="a leaf hash has 32 bytes"):
        consistency_proof([LEAVES[0], leaf], 1)


@pytest.mark.parametrize("index", [-1, 7, 8])
def test_a_proof_for_a_leaf_that_is_not_there_is_misuse(index):
    with pytest.raises(Misuse, match="has no leaf"):
        inclusion_proof(LEAVES, index)


@pytest.mark.parametrize("old_size", [-1, 0, 8])
def test_a_proof_from_a_size_that_was_not_is_misuse(old_size):
    with pytest.raises(Misuse, match="does not extend"):
        consistency_proof(LEAVES, old_size)


def test_the_example_proofs_of_rfc_9162_have_their_shape():
    # RFC 9162, section 2.1.5: the tree of seven leaves d0 to d6.
    a, b, c, d, e, f, j = LEAVES
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, l_ = node_hash(g, h), node_hash(i, j)
    assert inclusion_proof(LEAVES, 0) == [b, h, l_]
    assert inclusion_proof(LEAVES, 3) == [c, g, l_]
    assert inclusion_proof(LEAVES, 4) == [f, j, k]
    assert inclusion_proof(LEAVES, 6) == [i, k]
    assert consistency_proof(LEAVES, 3) == [c, d, g, l_]
    assert consistency_proof(LEAVES, 4) == [l_]
    assert consistency_proof(LEAVES, 6) == [i, j, k]
    assert consistency_proof(LEAVES, 7) == []


def test_an_inclusion_proof_holds_for_its_leaf_and_place_only():
    for index, leaf in enumerate(LEAVES):
        proof = inclusion_proof(LEAVES, index)
        holds = [
            (other, place)
            for other in LEAVES
            for place in range(-1, 9)
            if verify_inclusion(other, place, 7, proof, ROOT)
        ]
        assert holds == [(leaf, index)]


@pytest.mark.parametrize("size", [-1, 0, 3, 4, 9, 15, 2**64, MAX_SIZE, MAX_SIZE + 1, 10**400])
def test_a_proof_does_not_hold_for_a_size_of_another_shape(size):
    assert not verify_inclusion(LEAVES[5], 5, size, inclusion_proof(LEAVES, 5), ROOT)
    assert not verify_consistency(3, size, consistency_proof(LEAVES, 3), root(LEAVES[:3]), ROOT)


def test_a_size_of_the_same_shape_is_not_told_apart_so_it_must_be_trusted_with_the_root():
    # Seen from leaf 5, trees of seven and of eight leaves look alike: a root does not hold its
    # size. Whoever signs a root signs the size with it.
    assert verify_inclusion(LEAVES[5], 5, 7, inclusion_proof(LEAVES, 5), ROOT)
    assert verify_inclusion(LEAVES[5], 5, 8, inclusion_proof(LEAVES, 5), ROOT)


def test_every_proof_with_one_bit_changed_or_one_node_more_or_less_is_refused():
    proof = inclusion_proof(LEAVES, 2)
    for bad in damaged(proof):
        assert not verify_inclusion(LEAVES[2], 2, 7, bad, ROOT)
    old = root(LEAVES[:3])
    assert verify_consistency(3, 7, consistency_proof(LEAVES, 3), old, ROOT)
    for bad in damaged(consistency_proof(LEAVES, 3)):
        assert not verify_consistency(3, 7, bad, old, ROOT)


def damaged(proof):
    for at, node in enumerate(proof):
        yield [*proof[:at], bytes([node[0] ^ 1]) + node[1:], *proof[at + 1 :]]
        yield [*proof[:at], node[:-1], *proof[at + 1 :]]
        yield [*proof[:at], node + b"\0", *proof[at + 1 :]]
        yield [*proof[:at], *proof[at + 1 :]]
        yield [*proof[: at + 1], *proof[at:]]
    yield []
    yield [*proof, bytes(32)]
    yield [bytes(32), *proof]


def test_a_proof_longer_than_the_tree_is_high_is_refused():
    assert not verify_inclusion(LEAVES[0], 0, 1, [LEAVES[1]], LEAVES[0])
    proof = consistency_proof(LEAVES[:2], 1)
    assert verify_consistency(1, 2, proof, LEAVES[0], root(LEAVES[:2]))
    assert not verify_consistency(1, 2, [*proof, ROOT], LEAVES[0], root(LEAVES[:2]))


def test_a_root_forged_above_the_real_tree_is_refused():
    above = node_hash(LEAVES[1], LEAVES[0])
    assert not verify_inclusion(LEAVES[0], 0, 1, [LEAVES[1]], above)
    old, new = LEAVES[0], root(LEAVES[:2])
    old_above, new_above = node_hash(ROOT, old), node_hash(ROOT, new)
    assert not verify_consistency(1, 2, [LEAVES[1], ROOT], old_above, new_above)
    proof = [*consistency_proof(LEAVES, 3), EMPTY_ROOT]
    old_above, new_above = (node_hash(EMPTY_ROOT, root(LEAVES[:n])) for n in (3, 7))
    assert not verify_consistency(3, 7, proof, old_above, new_above)


def test_two_trees_of_one_size_agree_only_with_one_root_and_no_proof():
    assert verify_consistency(7, 7, [], ROOT, ROOT)
    assert not verify_consistency(7, 7, [], ROOT, EMPTY_ROOT)
    assert not verify_consistency(7, 7, [ROOT], ROOT, ROOT)


def test_the_empty_tree_proves_nothing():
    assert not verify_consistency(0, 7, [], EMPTY_ROOT, ROOT)
    assert not verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    assert not verify_inclusion(LEAVES[0], 0, 0, [], EMPTY_ROOT)


def test_a_leaf_one_past_the_last_is_in_no_tree():
    assert verify_inclusion(LEAVES[0], 0, 1, [], LEAVES[0])
    assert not verify_inclusion(LEAVES[0], 1, 1, [], LEAVES[0])
    assert not verify_inclusion(LEAVES[6], 7, 7, inclusion_proof(LEAVES, 6), ROOT)


def test_a_larger_tree_needs_a_proof_even_where_the_roots_are_equal():
    assert not verify_consistency(4, 7, [], ROOT, ROOT)


def test_a_tree_that_changed_an_old_leaf_is_no_extension():
    forged = [LEAVES[1], *LEAVES[1:]]
    for size in range(1, 7):
        old = root(LEAVES[:size])
        assert not verify_consistency(size, 7, consistency_proof(forged, size), old, root(forged))


def test_a_proof_holds_in_a_tree_of_the_largest_size_and_in_no_larger_one():
    siblings = [ROOT] * 53
    whole = LEAVES[0]
    for sibling in siblings:
        whole = node_hash(whole, sibling)
    assert verify_inclusion(LEAVES[0], 0, MAX_SIZE, siblings, whole)
    assert not verify_inclusion(LEAVES[0], 0, MAX_SIZE + 1, siblings, whole)
    old, new = LEAVES[0], node_hash(LEAVES[0], ROOT)
    assert verify_consistency(2**52, MAX_SIZE, [ROOT], old, new)
    assert not verify_consistency(2**52, MAX_SIZE + 1, [ROOT], old, new)
