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
