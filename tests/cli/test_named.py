"""What BUNDLE, RUN and PATH name, and what is said of what they do not name."""

import json
import os
import shutil

import pytest

from workc.testkit.servers import LoopbackServer, Reply

KEY = "keys/release.key.pem"
FLIP = '{"FlipByte":{"rel_path":"receipt.json","offset":3,"xor":1}}'


@pytest.fixture
def run_id(workc, folder):
    """The id of the only run of the store; nothing else was made of it."""
    assert workc("keys", "new", "release", "--out", "keys").exit_code == 0
    return workc("run", "pure.yaml", "--json", "-q").document["run_id"]


#: Every command that takes a bundle, and what else it needs.
TAKES_A_BUNDLE = {
    "verify-bundle": (),
    "sign": ("--key", KEY),
    "explain": (),
    "show": (),
    "replay": (),
    "pack": ("--out", "x.workc"),
    "prove": ("--event", "0", "--out", "p.json"),
    "tamper": ("--op", FLIP, "--out", "changed"),
}


@pytest.mark.parametrize("command", TAKES_A_BUNDLE)
def test_a_bundle_is_named_by_a_path_an_id_its_beginning_or_last(workc, folder, run_id, command):
    said = set()
    for name in (f".workc/runs/{run_id}/bundle", run_id, run_id[:12], "last"):
        shown = workc(command, name, *TAKES_A_BUNDLE[command])
        assert shown.exit_code == 0
        said.add(shown.stdout.replace(" BEFORE by this key; nothing was changed", ""))
        for made in ("x.workc", "p.json"):
            (folder / made).unlink(missing_ok=True)
        shutil.rmtree(folder / "changed", ignore_errors=True)
    assert len(said) == 1


@pytest.mark.parametrize("command", TAKES_A_BUNDLE)
def test_what_stands_at_a_path_wins_over_a_run_of_that_name(workc, folder, run_id, command):
    (folder / "last").write_text("mine")
    (folder / run_id).mkdir()
    for name in ("last", run_id):
        shown = workc(command, name, *TAKES_A_BUNDLE[command])
        assert shown.exit_code == (5 if command == "verify-bundle" else 2)
        assert "is no bundle: it is " in shown.stdout + shown.stderr
        assert "SIGNED" not in shown.stdout


def test_a_run_elsewhere_is_found_in_its_store(workc, run_id, folder):
    (folder / ".workc").rename(folder / "kept")
    assert workc("verify-bundle", "last").exit_code == 2
    shown = workc("verify-bundle", "last", "--store", "kept")
    assert shown.stdout.startswith(f"✓ PASS  kept/runs/{run_id}/bundle\n")
    assert workc("sign", "last", "--store", "kept", "--key", KEY).exit_code == 0
    document = workc("verify-bundle", run_id, "--store", "kept", "--json").document
    assert document["path"] == f"kept/runs/{run_id}/bundle"


def test_a_trust_file_in_the_bundle_is_refused_however_the_bundle_is_named(workc, folder, run_id):
    inside = folder / ".workc/runs" / run_id / "bundle/trust.json"
    assert workc("keys", "trust", "release", "--dir", "keys", "--out", "t.json").exit_code == 0
    shutil.copy(folder / "t.json", inside)
    shown = workc("verify-bundle", "last", "--trust", inside)
    assert shown.exit_code == 2
    assert "stands in the bundle" in shown.stderr


def test_a_run_that_has_not_ended_has_no_bundle_yet(workc, folder, run_id):
    shutil.rmtree(folder / ".workc/runs" / run_id / "bundle")
    for command in ("verify-bundle", "sign", "replay", "pack", "prove", "tamper"):
        shown = workc(command, "last", *TAKES_A_BUNDLE[command])
        assert (shown.exit_code, shown.stdout) == (2, "")
        assert f"the run {run_id} is not sealed: it has not ended" in shown.stderr
        assert f"try: workc resume {run_id}\n" in shown.stderr


# ------------------------------------------------------------------- what is no bundle at all


