"""Keys, envelopes and trust files for tests, made without any code of workc.

``key(n)`` is a key that is the same in every run; nothing here draws chance.
"""

import base64
import json
from functools import lru_cache

from reseal import load

naive = load("second_verifier/ed25519.py")

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "workc:sealed-run/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
SCHEMA = "workc.trust/1"


@lru_cache(4096)
def sign(seed, message):
    """Returns a signature; many tests want the same one again."""
    return naive.sign(seed, message)


class Key:
    """A key pair for tests, with what a trust file says of it."""

    def __init__(self, number):
        self.seed = number.to_bytes(32, "big")
        self.name = f"key-{number}"
        self._take(naive.public_of(self.seed))

    def _take(self, public):
        self.public = public
        spki = bytes.fromhex("302a300506032b6570032100") + public
        self.keyid = naive.hashlib.sha256(spki).hexdigest()

    def entry(self, **more):
        return {"name": self.name, "public_key": b64(self.public), **more}

    def sign(self, payload, payload_type=PAYLOAD_TYPE):
        return sign(self.seed, pae(payload_type, payload))


_KEYS = {}


def key(number):
    if number not in _KEYS:
        _KEYS[number] = Key(number)
    return _KEYS[number]


def b64(data):
    return base64.b64encode(data).decode()


def compact(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def pae(payload_type, payload):
    kind = payload_type.encode()
    parts = (b"DSSEv1", b"%d" % len(kind), kind, b"%d" % len(payload), payload)
    return b" ".join(parts)


def statement_of(files):
    """Returns the statement about a bundle as a value to edit."""
    receipt = json.loads(files["receipt.json"])
    return {
        "_type": STATEMENT_TYPE,
        "predicate": {name: receipt[name] for name in ("bundle_version", "lock_level", "outcome")},
        "predicateType": PREDICATE_TYPE,
        "subject": [{"digest": {"sha256": receipt["proof_digest"]}, "name": receipt["run_id"]}],
    }


def envelope_of(payload, *keys, payload_type=PAYLOAD_TYPE):
    """Returns an envelope with one signature by each key, as a value to edit."""
    signatures = [{"keyid": k.keyid, "sig": b64(k.sign(payload, payload_type))} for k in keys]
    return {"payload": b64(payload), "payloadType": payload_type, "signatures": signatures}


def signed(files, *keys):
    """Returns a bundle with one file of signatures for each key."""
    payload = compact(statement_of(files))
    more = {path_of(k): compact(envelope_of(payload, k)) for k in keys}
    return {**files, **more}


def path_of(signer):
    return f"signatures/{signer.keyid}.dsse.json"


def trust_value(*entries, threshold=1, min_version="0.2", **more):
    """Returns a trust file as a value to edit; a key stands for its entry."""
    keys = [each.entry() if isinstance(each, Key) else each for each in entries]
    return {
        "schema": SCHEMA,
        "keys": keys,
        "threshold": threshold,
        "min_version": min_version,
        **more,
    }


def trust_file(*entries, **fields):
    return json.dumps(trust_value(*entries, **fields)).encode()
