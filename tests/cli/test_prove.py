import json

import pytest


@pytest.fixture
def digest(bundle):
    return json.loads((bundle / "receipt.json").read_bytes())["proof_digest"]


@pytest.fixture
def proof(workc, bundle, folder):
    """The proof of an event, in the file ``p.json``."""
    assert workc("prove", "bundle", "--event", 3, "--out", "p.json").exit_code == 0
    return folder / "p.json"


def test_an_event_is_proven_and_the_proof_verified(workc, bundle, digest):
    shown = workc("prove", "bundle", "--event", 3, "--out", "p.json")
    assert (shown.exit_code, shown.stdout) == (
        0,
        "proved event 3 (they are 0 to 7), PlanChosen: p.json\n",
    )
    assert shown.stderr == f"  try: workc verify-proof p.json --expect-digest {digest}\n"
    shown = workc("verify-proof", "p.json", "--expect-digest", digest.upper())
    lines = shown.stdout.splitlines()
    assert shown.exit_code == 0
    assert lines[:3] == [
        "✓ PASS  p.json",
        "  shows   event 3 (they are 0 to 7), PlanChosen",
        f"  digest  {digest}",
    ]
    assert all(line.startswith("  - not checked  ") for line in lines[4:])


def test_a_file_is_proven_with_its_bytes_beside(workc, bundle, folder):
    path = "evidence/program.yaml"
    shown = workc("prove", "last", "--file", path, "--out", "p.json", "--content", "program")
    assert shown.exit_code == 0
    assert shown.stdout.startswith(f"proved file {path}, ")
    assert (folder / "program").read_bytes() == (bundle / path).read_bytes()
    assert workc("verify-proof", "p.json", "--content", "program").exit_code == 0
    shown = workc("verify-proof", "p.json", "--content", "demo.yaml")
    assert shown.exit_code == 5
    assert "HASH_MISMATCH  step files" in shown.stdout


def test_json_says_what_is_shown(workc, bundle, digest):
    document = workc("prove", "bundle", "--event", 3, "--out", "p.json", "--json").document
    assert document["schema"] == "workc.prove/1"
    assert document["proof_digest"] == digest
    assert document["shows"]["event"]["kind"] == "PlanChosen"
    found = workc("verify-proof", "p.json", "--json").document
    assert (found["schema"], found["verdict"], found["path"]) == ("workc.proof/1", "PASS", "p.json")
    assert found["shows"] == document["shows"]


def test_an_archive_can_be_proven_from(workc, bundle, proof, folder):
    workc("pack", "bundle", "--out", "x.workc")
    assert workc("prove", "x.workc", "--event", 3, "--out", "q.json").exit_code == 0
    assert (folder / "q.json").read_bytes() == proof.read_bytes()


def test_a_changed_proof_is_proven_bad_with_5(workc, proof):
    proof.write_bytes(proof.read_bytes().replace(b'"steps":1', b'"steps":2', 1))
    shown = workc("verify-proof", "p.json")
    assert shown.exit_code == 5
    assert shown.stdout.startswith("✗ FAIL  p.json\n  MERKLE_MISMATCH_EVENTLOG  step roots")
    assert workc("verify-proof", "p.json", "--json").document["shows"] is None
    assert workc("verify-proof", "demo.yaml").exit_code == 5


def test_a_proof_of_another_digest_or_version_is_told(workc, proof):
    assert workc("verify-proof", "p.json", "--expect-digest", "0" * 64).exit_code == 5
    proof.write_bytes(
        proof.read_bytes().replace(b'inclusion_version":"0.2"', b'inclusion_version":"9"')
    )
    shown = workc("verify-proof", "p.json")
    assert shown.exit_code == 6
    assert "✗ FAIL  p.json  (cannot be judged)\n  VERSION_UNSUPPORTED" in shown.stdout


def test_of_a_bundle_that_does_not_verify_nothing_is_proven(workc, bundle, folder):
    (bundle / "evidence/program.yaml").write_bytes(b"")
    shown = workc("prove", "bundle", "--event", 3, "--out", "p.json")
    assert (shown.exit_code, shown.stdout) == (5, "")
    assert "HASH_MISMATCH: evidence/program.yaml" in shown.stderr
    assert "try: workc verify-bundle bundle" in shown.stderr
    assert not (folder / "p.json").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("prove", "bundle", "--out", "o"), "name one event or one file"),
        (("prove", "bundle", "--event", "1", "--file", "x", "--out", "o"), "name one event or one"),
        (
            ("prove", "bundle", "--event", "-1", "--out", "o"),
            "it takes a number from 0 on, not '-1'",
        ),
        (("prove", "bundle", "--event", "8", "--out", "o"), "they are 0 to 7"),
        (("prove", "bundle", "--file", "x", "--out", "o"), "the bundle lists no file 'x'"),
        (("prove", "bundle", "--file", "receipt.json", "--out", "o"), "no tree holds receipt.json"),
        (("prove", "bundle", "--event", "1"), "Missing option '--out'"),
        (("prove", "bundle", "--event", "1", "--out", "p.json"), "p.json is there already"),
        (
            ("prove", "bundle", "--event", "1", "--out", "o", "--content", "c"),
            "--content goes with --file",
        ),
        (("prove", "demo.yaml", "--event", "1", "--out", "o"), "is no bundle"),
        (("verify-proof", "nowhere"), "there is no file nowhere"),
        (("verify-proof", "bundle"), "there is no file bundle"),
        (("verify-proof", "a\0b"), "there is no file a\\x00b"),
        (("verify-proof", "p.json", "--content", "nowhere"), "there is no file nowhere"),
        (("verify-proof", "p.json", "--expect-digest", "x"), "--expect-digest takes 64 hex digits"),
    ],
)
def test_a_wrong_command_ends_with_2_and_writes_nothing(workc, proof, folder, arguments, text):
    before = sorted(folder.iterdir())
    shown = workc(*arguments)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert text in shown.stderr
    assert sorted(folder.iterdir()) == before
