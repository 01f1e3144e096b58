"""Documents: bytes are a document or the one error."""

import importlib.util
import json
from pathlib import Path

import msgspec
import pytest

from workc.bundle import documents
from workc.bundle.documents import NotCanonicalError, Receipt


def load_bundles():
    path = Path(__file__).parents[1] / "verify" / "bundles.py"
    spec = importlib.util.spec_from_file_location("bundles_for_documents", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FILES = load_bundles().bundle("partial")
READ = {"manifest.json": documents.read_manifest, "receipt.json": documents.read_receipt}


@pytest.mark.parametrize("path", READ)
def test_a_document_is_read_and_written_as_it_is(path):
    assert documents.encode(READ[path](FILES[path])) == FILES[path]


@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[" * 10**6, b"null", b'{"a":1e999}'])
def test_what_is_no_document_gives_the_one_error(path, data):
    with pytest.raises(NotCanonicalError):
        READ[path](data)


@pytest.mark.parametrize("path", READ)
def test_another_spelling_gives_the_one_error(path):
    value = json.loads(FILES[path])
    for data in (json.dumps(value), json.dumps(dict(reversed(value.items())))):
        with pytest.raises(NotCanonicalError):
            READ[path](data.encode())


def test_a_receipt_without_its_digest_is_none():
    receipt = documents.read_receipt(FILES["receipt.json"])
    bare = documents.encode(msgspec.structs.replace(receipt, proof_digest=msgspec.UNSET))
    with pytest.raises(NotCanonicalError, match="missing"):
        documents.read_receipt(bare)


def test_the_proof_digest_commits_to_every_field_but_itself():
    receipt = documents.read_receipt(FILES["receipt.json"])
    digest = documents.proof_digest(receipt)
    assert digest == receipt.proof_digest
    assert documents.proof_digest(msgspec.structs.replace(receipt, proof_digest="x")) == digest
    for field in set(Receipt.__struct_fields__) - {"proof_digest"}:
        changed = msgspec.structs.replace(receipt, **{field: "changed"})
        assert documents.proof_digest(changed) != digest, field


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (b'{"bundle_version":"0.2"}', ("bundle_version", "0.2")),
        (b' {"more": [1], "bundle_version" : "9"}', ("bundle_version", "9")),
        (b'{"receipt_version":"0.1"}', ("receipt_version", "0.1")),
        (b'{"bundle_version":"0.2","receipt_version":"0.1"}', ("bundle_version", "0.2")),
        (b'{"bundle_version":null,"receipt_version":"0.1"}', ("bundle_version", None)),
        (b'{"bundle_version":2}', ("bundle_version", None)),
        (b'{"receipt_version":["0.1.0"]}', ("receipt_version", None)),
        (b"{}", None),
        (b"[]", None),
        (b"\xff", None),
        (b"[" * 10**6, None),
    ],
)
def test_a_version_is_read_of_any_object_and_nothing_is_raised(data, version):
    assert documents.read_version(data) == version, "which field names it, and the text in it"
