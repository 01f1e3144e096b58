"""Signs a bundle: whoever signs says that this bundle is one, so it is verified first.

The signature is about the proof digest. The statement, the name of the file and Ed25519 itself are
deterministic, so that signing twice with one key changes nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from workc.adapters.bundle_folder import BundleFolder
from workc.adapters.signature_file import add_signature
from workc.adapters.signing_keys import SigningKey, read_private
from workc.api.unfit import Unfit
from workc.api.verification import verify_bundle
from workc.bundle import documents
from workc.bundle.documents import NotCanonicalError, Receipt
from workc.bundle.layout import (
    BUNDLE_VERSION,
    MAX_DOCUMENT_BYTES,
    RECEIPT,
    SIGNATURES,
    is_signature,
)
from workc.kernel.failure import refuse
from workc.kernel.values import JsonObject
from workc.verify.expectations import Proven
from workc.verify.reader import ReadError
from workc.verify.signatures.dsse import Envelope, Signature, write_envelope
from workc.verify.signatures.rules import MAX_SIGNATURE_FILES
from workc.verify.signatures.statement import write_statement
from workc.verify.verdict import Verdict


class NotVerified(Unfit):
    """The bundle does not verify, so it was not signed; ``verdict`` says why."""

    def __init__(self, verdict: Verdict) -> None:
        why = " ".join(dict.fromkeys(verdict.codes())) or "not every step could be taken"
        super().__init__(
            verdict.failures, f"the bundle does not verify ({why}), so it was not signed"
        )
        self.verdict = verdict


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of signing. ``file`` stands in the bundle; ``is_new`` is False if it did before."""

    run_id: str
    proof_digest: str
    keyid: str
    file: str
    is_new: bool

    def to_json(self) -> JsonObject:
        """Returns this as JSON, schema ``workc.signed/1``."""
        fields: JsonObject = msgspec.to_builtins(self)
        return {"schema": "workc.signed/1", **fields}


def sign(bundle: str | os.PathLike[str], key: str | os.PathLike[str] | SigningKey) -> Signed:
    """Signs the bundle in a folder with a private key, or with the one in a PEM file.

    Raises:
        NotVerified: the bundle does not verify.
        Refusal: ``INVALID_INPUT`` if the file holds no private key for Ed25519, or the format of the
            bundle knows no signatures.
        FileExistsError: another file stands in the bundle where this signature belongs.
        OSError: something cannot be read or written.
    """
    secret = key if isinstance(key, SigningKey) else read_private(Path(key))
    path = Path(bundle)
    verdict = verify_bundle(path)
    if not verdict.ok:
        raise NotVerified(verdict)
    if verdict.bundle_version != BUNDLE_VERSION:
        why = f"only bundles of format {BUNDLE_VERSION} can be signed"
        raise refuse("INVALID_INPUT", f"{why}, and this one is of {verdict.bundle_version}")
    receipt = _receipt(path, verdict.proof_digest)
    digest = documents.proof_digest(receipt)
    name = f"{secret.keyid}.dsse.json"
    _check_room(path, name)
    is_new = add_signature(path, name, _signed(receipt, digest, secret))
    return Signed(
        run_id=receipt.run_id,
        proof_digest=digest,
        keyid=secret.keyid,
        file=f"{SIGNATURES}/{name}",
        is_new=is_new,
    )


def _check_room(path: Path, name: str) -> None:
    """Refuses a signature that would break the bundle: a twin of another file's name, or too many."""
    there = {
        item.path.rpartition("/")[2]
        for item in BundleFolder(path).items()
        if is_signature(item.path)
    }
    if name in there:
        return
    if name.lower() in {other.lower() for other in there}:
        raise refuse(
            "INVALID_INPUT", f"{SIGNATURES} holds a file that differs from {name} in case only"
        )
    if len(there) >= MAX_SIGNATURE_FILES:
        raise refuse(
            "INVALID_INPUT", f"the bundle has {len(there)} signatures, as many as it may have"
        )


def _receipt(path: Path, digest: str | None) -> Receipt:
    """Returns the receipt that was verified: its digest is that of the verdict."""
    try:
        data = b"".join(BundleFolder(path).chunks(RECEIPT, MAX_DOCUMENT_BYTES))
        receipt = documents.read_receipt(data)
    except (ReadError, NotCanonicalError) as error:
        raise refuse("INVALID_INPUT", f"the receipt cannot be signed: {error}") from None
    if documents.proof_digest(receipt) != digest:
        raise refuse("INVALID_INPUT", "the bundle changed while it was verified; it was not signed")
    return receipt


def _signed(receipt: Receipt, digest: str, key: SigningKey) -> bytes:
    payload = write_statement(
        Proven(
            bundle_version=receipt.bundle_version,
            run_id=receipt.run_id,
            proof_digest=digest,
            outcome=receipt.outcome,
            lock_level=receipt.lock_level,
        )
    )
    unsigned = Envelope(payload=payload, signatures=())
    signature = Signature(keyid=key.keyid, data=key.sign(unsigned.signed_bytes()))
    return write_envelope(msgspec.structs.replace(unsigned, signatures=(signature,)))
