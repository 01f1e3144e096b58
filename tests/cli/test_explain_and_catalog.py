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
