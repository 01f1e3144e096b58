"""Files of signatures on disk: whole or not at all, and nothing is overwritten."""

import threading

import pytest

from workc.adapters.signature_file import add_signature


@pytest.fixture
def bundle(tmp_path):
    folder = tmp_path / "store" / "bundle"
    folder.mkdir(parents=True)
    return folder


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_first_signature_brings_its_folder_along(bundle):
    assert add_signature(bundle, "a.dsse.json", b"one")
    assert names(bundle.parent) == [
        "bundle",
        "bundle/signatures",
        "bundle/signatures/a.dsse.json",
    ]
    assert (bundle / "signatures" / "a.dsse.json").read_bytes() == b"one"
    assert (bundle / "signatures" / "a.dsse.json").stat().st_nlink == 1


def test_a_second_signature_stands_beside_it(bundle):
    add_signature(bundle, "a.dsse.json", b"one")
    assert add_signature(bundle, "b.dsse.json", b"two")
    assert names(bundle) == ["signatures", "signatures/a.dsse.json", "signatures/b.dsse.json"]
    assert (bundle / "signatures" / "b.dsse.json").stat().st_nlink == 1


def test_the_same_signature_again_changes_nothing(bundle):
    add_signature(bundle, "a.dsse.json", b"one")
    file = bundle / "signatures" / "a.dsse.json"
    before = file.stat()
    assert add_signature(bundle, "a.dsse.json", b"one") is False
    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("other", [b"", b"on", b"one!", b"two"])
def test_another_file_of_the_name_is_kept_and_refused(bundle, other):
    add_signature(bundle, "a.dsse.json", other)
    with pytest.raises(FileExistsError, match="there is something already"):
        add_signature(bundle, "a.dsse.json", b"one")
    assert (bundle / "signatures" / "a.dsse.json").read_bytes() == other
    assert names(bundle.parent)[0] == "bundle"


def test_an_empty_folder_of_signatures_is_filled(bundle):
    (bundle / "signatures").mkdir()
    assert add_signature(bundle, "a.dsse.json", b"one")
    assert names(bundle) == ["signatures", "signatures/a.dsse.json"]


def test_no_link_is_followed(bundle, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (bundle / "signatures").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="signatures"):
        add_signature(bundle, "a.dsse.json", b"one")
    assert names(tmp_path / "elsewhere") == []


def test_a_bundle_may_be_named_by_where_one_stands(bundle, monkeypatch):
    monkeypatch.chdir(bundle)
    assert add_signature(type(bundle)("."), "a.dsse.json", b"one")
    assert names(bundle) == ["signatures", "signatures/a.dsse.json"]


def test_many_can_sign_at_once(bundle):
    data = {f"{n}.dsse.json": bytes([n]) for n in range(8)}
    threads = [
        threading.Thread(target=add_signature, args=(bundle, name, content))
        for name, content in data.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {path.name: path.read_bytes() for path in (bundle / "signatures").iterdir()}
    assert found == data
    assert names(bundle.parent)[0] == "bundle"
