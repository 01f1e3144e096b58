import json
import os

import pytest

from workc import verify_bundle

FLIP = '{"FlipByte":{"rel_path":"receipt.json","offset":3,"xor":1}}'
RESEAL = '{"Reseal":{"edit":"NonceReplaced"}}'


def files_of(folder):
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_an_operation_changes_a_copy_and_shows_what_is_said_of_it(workc, bundle, folder):
    before = files_of(bundle)
    shown = workc("tamper", "bundle", "--op", FLIP, "--out", "copy")
    assert (shown.exit_code, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert lines[0] == "changed  byte 3 of receipt.json: 0x75 is now 0x74"
    assert lines[1] == "✗ FAIL  copy"
    assert lines[2].startswith("  BUNDLE_MALFORMED  step receipt  receipt.json")
    assert files_of(bundle) == before
    after = files_of(folder / "copy")
    assert {path for path in after if after[path] != before[path]} == {"receipt.json"}


def test_operations_are_made_one_after_the_other_from_options_lists_and_files(
    workc, bundle, folder
):
    (folder / "ops.json").write_text(f"[{RESEAL}, {FLIP}]")
    shown = workc("tamper", "bundle", "--op", RESEAL, "--out", "first")
    assert shown.stdout.splitlines()[1] == "✓ PASS  first"
    again = workc("tamper", "bundle", "--op", "@ops.json", "--op", FLIP, "--out", "second")
    assert again.exit_code == 0
    assert files_of(folder / "first") == files_of(folder / "second")
    assert [line.split()[0] for line in again.stdout.splitlines()[:3]] == ["changed"] * 3


def test_json_holds_the_operations_and_the_verdict(workc, bundle):
    shown = workc("tamper", "bundle", "--op", FLIP, "--out", "copy", "--json")
    document = shown.document
    assert document["schema"] == "workc.tampered/1"
    assert (document["bundle"], document["out"]) == ("bundle", "copy")
    assert [found["op"] for found in document["operations"]] == [json.loads(FLIP)]
    assert document["verdict"]["schema"] == "workc.verdict/1"
    assert document["verdict"]["verdict"] == "FAIL"


def test_a_run_and_an_archive_can_be_tampered_with(workc, bundle):
    assert workc("tamper", "last", "--op", FLIP, "--out", "one").exit_code == 0
    assert workc("pack", "bundle", "--out", "b.workc").exit_code == 0
    shown = workc("tamper", "b.workc", "--op", FLIP, "--out", "two")
    assert (shown.exit_code, shown.stdout.splitlines()[1]) == (0, "✗ FAIL  two")


def test_an_empty_folder_is_filled_and_any_other_is_left_alone(workc, bundle, folder):
    (folder / "empty").mkdir()
    assert workc("tamper", "bundle", "--op", FLIP, "--out", "empty").exit_code == 0
    before = files_of(folder)
    for target in ("empty", "demo.yaml", "bundle"):
        shown = workc("tamper", "bundle", "--op", FLIP, "--out", target)
        assert (shown.exit_code, shown.stdout) == (2, "")
        assert "there already" in shown.stderr
    assert files_of(folder) == before


def test_a_target_within_the_bundle_is_refused(workc, bundle):
    before = files_of(bundle)
    shown = workc("tamper", "bundle", "--op", FLIP, "--out", "bundle/evidence/copy")
    assert shown.exit_code == 2
    assert "bundle/evidence/copy lies in the bundle" in shown.stderr
    assert files_of(bundle) == before


WRONG = {
    "x": "not_json",
    "{}": "unknown_op",
    '{"FlipByte":{}}': "missing_field",
    '{"FlipByte":{"rel_path":"receipt.json","offset":3,"xor":256}}': "out_of_range",
    '{"FlipByte":{"rel_path":"receipt.json","offset":3,"xor":0}}': "no_change",
    '{"FlipByte":{"rel_path":"../demo.yaml","offset":3,"xor":1}}': "unsafe_path",
    '{"DeleteFile":{"rel_path":"nothing"}}': "no_such_file",
    '{"Reseal":{"edit":"Nothing"}}': "unknown_edit",
    '{"Reseal":{"edit":"MoneyLowered"}}': "does_not_apply",
}


@pytest.mark.parametrize(("op", "problem"), WRONG.items())
def test_an_operation_that_is_none_or_does_not_apply_is_refused_and_writes_nothing(
    workc, bundle, folder, op, problem
):
    shown = workc("tamper", "bundle", "--op", RESEAL, "--op", op, "--out", "copy", "--json")
    assert shown.exit_code == 2
    assert shown.document["code"] == "INVALID_INPUT"
    assert shown.document["details"] == {"problem": problem}
    assert not (folder / "copy").exists()
    assert [path.name for path in folder.iterdir() if path.name.startswith(".workc-")] == []


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--op", FLIP),
        ("--out", "copy"),
        ("--all", "--op", FLIP),
        ("--all", "--out", "copy"),
        ("--op", FLIP, "--out", "copy", "--full"),
        ("--op", FLIP, "--out", "copy", "--budget", "5"),
        ("--all", "--full", "--budget", "5"),
        ("--all", "--budget", "0"),
        ("--op", "@nothing.json", "--out", "copy"),
    ],
)
def test_options_that_do_not_go_together_are_refused(workc, bundle, folder, arguments):
    shown = workc("tamper", "bundle", *arguments)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert not (folder / "copy").exists()


