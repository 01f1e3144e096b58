"""Suites, scenarios and swarms on the command line."""

import json
from collections import Counter
from pathlib import Path

import pytest

from workc.cli.swarm_text import tally_lines
from workc.sim.scenario.scenario_file import read_scenario
from workc.sim.scenario.spelling import yaml_text
from workc.testkit.swarm import Batch

ROOT = Path(__file__).resolve().parents[2]
GOOD = "id: good/{0}\nintent: {{description: x}}\n"
BAD = "id: bad\nintent: {description: x}\nexpect: {expect_outcome_status: failed}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        place = tmp_path / f"scenarios/good/{name}.yaml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(GOOD.format(name))
    (tmp_path / "scenarios/bad").mkdir()
    (tmp_path / "scenarios/bad/bad.yaml").write_text(BAD)
    return tmp_path


def test_suites_are_listed_with_what_they_hold(workc, folder):
    (folder / "scenarios/suites.toml").write_text('[good]\ndescription = "All is well."\n')
    shown = workc("suite", "list")
    assert shown.stdout.splitlines() == ["good  2 tests      All is well.", "bad   1 test"]


def test_a_suite_is_run_side_by_side_and_told(workc, folder):
    shown = workc("suite", "run", "good", "-j", "2", "-v", "-q")
    assert (shown.exit_code, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("✓ good  2 of 2 tests passed · ")
    assert lines[1:3] == ["  ✓ good/one  success · 1 step", "  ✓ good/two  success · 1 step"]


def test_what_is_not_as_expected_is_told_with_both_sides_and_how_to_see_it_again(workc, folder):
    shown = workc("suite", "run", "suite_good", "bad", "-j", "1", "-q")
    assert shown.exit_code == 1
    assert shown.stdout.splitlines()[1:-1] == [
        shown.stdout.splitlines()[1],
        "  ✗ bad  success · 1 step",
        "    EXPECTATION: another outcome",
        "      expected  failed",
        "      actual    success",
        "    again: workc scenario run scenarios/bad/bad.yaml",
    ]


def test_the_report_is_a_document(workc, folder):
    shown = workc("suite", "run", "all", "-j", "1", "--json")
    report = json.loads(shown.stdout)
    assert shown.exit_code == 1
    assert report["schema_version"] == "workc-test-report-0.1"
    assert report["summary"] == {"total": 3, "passed": 2, "failed": 1, "skipped": 0}
    assert [each["suite"] for each in report["suites"]] == ["bad", "good"]


@pytest.mark.parametrize("more", [(), ("-k", "nothing-is-called-so")])
def test_a_suite_with_nothing_to_run_fails(workc, folder, more):
    (folder / "scenarios/suites.toml").write_text("[empty]\n")
    shown = workc("suite", "run", "empty" if not more else "good", "-j", "1", *more)
    assert shown.exit_code == 1
    assert "there is nothing to run, which is no success" in shown.stdout


def test_a_mark_that_no_scenario_reaches_fails_the_one_that_asks_for_it(workc, folder):
    text = "id: wants\nintent: {description: x}\nalso: {sometimes: [code TIMEOUT]}\n"
    (folder / "scenarios/good/wants.yaml").write_text(text)
    shown = workc("suite", "run", "good", "-j", "1")
    assert shown.exit_code == 1
    assert "no scenario of the suite reached a mark" in shown.stdout
    # Of a part of the suite that is not asked.
    assert workc("suite", "run", "good", "-j", "1", "-k", "wants").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("suite", "run", "god"), "did you mean good?"),
        (("suite", "run", "good", "--scenarios", "nowhere"), "there is no folder nowhere"),
        (("suite", "run", "good", "--keep", "scenarios"), "scenarios"),
        (("scenario", "run", "none.yaml"), "there is no file none.yaml"),
        (("scenario", "run", "scenarios/good/on.yaml"), "did you mean scenarios/good/one.yaml?"),
        (("scenario", "run", "/dev/zero"), "/dev/zero is no file"),
        (("scenario", "run", "typo.yaml"), "typo.yaml:3:1: Object contains unknown field"),
        (("scenario", "run", "typo.yaml"), "did you mean lens?"),
        (("suite", "run", "all", "god"), "there is no suite god; did you mean good?"),
        (
            ("suite", "run", "good", "--html", "r", "--junit", "r"),
            "two reports would be written to",
        ),
        (("swarm", "--suite", "god"), "did you mean good?"),
        (("swarm", "--suite", "good", "--scenario", "x"), "not both"),
        (("swarm", "--suite", "good", "--trace", "0"), "--trace goes with --scenario"),
        (("swarm", "--trace", "0,1"), "the record ends before choice 2"),
        (("swarm", "--trace", "99"), "choice 0, of steps, has 4 ways, not 99"),
        (("swarm", "--seeds", "0"), "from 1 on"),
        (("swarm", "--minutes", "nan"), "--minutes is a number from 0.001 on"),
        (("swarm", "--minutes", "0"), "--minutes is a number from 0.001 on"),
        (
            ("scenario", "run", *["scenarios/good"] * 2, "--keep", "kept"),
            "2 tests would be kept as good_one",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_word_that_helps(workc, folder, arguments, words):
    (folder / "typo.yaml").write_text("id: a\nintent: {description: x}\nlenz: {}\n")
    shown = workc(*arguments)
    assert shown.exit_code == 2
    assert words in " ".join((shown.stdout + shown.stderr).split())


def test_the_seed_that_was_given_is_in_the_line_that_runs_it_again(workc, folder):
    shown = workc("suite", "run", "bad", "--seed", "7", "-q")
    assert "again: workc scenario run scenarios/bad/bad.yaml --seed 7" in shown.stdout


def test_a_suites_file_that_is_none_is_refused(workc, folder):
    (folder / "scenarios/suites.toml").write_text("[good]\nknd = 1\n")
    shown = workc("suite", "list")
    assert shown.exit_code == 2
    assert "knd" in shown.stderr


def test_bundles_are_kept_in_a_folder_that_was_not_there(workc, folder):
    assert workc("suite", "run", "good", "-j", "1", "--keep", "kept").exit_code == 0
    assert workc("verify-bundle", "kept/good_one/bundle").exit_code == 0


def test_golden_bundles_are_suites_too(workc, folder):
    golden = ROOT / "tests/golden/v0.2/staged"
    (folder / "scenarios/suites.toml").write_text(
        f'[tamper]\nkind = "tamper"\nbundles = "{golden}"\n'
        f'[versioning]\nkind = "versioning"\nbundles = "{golden}"\n'
        '[scale]\nkind = "scale"\nevents = 40\n'
    )
    shown = workc(
        "suite", "run", "tamper", "versioning", "scale", "-j", "1", "-v", "--mutants", "200"
    )
    assert shown.exit_code == 0
    assert "✓ tamper/bundle  detected" in shown.stdout
    assert "✓ versioning/bundle  PASS" in shown.stdout
    assert "✓ scale/40_events  success" in shown.stdout


def test_a_golden_that_was_changed_is_told(workc, folder):
    source = ROOT / "tests/golden/v0.2/staged/bundle"
    for file in filter(Path.is_file, source.rglob("*")):
        place = folder / "goldens/it" / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
    (folder / "goldens/it/artifacts/output.json").write_bytes(b"{}")
    (folder / "scenarios/suites.toml").write_text(
        '[versioning]\nkind = "versioning"\nbundles = "../goldens"\n'
        '[tamper]\nkind = "tamper"\nbundles = "../goldens"\n'
    )
    shown = workc("suite", "run", "versioning", "tamper", "-j", "1")
    assert shown.exit_code == 1
    assert "HASH_MISMATCH" in shown.stdout
    assert "mutants are made of a bundle that verifies" in shown.stdout


def test_a_swarm_says_what_it_reached_and_is_the_same_again(workc, folder):
    first = workc("swarm", "--seeds", "6", "-j", "1", "-q")
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout.splitlines()[-1] == "✓ 6 seeds, 0 broke something"
    assert first.stdout == workc("swarm", "--seeds", "6", "-j", "1", "-q").stdout


def test_a_swarm_of_a_given_scenario_says_nothing_of_what_it_never_reached(workc, folder):
    shown = workc("swarm", "--suite", "good", "--seeds", "2", "-j", "1", "-q")
    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["outcomes", "✓"]
    assert "never" in workc("swarm", "--seeds", "2", "-j", "1", "-q").stdout


def test_codes_are_listed_by_how_often_they_came_and_by_name():
    batch = Batch(seeds=3, codes=Counter(B=1, C=1, A=1, D=2), outcomes=Counter(success=3))
    assert list(tally_lines(batch)) == ["outcomes success 3", "codes    D 2, A 1, B 1, C 1"]
    assert list(tally_lines(Batch(outcomes=Counter(failed=1)))) == ["outcomes failed 1"]


def test_a_swarm_of_what_does_not_begin_is_refused_once(workc, folder):
    action = "{Call: {skill: 'nowhere.py:f', with: {}}}"
    step = f"plan: {{steps: [{{name: f, action: {action}}}]}}\n"
    (folder / "calls.yaml").write_text(GOOD.format("calls") + step)
    shown = workc("swarm", "--scenario", "calls.yaml", "--seeds", "3", "-j", "1")
    assert (shown.exit_code, shown.stdout) == (2, "")
    said = " ".join(shown.stderr.split())
    assert "the scenario good/calls does not begin: " in said
    assert "there is no file" in said
    assert not (folder / "failures").exists()


CALLS = (
    GOOD
    + "plan: {{steps: [{{name: f, action: {{Call: {{skill: 'calls.py:{0}', with: {{}}}}}}}}]}}\n"
)
FUNCTIONS = """\
import os
import workc

@workc.skill(effects=[])
def fails() -> int:
    \"\"\"Fails.\"\"\"
    raise ValueError("no such price")

@workc.skill(effects=[])
def ends() -> int:
    \"\"\"Ends its process.\"\"\"
    os._exit(3)
"""


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("fails", "SKILL_FAILED: ValueError: no such price"),
        ("ends", "SKILL_FAILED a process ended in the middle of a test"),
    ],
)
def test_it_is_told_why_a_function_failed(workc, folder, function, words):
    (folder / "calls.py").write_text(FUNCTIONS)
    (folder / "calls.yaml").write_text(CALLS.format(function))
    shown = workc("scenario", "run", "calls.yaml", "-j", "2", "-q")
    assert shown.exit_code == 1
    assert words in " ".join((shown.stdout + shown.stderr).split())


