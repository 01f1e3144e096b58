from pathlib import Path

import pytest

from workc.cli.catalog_text import ORACLE_CODES
from workc.kernel.catalog import CATALOG
from workc.verify.verdict import VERIFY_FAIL_CODES


@pytest.mark.parametrize("code", sorted(CATALOG))
def test_every_code_of_the_catalog_is_explained(workc, code):
    shown = workc("explain", code)
    assert shown.exit_code == 0
    assert shown.stdout.startswith(f"{code}  {CATALOG[code].summary}\n")
    assert f"  to do     {CATALOG[code].hint}\n" in shown.stdout
    document = workc("explain", code.lower(), "--json").document
    assert document["failure"]["exit"] == CATALOG[code].exit


def test_every_code_of_the_oracle_has_its_sentence():
    assert set(ORACLE_CODES) == set(VERIFY_FAIL_CODES)


@pytest.mark.parametrize("code", VERIFY_FAIL_CODES)
def test_every_code_of_the_oracle_is_explained(workc, code):
    shown = workc("explain", code)
    assert shown.exit_code == 0
    assert ORACLE_CODES[code] in shown.stdout


def test_an_unknown_code_names_the_one_that_was_meant(workc):
    shown = workc("explain", "BUDGET_EXCEDED")
    assert shown.exit_code == 2
    assert "did you mean BUDGET_EXCEEDED" in shown.stderr


def test_a_run_is_explained_in_plain_words(workc, server):
    workc("run", "demo.yaml", "--input", f"base={server.base_url}/x", "-q")
    text = workc("explain", "last").stdout
    assert "of demo was to do this: Fetches items and picks their names.\n" in text
    assert "Step fetch (http_call) failed with NOT_FOUND: " in text
    assert "Step pick (json_transform) did not run, because it needs fetch.\n" in text
    assert "It spent $0.00 of at most $0.05.\n" in text
    assert f"What to do: {CATALOG['NOT_FOUND'].hint}\n" in text


def test_a_bundle_without_checks_is_not_said_to_have_passed_them(workc, bundle):
    text = workc("explain", "bundle").stdout
    assert "nothing was checked: that is no pass" in text
    assert "It succeeded." in text


def test_a_whole_bundle_is_explained_with_what_it_proves_and_what_not(workc, bundle):
    digest = workc("verify-bundle", "bundle", "--json").document["proof_digest"]
    shown = workc("explain", "bundle")
    assert shown.exit_code == 0
    assert (
        f"The bundle is whole: PASS, by format 0.2, with the proof digest {digest}.\n"
        in shown.stdout
    )
    assert "This proves: Nothing was changed, added or taken away" in shown.stdout
    assert "Not proven: truth: that the producer recorded what" in shown.stdout
    assert workc("explain", "bundle", "--json").document["verdict"] == "PASS"


def test_a_good_bundle_tells_its_story_before_the_verdict(workc, bundle):
    text = workc("explain", "bundle").stdout
    assert text.startswith("This is the run ")
    assert "none of it is proven" not in text


def test_a_changed_bundle_is_explained_with_the_event_and_what_was_expected(workc, bundle):
    events = bundle / "events.jsonl"
    events.write_bytes(events.read_bytes().replace(b'"source":"human"', b'"source":"parent_loop"'))
    text = workc("explain", "bundle").stdout
    assert "The bundle is not what was sealed: FAIL, " in text
    assert text.startswith("The bundle is not what was sealed: FAIL, ")
    unproven = text.index("The records say what follows; none of it is proven.\n")
    assert text.index("That is HASH_MISMATCH") < unproven < text.index("This is the run ")
    assert "In events.jsonl: the size is not as listed (expected " in text
    assert "That is HASH_MISMATCH, rule 3.23.\n" in text
    assert workc("explain", "bundle", "--json").document["verdict"] == "FAIL"


@pytest.mark.parametrize("name", ["receipt.json", "manifest.json", "events.jsonl"])
@pytest.mark.parametrize("data", [b"", b"{", b"\xff\x00", b'{"receipt_version":"7"}'])
def test_a_broken_bundle_is_explained_too(workc, bundle, name, data):
    (bundle / name).write_bytes(data)
    shown = workc("explain", "bundle")
    assert shown.exit_code == 0
    assert "The bundle is not what was" in shown.stdout or "cannot be judged" in shown.stdout


def test_failures_lists_the_whole_catalog_and_filters(workc):
    everything = workc("failures", "--json").document["failures"]
    assert [entry["code"] for entry in everything] == list(CATALOG)
    resource = workc("failures", "--category", "resource", "--json").document["failures"]
    assert {entry["category"] for entry in resource} == {"RESOURCE"}
    again = workc("failures", "--retryable", "--json").document["failures"]
    never = workc("failures", "--no-retryable", "--json").document["failures"]
    assert len(again) + len(never) == len(everything)
    one = workc("failures", "timeout", "--json").document["failures"]
    assert set(one[0]) == {
        "code", "category", "retryable", "exit", "retry", "http_status", "summary", "hint", "since",
    }  # fmt: skip
    assert workc("failures", "TIMOUT").exit_code == 2
    assert len(workc("failures").stdout.splitlines()) == len(CATALOG) + 1


@pytest.mark.parametrize("command", ["explain", "failures", "show"])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("TIMOUT", "TIMEOUT"),
        ("BUDGET_EXEEDED", "BUDGET_EXCEEDED"),
        ("HASH_MISMACH", "HASH_MISMATCH"),
    ],
)
def test_a_code_that_is_misspelt_is_asked_back(workc, command, text, code):
    shown = workc(command, text)
    assert shown.exit_code == 2
    assert f"did you mean the code {code}" in shown.stderr or f"did you mean {code}" in shown.stderr
    assert f"  try: workc explain {code}\n" in shown.stderr


GOLDEN = Path(__file__).resolve().parents[1] / "golden/v0.2"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("lowered", "Its policy takes other checks for Committed, so it locked as Staged."),
        ("back_by_gates", "went back to Orient, because the gate third of step a did not hold."),
        ("back_by_gates", "went back to Act, because the gate last did not hold."),
        ("recovered", "went back to Act, because step a failed with SERVICE_UNAVAILABLE (Recoverable)."),
        ("recovered", "went back to Orient, because step b failed with NOT_FOUND (PatternFailure)."),
    ],
)  # fmt: skip
def test_why_a_run_went_back_or_locked_lower_is_told(workc, name, line):
    told = workc("explain", str(GOLDEN / name / "bundle"))
    assert line in " ".join(told.stdout.split())
