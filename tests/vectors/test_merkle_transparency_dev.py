"""Merkle proofs, good and corrupted, and roots of transparency-dev/merkle."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from workc.kernel import merkle

DATA = Path(__file__).parent / "merkle-transparency-dev"
TESTDATA = DATA / "testdata"
INCLUSION = sorted((TESTDATA / "inclusion").rglob("*.json"))
CONSISTENCY = sorted((TESTDATA / "consistency").rglob("*.json"))
ROOTS = json.loads((DATA / "rfc6962_roots.json").read_text())

# Judged before any digest: the vector has roots of 16 bytes, equal to each other. Here a root
# is a SHA-256 digest, so that proof is refused too.
SHORT_ROOTS = {"sizes-are-equal-one-and-proof-is-empty"}


def name_of(path):
    return f"{path.parent.name}-{path.stem}"


def proof_of(case):
    return [b64decode(node) for node in case["proof"] or []]


def test_all_proofs_are_here():
    assert (len(INCLUSION), len(CONSISTENCY)) == (98, 98)


@pytest.mark.parametrize("path", INCLUSION, ids=name_of)
def test_an_inclusion_proof_is_judged_as_published(path):
    case = json.loads(path.read_text())
    holds = merkle.verify_inclusion(
        b64decode(case["leafHash"]),
        case["leafIdx"],
        case["treeSize"],
        proof_of(case),
        b64decode(case["root"]),
    )
    assert holds is (not case["wantErr"])


@pytest.mark.parametrize("path", CONSISTENCY, ids=name_of)
def test_a_consistency_proof_is_judged_as_published(path):
    case = json.loads(path.read_text())
    holds = merkle.verify_consistency(
        case["size1"],
        case["size2"],
        proof_of(case),
        b64decode(case["root1"]),
        b64decode(case["root2"]),
    )
    assert holds is (not case["wantErr"] and path.stem not in SHORT_ROOTS)


def test_the_roots_over_the_first_leaves_are_the_published_ones():
    leaves = [merkle.leaf_hash(bytes.fromhex(data)) for data in ROOTS["leaf_inputs_hex"]]
    roots = [merkle.root(leaves[:size]).hex() for size in range(len(leaves) + 1)]
    assert roots == ROOTS["roots_hex_by_size"]


def test_leaf_and_node_hashes_are_the_published_ones():
    assert merkle.leaf_hash(b"L123456").hex() == ROOTS["leaf_hash_L123456"]
    assert merkle.node_hash(b"N123", b"N456").hex() == ROOTS["node_hash_N123_N456"]