def test_a_suite_that_is_named_twice_is_run_once(workc, folder):
    assert "✓ 2 tests, 0 failed" in workc("suite", "run", "good", "good", "-q").stdout


def test_what_was_found_is_told_even_if_a_report_cannot_be_written(workc, folder):
    shown = workc("suite", "run", "good", "-q", "--html", "/dev/full")
    assert shown.exit_code == 8
    assert "✓ 2 tests, 0 failed" in shown.stdout


def test_a_folder_without_suites_is_refused(workc, folder):
    (folder / "none").mkdir()
    shown = workc("suite", "run", "all", "--scenarios", "none")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "there is no suite in none" in shown.stderr


def test_of_tests_with_one_id_reports_say_how_each_is_run_again(workc, folder):
    (folder / "scenarios/good/bad.yaml").write_text(BAD)
    shown = workc("suite", "run", "bad", "good", "-j", "1", "-q", "--github")
    said = "workc scenario run scenarios/bad/bad.yaml; workc scenario run scenarios/good/bad.yaml"
    assert shown.stderr.count(said) == 2


def test_a_swarm_stops_when_its_time_is_over(workc, folder):
    shown = workc("swarm", "--minutes", "0.001", "-j", "1", "--json")
    assert json.loads(shown.stdout)["seeds"] > 0


