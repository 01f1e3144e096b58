"""The chain: what each line says of the one before it."""

import hashlib

from workc.kernel.chain import GENESIS, link
from workc.kernel.merkle import leaf_hash


def test_a_link_is_the_hash_of_a_zero_byte_and_the_line():
    assert link(b"{}") == hashlib.sha256(b"\x00{}").hexdigest()


def test_a_link_is_the_leaf_hash_of_the_tree():
    assert bytes.fromhex(link(b"abc")) == leaf_hash(b"abc")


def test_the_first_link_is_no_hash_of_any_line():
    assert GENESIS == "0" * 64
