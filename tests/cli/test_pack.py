import json
import os

import pytest


@pytest.fixture
def packed(workc, bundle):
    """The bundle as an archive, in the file ``x.workc``."""
    assert workc("pack", "bundle", "--out", "x.workc").exit_code == 0
    return bundle.parent / "x.workc"


def files_in(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_pack_and_unpack_say_what_they_wrote_and_what_may_come_next(workc, bundle, folder):
    shown = workc("pack", "bundle", "--out", "x.workc")
    size = (folder / "x.workc").stat().st_size
    assert shown.exit_code == 0
    assert shown.stdout == f"packed 8 files, {size:,} bytes: x.workc\n"
    assert shown.stderr == "  try: workc verify-bundle x.workc\n"
    shown = workc("unpack", "x.workc", "--out", "again")
    assert shown.exit_code == 0
    assert shown.stdout == f"unpacked 8 files, {size:,} bytes: again\n"
    assert shown.stderr == "  try: workc verify-bundle again\n"
    assert files_in(folder / "again") == files_in(bundle)


def test_json_says_the_same(workc, bundle, folder):
    document = workc("pack", "bundle", "--out", "x.workc", "--json").document
    size = (folder / "x.workc").stat().st_size
    expected = {"verified": False, "path": "x.workc", "files": 8, "archive_bytes": size}
    assert document == {"schema": "workc.pack/1", **expected}
    document = workc("unpack", "x.workc", "--out", "again", "--json").document
    assert document == {"schema": "workc.unpack/1", **expected, "path": "again"}


def test_without_out_the_archive_is_called_as_the_folder_or_the_run(workc, bundle, folder):
    workc("pack", "bundle")
    assert (folder / "bundle.workc").is_file()
    run_id = json.loads((bundle / "receipt.json").read_bytes())["run_id"]
    assert workc("pack", "last").exit_code == 0
    assert (folder / f"{run_id}.workc").read_bytes() == (folder / "bundle.workc").read_bytes()
    (folder / "elsewhere").mkdir()
    os.chdir(folder / "elsewhere")
    assert workc("pack", "../bundle", "--json").document["path"] == "bundle.workc"


def test_every_command_that_takes_a_bundle_takes_an_archive(workc, bundle, packed):
    folded = workc("verify-bundle", "bundle").stdout.replace("PASS  bundle", "PASS  x.workc")
    shown = workc("verify-bundle", "x.workc")
    assert (shown.exit_code, shown.stdout) == (0, folded)
    for command in (("show",), ("show", "--events"), ("explain",)):
        loose = workc(*command, "bundle")
        shown = workc(*command, "x.workc")
        assert shown.exit_code == 0
        assert shown.stdout == loose.stdout.replace(" bundle\n", " x.workc\n")
    assert workc("show", "x.workc", "say").stdout == workc("show", "bundle", "say").stdout
    assert workc("replay", "x.workc").stdout == workc("replay", "bundle").stdout


def test_a_changed_archive_is_proven_bad_with_5_by_every_judge(workc, packed):
    data = bytearray(packed.read_bytes())
    data[100] ^= 1
    packed.write_bytes(data)
    shown = workc("verify-bundle", "x.workc")
    assert shown.exit_code == 5
    assert "BUNDLE_MALFORMED  step names" in shown.stdout
    shown = workc("unpack", "x.workc", "--out", "again")
    assert (shown.exit_code, shown.stdout) == (5, "")
    assert "✗ BUNDLE_INVALID  BUNDLE_MALFORMED: " in shown.stderr
    assert "try: workc verify-bundle x.workc" in shown.stderr
    document = workc("unpack", "x.workc", "--out", "again", "--json").document
    assert (document["code"], document["exit"]) == ("BUNDLE_INVALID", 5)
    assert document["details"]["findings"][0]["code"] == "BUNDLE_MALFORMED"
    assert workc("replay", "x.workc").exit_code == 5
    assert not (packed.parent / "again").exists()


def test_what_cannot_be_read_is_undecided_with_6(workc, packed, folder):
    (folder / "link.workc").symlink_to("x.workc")
    assert workc("verify-bundle", "link.workc").exit_code == 6
    assert workc("replay", "link.workc").exit_code == 6
    shown = workc("unpack", "link.workc", "--out", "again")
    assert shown.exit_code == 6
    assert shown.stderr.startswith("✗ BUNDLE_UNDECIDED  FILE_UNREADABLE: it is a link; name the ")


def test_a_folder_that_no_archive_can_hold_is_refused_with_5(workc, bundle, folder):
    (bundle / "evidence" / "link").symlink_to("program.yaml")
    shown = workc("pack", "bundle")
    assert shown.exit_code == 5
    assert "UNSAFE_PATH: evidence/link: it is a link" in shown.stderr
    assert not (folder / "bundle.workc").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("pack", "nowhere"), "there is no file or folder nowhere"),
        (("pack", "x.workc"), "x.workc is an archive already; only a folder is packed"),
        (("pack", "bundle", "--out", "x.workc"), "x.workc is there already"),
        (("pack", "bundle", "--out", ""), "--out takes the name of a file"),
        (("pack", "bundle", "--out", "demo.yaml/x"), "demo.yaml"),
        (("unpack", "nowhere", "--out", "o"), "there is no file nowhere"),
        (("unpack", "bundle", "--out", "o"), "there is no file bundle"),
        (("unpack", "a\0b", "--out", "o"), "there is no file a\\x00b"),
        (("unpack", "x.workc", "--out", "bundle"), "bundle is there already"),
        (("unpack", "x.workc", "--out", ""), "the name of the folder is empty"),
        (("unpack", "x.workc"), "Missing option '--out'"),
        (("show", "demo.yaml"), "demo.yaml is no bundle: it is a workflow"),
        (("replay", "demo.yaml"), "demo.yaml is no bundle: it is a workflow"),
        (("pack", "demo.yaml"), "demo.yaml is no bundle: it is a workflow"),
        (
            ("show", "bad.workc"),
            "bad.workc is no bundle and no run: it is no archive",
        ),
    ],
)
def test_a_wrong_command_ends_with_2_and_changes_nothing(workc, packed, folder, arguments, text):
    (folder / "bad.workc").write_bytes(packed.read_bytes()[:-1])
    before = files_in(folder)
    shown = workc(*arguments)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert text in shown.stderr
    assert files_in(folder) == before
