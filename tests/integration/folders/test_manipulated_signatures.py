"""What can be done to the signatures of a bundle in a real folder, for a caller who demands one."""

import os
import shutil

import pytest
from real_folders import FILES, PASS, UNLISTED, UNSAFE, codes_of, judged, sparse, written
from signing import key, path_of, signed, trust_file

SIGNER, STRANGER = key(1), key(2)
SIGNED = "signatures"
OF_SIGNED = []


def of_signed(*codes):
    """Adds the decorated manipulation of a signed bundle, for a caller who demands a signature."""

    def add(manipulate):
        OF_SIGNED.append(pytest.param(manipulate, codes, id=manipulate.__name__))
        return manipulate

    return add


@of_signed(*PASS)
def a_signed_bundle_that_is_left_alone(root):
    assert (root / path_of(SIGNER)).exists()


@of_signed("SIGNATURE_MISSING")
def a_signature_stripped(root):
    shutil.rmtree(root / SIGNED)


@of_signed(UNLISTED, "SIGNATURE_MISSING")
def a_signature_stripped_whose_folder_is_left(root):
    (root / path_of(SIGNER)).unlink()


@of_signed("SIGNER_UNTRUSTED")
def a_signature_of_a_stranger_in_place_of_the_right_one(root):
    shutil.rmtree(root / SIGNED)
    written(root, signed(FILES, STRANGER))


@of_signed(UNSAFE, UNLISTED, "SIGNATURE_MISSING")
def a_signature_turned_into_a_link_to_the_same_bytes(root):
    path = root / path_of(SIGNER)
    path.rename(root.parent / "elsewhere")
    path.symlink_to(root.parent / "elsewhere")


@of_signed(UNSAFE, UNLISTED, "SIGNATURE_MISSING")
def a_signature_turned_into_a_pipe(root):
    path = root / path_of(SIGNER)
    path.unlink()
    os.mkfifo(path)


@of_signed("LIMIT_EXCEEDED")
def a_signature_turned_into_a_sparse_file_of_200_gib(root):
    sparse(root / path_of(SIGNER))


@of_signed(UNLISTED)
def a_key_among_the_signatures(root):
    (root / SIGNED / "key.pub").write_bytes(SIGNER.public)


@pytest.mark.parametrize(("manipulate", "codes"), OF_SIGNED)
def test_a_manipulated_signature_gives_its_codes_to_who_demands_one(tmp_path, manipulate, codes):
    root = written(tmp_path / "bundle", signed(FILES, SIGNER))
    (tmp_path / "trust.json").write_bytes(trust_file(SIGNER))
    manipulate(root)
    verdict = judged(root, trust=os.fspath(tmp_path / "trust.json"), require_signature=True)
    assert codes_of(verdict) == codes


def test_a_stripped_signature_passes_and_is_said_to_be_missing_if_nobody_demands_one(tmp_path):
    root = written(tmp_path / "bundle", signed(FILES, SIGNER))
    a_signature_stripped(root)
    (tmp_path / "trust.json").write_bytes(trust_file(SIGNER))
    verdict = judged(root, trust=os.fspath(tmp_path / "trust.json"))
    assert verdict["verdict"] == "PASS"
    assert any(line.startswith("signature: ") for line in verdict["not_checked"])
