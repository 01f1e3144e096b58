"""Merkle trees of RFC 6962 and RFC 9162: roots, and proofs that need only parts of a tree.

A tree is over *leaf hashes*: 32 bytes each, from :func:`leaf_hash`. A leaf is hashed after a
byte 0x00 and an inner node after a byte 0x01, so neither can pass for the other; where a level
has an odd number of nodes the last one moves up unchanged, so no two lists of leaves share a
root and a size (RFC 9162, section 2.1.1). A root does not hold its size: trees of seven and of
eight leaves look alike from leaf 5. So a size must come from where the root comes from.

Making a proof for a leaf or a size that the tree does not have is a
:class:`~workc.kernel.failure.Misuse`. Verifying never raises, whatever bytes and integers come
in: a proof that does not hold is False. This module does not decide which root to trust.

>>> leaves = [leaf_hash(word) for word in (b"a", b"b", b"c")]
>>> proof = inclusion_proof(leaves, 1)
>>> verify_inclusion(leaves[1], 1, 3, proof, root(leaves))
True
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from workc.kernel.failure import Misuse
from workc.kernel.values import MAX_SAFE_INTEGER

#: The length of a SHA-256 digest in bytes.
HASH_LENGTH = 32

#: The root of the tree without leaves: the hash of nothing (RFC 9162, section 2.1.1).
EMPTY_ROOT = hashlib.sha256(b"").digest()

#: The largest tree: its size is written as a canonical integer.
MAX_SIZE = MAX_SAFE_INTEGER


#: So many leaves are hashed together: a power of two, so that they are a perfect subtree.
_TOGETHER = 1024


def leaf_hash(data: bytes) -> bytes:
    """Returns the hash of a leaf with the content ``data`` (RFC 9162, section 2.1.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def leaf_hashes(lines: Iterable[bytes]) -> list[bytes]:
    """Returns the hash of each leaf, as :func:`leaf_hash` does, in less time for many."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + line).digest() for line in lines]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Returns the hash of the node above ``left`` and ``right`` (RFC 9162, section 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Accumulator:
    """Computes the root of leaves that come one by one, holding a few hashes for each level.

    Leaves are gathered and hashed together, level by level, which takes half the time. The hashes
    held are the roots of the perfect subtrees that the leaves so far fall into, the largest first:
    one for each bit that is set in the number of leaves gathered.
    """

    __slots__ = ("_gathered", "_peaks", "_size")

    def __init__(self) -> None:
        self._peaks: list[bytes] = []
        self._size = 0
        self._gathered: list[bytes] = []

    @property
    def size(self) -> int:
        """The number of leaves so far."""
        return self._size + len(self._gathered)

    def append(self, leaf: bytes) -> None:
        """Adds the next leaf hash; raises Misuse unless it is 32 bytes long."""
        if len(leaf) != HASH_LENGTH:
            raise _not_a_leaf_hash(leaf)
        self._gathered.append(leaf)
        if len(self._gathered) == _TOGETHER:
            self._add_subtree()

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Adds the next leaf hashes; raises Misuse unless each is 32 bytes long."""
        self._gathered += _checked(leaves)
        while len(self._gathered) >= _TOGETHER:
            self._add_subtree()

    def _add_subtree(self) -> None:
        level: Sequence[bytes] = self._gathered[:_TOGETHER]
        while len(level) > 1:
            level = _level_above(level)
        self._gathered = self._gathered[_TOGETHER:]
        node, peaks, number = level[0], self._peaks, self._size // _TOGETHER
        self._size += _TOGETHER
        while number & 1:
            node = node_hash(peaks.pop(), node)
            number >>= 1
        peaks.append(node)

    def root(self) -> bytes:
        """Returns the root over the leaves so far; more may follow."""
        level: Sequence[bytes] = self._gathered
        while len(level) > 1:
            level = _level_above(level)
        *larger, node = [*self._peaks, *level] or [EMPTY_ROOT]
        for peak in reversed(larger):
            node = node_hash(peak, node)
        return node


def root(leaves: Iterable[bytes]) -> bytes:
    """Returns the root of the tree over ``leaves``; raises Misuse if one is not a leaf hash."""
    accumulator = Accumulator()
    for leaf in leaves:
        accumulator.append(leaf)
    return accumulator.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Returns the proof that ``leaves[index]`` is in the tree over ``leaves``.

    The nodes beside the way up from the leaf, lowest first (RFC 9162, section 2.1.3.1).
    Raises Misuse if there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise Misuse(f"a tree of {len(leaves)} leaves has no leaf {index}")
    return _nodes_beside(_checked(leaves), index)


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Returns the proof that the tree over ``leaves`` extends the one over the first ``old_size``.

    The proof is that of RFC 9162, section 2.1.4.1; for the whole tree it is empty. Raises Misuse
    unless ``old_size`` is 1 to the number of leaves: every tree extends the empty one.
    """
    if not 1 <= old_size <= len(leaves):
        raise Misuse(f"a tree of {len(leaves)} leaves does not extend one of {old_size}")
    level = _checked(leaves)
    if old_size == len(leaves):
        return []
    # The proof starts from the node that ends the old tree and is perfect. It is left out
    # where it is the whole old tree: then the verifier has it as the old root.
    index = old_size - 1
    while index & 1:
        level = _level_above(level)
        index >>= 1
    start = [level[index]] if index else []
    return start + _nodes_beside(level, index)


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Says whether ``proof`` shows ``leaf`` at ``index`` in the tree of ``size`` with ``root``.

    The algorithm of RFC 9162, section 2.1.3.2. Never raises.
    """
    if not 0 <= index < size <= MAX_SIZE or not _are_hashes((leaf, root, *proof)):
        return False
    node, last = leaf, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if index & 1 or index == last:
            node = node_hash(sibling, node)
            index, last = _rise_to_right_child(index, last)
        else:
            node = node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and node == root


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Says whether ``proof`` shows that the new tree begins with all the leaves of the old one.

    The algorithm of RFC 9162, section 2.1.4.2. Never raises. An old size of 0 is False: such a
    proof would say nothing.
    """
    if not 1 <= old_size <= new_size <= MAX_SIZE or not _are_hashes((old_root, new_root, *proof)):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if not proof:
        return False
    is_perfect = old_size & (old_size - 1) == 0
    first, *path = [old_root, *proof] if is_perfect else proof
    index, last = _skip_right_children(old_size - 1, new_size - 1)
    old_node = new_node = first
    for sibling in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            old_node = node_hash(sibling, old_node)
            new_node = node_hash(sibling, new_node)
            index, last = _rise_to_right_child(index, last)
        else:
            new_node = node_hash(new_node, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and old_node == old_root and new_node == new_root


def _rise_to_right_child(index: int, last: int) -> tuple[int, int]:
    """Returns the place where a node that moved up unchanged gets a sibling, or the root's."""
    while index and not index & 1:
        index, last = index >> 1, last >> 1
    return index, last


def _skip_right_children(index: int, last: int) -> tuple[int, int]:
    """Returns the place of the largest perfect subtree that ends with the leaf ``index``."""
    while index & 1:
        index, last = index >> 1, last >> 1
    return index, last


def _nodes_beside(level: Sequence[bytes], index: int) -> list[bytes]:
    """Returns the siblings of the way up from ``index`` in ``level`` to the root, lowest first."""
    siblings: list[bytes] = []
    while len(level) > 1:
        if index ^ 1 < len(level):
            siblings.append(level[index ^ 1])
        level = _level_above(level)
        index >>= 1
    return siblings


def _level_above(level: Sequence[bytes]) -> list[bytes]:
    """Returns the parents of the nodes of ``level``; an odd last node is its own parent."""
    sha256 = hashlib.sha256
    pairs = zip(level[::2], level[1::2], strict=False)
    parents = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    if len(level) & 1:
        parents.append(level[-1])
    return parents


def _checked(leaves: Iterable[bytes]) -> list[bytes]:
    """Returns ``leaves``; raises Misuse if one of them is not a leaf hash."""
    found = list(leaves)
    for leaf in found:
        if len(leaf) != HASH_LENGTH:
            raise _not_a_leaf_hash(leaf)
    return found


def _are_hashes(values: Iterable[bytes]) -> bool:
    """Says whether all values have the length of a SHA-256 digest."""
    return all(len(value) == HASH_LENGTH for value in values)


def _not_a_leaf_hash(leaf: bytes) -> Misuse:
    """Returns the error for a leaf that is not a hash."""
    return Misuse(f"a leaf hash has {HASH_LENGTH} bytes, not {len(leaf)}: see leaf_hash")
