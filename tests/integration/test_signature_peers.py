"""Signatures and software that others wrote: each side reads what the other one writes.

securesystemslib (MIT) has its own DSSE and Ed25519 code, in-toto-attestation (Apache-2.0) its own
Statement, over protobuf.
"""

import json

import pytest
import securesystemslib.dsse as peer_dsse
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

import workc
from workc.adapters.signing_keys import SigningKey
from workc.api.signing import sign
from workc.verify.signatures.dsse import PAYLOAD_TYPE
from workc.verify.signatures.statement import PREDICATE_TYPE

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
FILE = """\
workc: 1
name: hello
steps:
  greet:
    skill: json_transform
    with: {data: [hello, world], expression: "[0]"}
output: "${steps.greet.result}"
"""


@pytest.fixture
def bundle(tmp_path):
    (tmp_path / "hello.yaml").write_text(FILE)
    assert workc.run(tmp_path / "hello.yaml", out=tmp_path / "bundle").ok
    return tmp_path / "bundle"


def trust_of(private, threshold=1):
    entry = {"name": "peer", "public_key": private.public_key().public_bytes_raw().hex()}
    return json.dumps(
        {
            "schema": "workc.trust/1",
            "keys": [entry],
            "threshold": threshold,
            "min_version": "0.2",
        }
    ).encode()


def envelope_of(bundle, signed):
    return peer_dsse.Envelope.from_dict(json.loads((bundle / signed.file).read_bytes()))


def peer_key(private, keyid):
    public = private.public_key().public_bytes_raw().hex()
    return SSlibKey(keyid, "ed25519", "ed25519", {"public": public})


def test_securesystemslib_verifies_what_we_sign(bundle):
    signed = sign(bundle, SigningKey(PRIVATE))
    envelope = envelope_of(bundle, signed)
    assert envelope.payload_type == PAYLOAD_TYPE
    key = peer_key(PRIVATE, signed.keyid)
    assert envelope.verify([key], 1) == {signed.keyid: key}
    with pytest.raises(VerificationError):
        envelope.verify([peer_key(OTHER, signed.keyid)], 1)
    envelope.payload += b" "
    with pytest.raises(VerificationError):
        envelope.verify([key], 1)


def test_in_toto_reads_the_statement_that_we_sign(bundle):
    signed = sign(bundle, SigningKey(PRIVATE))
    payload = envelope_of(bundle, signed).payload
    statement = Statement.copy_from_pb(json_format.Parse(payload, statement_pb2.Statement()))
    statement.validate()
    assert statement.pb.predicate_type == PREDICATE_TYPE
    (subject,) = statement.pb.subject
    assert (subject.name, dict(subject.digest)) == (signed.run_id, {"sha256": signed.proof_digest})
    assert dict(statement.pb.predicate) == {
        "bundle_version": "0.2",
        "lock_level": "Staged",
        "outcome": "success",
    }


def statement_by_the_peer(bundle):
    receipt = json.loads((bundle / "receipt.json").read_bytes())
    subject = ResourceDescriptor(name=receipt["run_id"], digest={"sha256": receipt["proof_digest"]})
    predicate = {name: receipt[name] for name in ("bundle_version", "lock_level", "outcome")}
    statement = Statement([subject.pb], PREDICATE_TYPE, predicate)
    statement.validate()
    return json_format.MessageToJson(statement.pb).encode()


def write_by_the_peer(bundle, *privates, indent=None):
    envelope = peer_dsse.Envelope(statement_by_the_peer(bundle), PAYLOAD_TYPE, {})
    for number, private in enumerate(privates):
        envelope.sign(CryptoSigner(private, peer_key(private, f"peer-{number}")))
    (bundle / "signatures").mkdir()
    text = json.dumps(envelope.to_dict(), indent=indent)
    (bundle / "signatures/peer.dsse.json").write_text(text)


@pytest.mark.parametrize("indent", [None, 2])
def test_we_verify_what_the_peers_write(bundle, indent):
    write_by_the_peer(bundle, PRIVATE, indent=indent)
    verdict = workc.verify_bundle(bundle, trust=trust_of(PRIVATE), require_signature=True)
    assert verdict.ok, verdict.failures
    assert [signer.name for signer in verdict.signers] == ["peer"]
    assert workc.verify_bundle(bundle, trust=trust_of(OTHER)).codes() == ("SIGNER_UNTRUSTED",)


def test_a_signature_of_the_peers_over_another_bundle_is_refused(bundle, tmp_path):
    assert workc.run(tmp_path / "hello.yaml", out=tmp_path / "second").ok
    write_by_the_peer(bundle, PRIVATE)
    (bundle / "signatures").rename(tmp_path / "second/signatures")
    verdict = workc.verify_bundle(tmp_path / "second", trust=trust_of(PRIVATE))
    assert verdict.codes() == ("SIGNATURE_INVALID",)
    assert verdict.failures[0].pointer == "/subject/0/digest/sha256"


def test_an_envelope_of_the_peers_with_two_signatures_counts_two_keys(bundle):
    write_by_the_peer(bundle, PRIVATE, OTHER)
    both = json.loads(trust_of(PRIVATE))
    both["keys"] += json.loads(trust_of(OTHER))["keys"]
    both["threshold"] = 2
    assert workc.verify_bundle(bundle, trust=json.dumps(both).encode()).ok
    assert workc.verify_bundle(bundle, trust=trust_of(OTHER)).codes() == ("SIGNER_UNTRUSTED",)
