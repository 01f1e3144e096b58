import re
import shutil
from pathlib import Path

import pytest


@pytest.fixture
def journal_only(workc, folder):
    """A run whose journal breaks off after the first step began: as a crash leaves it."""
    assert workc("run", "pure.yaml", "-q").exit_code == 0
    run = next(folder.glob(".workc/runs/*"))
    shutil.rmtree(run / "bundle")
    lines = (run / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (run / "journal.jsonl").write_bytes(b"".join(lines[:4]))
    return run.name


def test_a_failed_run_is_told_with_steps_effects_and_what_to_type_next(workc, server):
    workc("run", "demo.yaml", "--input", f"base={server.base_url}/x", "-q")
    shown = workc("show", "last")
    assert shown.exit_code == 0
    out = shown.stdout
    assert out.startswith("✗ demo · failure  NOT_FOUND · not verified\n")
    assert "  why       in step fetch: the server answered with status 404\n" in out
    assert "  money     spent $0.00 of $0.05\n" in out
    assert re.search(r"  digest    [0-9a-f]{64}\n", out)
    assert f"      GET {server.base_url}/x/items.json → 404\n" in out
    assert "  - pick   json_transform  skipped  UPSTREAM_FAILED  needs fetch\n" in out
    assert "try: workc verify-bundle " in shown.stderr
    steps = workc("show", "last", "--json").document["steps"]
    assert [step["code"] for step in steps] == ["NOT_FOUND", "UPSTREAM_FAILED"]


def test_checks_and_output_are_shown(workc, server):
    workc("run", "demo.yaml", "--input", f"base={server.base_url}", "-q")
    out = workc("show", "last").stdout
    assert "  ✓ some  held  length(output.result) > `0`\n" in out
    assert out.endswith('output\n{\n  "result": [\n    "a",\n    "b"\n  ]\n}\n')


def test_show_as_json_agrees_with_the_run(workc, server):
    run = workc("run", "demo.yaml", "--input", f"base={server.base_url}", "--json").document
    document = workc("show", run["bundle"], "--json").document
    assert next(iter(document)) == "schema"
    assert document["verified"] is False
    for name in ("run_id", "status", "proof_digest", "output"):
        assert document[name] == run[name]
    assert [step["step"] for step in document["steps"]] == ["fetch", "pick"]
    assert document["steps"][0]["effects"][0]["status"] == 200


def test_one_step_is_shown_with_request_response_and_value(workc, server):
    workc("run", "demo.yaml", "--input", f"base={server.base_url}", "-q")
    document = workc("show", "last", "fetch", "--json").document
    kinds = [record["kind"] for record in document["records"]]
    assert kinds == ["EffectAsked", "EffectAnswered", "SkillExecuted"]
    asked, answered, executed = document["records"]
    assert asked["request"]["url"] == f"{server.base_url}/items.json"
    assert answered["status"] == 200
    assert answered["body"] == '[{"name":"a"},{"name":"b"}]'
    assert executed["value"]["body"] == [{"name": "a"}, {"name": "b"}]
    text = workc("show", "last", "pick").stdout
    assert text.startswith("pick · json_transform · success\n")
    assert '"expression": "[].name"' in text


def test_an_unknown_step_names_those_there_are(workc, bundle):
    shown = workc("show", "bundle", "nope")
    assert shown.exit_code == 2
    assert "it has say" in shown.stderr


def test_events_are_one_line_each_and_json_keeps_their_payloads(workc, bundle):
    lines = workc("show", "bundle", "--events").stdout.splitlines()
    document = workc("show", "bundle", "--events", "--json").document
    assert lines[0].split() == ["event", "place", "phase", "kind", "what"]
    assert [line.split()[3] for line in lines[1:]] == [e["kind"] for e in document["events"]]
    assert [line.split()[0] for line in lines[1:]] == [str(e["seq"]) for e in document["events"]]
    assert document["events"][0]["payload"]["name"] == "pure"
    assert workc("show", "bundle", "say", "--events").exit_code == 2


def test_an_unfinished_run_is_shown_from_its_journal(workc, journal_only):
    shown = workc("show", journal_only)
    assert shown.exit_code == 0
    assert shown.stdout.startswith("- pure · interrupted\n")
    assert f"try: workc resume {journal_only}" in shown.stderr
    assert workc("ls", "--json").document["runs"][0]["status"] == "interrupted"
    refused = workc("replay", journal_only)
    assert refused.exit_code == 2
    assert "is not sealed" in refused.stderr


def test_what_can_be_read_of_a_broken_bundle_is_shown_with_a_note(workc, bundle):
    lines = (bundle / "events.jsonl").read_bytes().splitlines(keepends=True)
    (bundle / "events.jsonl").write_bytes(b"".join(lines[:4]) + b"{broken\n" + lines[5])
    shown = workc("show", "bundle")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("- pure · incomplete · not verified\n")
    assert "line 5 of events.jsonl is no event; the rest is not shown" in shown.stdout


def test_what_is_no_whole_archive_is_not_said_of_a_file_in_it(workc, bundle, folder):
    assert workc("pack", "bundle", "--out", "whole.workc").exit_code == 0
    (folder / "cut.workc").write_bytes((folder / "whole.workc").read_bytes()[:-30])
    shown = workc("show", "cut.workc")
    assert shown.exit_code == 2
    assert "cut.workc is no bundle and no run: it is no archive of a bundle: " in shown.stderr


def test_a_file_outside_the_bundle_is_never_opened(workc, bundle, folder):
    (folder / "secret.txt").write_text("do not show")
    log = (bundle / "events.jsonl").read_bytes()
    path = b'"path":"artifacts/output.json"'
    assert path in log
    (bundle / "events.jsonl").write_bytes(log.replace(path, b'"path":"../secret.txt"'))
    shown = workc("show", "bundle")
    assert shown.exit_code == 0
    assert "do not show" not in shown.stdout


def test_a_link_in_the_bundle_is_not_followed(workc, bundle, folder):
    (folder / "secret.txt").write_text('"do not show"')
    (bundle / "artifacts" / "output.json").unlink()
    (bundle / "artifacts" / "output.json").symlink_to(folder / "secret.txt")
    assert "do not show" not in workc("show", "bundle").stdout


def test_unprintable_characters_of_users_are_escaped(workc, folder):
    (folder / "in.json").write_text('{"word": "a\\u001b[31m\\u202e\\u009b"}')
    shown = workc("run", "pure.yaml", "--inputs", "in.json", "-q")
    assert shown.document == {"result": "a\x1b[31m\u202e\x9b"}
    for found in (shown, workc("show", "last"), workc("show", "last", "say")):
        assert all(char.isprintable() or char == "\n" for char in found.stdout)


@pytest.mark.parametrize("name", ["nothing", "last", "demo.yaml", ".", "", "a\tb"])
def test_what_is_no_run_is_refused_with_2(workc, name):
    shown = workc("show", name)
    assert shown.exit_code == 2
    assert shown.stderr.startswith("✗ INVALID_INPUT  ")


def test_durations_count_from_the_end_of_what_a_step_needed(workc, server):
    workc("run", "demo.yaml", "--input", f"base={server.base_url}", "-q")
    fetch, pick = workc("show", "last", "--json").document["steps"]
    assert pick["started_ms"] == fetch["ended_ms"]
    assert pick["duration_ms"] >= 0


def test_ls_lists_the_newest_first_and_filters(workc, server):
    workc("run", "pure.yaml", "-q")
    workc("run", "demo.yaml", "--input", f"base={server.base_url}/x", "-q")
    runs = workc("ls", "--json").document["runs"]
    assert [run["name"] for run in runs] == ["demo", "pure"]
    assert [run["code"] for run in runs] == ["NOT_FOUND", None]
    only = workc("ls", "--status", "success", "--json").document["runs"]
    assert [run["name"] for run in only] == ["pure"]
    assert len(workc("ls", "--limit", 1, "--json").document["runs"]) == 1
    lines = workc("ls").stdout.splitlines()
    assert lines[0].split() == ["run", "age", "status", "spent", "name", "and", "code"]
    assert lines[1].endswith("✗ failure  $0.00  demo  NOT_FOUND")
    assert lines[2].endswith("✓ success  $0.00  pure")


def test_an_empty_store_says_what_to_do(workc):
    shown = workc("ls")
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert shown.stderr == "no runs in .workc\n  try: workc run FILE\n"
    assert workc("ls", "--json").document == {"schema": "workc.ls/1", "runs": []}


GOLDEN = Path(__file__).parents[1] / "golden/v0.2"


def test_gates_are_shown_with_who_or_what_decided(workc):
    out = workc("show", str(GOLDEN / "denied/bundle")).stdout
    gates = out.partition("\ngates\n")[2].partition("\n\n")[0].splitlines()
    assert gates == [
        "  ✓ release  pre_step b  ada  looked at the plan",
        "  ✗ budget  pre_step b  ada  looked at the plan",
        "  ✗ late  pre_step d  nobody answered in time",
    ]
    assert "skipped  APPROVAL_DENIED" in out
    document = workc("show", str(GOLDEN / "approved/bundle"), "--json").document
    assert [gate["kind"] for gate in document["gates"]] == [
        "function", "human", "policy", "check", "check", "command",
    ]  # fmt: skip
    step = workc("show", str(GOLDEN / "approved/bundle"), "a").stdout
    assert 'question: "May a begin?"' in step


def test_children_are_shown_with_what_became_of_them(workc):
    out = workc("show", str(GOLDEN / "parent/bundle")).stdout
    children = out.partition("\nchildren\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split("  ")[:4] for line in children] == [
        ["", "✓ child-0", "a", "success"],
        ["", "✗ child-1", "b", "failed"],
    ]
    assert "critical" in children[0]
    assert "critical" not in children[1]
    (first, _) = workc("show", str(GOLDEN / "parent/bundle"), "--json").document["children"]
    assert first["outcome"] == "success"
    assert first["spent_micro_cents"] == 360


def test_a_question_that_nobody_has_answered_is_a_step_that_runs(workc, tmp_path):
    bundle = tmp_path / "bundle"
    shutil.copytree(GOLDEN / "parent/bundle", bundle)
    lines = (bundle / "events.jsonl").read_text("utf-8").splitlines(keepends=True)
    (bundle / "events.jsonl").write_text("".join(lines[:6]), "utf-8")
    document = workc("show", str(bundle), "--json").document
    assert [(step["step"], step["status"]) for step in document["steps"]] == [("a", "running")]
    assert document["children"][0]["outcome"] is None
    assert "never joined" in workc("show", str(bundle)).stdout
