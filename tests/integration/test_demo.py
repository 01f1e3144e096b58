"""The demo, run as `make demo` runs it: what it says, what it leaves, and that it can fail."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import workc
from workc.kernel import events
from workc.testkit import run_suite

DEMO = Path(__file__).parents[2] / "examples" / "demo"


def run_demo(folder: Path, demo: Path = DEMO) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, demo / "demo.py", folder], capture_output=True, text=True, check=False
    )


def copied(folder: Path) -> Path:
    """Returns a copy of the demo, with what it stands on beside it."""
    shutil.copy(DEMO.parent / "stage.py", folder)
    return Path(shutil.copytree(DEMO, folder / "demo"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Runs the demo once; gives what it said and the folder it left."""
    folder = tmp_path_factory.mktemp("demo") / "here"
    done = run_demo(folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout, folder


def test_each_command_is_shown_before_what_it_says(demo) -> None:
    said, _ = demo
    wanted = [
        "$ workc run workflow.yaml --input base=http://127.0.0.1:",
        "RATE_LIMITED",
        "success",
        "(exit code 0)",
        "--budget-cents 0",
        "BUDGET_EXCEEDED",
        "(exit code 3)",
        "$ workc verify-bundle bundle",
        "PASS",
        "stands in 0 of its",
        "$ workc replay bundle",
        "28 of 28 events identical",
        "$ workc verify-bundle edited",
        "artifacts/output.json",
        "(exit code 5)",
        "Everything was as expected.",
    ]
    at = 0
    for words in wanted:
        at = said.find(words, at)
        assert at >= 0, f"{words!r} is missing or in the wrong place in:\n{said}"


def test_what_it_leaves_verifies_and_replays(demo) -> None:
    _, folder = demo
    verdict = workc.verify_bundle(folder / "bundle")
    assert verdict.ok
    report = workc.replay(folder / "bundle", code=folder)
    assert report.identical
    assert (report.opaque, report.replayed_digest) == ((), verdict.proof_digest)


def test_the_edited_copy_fails_for_the_file_that_was_edited_and_no_other(demo) -> None:
    _, folder = demo
    verdict = workc.verify_bundle(folder / "edited")
    assert not verdict.ok
    assert {found.path for found in verdict.failures} == {"artifacts/output.json"}


def test_every_mutant_of_what_it_leaves_is_found_as_it_must_be(demo) -> None:
    _, folder = demo
    report = run_suite(folder / "bundle", budget=2_500)
    assert report.surprises == []
    assert report.ok
    assert report.mutants > 2_000


def test_the_two_tables_are_fetched_at_the_same_time(demo) -> None:
    _, folder = demo
    journals = sorted((folder / ".workc" / "runs").glob("*/journal.jsonl"))
    assert len(journals) == 2
    records = [events.decode_record(line) for line in journals[0].read_bytes().splitlines()]
    effects = [record.kind for record in records if record.kind.startswith("Effect")]
    assert effects[:4] == ["EffectAsked", "EffectAsked", "EffectAnswered", "EffectAnswered"]


def test_the_data_is_what_its_source_says() -> None:
    source = (DEMO / "data" / "SOURCE.md").read_text()
    files = sorted((DEMO / "data").glob("*.tab"))
    assert len(files) == 2
    for file in files:
        assert hashlib.sha256(file.read_bytes()).hexdigest() in source
        assert "public domain" in file.read_text()[:300]


def test_it_fails_if_the_output_is_another_than_expected(tmp_path) -> None:
    copy = copied(tmp_path)
    script = json.loads((copy / "script.json").read_text())
    script["expected"]["southernmost"].reverse()
    (copy / "script.json").write_text(json.dumps(script))
    done = run_demo(tmp_path / "out", copy)
    assert done.returncode == 1
    assert "NOT AS EXPECTED: the output is what the data gives" in done.stdout


def test_it_fails_if_the_model_invents_a_zone(tmp_path) -> None:
    copy = copied(tmp_path)
    script = json.loads((copy / "script.json").read_text())
    script["provider"][1]["text"] += " So is Atlantic/Atlantis."
    (copy / "script.json").write_text(json.dumps(script))
    done = run_demo(tmp_path / "out", copy)
    assert done.returncode == 1
    assert "nothing-invented" in done.stdout


def test_it_writes_over_nothing(tmp_path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    done = run_demo(tmp_path)
    assert done.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
