"""Mutants of the two documents: what is found of other bytes, and the receipt that follows them."""

from __future__ import annotations

from workc.bundle.layout import MANIFEST, RECEIPT
from workc.kernel import canonical
from workc.kernel.canonical import CanonicalError
from workc.kernel.digest import sha256_hex
from workc.sim.tamper.draft import digest_of
from workc.sim.tamper.mutant import Mutant
from workc.sim.tamper.place import HASH, Place
from workc.sim.tamper.subject import Subject


def found_in(subject: Subject, path: str, data: bytes) -> Place:
    """Returns what is found of a bundle that has other bytes in one file."""
    if path == RECEIPT:
        return subject.documents.of_receipt(data)
    return subject.documents.of_manifest(data) if path == MANIFEST else HASH


def resealed(subject: Subject, path: str, data: bytes, at: str) -> Mutant | None:
    """Returns the bundle with another document and all that follows from it in the receipt.

    None if nothing can follow: the receipt is none, or only what follows was changed.
    """
    where = f"{path}, {at}"
    if path == MANIFEST:
        expected = subject.documents.of_manifest(data, is_receipted=True)
        receipt = _followed(subject.files[RECEIPT], manifest_sha256=sha256_hex(data))
        files = {**subject.files, path: data}
    else:
        receipt = _followed(data)
        expected = subject.documents.of_receipt(receipt or b"")
        files = dict(subject.files)
    if receipt is None or {**files, RECEIPT: receipt} == subject.files:
        return None
    return Mutant({**files, RECEIPT: receipt}, expected, where)


def _followed(receipt: bytes, **fields: str) -> bytes | None:
    """Returns a receipt with other fields and the proof digest that follows, if it is JSON still."""
    try:
        value = canonical.decode(receipt)
    except CanonicalError:
        return None
    if not isinstance(value, dict):
        return None
    value = {**value, **fields}
    return canonical.encode({**value, "proof_digest": digest_of(value)})