@pytest.fixture
def strangers(workc, bundle, folder):
    """Things that are no bundles, beside the bundle ``bundle``."""
    (folder / "empty").mkdir()
    (folder / "other").mkdir()
    (folder / "other/file").write_text("")
    (folder / "note.txt").write_text("a note")
    (folder / "torn.workc").write_bytes(b"PX")
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "fifo")
    assert workc("prove", "bundle", "--event", 0, "--out", "p.json").exit_code == 0
    (run,) = (folder / ".workc/runs").iterdir()
    shutil.copytree(run, folder / "ended")
    shutil.copytree(run, folder / "open")
    shutil.rmtree(folder / "open/bundle")
    return folder


STRANGERS = {
    "empty": ("an empty folder", "workc ls"),
    "other": ("a folder without receipt.json and manifest.json", "workc ls"),
    "ended": ("the folder that a bundle stands in", "workc verify-bundle ended/bundle"),
    "open": ("the folder of a run that has not ended", "workc show open"),
    ".workc": ("a store of runs", "workc ls --store .workc"),
    "bundle/evidence": ("a folder within a bundle", "workc verify-bundle bundle"),
    "bundle/receipt.json": ("a file of a bundle", "workc verify-bundle bundle"),
    "p.json": ("the proof of a part of one", "workc verify-proof p.json"),
    "pure.yaml": ("a workflow", "workc run pure.yaml"),
    "note.txt": ("a file, and no archive", "workc ls"),
    "torn.workc": ("a file that does not begin as an archive does", "get it anew"),
    "fifo": ("neither a folder nor a file", "workc ls"),
    "dangling": ("neither a folder nor a file", "workc ls"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_what_is_no_bundle_is_told_in_few_lines_with_what_to_do(workc, strangers, name):
    what, advice = STRANGERS[name]
    shown = workc("verify-bundle", name)
    lines = shown.stdout.splitlines()
    assert shown.exit_code == 5
    assert lines[1] == f"  this is no bundle: it is {what}"
    assert [line for line in lines if "not checked" in line] == ["  - not checked  anything else"]
    assert len(lines) <= 7
    assert shown.stderr == f"  try: {advice}\n"
    assert workc("verify-bundle", name, "--json").document["verdict"] == "FAIL"


def test_what_cannot_be_read_is_undecided_and_no_more_is_said_of_it(workc, bundle, folder):
    (folder / "link.workc").symlink_to("bundle/receipt.json")
    shown = workc("verify-bundle", "link.workc")
    assert shown.exit_code == 6
    assert "this is no bundle" not in shown.stdout


@pytest.mark.parametrize(
    "command", ["sign", "replay", "pack", "prove", "tamper", "show", "explain"]
)
def test_other_commands_refuse_what_is_no_bundle_with_2(workc, strangers, command):
    workc("keys", "new", "release", "--out", "keys")
    for name in ("empty", "note.txt", "pure.yaml", "bundle/evidence"):
        shown = workc(command, name, *TAKES_A_BUNDLE[command])
        what, advice = STRANGERS[name]
        assert (shown.exit_code, shown.stdout) == (2, "")
        assert f"{name} is no bundle: it is {what}\n" in shown.stderr
        assert f"try: {advice.replace('verify-bundle', command)}\n" in shown.stderr


def test_a_bad_bundle_names_what_was_not_checked_in_one_line_and_what_explains_it(workc, bundle):
    (bundle / "receipt.json").write_bytes(b"{}")
    shown = workc("verify-bundle", "bundle")
    (line,) = [line for line in shown.stdout.splitlines() if "not checked" in line]
    names = line.removeprefix("  - not checked  ").split(", ")
    assert {"projection", "truth", "origin"} <= set(names)
    assert len(names) == len(set(names))
    assert shown.stderr == "  next: workc explain bundle\n"
    assert workc("explain", "bundle").exit_code == 0


def test_of_several_bundles_each_bad_one_has_what_comes_next(workc, bundle, folder):
    shutil.copytree(bundle, folder / "a b")
    (folder / "a b/receipt.json").write_bytes(b"{}")
    shown = workc("verify-bundle", "bundle", "a b", "nowhere")
    assert shown.stderr == "  next: workc explain 'a b'\n"
    assert "✗ NONE  nowhere\n  there is no file or folder nowhere, and no run" in shown.stdout


# ------------------------------------------------------------------------ what names nothing


@pytest.mark.parametrize(
    ("arguments", "said", "advice"),
    [
        (("show", "say"), "say is no run, but a step of the newest one", "workc show last say"),
        (("show", "last", "no"), "it has say", "workc show last"),
        (("show", "NOT_FOUND"), "is a code, and no run or bundle", "workc explain NOT_FOUND"),
        (("show", "hash_mismatch"), "is a code", "workc explain HASH_MISMATCH"),
        (("show", "a/b"), "there is no file or folder a/b, and no run of that id", "workc ls"),
        (("resume", "a/b"), "there is no file or folder a/b, and no run of that id", "workc ls"),
        (("explain", "nothing"), "there is no file or folder nothing", "workc ls"),
        (("show", "last", "say", "--events"), "takes no STEP", "workc show last --events"),
        (("run", "bundle"), "bundle is a bundle, and no workflow", "workc replay bundle"),
        (("run", "b.workc"), "b.workc is a bundle", "workc verify-bundle b.workc"),
        (("verify-bundle", "bundle", "--expect-digest", "abc"), "not 3 of them", "workc show last"),
        (("verify-bundle", "bundle", "--expect-digest", "x"), "not 'x'", "workc show last"),
        (
            ("verify-bundle", "bundle", "--expect-digest"),
            "requires an",
            "workc verify-bundle --help",
        ),
        (("sign", "bundle", "--key"), "requires an argument", "workc sign --help"),
        (("keys", "new", "--out"), "requires an argument", "workc keys new --help"),
        (("sign", "b.workc", "--key", KEY), "is an archive", "workc unpack b.workc --out DIR"),
        (("ls", "--limit", "0"), "it takes a number from 1 on, not '0'", "workc ls --help"),
        (("run", "pure.yaml", "--seed", "x"), "from 0 to 18,446", "workc run --help"),
    ],
)
def test_what_is_meant_is_proposed(workc, bundle, arguments, said, advice):
    assert workc("pack", "bundle", "--out", "b.workc").exit_code == 0
    shown = workc(*arguments)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert said in shown.stderr
    assert f"  try: {advice}\n" in shown.stderr


def test_without_any_run_a_run_is_proposed(workc):
    for arguments in (("show", "last"), ("verify-bundle", "last"), ("resume", "last")):
        shown = workc(*arguments)
        assert shown.exit_code == 2
        assert shown.stderr == (
            "✗ INVALID_INPUT  there are no runs in .workc\n  try: workc run FILE\n"
        )
    assert "  try: workc run FILE\n" in workc("show", "nothing").stderr


def test_what_is_proposed_looks_into_the_same_store(workc, folder, run_id):
    (folder / ".workc").rename(folder / "my runs")
    shown = workc("show", "nothing", "--store", "my runs")
    assert "  try: workc ls --store 'my runs'\n" in shown.stderr
    shown = workc("show", "say", "--store", "my runs")
    assert "  try: workc show last say --store 'my runs'\n" in shown.stderr


def test_a_beginning_of_many_ids_names_them(workc, folder, run_id):
    other = workc("run", "pure.yaml", "--json", "-q").document["run_id"]
    for command in TAKES_A_BUNDLE:
        shown = workc(command, run_id[:2], *TAKES_A_BUNDLE[command])
        assert shown.exit_code == 2
        assert f"'{run_id[:2]}' may be {other}, {run_id}\n" in shown.stderr
        assert "  try: workc ls\n" in shown.stderr


def test_a_bundle_is_no_proof_and_no_workflow(workc, bundle):
    assert workc("pack", "bundle", "--out", "b.workc").exit_code == 0
    shown = workc("verify-proof", "b.workc")
    assert shown.exit_code == 5
    assert shown.stderr == "  try: workc verify-bundle b.workc\n"
    assert "  try: workc verify-bundle bundle\n" in workc("check", "bundle").stderr


def test_a_link_to_a_workflow_is_run(workc, folder):
    (folder / "link.yaml").symlink_to("pure.yaml")
    assert workc("run", "link.yaml", "-q").exit_code == 0


# ----------------------------------------------------------------------------- codes and exits


def test_code_and_exit_code_agree_and_the_findings_are_given(workc, bundle, folder):
    workc("keys", "new", "release", "--out", "keys")
    log = (bundle / "events.jsonl").read_bytes()
    (bundle / "events.jsonl").write_bytes(b"")
    found = workc("verify-bundle", "bundle", "--json").document["failures"]
    for command in ("sign", "prove", "tamper"):
        arguments = ("--all",) if command == "tamper" else TAKES_A_BUNDLE[command]
        shown = workc(command, "bundle", *arguments, "--json")
        document = shown.document
        assert (shown.exit_code, document["exit"], document["code"]) == (5, 5, "BUNDLE_INVALID")
        assert document["details"]["findings"] == found
        assert shown.stderr.startswith("✗ BUNDLE_INVALID  ")
    (bundle / "events.jsonl").write_bytes(log)
    receipt = bundle / "receipt.json"
    receipt.write_bytes(receipt.read_bytes().replace(b'"0.2"', b'"9.9"'))
    for command in ("sign", "prove"):
        document = workc(command, "bundle", *TAKES_A_BUNDLE[command], "--json").document
        assert (document["exit"], document["code"]) == (6, "BUNDLE_UNDECIDED")
        codes = [finding["code"] for finding in document["details"]["findings"]]
        assert codes == ["VERSION_UNSUPPORTED"]


# ---------------------------------------------------------------------------------- as it is given


def test_what_was_made_is_named_as_it_was_given(workc, folder):
    for out in ("deep/one", folder / "deep/two"):
        shown = workc("run", "pure.yaml", "--out", out)
        assert f"  next: workc verify-bundle {out}\n  next: workc replay {out}\n" in shown.stderr
        again = f"{out}-again"
        assert workc("replay", "last", "--out", again, "--json").document["bundle"] == again
    assert workc("run", "pure.yaml", "--out", "three", "--json").document["bundle"] == "three"


def test_the_cause_is_told_before_what_follows_from_it(workc, folder):
    (folder / "chain.yaml").write_text(
        "workc: 1\n"
        "name: chain\n"
        "inputs: {base: {type: string}}\n"
        "steps:\n"
        '  bad: {skill: http_call, with: {url: "${inputs.base}/busy"},'
        " retry: {max_attempts: 2, base_delay_ms: 1}}\n"
        '  late: {skill: json_transform, with: {data: "${steps.bad}", expression: "@"}}\n'
        'output: "${steps.late}"\n'
    )
    with LoopbackServer({"/busy": Reply(status=503)}) as server:
        shown = workc("run", "chain.yaml", "--input", f"base={server.base_url}")
    lines = [line.split()[:2] for line in shown.stderr.splitlines()]
    assert lines.index(["✗", "bad"]) < lines.index(["-", "late"])
    run_id = json.loads(workc("ls", "--json").stdout)["runs"][0]["run_id"]
    assert f"  next: workc explain {run_id}\n" in shown.stderr


def test_a_check_that_did_not_hold_is_no_fault_of_a_step(workc, folder):
    bad = '  bad: {skill: json_transform, with: {data: 1, expression: "length(@)"}}\noutput:'
    text = (folder / "pure.yaml").read_text().replace("output:", bad)
    (folder / "no.yaml").write_text(text + "verify: [{id: never, that: \"output == 'x'\"}]\n")
    assert workc("run", "no.yaml", "-q").exit_code == 1
    document = workc("show", "last", "--json").document
    assert (document["code"], document["step"]) == ("VERIFICATION_FAILED", None)
    assert [step["status"] for step in document["steps"]] == ["success", "failure"]
    assert "  why       checks that did not hold: never\n" in workc("show", "last").stdout


@pytest.mark.parametrize("color", ["always", "never"])
def test_what_a_bundle_says_of_itself_is_not_green(workc, bundle, color):
    (bundle / "artifacts/output.json").write_bytes(b"0")
    head = workc("show", "bundle", "--color", color).stdout.splitlines()[0]
    assert "success · not verified" in head
    assert "\x1b[32m" not in head
