"""The published vector of DSSE: its encoding is ours, its signature is over the bytes we give."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from workc.verify.signatures.dsse import pae, read_envelope
from workc.verify.signatures.rules import PAYLOAD_TYPE_IS_IN_TOTO, BrokenRuleError

(VECTOR,) = json.loads((Path(__file__).parent / "dsse/vectors.json").read_text())["vectors"]
PAYLOAD = VECTOR["payload_utf8"].encode()


def test_the_encoding_is_the_published_one():
    assert pae(VECTOR["payloadType"], PAYLOAD).decode() == VECTOR["pae"]


def test_the_published_signature_is_over_the_bytes_that_we_encode():
    raw = base64.b64decode(VECTOR["envelope"]["signatures"][0]["sig"])
    signature = encode_dss_signature(
        int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    )
    numbers = ec.EllipticCurvePublicNumbers(int(VECTOR["X"]), int(VECTOR["Y"]), ec.SECP256R1())
    payload = base64.b64decode(VECTOR["envelope"]["payload"])
    message = pae(VECTOR["envelope"]["payloadType"], payload)
    numbers.public_key().verify(signature, message, ec.ECDSA(hashes.SHA256()))


def test_the_published_envelope_has_the_form_and_is_refused_for_its_type_alone():
    with pytest.raises(BrokenRuleError, match="another type") as caught:
        read_envelope(json.dumps(VECTOR["envelope"]).encode())
    assert caught.value.rule == PAYLOAD_TYPE_IS_IN_TOTO


@pytest.mark.parametrize(
    ("kind", "payload", "expected"),
    [
        ("", b"", b"DSSEv1 0  0 "),
        ("é", b"\xff\x00", b"DSSEv1 2 \xc3\xa9 2 \xff\x00"),
        ("a b", b"1 2", b"DSSEv1 3 a b 3 1 2"),
    ],
)
def test_lengths_count_bytes_so_that_no_two_pairs_have_one_encoding(kind, payload, expected):
    assert pae(kind, payload) == expected
