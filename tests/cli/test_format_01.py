"""Commands on bundles of format 0.1: they verify, and nothing that needs format 0.2 breaks."""

import importlib.util
import shutil
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
GOLDEN = TESTS / "golden/v0.1/basic_success/bundle"


def sealing():
    path = TESTS / "unit/verify/v01/sealing.py"
    spec = importlib.util.spec_from_file_location("sealing_for_cli", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def old(folder):
    shutil.copytree(GOLDEN, folder / "old")
    return folder / "old"


def test_a_bundle_of_format_01_passes_with_its_digest_and_its_loop(workc, old):
    shown = workc("verify-bundle", "old")
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[0] == "✓ PASS  old"
    assert lines[2] == "  run     loop-rename-timeout"
    digest = lines[1].removeprefix("  digest  ")
    assert workc("verify-bundle", "old", "--expect-digest", digest).exit_code == 0
    assert workc("verify-bundle", "old", "--expect-digest", "0" * 64).exit_code == 5


def test_an_edited_bundle_of_format_01_fails_with_5(workc, old):
    path = old / "receipt.json"
    path.write_bytes(path.read_bytes().replace(b'"success"', b'"partial"', 1))
    shown = workc("verify-bundle", "old")
    assert shown.exit_code == 5
    assert "HASH_MISMATCH  step files  receipt.json" in shown.stdout


def test_a_bundle_of_format_01_is_not_replayed_and_says_why(workc, old):
    shown = workc("replay", "old")
    assert shown.exit_code == 6
    assert "VERSION_UNSUPPORTED  bundles of format 0.1 do not hold" in shown.stdout


def test_a_bundle_of_format_01_is_no_run_of_ours_to_show(workc, old):
    assert workc("show", "old").exit_code == 2


def test_a_bundle_of_format_01_is_explained_by_what_that_format_proves(workc, old):
    text = workc("explain", "old").stdout
    assert "The bundle is whole: PASS, by format 0.1, with the proof digest " in text
    assert "What was executed lies within the effects that were declared" in text
    assert "ledger" not in text


def test_a_loop_id_does_not_reach_the_terminal_as_it_is(workc, folder):
    made = sealing()

    def edit(d):
        for box in (d.receipt, d.manifest, *d.events):
            box["loop_id"] = "loop\x1b[31m\u202e\nPASS"

    for path, data in made.edited("full", edit).items():
        (folder / "odd" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "odd" / path).write_bytes(data)
    shown = workc("verify-bundle", "odd")
    assert shown.exit_code == 0
    assert "  run     loop\\x1b[31m\\u202e\\x0aPASS\n" in shown.stdout


@pytest.fixture
def family(folder):
    golden = GOLDEN.parents[1] / "parallel_children_coordination"
    shutil.copytree(golden, folder / "family")
    return folder / "family"


def test_children_are_verified_with_their_parent_when_it_is_asked_for(workc, family):
    alone = workc("verify-bundle", "family/bundle")
    assert alone.exit_code == 0
    assert "children: 3 bundles of children were not looked at" in alone.stdout
    whole = workc("verify-bundle", "family/bundle", "--recursive")
    assert whole.exit_code == 0
    assert "✓ PASS  child loop-docs-api\n" in whole.stdout
    found = workc("verify-bundle", "family/bundle", "--recursive", "--json").document["children"]
    assert [each["verdict"] for each in found] == ["PASS"] * 3


def test_a_child_that_is_elsewhere_is_found_if_one_says_where(workc, family):
    (family / "children").rename(family.parent / "kept")
    missing = workc("verify-bundle", "family/bundle", "--recursive")
    assert missing.exit_code == 5
    assert "CHILD_MISMATCH  step children  receipt.json /children" in missing.stdout
    assert workc("verify-bundle", "family/bundle", "--children", "kept").exit_code == 0
