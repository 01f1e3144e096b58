"""The duplicating tree of format 0.1: its tags, its odd levels, and what it cannot tell apart."""

import hashlib

from workc.bundle.v01.merkle import RootBuilder, Tree, root


def sha(data):
    return hashlib.sha256(data).digest()


def leaf(name, data):
    return sha(f"MOTUS|MRKL|{name}|LEAF|0.1|".encode() + data)


def node(name, left, right):
    return sha(f"MOTUS|MRKL|{name}|NODE|0.1|".encode() + left + right)


def test_there_are_eight_trees_in_the_order_of_the_proof():
    assert [tree.value for tree in Tree] == [
        "EVENTLOG",
        "ARTIFACTS",
        "EVIDENCE",
        "LENS",
        "EFFECTS",
        "GATES",
        "VERIFICATION",
        "WORKGRAPH",
    ]
    assert Tree.EVENT_LOG.field == "event_log_root"
    assert Tree.WORKGRAPH.field == "workgraph_root"


def test_the_empty_tree_has_a_hash_of_its_name():
    for tree in Tree:
        assert root(tree, []) == sha(f"MOTUS|MRKL|{tree.value}|EMPTY|0.1|".encode()).hex()


def test_one_leaf_is_the_root():
    assert root(Tree.LENS, [b"x"]) == leaf("LENS", b"x").hex()


def test_an_odd_level_repeats_its_last_hash_at_every_height():
    leaves = [leaf("LENS", b"%d" % n) for n in range(5)]
    lower = [node("LENS", leaves[0], leaves[1]), node("LENS", leaves[2], leaves[3])]
    odd = node("LENS", leaves[4], leaves[4])
    upper = [node("LENS", *lower), node("LENS", odd, odd)]
    assert root(Tree.LENS, [b"%d" % n for n in range(5)]) == node("LENS", *upper).hex()


def test_a_repeated_last_leaf_of_an_odd_list_cannot_be_seen_in_the_root():
    leaves = [b"a", b"b", b"c"]
    assert root(Tree.EVIDENCE, leaves) == root(Tree.EVIDENCE, [*leaves, b"c"])
    assert root(Tree.EVIDENCE, leaves[:2]) != root(Tree.EVIDENCE, [b"a", b"b", b"b"])


def test_an_inner_node_is_not_taken_for_a_leaf():
    a, b = leaf("GATES", b"a"), leaf("GATES", b"b")
    assert root(Tree.GATES, [a + b]) != root(Tree.GATES, [b"a", b"b"])


def test_a_builder_gives_every_root_on_the_way_and_holds_one_hash_a_level():
    builder = RootBuilder(Tree.EVENT_LOG)
    for size in range(100):
        assert builder.root() == root(Tree.EVENT_LOG, [b"%d" % n for n in range(size)])
        assert len(builder._whole) == size.bit_count()
        builder.add(b"%d" % size)