def test_a_link_in_a_bundle_is_not_copied(workc, bundle, folder):
    os.symlink(folder / "demo.yaml", bundle / "evidence" / "link")
    shown = workc("tamper", "bundle", "--op", FLIP, "--out", "copy")
    assert shown.exit_code == 2
    assert "no regular file" in shown.stderr
    assert not (folder / "copy").exists()


def test_every_class_is_shown_with_what_was_found_and_three_numbers(workc, bundle):
    shown = workc("tamper", "bundle", "--all", "--budget", "900")
    assert (shown.exit_code, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert lines[0].split()[:4] == ["mutants", "rung", "component", "operator:"]
    assert any("  file.delete: " in line and "MANIFEST_MISSING_FILE" in line for line in lines)
    (head,) = [number for number, line in enumerate(lines) if line.endswith("operator")]
    assert lines[head].split() == [
        "rcpt", "evts", "mfst", "evid", "arts", "sigs", "names", "operator",
    ]  # fmt: skip
    assert lines[head - 1].startswith("mutants by operator and component: rcpt receipt, ")
    rows = [line.split()[-1] for line in lines[head + 1 : -5]]
    assert {"event.Locked", "file.delete", "reseal"} <= set(rows)
    assert len(set(rows)) == len(rows)
    assert lines[-4].startswith("✓ FOUND  bundle  format 0.2, ")
    names = [line.split()[0] for line in lines[-3:]]
    assert names == ["detection", "exactness", "coverage"]
    assert all("100.0 %" in line for line in lines[-3:-1])


def test_the_report_as_json_is_the_same_every_time(workc, bundle):
    one = workc("tamper", "bundle", "--all", "--budget", "900", "--json")
    two = workc("tamper", "bundle", "--all", "--budget", "900", "--json")
    assert one.stdout == two.stdout
    document = one.document
    assert (document["schema"], document["ok"]) == ("workc.tamper/1", True)
    assert document["mutants"] == document["detected"] == document["exact"] > 500
    assert document["proof_digest"] == verify_bundle(bundle).proof_digest
    assert document["surprises"] == []


def test_progress_is_told_on_stderr_unless_it_is_to_be_quiet(workc, bundle):
    shown = workc("tamper", "bundle", "--all", "--budget", "2200")
    assert shown.stderr.startswith("judged 2,000 of 2,")
    assert workc("tamper", "bundle", "--all", "--budget", "2200", "-q").stderr == ""


def test_a_bundle_that_does_not_verify_is_refused_as_verify_bundle_says(workc, bundle):
    receipt = bundle / "receipt.json"
    good = receipt.read_bytes()
    receipt.write_bytes(good.replace(b'"0.2"', b'"9.9"'))
    shown = workc("tamper", "bundle", "--all")
    assert (shown.exit_code, shown.stdout) == (6, "")
    assert "VERSION_UNSUPPORTED" in shown.stderr
    receipt.write_bytes(good[:-1])
    assert workc("tamper", "bundle", "--all").exit_code == 5


def test_a_verifier_that_misses_something_ends_with_1_and_says_what(workc, bundle, monkeypatch):
    from workc.testkit import tamper_suite  # noqa: PLC0415 - of this test alone
    from workc.verify.verifier import verify  # noqa: PLC0415 - of this test alone

    def blind(reader, digest):
        return verify(reader, without={"3.24"})

    monkeypatch.setattr(tamper_suite.run_suite, "__kwdefaults__", {
        **tamper_suite.run_suite.__kwdefaults__, "ask": blind,
    })  # fmt: skip
    shown = workc("tamper", "bundle", "--all", "--budget", "900")
    assert shown.exit_code == 1
    assert "✗ NOT FOUND  bundle" in shown.stdout
    assert "expected  files HASH_MISMATCH" in shown.stdout
    assert "try: --op '{" in shown.stdout
