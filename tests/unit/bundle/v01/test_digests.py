"""The hashes of receipts, events and proofs of format 0.1, spelt out by hand."""

import hashlib

import pytest

from workc.bundle.v01.digests import GENESIS, event_hash, proof_digest, receipt_hash
from workc.bundle.v01.merkle import Tree
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Misuse


def sha(data):
    return hashlib.sha256(data).hexdigest()


def test_a_receipt_is_hashed_without_its_integrity_and_with_all_else():
    receipt = {"unknown": {"b": 1, "a": None}, "integrity": {"x": 1}, "loop_id": "é"}
    spelling = '{"loop_id":"é","unknown":{"a":null,"b":1}}'.encode()
    assert receipt_hash(receipt) == sha(b"MOTUS|RECEIPT|0.1|" + spelling)
    assert receipt_hash({**receipt, "integrity": 2}) == receipt_hash(receipt)
    assert receipt_hash({**receipt, "unknown": 0}) != receipt_hash(receipt)


def test_an_event_is_hashed_with_the_hash_before_it():
    event = {"prev_event_hash": GENESIS, "seq": 0, "payload": {}, "event_hash": "?"}
    spelling = b'{"payload":{},"prev_event_hash":"' + b"0" * 64 + b'","seq":0}'
    assert event_hash(event) == sha(b"MOTUS|EVT|0.1|" + spelling)
    assert event_hash({**event, "prev_event_hash": "1" * 64}) != event_hash(event)


def test_what_is_hashed_is_not_changed():
    event = {"event_hash": "?", "seq": 0}
    event_hash(event)
    assert event == {"event_hash": "?", "seq": 0}


def test_a_proof_is_the_receipt_hash_and_the_eight_roots_in_their_order():
    roots = {tree: f"{n:02x}" * 32 for n, tree in enumerate(Tree)}
    raw = b"".join(bytes([n]) * 32 for n in range(8))
    expected = sha(b"MOTUS|PROOF|0.1|" + b"\xff" * 32 + raw)
    assert proof_digest("ff" * 32, roots) == expected
    assert proof_digest("ff" * 32, dict(reversed(roots.items()))) == expected


@pytest.mark.parametrize("wrong", ["", "0" * 63, "A" * 64, "é" * 64])
def test_a_proof_of_anything_but_hashes_is_misuse(wrong):
    roots = dict.fromkeys(Tree, "0" * 64)
    with pytest.raises(Misuse, match="64 lower-case hex digits"):
        proof_digest(wrong, roots)
    with pytest.raises(Misuse, match="64 lower-case hex digits"):
        proof_digest("0" * 64, roots | {Tree.GATES: wrong})


def test_a_proof_needs_all_eight_roots():
    with pytest.raises(Misuse, match="hex digits, not ''"):
        proof_digest("0" * 64, dict.fromkeys([*Tree][:7], "0" * 64))


def test_what_has_no_spelling_has_no_hash():
    with pytest.raises(CanonicalError):
        event_hash({"a": 1.5})
