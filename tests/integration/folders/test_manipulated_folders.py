"""Everything that can be done to the files of a sealed bundle, on a real file system.

The codes are all that are found, the first of them first.
"""

import json
import os
import shutil
import socket
import stat
import unicodedata

import pytest
from real_folders import (
    FILES,
    HASH,
    MALFORMED,
    MISSING,
    OUTPUT,
    PASS,
    PROGRAM,
    UNLISTED,
    UNSAFE,
    codes_of,
    judged,
    sparse,
    written,
)
from reseal import canonical, reseal, sha256

ACCENTS = unicodedata.normalize("NFC", "é.yaml"), unicodedata.normalize("NFD", "é.yaml")
OF_EVIDENCE = "MERKLE_MISMATCH_EVIDENCE"
MANIPULATIONS = []


def gives(*codes):
    """Adds the decorated manipulation of the folder ``root``, with all that is found of it."""

    def add(manipulate):
        MANIPULATIONS.append(pytest.param(manipulate, codes, id=manipulate.__name__))
        return manipulate

    return add


# --------------------------------------------------------------------------------- contents


@gives(HASH)
def a_modified_byte(root):
    data = bytearray((root / PROGRAM).read_bytes())
    data[0] ^= 1
    (root / PROGRAM).write_bytes(data)


@gives(MISSING)
def a_deleted_file(root):
    (root / PROGRAM).unlink()


@gives(HASH, HASH)
def two_files_swapped(root):
    (root / PROGRAM).rename(root / "aside")
    (root / OUTPUT).rename(root / PROGRAM)
    (root / "aside").rename(root / OUTPUT)


@gives(HASH, OF_EVIDENCE, "RECEIPT_HASH_MISMATCH")
def a_content_and_the_manifest_rewritten(root):
    data = (root / PROGRAM).read_bytes() + b"\n"
    (root / PROGRAM).write_bytes(data)
    manifest = json.loads((root / "manifest.json").read_bytes())
    for entry in manifest["files"]:
        if entry["path"] == PROGRAM:
            entry.update(sha256=sha256(data), size=len(data))
    (root / "manifest.json").write_bytes(canonical(manifest))


# ------------------------------------------------------------------------------- more files


@gives(UNLISTED)
def an_extra_file_among_the_evidence(root):
    (root / "evidence/extra").write_bytes(b"x")


@gives(UNLISTED)
def an_extra_file_at_the_root(root):
    (root / "extra").write_bytes(b"x")


@gives(UNLISTED)
def an_extra_file_in_a_folder_that_others_overlook(root):
    (root / ".git").mkdir()
    (root / ".git/HEAD").write_bytes(b"ref: refs/heads/main\n")


@gives(UNLISTED)
def a_file_among_the_signatures_that_is_none(root):
    (root / "signatures").mkdir()
    (root / "signatures/one.txt").write_bytes(b"x")


@gives(UNLISTED)
def an_empty_folder(root):
    (root / "evidence/empty").mkdir()


@gives(UNLISTED)
def a_sparse_file_of_200_gib_that_is_not_listed(root):
    sparse(root / "sparse")


@gives("LIMIT_EXCEEDED")
def a_sparse_file_of_200_gib_in_place_of_a_listed_one(root):
    sparse(root / PROGRAM)


# -------------------------------------------------------------------- what is no regular file


@gives(UNSAFE, MISSING)
def a_file_turned_into_a_link_to_the_same_bytes(root):
    (root / PROGRAM).rename(root.parent / "elsewhere")
    (root / PROGRAM).symlink_to(root.parent / "elsewhere")


@gives(UNSAFE, MISSING, MISSING, MISSING, MISSING)
def a_folder_turned_into_a_link(root):
    (root / "evidence").rename(root.parent / "elsewhere")
    (root / "evidence").symlink_to(root.parent / "elsewhere")


@gives(UNSAFE)
def a_link_that_leads_to_itself(root):
    (root / "evidence/loop").symlink_to("loop")


@gives(UNSAFE)
def a_link_that_leads_up(root):
    (root / "evidence/up").symlink_to("..")


@gives(UNSAFE)
def a_link_that_leads_nowhere(root):
    (root / "evidence/nowhere").symlink_to("none")


@gives(UNSAFE)
def a_pipe_more(root):
    os.mkfifo(root / "evidence/pipe")


@gives(UNSAFE, MISSING)
def a_listed_file_turned_into_a_pipe(root):
    (root / PROGRAM).unlink()
    os.mkfifo(root / PROGRAM)


