"""Everything that can be done to the files of a sealed bundle, on a real file system.

Each manipulation is judged in a process of its own, so that one that hangs is a failure and not
the end of all tests. The codes are all that are found, the first of them first.
"""

import importlib.util
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

import workc
from workc.adapters.bundle_folder import BundleFolder

#: A watchdog against waiting for ever; nothing here takes a second.
TIMEOUT_S = 120
JUDGE = """
import json, sys, workc
print(json.dumps(workc.verify_bundle(sys.argv[1], **json.loads(sys.argv[2])).to_json()))
"""


def load(name):
    path = Path(__file__).parents[1] / "unit" / "verify" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_for_folders", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


sealing = load("reseal")
sys.modules.setdefault("reseal", sealing)
signing = load("signing")
FILES = load("bundles").bundle("success")
PROGRAM, OUTPUT = "evidence/program.yaml", "artifacts/output.json"
ACCENTS = unicodedata.normalize("NFC", "é.yaml"), unicodedata.normalize("NFD", "é.yaml")

HASH, UNSAFE, UNLISTED = "HASH_MISMATCH", "UNSAFE_PATH", "UNLISTED_FILE"
MISSING, MALFORMED = "MANIFEST_MISSING_FILE", "BUNDLE_MALFORMED"
OF_EVIDENCE = "MERKLE_MISMATCH_EVIDENCE"
PASS = ()

MANIPULATIONS = []


def gives(*codes):
    """Adds the decorated manipulation of the folder ``root``, with all that is found of it."""

    def add(manipulate):
        MANIPULATIONS.append(pytest.param(manipulate, codes, id=manipulate.__name__))
        return manipulate

    return add


def written(root, files=FILES):
    """Writes a bundle; returns its folder."""
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return root


def judged(root, **demands):
    """Returns the verdict that a process of its own gives on a folder."""
    run = [sys.executable, "-c", JUDGE, os.fspath(root), json.dumps(demands)]
    done = subprocess.run(run, capture_output=True, timeout=TIMEOUT_S, check=True)
    return json.loads(done.stdout)


def codes_of(verdict):
    return tuple(finding["code"] for finding in verdict["failures"])


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
            entry.update(sha256=sealing.sha256(data), size=len(data))
    (root / "manifest.json").write_bytes(sealing.canonical(manifest))


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


def sparse(path):
    with path.open("wb") as file:
        try:
            file.truncate(200 * 2**30)
        except OSError:
            pytest.skip("this file system has no files so large")


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
    written(root, sealing.reseal(FILES, changed))


def with_entry(root, path, data=b"x"):
    """Lists a file outside the bundle, which is there and has the listed bytes."""
    outside = root / path
    outside.parent.mkdir(exist_ok=True)
    outside.write_bytes(data)
    entry = {"path": path, "sha256": sealing.sha256(data), "size": len(data)}
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


# ------------------------------------------------------------------------------- signatures

SIGNER, STRANGER = signing.key(1), signing.key(2)
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
    assert (root / signing.path_of(SIGNER)).exists()


@of_signed("SIGNATURE_MISSING")
def a_signature_stripped(root):
    shutil.rmtree(root / SIGNED)


@of_signed(UNLISTED, "SIGNATURE_MISSING")
def a_signature_stripped_whose_folder_is_left(root):
    (root / signing.path_of(SIGNER)).unlink()


@of_signed("SIGNER_UNTRUSTED")
def a_signature_of_a_stranger_in_place_of_the_right_one(root):
    shutil.rmtree(root / SIGNED)
    written(root, signing.signed(FILES, STRANGER))


@of_signed(UNSAFE, UNLISTED, "SIGNATURE_MISSING")
def a_signature_turned_into_a_link_to_the_same_bytes(root):
    path = root / signing.path_of(SIGNER)
    path.rename(root.parent / "elsewhere")
    path.symlink_to(root.parent / "elsewhere")


@of_signed(UNSAFE, UNLISTED, "SIGNATURE_MISSING")
def a_signature_turned_into_a_pipe(root):
    path = root / signing.path_of(SIGNER)
    path.unlink()
    os.mkfifo(path)


@of_signed("LIMIT_EXCEEDED")
def a_signature_turned_into_a_sparse_file_of_200_gib(root):
    sparse(root / signing.path_of(SIGNER))


@of_signed(UNLISTED)
def a_key_among_the_signatures(root):
    (root / SIGNED / "key.pub").write_bytes(SIGNER.public)


@pytest.mark.parametrize(("manipulate", "codes"), OF_SIGNED)
def test_a_manipulated_signature_gives_its_codes_to_who_demands_one(tmp_path, manipulate, codes):
    root = written(tmp_path / "bundle", signing.signed(FILES, SIGNER))
    (tmp_path / "trust.json").write_bytes(signing.trust_file(SIGNER))
    manipulate(root)
    verdict = judged(root, trust=os.fspath(tmp_path / "trust.json"), require_signature=True)
    assert codes_of(verdict) == codes


def test_a_stripped_signature_passes_and_is_said_to_be_missing_if_nobody_demands_one(tmp_path):
    root = written(tmp_path / "bundle", signing.signed(FILES, SIGNER))
    a_signature_stripped(root)
    (tmp_path / "trust.json").write_bytes(signing.trust_file(SIGNER))
    verdict = judged(root, trust=os.fspath(tmp_path / "trust.json"))
    assert verdict["verdict"] == "PASS"
    assert any(line.startswith("signature: ") for line in verdict["not_checked"])


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


# ------------------------------------------------------------------ files that change meanwhile


class Meanwhile(BundleFolder):
    """A folder in which something happens when a file has been read in part."""

    def __init__(self, path, name, happen):
        super().__init__(path)
        self.name, self.happen = name, happen

    def chunks(self, path, size):
        for chunk in super().chunks(path, size):
            if path == self.name:
                self.happen(self.path / path)
            yield chunk


def grow(path):
    with path.open("ab") as file:
        file.write(b"x")


def replace(path):
    path.with_name("new").write_bytes(path.read_bytes())
    path.with_name("new").rename(path)


@pytest.mark.parametrize("name", [PROGRAM, "events.jsonl", "manifest.json", "receipt.json"])
@pytest.mark.parametrize("happen", [grow, replace])
def test_a_file_that_grows_or_is_replaced_while_it_is_read_leaves_no_verdict(
    tmp_path, name, happen
):
    """Even if the bytes are the same: who changes files now may have changed them a moment ago."""
    root = written(tmp_path / "bundle")
    verdict = workc.verify_bundle(Meanwhile(root, name, happen))
    assert verdict.codes() == ("FILE_UNREADABLE",)
    assert verdict.undecided


GROW_FOR_EVER = """
import os, sys
with open(sys.argv[1], "ab", 0) as file:
    file.write(b"x")
    os.write(1, b"begun")
    while True:
        file.write(b"x")
"""


@pytest.mark.parametrize("name", [PROGRAM, "events.jsonl", "manifest.json"])
def test_a_file_that_grows_for_ever_is_not_read_for_ever(tmp_path, name):
    root = written(tmp_path / "bundle")
    run = [sys.executable, "-c", GROW_FOR_EVER, root / name]
    with subprocess.Popen(run, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.read(5) == b"begun"
        try:
            assert judged(root)["verdict"] == "FAIL"
        finally:
            writer.kill()
