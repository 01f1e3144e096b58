"""Keys in files: who may read them, that none is lost, and what is no key."""

import base64
import os
import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from workc.adapters.new_file import write_new
from workc.adapters.signing_keys import (
    MAX_KEY_BYTES,
    SigningKey,
    find_keys,
    new_key,
    others_may_read,
    read_private,
    read_public,
    write_key,
)
from workc.kernel.failure import Refusal
from workc.verify.signatures.ed25519 import verifies

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def key_of(number):
    return SigningKey(Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big")))


def refusal(read, path):
    with pytest.raises(Refusal) as caught:
        read(path)
    assert caught.value.failure.code == "INVALID_INPUT"
    assert str(path) in caught.value.failure.message
    return caught.value.failure.message


def rights(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def der_of(path):
    lines = path.read_text().splitlines()
    return base64.b64decode("".join(lines[1:-1]))


def test_a_new_key_is_two_files_that_other_programs_read(tmp_path):
    made = write_key(tmp_path, "release", key_of(1))
    assert {path.name for path in tmp_path.iterdir()} == {"release.key.pem", "release.pub.pem"}
    head = bytes.fromhex("302e020100300506032b657004220420")
    assert der_of(made.private) == head + (1).to_bytes(32, "big")
    assert der_of(made.public) == bytes.fromhex("302a300506032b6570032100") + made.public_key


def test_only_the_owner_may_read_the_private_key_whatever_the_umask(tmp_path, open_umask):
    made = write_key(tmp_path / "new" / "folder", "release", key_of(1))
    assert (rights(made.private), rights(made.public)) == (0o600, 0o666)
    assert rights(tmp_path / "new" / "folder") == 0o700
    assert (others_may_read(made.private), others_may_read(made.public)) == (False, True)


def test_what_is_written_is_read_back_and_signs(tmp_path):
    made = write_key(tmp_path, "release", key_of(1))
    key = read_private(made.private)
    assert key.public == read_public(made.public) == made.public_key == key_of(1).public
    assert key.keyid == made.keyid
    assert verifies(key.public, key.sign(b"m"), b"m")
    assert key.sign(b"m") == key_of(1).sign(b"m")


def test_two_new_keys_differ():
    assert new_key().public != new_key().public


def test_a_key_does_not_show_its_secret():
    assert "SigningKey object" in repr(key_of(1))


@pytest.mark.parametrize("name", ["release.key.pem", "release.pub.pem"])
@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_a_key_is_never_overwritten(tmp_path, name, kind):
    place = tmp_path / name
    {
        "file": lambda: place.write_text("mine"),
        "link": lambda: place.symlink_to(tmp_path / "nowhere"),
        "folder": place.mkdir,
    }[kind]()
    with pytest.raises(FileExistsError, match="there is something already"):
        write_key(tmp_path, "release", key_of(1))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert kind != "file" or place.read_text() == "mine"


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "..", "-x", "a b", "é", "x" * 65, "a\n"])
def test_another_name_is_refused_before_anything_is_written(tmp_path, name):
    with pytest.raises(Refusal, match="the name of a key is"):
        write_key(tmp_path / "keys", name, key_of(1))
    assert not (tmp_path / "keys").exists()


def test_the_keys_of_a_folder_are_found_by_name_and_nothing_else_is(tmp_path):
    write_key(tmp_path, "b", key_of(2))
    write_key(tmp_path, "a", key_of(1))
    (tmp_path / "a.key.pem").unlink()
    (tmp_path / "junk.pub.pem").write_text("junk")
    (tmp_path / "folder.pub.pem").mkdir()
    (tmp_path / "lone.key.pem").write_text("no public key")
    found = find_keys(tmp_path)
    assert [(key.name, key.private is None) for key in found] == [("a", True), ("b", False)]
    assert find_keys(tmp_path / "nowhere") == []


def test_listing_opens_no_private_key(tmp_path):
    made = write_key(tmp_path, "a", key_of(1))
    made.private.write_text("it would be noticed")
    assert [key.keyid for key in find_keys(tmp_path)] == [made.keyid]


def test_what_is_no_private_key_is_refused(tmp_path):
    path = tmp_path / "key"
    ed, other = (
        Ed25519PrivateKey.from_private_bytes(bytes(32)),
        ec.generate_private_key(ec.SECP256R1()),
    )
    locked = serialization.BestAvailableEncryption(b"password")
    bare = serialization.NoEncryption()
    for data, why in (
        (b"", "no private key"),
        (b"junk", "no private key"),
        (b"\xff" * 99, "no private key"),
        (ed.public_key().public_bytes(PEM, SPKI), "no private key"),
        (ed.private_bytes(PEM, PKCS8, locked), "encrypted"),
        (other.private_bytes(PEM, PKCS8, bare), "none for Ed25519"),
        (ed.private_bytes(PEM, PKCS8, bare) + b" " * MAX_KEY_BYTES, "larger than 65,536 bytes"),
    ):
        path.write_bytes(data)
        assert why in refusal(read_private, path)


def test_what_is_no_public_key_is_refused(tmp_path):
    path = tmp_path / "key"
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    low = Ed25519PublicKey.from_public_bytes(bytes([1]) + bytes(31))
    for data, why in (
        (b"", "no public key"),
        (b"junk", "no public key"),
        (private.private_bytes(PEM, PKCS8, serialization.NoEncryption()), "no public key"),
        (other.public_bytes(PEM, SPKI), "none for Ed25519"),
        (low.public_bytes(PEM, SPKI), "low order"),
    ):
        path.write_bytes(data)
        assert why in refusal(read_public, path)


def test_a_key_file_is_read_to_its_limit(tmp_path):
    path = tmp_path / "key"
    data = key_of(1).pem()
    path.write_bytes(data + b"\n" * (MAX_KEY_BYTES - len(data)))
    assert read_private(path).public == key_of(1).public


def test_a_file_that_is_not_there_is_an_error_of_the_file_system(tmp_path):
    for read in (read_private, read_public):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "nowhere")


def test_a_name_with_a_zero_byte_is_refused(tmp_path):
    with pytest.raises(Refusal, match="zero byte"):
        read_private(tmp_path / "a\0b")


def test_a_new_file_leaves_nothing_beside_it_and_takes_a_draft_of_nobody(tmp_path):
    draft = tmp_path / f".x-{os.getpid()}-0.new"
    draft.write_text("what a crash left")
    write_new(tmp_path / "x", b"whole")
    assert (tmp_path / "x").read_bytes() == b"whole"
    assert sorted(path.name for path in tmp_path.iterdir()) == [draft.name, "x"]
    assert draft.read_text() == "what a crash left"


def test_a_pipe_in_place_of_a_key_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.pub.pem")
    with pytest.raises(Refusal, match="no regular file"):
        read_public(tmp_path / "x.pub.pem")
