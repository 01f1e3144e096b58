"""Packing and unpacking: the same bytes there and back, and nothing else is taken."""

import importlib.util
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import workc
from workc.adapters.bundle_folder import BundleFolder
from workc.adapters.signing_keys import SigningKey
from workc.api import transport
from workc.api.signing import sign
from workc.api.transport import Moved, pack, unpack
from workc.api.trust import trust_document, trust_entry
from workc.api.unfit import Unfit
from workc.bundle.layout import Limits
from workc.kernel import canonical


def load(name):
    path = Path(__file__).parents[1] / "verify" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_for_transport", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bundles, archives = load("bundles"), load("archives")
FILES = bundles.bundle("success")
GOLDENS = sorted((Path(__file__).parents[2] / "golden").glob("v*/*/bundle"))


def put(folder, files):
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def files_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def folder(tmp_path):
    return put(tmp_path / "bundle", FILES)


@pytest.mark.parametrize("name", bundles.NAMES)
def test_a_bundle_is_packed_verified_in_place_and_unpacked_as_it_was(tmp_path, name):
    files = bundles.bundle(name)
    folder, packed = put(tmp_path / "in", files), tmp_path / "x.workc"
    moved = pack(folder, packed)
    assert moved == Moved(path=str(packed), files=len(files), archive_bytes=packed.stat().st_size)
    assert packed.read_bytes() == archives.archive(files)
    assert workc.verify_bundle(packed) == workc.verify_bundle(folder)
    assert unpack(packed, tmp_path / "out") == Moved(
        path=str(tmp_path / "out"), files=len(files), archive_bytes=moved.archive_bytes
    )
    assert files_in(tmp_path / "out") == files
    pack(tmp_path / "out", tmp_path / "again.workc")
    assert (tmp_path / "again.workc").read_bytes() == packed.read_bytes()


def test_neither_times_nor_modes_nor_the_order_of_a_folder_change_the_archive(folder, tmp_path):
    pack(folder, tmp_path / "one.workc")
    other = put(tmp_path / "other", dict(reversed(FILES.items())))
    for path in other.rglob("*"):
        path.chmod(0o700)
        os.utime(path, (0, 0))
    pack(other, tmp_path / "two.workc")
    assert (tmp_path / "one.workc").read_bytes() == (tmp_path / "two.workc").read_bytes()


def test_signatures_are_packed_too(folder, tmp_path):
    put(folder, {"signatures/a.dsse.json": b"{}"})
    pack(folder, tmp_path / "x.workc")
    unpack(tmp_path / "x.workc", tmp_path / "out")
    assert files_in(tmp_path / "out") == {**FILES, "signatures/a.dsse.json": b"{}"}


def test_evidence_that_does_not_verify_travels_and_fails_there_as_it_did_here(folder, tmp_path):
    (folder / "events.jsonl").write_bytes(b"{}\n")
    pack(folder, tmp_path / "x.workc")
    verdict = workc.verify_bundle(tmp_path / "x.workc")
    assert not verdict.ok
    assert verdict == workc.verify_bundle(folder)
    unpack(tmp_path / "x.workc", tmp_path / "out")
    assert workc.verify_bundle(tmp_path / "out") == verdict


def test_a_signed_bundle_is_judged_by_a_trust_file_packed_or_not(folder, tmp_path):
    key = SigningKey(Ed25519PrivateKey.generate())
    sign(folder, key)
    trust = canonical.encode(trust_document([trust_entry("me", key.public)]))
    pack(folder, tmp_path / "x.workc")
    loose = workc.verify_bundle(folder, trust=trust, require_signature=True)
    assert [signer.name for signer in loose.signers] == ["me"]
    assert workc.verify_bundle(tmp_path / "x.workc", trust=trust, require_signature=True) == loose


def test_an_archive_goes_into_a_folder_that_is_not_there_yet(folder, tmp_path):
    pack(folder, tmp_path / "deeper" / "still" / "x.workc")
    assert workc.verify_bundle(tmp_path / "deeper" / "still" / "x.workc").ok


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.parent.name)
def test_a_bundle_of_format_0_1_travels_too(golden, tmp_path):
    files = files_in(golden)
    pack(golden, tmp_path / "x.workc")
    verdict = workc.verify_bundle(tmp_path / "x.workc")
    assert verdict.ok
    assert verdict == workc.verify_bundle(golden)
    unpack(tmp_path / "x.workc", tmp_path / "out")
    assert files_in(tmp_path / "out") == files


def test_names_that_only_format_0_1_allows_travel_too(tmp_path):
    put(tmp_path / "in", {"evidence/a b (1)": b"x"})
    pack(tmp_path / "in", tmp_path / "x.workc")
    unpack(tmp_path / "x.workc", tmp_path / "out")
    assert files_in(tmp_path / "out") == {"evidence/a b (1)": b"x"}


def test_a_bundle_without_files_has_an_archive_too(tmp_path):
    (tmp_path / "empty").mkdir()
    assert pack(tmp_path / "empty", tmp_path / "x.workc").archive_bytes == 22
    unpack(tmp_path / "x.workc", tmp_path / "out")
    assert os.listdir(tmp_path / "out") == []


# ------------------------------------------------------------------------------- what is refused


def unfit(call, *arguments):
    with pytest.raises(Unfit) as refused:
        call(*arguments)
    return refused.value


def link(folder):
    (folder / "evidence" / "link").symlink_to("program.yaml")


def empty_folder(folder):
    (folder / "evidence" / "empty").mkdir()


def odd_name(folder):
    (folder / "evidence" / "a:b").write_bytes(b"")


def twin(folder):
    put(folder, {"Evidence/x": b""})


