"""Nothing is written into a bundle, and what is copied out of one is what was verified."""

import os

import pytest

from workc import verify_bundle

FLIP = '{"FlipByte":{"rel_path":"receipt.json","offset":3,"xor":1}}'
WRITES = {
    "run": ("run", "pure.yaml", "--out"),
    "run with a store": ("run", "pure.yaml", "--store"),
    "resume": ("resume", "last", "--out"),
    "replay": ("replay", "last", "--out"),
    "pack": ("pack", "last", "--out"),
    "unpack": ("unpack", "x.workc", "--out"),
    "prove": ("prove", "last", "--event", "0", "--out"),
    "prove with content": (
        "prove", "last", "--file", "evidence/program.yaml", "--out", "p.json", "--content",
    ),
    "tamper": ("tamper", "last", "--op", FLIP, "--out"),
    "keys new": ("keys", "new", "release", "--out"),
    "keys trust": ("keys", "trust", "k/release.pub.pem", "--out"),
}  # fmt: skip


@pytest.fixture
def packed(workc, bundle, folder):
    """The bundle ``bundle``, its archive, a key, and a folder ``link`` that leads to it."""
    assert workc("pack", "bundle", "--out", "x.workc").exit_code == 0
    assert workc("keys", "new", "release", "--out", "k").exit_code == 0
    (folder / "link").symlink_to("bundle")
    return bundle


def listed(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*"))


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize(
    ("place", "within"),
    [
        ("bundle/x", "bundle"),
        ("bundle/new/folders/x", "bundle"),
        ("bundle/evidence/x", "bundle"),
        ("bundle/evidence/../x", "bundle"),
        ("link/x", "link"),
    ],
)
def test_nothing_is_written_into_a_bundle(workc, packed, folder, name, place, within):
    before = listed(folder)
    shown = workc(*WRITES[name], place)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert f" lies in the bundle {within}, and would break it\n" in shown.stderr
    option = WRITES[name][-1]
    assert f"  try: name a place outside of the bundle: {option} " in shown.stderr
    assert [path for path in listed(folder) if path not in before] == []
    assert verify_bundle(packed).ok


def test_in_a_bundle_no_command_writes_where_it_was_typed(workc, packed, monkeypatch):
    monkeypatch.chdir(packed / "evidence")
    before = listed(packed)
    shown = workc("pack", "..")
    assert shown.exit_code == 2
    assert f"bundle.workc lies in the bundle {packed}, and would break it" in shown.stderr
    assert workc("run", "../../pure.yaml").exit_code == 2
    assert listed(packed) == before


def test_beside_a_bundle_and_behind_one_everything_may_be_written(workc, packed, folder):
    assert workc("pack", "bundle", "--out", "bundle/../y.workc").exit_code == 0
    (folder / "half").mkdir()
    (folder / "half/receipt.json").write_text("{}")
    assert workc("pack", "bundle", "--out", "half/z.workc").exit_code == 0


def test_a_folder_that_is_missing_is_made_and_one_that_cannot_be_is_named(workc, packed, folder):
    trust = ("keys", "trust", "k/release.pub.pem", "--out")
    assert workc(*trust, "new/folder/trust.json").exit_code == 0
    assert (folder / "new/folder/trust.json").is_file()
    shown = workc(*trust, "pure.yaml/trust.json")
    assert shown.exit_code == 2
    assert "pure.yaml" in shown.stderr
    assert ".new" not in shown.stderr
    assert os.listdir(folder / "new/folder") == ["trust.json"]


def test_two_files_cannot_have_one_name(workc, packed, folder):
    file = ("--file", "evidence/program.yaml")
    shown = workc("prove", "bundle", *file, "--out", "one", "--content", "./one")
    assert shown.exit_code == 2
    assert "--out and --content name the same file" in shown.stderr
    (folder / "there").write_text("mine")
    shown = workc("prove", "bundle", *file, "--out", "one", "--content", "there")
    assert shown.exit_code == 2
    assert "try: name a file that is not there yet: --content FILE" in shown.stderr
    assert not (folder / "one").exists()


@pytest.mark.parametrize(
    ("file", "said", "advice"),
    [
        ("program.yaml", "did you mean evidence/program.yaml?", "--file evidence/program.yaml"),
        ("bundle/evidence/program.yaml", "did you mean evidence/program.yaml?", "--file evidence/"),
        ("evidence/progam.yaml", "did you mean evidence/program.yaml?", "--file evidence/"),
        ("zzz", "lists no file 'zzz'\n", "name a file that the manifest.json of bundle lists"),
        ("receipt.json", "no tree holds receipt.json", "workc prove bundle --event 0 --out FILE"),
    ],
)
def test_a_file_that_is_not_listed_is_answered_with_one_that_may_be_meant(
    workc, packed, file, said, advice
):
    shown = workc("prove", "bundle", "--file", file, "--out", "p.json")
    assert shown.exit_code == 2
    assert said in shown.stderr
    (line,) = [line for line in shown.stderr.splitlines() if line.startswith("  try: ")]
    assert advice in line


@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "bundle", "--metrics-file", "bundle/receipt.json"),
        ("replay", "bundle", "--metrics-file", "bundle/new.prom"),
        ("verify-bundle", "bundle", "--metrics-file", "demo.yaml"),
        ("certify", "bundle", "--junit", "bundle/receipt.json"),
        ("certify", "bundle", "--junit", "bundle/new.xml"),
        ("serve", "--host", ""),
    ],
)
def test_a_report_is_written_over_nothing_that_is_none(workc, bundle, folder, arguments):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    shown = workc(*arguments)
    assert shown.exit_code == 2
    assert "INVALID_INPUT" in shown.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["a" * 256, "deep/" * 900, "b/" + "ä" * 200])
@pytest.mark.parametrize("command", WRITES)
def test_a_name_that_no_file_can_have_is_usage(workc, folder, packed, command, name):
    shown = workc(*WRITES[command], name)
    assert shown.exit_code == 2
    assert "INVALID_INPUT" in shown.stderr
    assert "bytes" in shown.stderr or "too long" in shown.stderr
    assert "  try: " in shown.stderr
