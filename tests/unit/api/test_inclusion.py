"""Proving and checking over real bundles, as folders and as archives."""

import importlib.util
import json
import os
from pathlib import Path

import pytest

from workc.api import inclusion
from workc.api.inclusion import check_proof, prove
from workc.api.transport import pack
from workc.api.unfit import Unfit
from workc.bundle.documents import NotCanonicalError
from workc.kernel.failure import Refusal
from workc.verify.reader import ReadError


def load(name):
    path = Path(__file__).parents[1] / "verify" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_for_proving", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bundles, proofs = load("bundles"), load("proofs")
FILES = bundles.bundle("big")
RECEIPT = json.loads(FILES["receipt.json"])
DIGEST = RECEIPT["proof_digest"]
#: A capture of more than 64 KiB.
LARGE = max((path for path in FILES if path.startswith("evidence/")), key=lambda p: len(FILES[p]))


@pytest.fixture(params=["folder", "archive"])
def bundle(request, tmp_path):
    folder = tmp_path / "bundle"
    for path, data in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    if request.param == "folder":
        return folder
    pack(folder, tmp_path / "bundle.workc")
    return tmp_path / "bundle.workc"


def test_an_event_is_shown_alone(bundle, tmp_path):
    out = tmp_path / "proof.json"
    proved = prove(bundle, out, event=2)
    assert out.read_bytes() == proofs.make(FILES, event=2)
    line = json.loads(FILES["events.jsonl"].splitlines()[2])
    size = FILES["events.jsonl"].count(b"\n")
    assert proved.shows == {"tree": "events", "index": 2, "size": size, "event": line}
    assert (proved.path, proved.proof_digest) == (str(out), DIGEST)
    assert proved.run_id == RECEIPT["run_id"]
    report = check_proof(out, expect_digest=DIGEST)
    assert (report.verdict.ok, report.shows) == (True, proved.shows)
    assert proofs.check(out.read_bytes(), digest=DIGEST) is None


def test_a_file_is_shown_alone_and_its_bytes_beside(bundle, tmp_path):
    out, content = tmp_path / "proof.json", tmp_path / "content"
    proved = prove(bundle, out, file=LARGE, content=content)
    assert out.read_bytes() == proofs.make(FILES, file=LARGE)
    assert content.read_bytes() == FILES[LARGE]
    assert proved.shows["entry"]["path"] == LARGE
    assert check_proof(out, content=content).verdict.ok
    content.write_bytes(b"other")
    report = check_proof(out, content=content)
    assert (report.verdict.codes(), report.shows) == (("HASH_MISMATCH",), None)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ({"event": 99}, "the bundle has no event 99: they are 0 to "),
        ({"file": "evidence/none"}, "the bundle lists no file 'evidence/none'"),
        ({"file": "../x"}, "the bundle lists no file '../x'"),
        ({"file": "receipt.json"}, "no tree holds receipt.json"),
        ({"file": "events.jsonl"}, "no tree holds events.jsonl"),
    ],
)
def test_what_is_not_there_cannot_be_shown(bundle, tmp_path, wanted, text):
    with pytest.raises(Refusal, match=text) as refused:
        prove(bundle, tmp_path / "proof.json", **wanted)
    assert refused.value.failure.code == "INVALID_INPUT"
    assert not (tmp_path / "proof.json").exists()


def spoil(folder, path, change):
    (folder / path).write_bytes(change((folder / path).read_bytes()))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "bundle"
    for path, data in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def test_of_a_bundle_that_does_not_verify_nothing_is_shown(folder, tmp_path):
    spoil(folder, LARGE, lambda data: data + b" ")
    with pytest.raises(Unfit) as refused:
        prove(folder, tmp_path / "proof.json", event=0)
    assert [finding.code for finding in refused.value.findings] == ["HASH_MISMATCH"]
    assert os.listdir(tmp_path) == ["bundle"]


def test_a_bundle_of_format_0_1_is_refused_as_of_a_version_without_proofs(tmp_path):
    golden = Path(__file__).parents[2] / "golden/v0.1/basic_success/bundle"
    with pytest.raises(Unfit, match=r"and this one is of 0\.1\.0") as refused:
        prove(golden, tmp_path / "proof.json", event=0)
    assert [finding.code for finding in refused.value.findings] == ["VERSION_UNSUPPORTED"]
    assert refused.value.undecided
    assert os.listdir(tmp_path) == []


def test_a_bundle_that_changes_after_it_was_verified_is_not_proven(folder, tmp_path, monkeypatch):
    real = inclusion.verify_bundle

    def then_change(bundle):
        verdict = real(bundle)
        spoil(folder, "events.jsonl", lambda data: data.replace(b'"ts":', b'"ts":1', 1))
        return verdict

    monkeypatch.setattr(inclusion, "verify_bundle", then_change)
    with pytest.raises(Unfit) as refused:
        prove(folder, tmp_path / "proof.json", event=1)
    assert refused.value.findings[0].code == "MERKLE_MISMATCH_EVENTLOG"
    assert os.listdir(tmp_path) == ["bundle"]


@pytest.mark.parametrize("name", ["proof.json", "content"])
def test_nothing_is_written_over(folder, tmp_path, name):
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        prove(folder, tmp_path / "proof.json", file=LARGE, content=tmp_path / "content")
    assert (tmp_path / name).read_bytes() == b"mine"


def test_what_does_not_exist_is_said():
    with pytest.raises(FileNotFoundError):
        prove("nowhere", "proof.json", event=0)
    with pytest.raises(FileNotFoundError):
        check_proof("nowhere")


def test_proof_and_content_do_not_go_to_one_place(bundle, tmp_path):
    with pytest.raises(FileExistsError):
        prove(bundle, tmp_path / "x", file=LARGE, content=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_file_that_changes_before_it_is_copied_is_not_kept(folder, tmp_path, monkeypatch):
    """What was verified is copied, or nothing: the size and the hash are taken of the copy."""
    real = inclusion.verify_proof
    other = bytes(byte ^ 1 for byte in FILES[LARGE])
    for name, change in (
        ("other bytes", lambda: (folder / LARGE).write_bytes(other)),
        ("fewer bytes", lambda: (folder / LARGE).write_bytes(other[:-1])),
        ("more bytes", lambda: (folder / LARGE).write_bytes(FILES[LARGE] + b"x")),
        ("no file", lambda: (folder / LARGE).unlink()),
    ):
        (folder / LARGE).write_bytes(FILES[LARGE])

        def then_change(*arguments, change=change, **options):
            verdict = real(*arguments, **options)
            change()
            return verdict

        monkeypatch.setattr(inclusion, "verify_proof", then_change)
        with pytest.raises(Refusal, match="changed while it was proven"):
            prove(folder, tmp_path / "proof.json", file=LARGE, content=tmp_path / "content")
        assert sorted(os.listdir(tmp_path)) == ["bundle"], name


@pytest.mark.parametrize("error", [ReadError("it is a link"), NotCanonicalError("changed")])
def test_a_bundle_that_changes_while_it_is_proven_is_refused(bundle, tmp_path, monkeypatch, error):
    def changed(*_):
        raise error

    monkeypatch.setattr(inclusion, "_make", changed)
    with pytest.raises(Refusal, match="changed while it was proven"):
        prove(bundle, tmp_path / "x", event=1)
