"""Goldens: what is released stays as it is, what is new is listed once it verifies."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "tests/golden"
OLD, NEW = "v0.1/basic_success", "v0.2/staged"
RECEIPT = f"{OLD}/bundle/receipt.json"


@pytest.fixture
def goldens(folder):
    """A folder in which one golden is released and another is new."""
    for name in (OLD, NEW):
        shutil.copytree(KEPT / name, folder / "goldens" / name)
    lines = (KEPT / "SHA256SUMS").read_text("utf-8").splitlines(keepends=True)
    (folder / "goldens/SHA256SUMS").write_text("".join(x for x in lines if f"  {OLD}/" in x))
    (folder / "goldens/README.md").write_text("stands beside the versions")
    return folder / "goldens"


@pytest.fixture
def released(goldens, workc):
    assert workc("golden", "update", "goldens").exit_code == 0
    return goldens


def sums_of(goldens):
    return (goldens / "SHA256SUMS").read_bytes()


def test_the_goldens_of_this_project_are_as_they_are_listed(workc):
    shown = workc("golden", "check", str(KEPT))
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.startswith(f"✓ PASS  {KEPT}\n  ")
    assert " 0 new\n" in shown.stdout


def test_what_is_new_cannot_be_judged_until_it_is_listed(goldens, workc):
    shown = workc("golden", "check", "goldens")
    assert shown.exit_code == 6
    assert f"  new      {NEW}/bundle/events.jsonl\n" in shown.stdout
    assert "✗ FAIL  goldens  (cannot be judged)\n" in shown.stdout
    assert shown.stderr == "  next: workc golden update goldens\n"
    before = sums_of(goldens)
    shown = workc("golden", "update", "goldens")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert f"  listed   {NEW}/bundle/events.jsonl\n" in shown.stdout
    assert sums_of(goldens).startswith(before)
    assert workc("golden", "check", "goldens").exit_code == 0


def test_the_list_is_the_one_that_sha256sum_writes_and_checks(released):
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=released, check=False
    )
    assert done.returncode == 0
    paths = [line.split("  ", 1)[1] for line in sums_of(released).decode().splitlines()]
    there = [p.relative_to(released).as_posix() for p in released.glob("v*/**/*") if p.is_file()]
    assert paths == sorted(there)


def test_a_second_update_writes_nothing(released, workc):
    before = (released / "SHA256SUMS").stat()
    shown = workc("golden", "update", "goldens", "--json")
    after = (released / "SHA256SUMS").stat()
    assert (shown.exit_code, shown.document["is_written"], shown.document["new"]) == (0, False, [])
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def change(path):
    path.write_bytes(path.read_bytes() + b"\n")


def link(path):
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


@pytest.mark.parametrize(
    ("word", "path", "edit"),
    [
        ("changed", RECEIPT, change),
        ("missing", RECEIPT, Path.unlink),
        ("missing", RECEIPT, lambda path: shutil.rmtree(path.parents[1])),
        ("extra", f"{OLD}/bundle/more", Path.touch),
        ("extra", f"{OLD}/more", Path.touch),
        ("odd", RECEIPT, link),
        ("odd", f"{OLD}/bundle/fifo", os.mkfifo),
        ("odd", f"{OLD}/a\\b", Path.touch),
        ("odd", "v0.1/stray", Path.touch),
        ("odd", "v0.3", Path.touch),
    ],
)
def test_no_file_of_a_released_golden_changes_goes_or_comes(goldens, workc, word, path, edit):
    edit(goldens / path)
    before = sums_of(goldens)
    shown = workc("golden", "check", "goldens", "--json")
    assert shown.exit_code == shown.document["exit"] == 5
    assert path in shown.document[word]
    assert shown.document["ok"] is False
    shown = workc("golden", "update", "goldens")
    assert shown.exit_code == 5
    assert f"  {word:<8} {path}\n" in shown.stdout
    assert "✗ BUNDLE_INVALID  nothing was written: " in shown.stderr
    assert "try: workc golden check goldens" in shown.stderr
    assert sums_of(goldens) == before


def test_a_released_golden_that_went_with_its_files_is_named_with_the_reason(goldens, workc):
    shutil.rmtree(goldens / OLD)
    shown = workc("golden", "update", "goldens")
    said = " ".join(shown.stderr.split())
    assert "and a released golden never goes" in said


def test_a_new_golden_that_does_not_verify_is_not_listed(goldens, workc):
    change(goldens / NEW / "bundle/events.jsonl")
    before = sums_of(goldens)
    shown = workc("golden", "update", "goldens")
    assert shown.exit_code == 5
    assert f"✗ FAIL  {NEW}/bundle\n" in shown.stdout
    assert "HASH_MISMATCH" in shown.stdout
    assert "what is new does not verify" in shown.stderr
    assert sums_of(goldens) == before
    assert workc("golden", "check", "goldens").exit_code == 5


def test_a_bundle_of_a_version_that_nobody_knows_cannot_be_judged(goldens, workc):
    shutil.rmtree(goldens / "v0.1")
    (goldens / "SHA256SUMS").unlink()
    receipt = goldens / NEW / "bundle/receipt.json"
    value = json.loads(receipt.read_bytes())
    receipt.write_text(json.dumps({**value, "bundle_version": "9.9"}))
    shown = workc("golden", "update", "goldens")
    assert shown.exit_code == 6
    assert "✗ BUNDLE_UNDECIDED" in shown.stderr
    assert not (goldens / "SHA256SUMS").exists()


def test_a_golden_without_a_bundle_is_none(goldens, workc):
    (goldens / NEW / "bundle").rename(goldens / NEW / "bundel")
    shown = workc("golden", "check", "goldens")
    assert shown.exit_code == 5
    assert "there is no bundle of that name" in shown.stdout


def test_children_are_verified_with_their_parent_and_each_by_itself(folder, workc):
    shutil.copytree(KEPT / "v0.2/family", folder / "goldens/v0.2/family")
    assert workc("golden", "update", "goldens").exit_code == 0
    shown = workc("golden", "check", "goldens", "--json").document
    below = sorted(os.listdir(folder / "goldens/v0.2/family/children"))
    names = ["bundle", *(f"children/{name}" for name in below)]
    assert [each["bundle"] for each in shown["bundles"]] == [f"v0.2/family/{n}" for n in names]
    gone = folder / "goldens/v0.2/family/children" / below[0]
    shutil.rmtree(gone)
    (folder / "goldens/SHA256SUMS").unlink()
    shown = workc("golden", "update", "goldens", "--json")
    assert shown.exit_code == 5
    assert {"CHILD_MISMATCH"} == {c for each in shown.document["bundles"] for c in each["codes"]}


HASH = hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    "line",
    [
        "x",
        f"{HASH} v0.1/a/b",
        f"{HASH}  ",
        f"{HASH.upper()}  v0.1/a/b",
        f"{HASH}  ../v0.1/a/b",
        f"{HASH}  v0.1/../../b",
        f"{HASH}  /v0.1/a/b",
        f"{HASH}  README.md",
        f"{HASH}  v0.1/a/b\r",
        "",
        f"{HASH}  v0.9/a/b\n{HASH}  v0.9/a/b",
    ],
)
def test_a_list_that_is_none_is_refused_with_its_line(goldens, workc, line):
    lines = sums_of(goldens).decode()
    (goldens / "SHA256SUMS").write_bytes(f"{lines}{line}\n".encode())
    for command in ("check", "update"):
        shown = workc("golden", command, "goldens")
        assert (shown.exit_code, shown.stdout) == (2, "")
        assert f"SHA256SUMS:{lines.count(chr(10)) + 1 + line.count(chr(10))}: " in shown.stderr


@pytest.mark.parametrize("data", [b"\xff", b"\x00" * 80])
def test_a_list_that_is_no_text_is_refused(goldens, workc, data):
    (goldens / "SHA256SUMS").write_bytes(data)
    assert workc("golden", "check", "goldens").exit_code == 2


def test_a_list_that_is_a_link_is_not_followed(goldens, workc):
    (goldens / "SHA256SUMS").rename(goldens / "other")
    (goldens / "SHA256SUMS").symlink_to("other")
    assert workc("golden", "update", "goldens").exit_code == 2


@pytest.mark.parametrize("name", ["gone", "empty", "file", "a\0b"])
@pytest.mark.parametrize("command", ["check", "update"])
def test_where_there_is_nothing_to_check_that_is_said(folder, workc, command, name):
    (folder / "empty/v0.2").mkdir(parents=True)
    (folder / "file").touch()
    shown = workc("golden", command, name)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "✗ INVALID_INPUT" in shown.stderr


def test_the_folder_is_by_default_that_of_the_tests(goldens, folder, workc):
    assert workc("golden", "check").exit_code == 2
    (folder / "tests").mkdir()
    goldens.rename(folder / "tests/golden")
    assert workc("golden", "update").exit_code == 0
    assert workc("golden", "check").exit_code == 0


def test_no_list_is_written_into_a_bundle(bundle, workc):
    shutil.copytree(KEPT / NEW, bundle / "v0.2/one")
    shown = workc("golden", "update", str(bundle))
    assert shown.exit_code == 2
    assert "would break it" in shown.stderr


def test_of_very_many_files_some_are_named_and_the_others_counted(folder, workc):
    (folder / "goldens/v0.2/one").mkdir(parents=True)
    for number in range(25):
        (folder / f"goldens/v0.2/one/{number}").touch()
    shown = workc("golden", "check", "goldens")
    assert shown.stdout.count("\n  new  ") == 21
    assert "\n  new      and 5 more\n" in shown.stdout
    assert len(workc("golden", "check", "goldens", "--json").document["new"]) == 25


def test_a_golden_in_the_folder_of_another_version_is_not_listed(goldens, workc):
    before = sums_of(goldens)
    shutil.move(goldens / NEW, goldens / "v9.9/staged")
    shown = workc("golden", "update", "goldens")
    assert (shown.exit_code, sums_of(goldens)) == (2, before)
    assert "v9.9/staged/bundle is of version 0.2, not 9.9" in shown.stderr
    shown = workc("golden", "update", "goldens/v9.9")
    assert shown.exit_code == 2
    assert "name the folder above" in shown.stderr
    assert not (goldens / "v9.9/SHA256SUMS").exists()
