"""``prove`` and ``check_proof``: one event or one file of a bundle, shown without the rest.

A proof is made of what the oracle passed, and of nothing else; before it is written it is judged
as its reader will judge it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path

import msgspec

from workc.adapters.new_file import write_new, write_pieces
from workc.api.bundles import reader_of
from workc.api.sources import split_lines
from workc.api.unfit import Unfit, unfit
from workc.api.verification import verify_bundle
from workc.bundle.documents import (
    FileEntry,
    NotCanonicalError,
    Receipt,
    read_manifest,
    read_receipt,
    read_version,
)
from workc.bundle.inclusion import (
    MAX_PROOF_BYTES,
    InclusionProof,
    encode_proof,
    prove_event,
    prove_file,
    read_proof,
)
from workc.bundle.layout import (
    BUNDLE_VERSION,
    EVENTS,
    MANIFEST,
    MAX_DOCUMENT_BYTES,
    MAX_FILE_BYTES,
    RECEIPT,
)
from workc.kernel import canonical
from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import Json, JsonObject
from workc.verify.inclusion import verify_proof
from workc.verify.inclusion_rules import PROOF_VERSION
from workc.verify.reader import Reader, ReadError
from workc.verify.verdict import Verdict

_CHUNK_BYTES = 1_048_576
#: So many paths are compared with one that is not there.
MAX_COMPARED = 2000


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """What was proven, and where the proof was written."""

    path: str
    run_id: str | None
    proof_digest: str | None
    shows: JsonObject

    def to_json(self) -> JsonObject:
        """Returns it as JSON, schema ``workc.prove/1``."""
        return {
            "schema": "workc.prove/1",
            "path": self.path,
            "run_id": self.run_id,
            "proof_digest": self.proof_digest,
            "shows": self.shows,
        }


class ProofReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the oracle says of a proof; ``shows`` is the leaf, if it is proven."""

    verdict: Verdict
    shows: JsonObject | None

    def to_json(self) -> JsonObject:
        """Returns it as JSON, schema ``workc.proof/1``."""
        return {**self.verdict.to_json(), "schema": "workc.proof/1", "shows": self.shows}


def prove(
    bundle: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    event: int | None = None,
    file: str | None = None,
    content: str | os.PathLike[str] | None = None,
) -> Proved:
    """Writes the proof of one event, by its number, or of one file, by its path in the bundle.

    With ``content`` the bytes of the file are written there too.

    Raises:
        Unfit: the bundle does not verify, or is of a version that knows no proofs.
        Refusal: ``INVALID_INPUT``: the bundle has no such event or file, or no tree holds it.
        FileNotFoundError: the bundle does not exist.
        FileExistsError: something is there already where a file should go.
    """
    if content is not None and Path(content).absolute() == Path(out).absolute():
        raise FileExistsError(str(content))
    verdict = verify_bundle(bundle)
    if not verdict.ok:
        raise Unfit(verdict.failures)
    reader = reader_of(Path(bundle))
    try:
        proof = _make(reader, event, file)
    except (ReadError, NotCanonicalError) as error:
        raise _changed(str(error)) from None
    data = encode_proof(proof)
    judged = verify_proof(data, expect_digest=verdict.proof_digest)
    if not judged.ok:
        raise Unfit(judged.failures)
    if content is not None and file is not None:
        beside = Path(content)
        beside.parent.mkdir(parents=True, exist_ok=True)
        write_pieces(beside, _proven(reader, proof))
    target = Path(out)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_new(target, data)
    return Proved(
        path=str(out),
        run_id=verdict.run_id,
        proof_digest=verdict.proof_digest,
        shows=_shown(proof),
    )


def check_proof(
    path: str | os.PathLike[str],
    *,
    expect_digest: str | None = None,
    content: str | os.PathLike[str] | None = None,
) -> ProofReport:
    """Returns what the oracle says of a proof in a file, and of its ``content`` if that is given.

    Raises:
        OSError: a file cannot be read.
    """
    with Path(path).open("rb") as opened:
        data = opened.read(MAX_PROOF_BYTES + 1)
    given = None if content is None else _bytes_of(Path(content))
    verdict = verify_proof(data, expect_digest=expect_digest, content=given)
    return ProofReport(verdict=verdict, shows=_shown(read_proof(data)) if verdict.ok else None)


def _make(reader: Reader, event: int | None, file: str | None) -> InclusionProof:
    receipt = _receipt(reader)
    if file is not None:
        return _of_file(reader, receipt, file)
    number = event or 0
    proof = prove_event(receipt, split_lines(reader.chunks(EVENTS, MAX_FILE_BYTES)), number)
    if proof is None:
        last = receipt.counts.events - 1
        raise refuse("INVALID_INPUT", f"the bundle has no event {number}: they are 0 to {last}")
    return proof


def _of_file(reader: Reader, receipt: Receipt, path: str) -> InclusionProof:
    if path in {EVENTS, MANIFEST, RECEIPT}:
        message = (
            f"no tree holds {path}; an event is proven by its number, the receipt is in each proof"
        )
        raise refuse("INVALID_INPUT", message)
    manifest = read_manifest(_document(reader, MANIFEST))
    proof = prove_file(receipt, manifest, path)
    if proof is None:
        near = _near(path, [entry.path for entry in manifest.files])
        hint = f"; did you mean {near}?" if near else ""
        raise refuse("INVALID_INPUT", f"the bundle lists no file {path!a}{hint}", near=near)
    return proof


def _near(path: str, listed: list[str]) -> str | None:
    """Returns the file that may have been meant: by the end of its path, or by its letters."""
    ends = [name for name in listed if f"/{path}".endswith(f"/{name}") or name.endswith(f"/{path}")]
    close = get_close_matches(path[:512], listed[:MAX_COMPARED], n=1) if not ends else []
    return next(iter([*ends, *close]), None)


def _receipt(reader: Reader) -> Receipt:
    data = _document(reader, RECEIPT)
    named = read_version(data)
    if named != ("bundle_version", BUNDLE_VERSION):
        version = None if named is None else named.version
        message = f"proofs are of bundles of version {BUNDLE_VERSION}, and this one is of {version}"
        raise unfit(PROOF_VERSION, RECEIPT, message)
    return read_receipt(data)


def _document(reader: Reader, path: str) -> bytes:
    return b"".join(reader.chunks(path, MAX_DOCUMENT_BYTES))


def _shown(proof: InclusionProof) -> JsonObject:
    kind = "event" if proof.tree == "events" else "entry"
    leaf: Json = canonical.decode(proof.leaf())
    return {"tree": proof.tree, "index": proof.index, "size": proof.size, kind: leaf}


def _proven(reader: Reader, proof: InclusionProof) -> Iterator[tuple[int, bytes]]:
    """Yields the bytes of the file of a proof with their places; they are hashed once more.

    The file may have changed since it was verified: then this raises, and no copy of it is kept.

    Raises:
        Refusal: ``INVALID_INPUT``, then.
    """
    entry = proof.entry
    if not isinstance(entry, FileEntry):
        return
    offset, hasher = 0, sha256()
    try:
        for chunk in reader.chunks(entry.path, entry.size):
            yield offset, chunk
            hasher.update(chunk)
            offset += len(chunk)
    except ReadError as error:
        raise _changed(f"{entry.path}: {error}") from None
    if (offset, hasher.hexdigest()) != (entry.size, entry.sha256):
        raise _changed(f"{entry.path} is not the file that was verified")


def _changed(why: str) -> Refusal:
    return refuse("INVALID_INPUT", f"the bundle changed while it was proven: {why}")


def _bytes_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            yield chunk
