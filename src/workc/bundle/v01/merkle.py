"""The Merkle tree of format 0.1: it duplicates the last hash of an odd level.

``H`` is SHA-256; the tags are ASCII, their last bar included. For the tree ``T``:

1. No leaves: ``H("MOTUS|MRKL|T|EMPTY|0.1|")``.
2. A leaf: ``H("MOTUS|MRKL|T|LEAF|0.1|" + bytes)``. One leaf is the root.
3. A node: ``H("MOTUS|MRKL|T|NODE|0.1|" + left + right)``, two raw hashes of 32 bytes.
4. A level of an odd number of hashes, more than one, repeats its last hash.

So a list and the same list with its last leaf repeated can have one root: whoever counts on a
root alone must count the leaves too, or refuse repeated leaves. Format 0.2 does not duplicate.

>>> root(Tree.GATES, [])[:16]
'2935a329ad1646be'
>>> root(Tree.GATES, [b"a", b"b", b"c"]) == root(Tree.GATES, [b"a", b"b", b"c", b"c"])
True
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable


class Tree(enum.Enum):
    """The eight trees, in the order of the proof digest; the value is the name in their tags."""

    EVENT_LOG = "EVENTLOG"
    ARTIFACTS = "ARTIFACTS"
    EVIDENCE = "EVIDENCE"
    LENS = "LENS"
    EFFECTS = "EFFECTS"
    GATES = "GATES"
    VERIFICATION = "VERIFICATION"
    WORKGRAPH = "WORKGRAPH"

    @property
    def field(self) -> str:
        """The name of the tree's root in ``integrity.roots`` of the receipt."""
        return f"{self.name.lower()}_root"


class RootBuilder:
    """Takes leaves one by one and gives their root; holds one hash a level and no leaf."""

    def __init__(self, tree: Tree) -> None:
        self._empty = _tag(tree, "EMPTY")
        self._leaf = _tag(tree, "LEAF")
        self._node = _tag(tree, "NODE")
        # Whole subtrees from left to right, each with its height; the heights descend.
        self._whole: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Adds the next leaf, as its bytes before hashing."""
        height, node = 0, hashlib.sha256(self._leaf + leaf).digest()
        while self._whole and self._whole[-1][0] == height:
            node = self._join(self._whole.pop()[1], node)
            height += 1
        self._whole.append((height, node))

    def root(self) -> str:
        """Returns the root of the leaves so far as 64 hex digits; more leaves may follow."""
        if not self._whole:
            return hashlib.sha256(self._empty).hexdigest()
        *before, (height, node) = self._whole
        for left_height, left in reversed(before):
            for _ in range(left_height - height):
                node = self._join(node, node)
            node = self._join(left, node)
            height = left_height + 1
        return node.hex()

    def _join(self, left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(self._node + left + right).digest()


def root(tree: Tree, leaves: Iterable[bytes]) -> str:
    """Returns the root of ``leaves``, given as their bytes before hashing, as 64 hex digits."""
    builder = RootBuilder(tree)
    for leaf in leaves:
        builder.add(leaf)
    return builder.root()


def _tag(tree: Tree, part: str) -> bytes:
    return f"MOTUS|MRKL|{tree.value}|{part}|0.1|".encode()