def pipe(folder):
    os.mkfifo(folder / "evidence" / "pipe")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (link, "UNSAFE_PATH"),
        (empty_folder, "UNLISTED_FILE"),
        (odd_name, "UNSAFE_PATH"),
        (twin, "UNSAFE_PATH"),
        (pipe, "UNSAFE_PATH"),
    ],
)
def test_what_no_archive_can_hold_is_not_packed(folder, tmp_path, spoil, code):
    spoil(folder)
    refused = unfit(pack, folder, tmp_path / "x.workc")
    assert refused.findings[0].code == code
    assert refused.failure.code == "BUNDLE_INVALID"
    assert refused.failure.message.startswith(f"{code}: ")
    assert refused.failure.details["findings"] == [f.to_json() for f in refused.findings]
    assert not refused.undecided
    assert os.listdir(tmp_path) == ["bundle"]


def test_more_than_one_reason_is_counted(folder, tmp_path):
    link(folder)
    odd_name(folder)
    assert unfit(pack, folder, tmp_path / "x").failure.message.endswith(", and 1 more")


def test_a_file_that_is_too_large_is_not_packed(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(transport, "LIMITS", Limits(file_bytes=100))
    refused = unfit(pack, folder, tmp_path / "x.workc")
    assert [finding.code for finding in refused.findings] == ["LIMIT_EXCEEDED"]
    assert refused.undecided


@pytest.mark.parametrize("size", [0, 10_000])
def test_a_file_that_changes_while_it_is_packed_is_not_packed(folder, tmp_path, monkeypatch, size):
    real = BundleFolder.items

    def then_change(reader):
        yield from real(reader)
        (folder / "events.jsonl").write_bytes(b"x" * size)

    monkeypatch.setattr(BundleFolder, "items", then_change)
    refused = unfit(pack, folder, tmp_path / "x.workc")
    assert [finding.code for finding in refused.findings] == ["FILE_UNREADABLE"]
    assert "its size changed" in refused.failure.message
    assert os.listdir(tmp_path) == ["bundle"]


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a\\b", "evidence/x/", "C:x"])
def test_nothing_is_unpacked_to_another_place(tmp_path, name):
    draft = archives.Draft({"a": b"evil"})
    draft.both(0, name=name.encode())
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.workc").write_bytes(draft.data())
    refused = unfit(unpack, tmp_path / "in" / "x.workc", tmp_path / "in" / "out")
    assert [finding.code for finding in refused.findings] == ["UNSAFE_PATH"]
    assert os.listdir(tmp_path) == ["in"]
    assert os.listdir(tmp_path / "in") == ["x.workc"]


def test_bytes_that_are_no_archive_of_a_bundle_are_not_unpacked(tmp_path):
    data = archives.archive({"a": b"1", "b": b"2"})
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        (tmp_path / "x.workc").write_bytes(changed)
        assert not unfit(unpack, tmp_path / "x.workc", tmp_path / "out").undecided
    assert os.listdir(tmp_path) == ["x.workc"]


def test_twins_are_not_unpacked(tmp_path):
    (tmp_path / "x.workc").write_bytes(archives.archive({"A": b"", "a": b""}))
    refused = unfit(unpack, tmp_path / "x.workc", tmp_path / "out")
    assert [finding.code for finding in refused.findings] == ["UNSAFE_PATH"]
    assert os.listdir(tmp_path) == ["x.workc"]


@pytest.mark.parametrize("there", ["file", "full folder"])
def test_what_is_there_is_kept_and_an_empty_folder_is_used(folder, tmp_path, there):
    pack(folder, tmp_path / "x.workc")
    out = tmp_path / "out"
    if there == "file":
        out.write_bytes(b"mine")
    else:
        put(out, {"a": b"mine"})
    with pytest.raises(FileExistsError):
        unpack(tmp_path / "x.workc", out)
    assert sorted(os.listdir(tmp_path)) == ["bundle", "out", "x.workc"]
    (tmp_path / "empty").mkdir()
    unpack(tmp_path / "x.workc", tmp_path / "empty")
    assert files_in(tmp_path / "empty") == FILES


def test_an_archive_that_changes_while_it_is_unpacked_leaves_nothing(folder, tmp_path, monkeypatch):
    packed = tmp_path / "x.workc"
    pack(folder, packed)
    real = transport.BundleWriter.write

    def then_change(writer, path, chunks):
        found = real(writer, path, chunks)
        os.utime(packed, (1, 1))
        return found

    monkeypatch.setattr(transport.BundleWriter, "write", then_change)
    refused = unfit(unpack, packed, tmp_path / "out")
    assert ([f.code for f in refused.findings], refused.undecided) == (["FILE_UNREADABLE"], True)
    assert sorted(os.listdir(tmp_path)) == ["bundle", "x.workc"]


# ------------------------------------------------------------------------------------- the oracle


def test_a_path_that_is_neither_folder_nor_file_is_no_bundle(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dead").symlink_to("nowhere")
    for name in ("pipe", "dead"):
        verdict = workc.verify_bundle(tmp_path / name)
        assert (verdict.codes(), verdict.undecided) == (("BUNDLE_MALFORMED",), False)
    with pytest.raises(FileNotFoundError):
        workc.verify_bundle(tmp_path / "nothing")


def test_an_archive_is_replayed_in_place(folder, tmp_path):
    pack(folder, tmp_path / "x.workc")
    report = workc.replay(tmp_path / "x.workc", out=tmp_path / "new")
    assert report.identical
    assert report.replayed_digest == workc.verify_bundle(folder).proof_digest
    assert files_in(tmp_path / "new") == FILES


def test_what_is_no_archive_is_not_replayed(tmp_path):
    (tmp_path / "x.workc").write_bytes(b"PK")
    report = workc.replay(tmp_path / "x.workc")
    assert (report.identical, report.undecided) == (False, False)