def test_what_breaks_is_kept_made_small_and_run_again(workc, folder, monkeypatch):
    def broken(bundle):
        return ["every run is broken"]

    monkeypatch.setattr("workc.testkit.scenario_runner.broken", broken)
    shown = workc("swarm", "--seeds", "1", "-j", "1")
    assert shown.exit_code == 1
    assert "INVARIANT: every run is broken" in shown.stdout
    lines = " ".join(shown.stdout.split())
    again = lines.partition("again: workc ")[2].partition(" kept: ")[0]
    (kept,) = (folder / "failures").glob("*.yaml")
    assert f"kept: failures/{kept.name}" in lines
    assert workc(*again.split()).exit_code == 1
    assert workc("scenario", "run", str(kept)).exit_code == 1
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert workc(*again.split()).exit_code == 0
    assert workc("scenario", "run", str(kept)).exit_code == 0


def test_reports_are_written_in_every_form_and_the_same_again(workc, folder, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    made = []
    for number in range(2):
        forms = ("--junit", f"j{number}", "--html", f"h{number}", "--ctrf", f"c{number}")
        shown = workc("suite", "run", "all", "-q", "--github", "--deterministic", *forms)
        assert shown.exit_code == 1
        assert "::error title=bad::" in shown.stderr
        assert "again: workc scenario run scenarios/bad/bad.yaml" in shown.stderr
        made.append([(folder / f"{form}{number}").read_bytes() for form in "jhc"])
    assert made[0] == made[1]
    junit, html, ctrf = made[0]
    assert b'<testsuites tests="3" failures="1"' in junit
    assert b"good/one" in html
    assert json.loads(ctrf)["results"]["summary"]["failed"] == 1
    assert (folder / "summary.md").read_text().count("2 passed, 1 failed") == 2


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_run(workc, folder):
    shown = workc("scenario", "run", "scenarios/good", "--html", "nowhere/page.html")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "--html nowhere/page.html cannot be written there" in shown.stderr


def test_a_file_that_is_no_scenario_is_named_beside_the_suites_that_there_are(workc, folder):
    (folder / "scenarios/good/odd.yaml").write_text("id: odd\nintent: 1\n")
    shown = workc("suite", "list")
    assert shown.exit_code == 2
    assert shown.stdout.splitlines() == ["bad   1 test", "good  2 tests"]
    assert "scenarios/good/odd.yaml:2:9" in shown.stderr
    shown = workc("suite", "list", "--json")
    listed = json.loads(shown.stdout)
    assert (shown.exit_code, [each["tests"] for each in listed["suites"]]) == (2, [1, 2])
    assert [each["line"] for each in listed["problems"]] == [2]


CONFLICT = """\
id: odd
intent: {description: x}
plan:
  steps: [{name: one, resources: [db], action: {ReadFile: {path: a}}}]
coord:
  conflicts:
    - {resource: DB, on_claim_n: 0, resolution: ForceReleaseThenAcquire}
    - {resource: db, on_claim_n: 0, resolution: ForceReleaseThenAcquire}
"""


def test_a_conflict_that_nobody_can_meet_is_said(workc, folder):
    (folder / "odd.yaml").write_text(CONFLICT)
    shown = workc("scenario", "run", "odd.yaml")
    assert shown.exit_code == 0
    assert "    note: no step claims DB, so its conflicts are never met" in shown.stdout
    assert "claims db" not in shown.stdout


@pytest.mark.parametrize(
    ("name", "text", "at"),
    [
        ("a.yaml", "id: a\nintent: {description: x}\nact_errors:\n  - at_step: 7\n", "a.yaml:4:14"),
        (
            "a.json",
            '{"id": "a", "intent": {"description": "x"},\n "seed": -1}',
            ":2:",
        ),
        ("a.yaml", "id: &a b\nintent: {description: x}\n", "a.yaml:1:5"),
        ("a.yaml", "", "a.yaml:1:1"),
    ],
)
def test_what_is_wrong_with_a_scenario_is_shown_where_it_stands(workc, folder, name, text, at):
    (folder / name).write_text(text)
    shown = workc("scenario", "run", name)
    assert (shown.exit_code, at in shown.stderr) == (2, True), shown.stderr
    assert "INVALID_INPUT" in shown.stderr
    assert "workflow" not in shown.stderr


@pytest.mark.parametrize("seed", [2**64 - 1, 2**53 + 1, 0])
def test_seeds_are_as_large_as_the_specification_has_them(workc, folder, seed):
    given = {"id": "large", "intent": {"description": "x"}, "seed": seed}
    (folder / "a.json").write_text(json.dumps(given))
    (folder / "b.yaml").write_text(yaml_text(read_scenario(json.dumps(given).encode(), "a.json")))
    assert workc("scenario", "run", "a.json", "b.yaml").exit_code == 0
    assert read_scenario((folder / "b.yaml").read_bytes(), "b.yaml").seed == seed


def test_where_bundles_are_kept_must_be_free(workc, folder):
    shown = workc("scenario", "run", "scenarios/bad/bad.yaml", "--keep", "scenarios")
    assert shown.exit_code == 2
    assert "--keep DIR" in shown.stderr
    assert "--out" not in shown.stderr


def test_a_command_that_is_printed_can_be_copied_where_it_is_broken(workc, folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    shown = workc("scenario", "run", "scenarios/bad/bad.yaml")
    assert "    again: workc scenario run \\\n           scenarios/bad/bad.yaml\n" in shown.stdout