@gives(UNSAFE, MALFORMED)
def a_receipt_turned_into_a_pipe(root):
    (root / "receipt.json").unlink()
    os.mkfifo(root / "receipt.json")


@gives(UNSAFE)
def a_socket_more(root):
    folder = os.open(root, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{folder}/socket")
    os.close(folder)


@gives(UNSAFE, MISSING)
def a_listed_file_turned_into_a_device_that_never_ends(root):
    (root / PROGRAM).unlink()
    try:
        os.mknod(root / PROGRAM, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root makes devices")


# ------------------------------------------------------------------------------------ names


@gives(UNSAFE, UNLISTED)
def a_twin_in_another_case(root):
    (root / "evidence/PROGRAM.yaml").write_bytes(FILES[PROGRAM])


@gives(UNSAFE, MISSING)
def a_file_renamed_in_composed_letters(root):
    (root / PROGRAM).rename(root / "evidence" / ACCENTS[0])


@gives(UNSAFE, MISSING)
def a_file_renamed_in_decomposed_letters(root):
    (root / PROGRAM).rename(root / "evidence" / ACCENTS[1])


@gives(UNSAFE, UNSAFE)
def twins_in_composed_and_decomposed_letters(root):
    for name in ACCENTS:
        (root / "evidence" / name).write_bytes(b"x")


@gives(UNSAFE)
def a_newline_in_a_name(root):
    (root / "evidence/a\nb").write_bytes(b"x")


# ---------------------------------------------------------------------- the manifest, sealed anew


def resealed(root, listed=None, edit=lambda draft: None):
    """Writes the bundle with other entries in its manifest, and all that follows from them."""

    def changed(draft):
        edit(draft)
        draft.listed = listed or draft.listed

    shutil.rmtree(root)
    written(root, reseal(FILES, changed))


def with_entry(root, path, data=b"x"):
    """Lists a file outside the bundle, which is there and has the listed bytes."""
    outside = root / path
    outside.parent.mkdir(exist_ok=True)
    outside.write_bytes(data)
    entry = {"path": path, "sha256": sha256(data), "size": len(data)}
    resealed(root, lambda entries: sorted([*entries, entry], key=lambda each: each["path"]))


@gives(UNSAFE, MISSING, UNLISTED)
def a_manifest_that_leads_to_a_folder_of_a_like_name(root):
    with_entry(root, f"../{root.name}-evil/x")


@gives(UNSAFE, MISSING, UNLISTED)
def a_manifest_that_leads_to_another_folder(root):
    with_entry(root, "../other/x")


@gives(UNSAFE, MISSING, UNLISTED)
def a_manifest_that_leads_to_an_absolute_path(root):
    with_entry(root, os.fspath(root.parent / "x"))


@gives(MALFORMED, HASH, HASH)
def an_entry_twice_with_another_hash(root):
    resealed(root, lambda entries: [entries[0], {**entries[0], "sha256": "0" * 64}, *entries[1:]])


@gives(MALFORMED)
def an_entry_twice_with_the_same_hash(root):
    resealed(root, lambda entries: [entries[0], *entries])


@gives("VERSION_UNSUPPORTED")
def a_version_put_down(root):
    resealed(root, edit=lambda draft: draft.receipt.update(bundle_version="0.0"))


@gives(MALFORMED)
def a_version_put_down_in_the_manifest_alone(root):
    resealed(root, edit=lambda draft: draft.manifest.update(bundle_version="0.1"))


# ---------------------------------------------------------------- what does not change the content


@gives(*PASS)
def mode_bits(root):
    (root / PROGRAM).chmod(0o6755)


@gives(*PASS)
def times(root):
    os.utime(root / PROGRAM, (1, 1))


@gives(*PASS)
def a_hard_link(root):
    os.link(root / PROGRAM, root.parent / "twin")


@pytest.mark.parametrize(("manipulate", "codes"), MANIPULATIONS)
def test_a_manipulated_folder_gives_its_codes_and_an_answer_at_all(tmp_path, manipulate, codes):
    root = written(tmp_path / "bundle")
    manipulate(root)
    verdict = judged(root)
    assert codes_of(verdict) == codes
    assert verdict["verdict"] == ("FAIL" if codes else "PASS")


def test_mode_bits_and_times_are_not_recorded_and_a_hard_link_is_a_note(tmp_path):
    root = written(tmp_path / "bundle")
    plain = judged(root)
    mode_bits(root)
    times(root)
    assert judged(root) == plain
    a_hard_link(root)
    note = f"files with other hard links: 1, the first {PROGRAM}"
    assert judged(root) == {**plain, "notes": [note]}
