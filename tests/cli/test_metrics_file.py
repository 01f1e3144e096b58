"""``--metrics-file``: what one command did, in a file that is replaced at once or not at all."""

import re
import stat
import subprocess
import sys

import pytest

from workc.adapters.new_file import write_over
from workc.api.runtime import Runtime

FAIL = """\
workc: 1
name: fail
steps:
  none: {skill: json_transform, with: {data: 1, expression: "sum(@)"}}
output: "${steps.none}"
"""


def samples(path):
    """Returns the value of each series that is not 0, as text."""
    lines = (line for line in path.read_text().splitlines() if not line.startswith("#"))
    pairs = (line.rsplit(" ", 1) for line in lines)
    return {name: value for name, value in pairs if value != "0"}


def test_run_writes_what_it_did_and_replaces_what_was_there(folder, workc):
    (folder / "w.prom").write_text("# HELP old\n")
    assert workc("run", "pure.yaml", "-q", "--metrics-file", "w.prom").exit_code == 0
    found = samples(folder / "w.prom")
    assert found['workc_runs_ended_total{mode="live",outcome="success"}'] == "1"
    assert found['workc_attempts_total{mode="live",skill="json_transform",status="success"}'] == "1"
    (journal,) = folder.glob(".workc/runs/*/journal.jsonl")
    assert found['workc_journal_bytes_total{mode="live"}'] == str(journal.stat().st_size)
    assert not list(folder.glob("*.new")) + list(folder.glob(".*.new"))
    assert stat.S_IMODE((folder / "w.prom").stat().st_mode) & 0o444 == 0o444


def test_a_run_that_fails_says_so_and_keeps_its_exit_code(folder, workc):
    (folder / "fail.yaml").write_text(FAIL)
    assert workc("run", "fail.yaml", "-q", "--metrics-file", "w.prom").exit_code == 1
    found = samples(folder / "w.prom")
    assert found['workc_run_failures_total{mode="live",code="TRANSFORM_FAILED"}'] == "1"
    assert found['workc_runs_ended_total{mode="live",outcome="failed"}'] == "1"


def test_replay_and_verify_bundle_write_their_verdicts(folder, workc, bundle):
    assert workc("replay", "bundle", "--metrics-file", "r.prom").exit_code == 0
    found = samples(folder / "r.prom")
    assert found['workc_replays_total{verdict="identical"}'] == "1"
    assert found['workc_runs_ended_total{mode="replay",outcome="success"}'] == "1"
    assert not any('mode="live"' in name for name in found)

    (folder / "none").mkdir()
    (bundle / "artifacts" / "output.json").write_text("2")
    paths = ("bundle", "none", "nothing")
    assert workc("verify-bundle", *paths, "--metrics-file", "v.prom").exit_code == 5
    # Where nothing is, nothing was judged.
    assert samples(folder / "v.prom") == {'workc_verifications_total{verdict="fail"}': "2"}


def test_resume_tells_of_the_whole_run(folder, workc):
    assert workc("run", "pure.yaml", "-q", "--metrics-file", "whole.prom").exit_code == 0
    (run,) = folder.glob(".workc/runs/*")
    for path in sorted((run / "bundle").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (run / "bundle").rmdir()
    journal = run / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:3]) + lines[3][:-9])
    assert workc("resume", "last", "-q", "--metrics-file", "w.prom").exit_code == 0
    kept = {name: value for name, value in samples(folder / "w.prom").items() if "_total" in name}
    assert kept['workc_events_total{mode="live",kind="RunStarted"}'] == "1"
    assert kept == {n: v for n, v in samples(folder / "whole.prom").items() if "_total" in n}


def test_resume_of_a_finished_run_tells_of_it_again(folder, workc):
    assert workc("run", "pure.yaml", "-q", "--metrics-file", "once.prom").exit_code == 0
    assert workc("resume", "last", "-q", "--metrics-file", "again.prom").exit_code == 0
    assert samples(folder / "again.prom") == samples(folder / "once.prom")


@pytest.mark.parametrize("command", ["run", "replay", "verify-bundle"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "--metrics-file takes the name of a file"),
        ("a\0b", "--metrics-file takes the name of a file"),
        (".", ". is there already and is no file"),
        ("nowhere/w.prom", "nowhere is no folder to write in"),
        ("pure.yaml/w.prom", "pure.yaml is no folder to write in"),
    ],
)
def test_where_no_file_can_be_written_is_2_before_anything_is_done(
    folder, workc, bundle, command, name, said
):
    target = "pure.yaml" if command == "run" else "bundle"
    before = len(list(folder.glob(".workc/runs/*")))
    shown = workc(command, target, "--metrics-file", name)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert said in re.sub(r"\S*/(nowhere|pure\.yaml)(?= is no folder)", r"\1", shown.stderr)
    assert len(list(folder.glob(".workc/runs/*"))) == before


def test_a_disk_that_fails_at_the_end_costs_the_file_and_a_0(folder, workc, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workc.cli.metrics_file.write_over", full)
    shown = workc("run", "pure.yaml", "-q", "--metrics-file", "w.prom")
    assert (shown.exit_code, '"hi"' in shown.stdout) == (8, True)
    assert "no metrics were written to" in shown.stderr
    assert "No space left on device" in shown.stderr
    (folder / "fail.yaml").write_text(FAIL)
    assert workc("run", "fail.yaml", "-q", "--metrics-file", "w.prom").exit_code == 1


def test_what_stood_there_stays_when_the_new_file_cannot_be_moved_there(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "old").write_text("old")
    with pytest.raises(OSError, match="directory"):
        write_over(tmp_path / "x", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_verify_bundle_imports_no_metrics_unless_they_are_wanted(bundle):
    code = (
        "import sys\n"
        "from workc.cli.group import cli\n"
        "try:\n"
        "    cli.main(sys.argv[1:])\n"
        "except SystemExit:\n"
        "    print([name for name in sys.modules if 'metric' in name or name == 'http.server'])\n"
    )
    call = [sys.executable, "-c", code, "verify-bundle", str(bundle)]
    without = subprocess.run(call, capture_output=True, text=True, check=True)
    assert without.stdout.splitlines()[-1] == "[]"
    wanted = [*call, "--metrics-file", str(bundle.parent / "v.prom")]
    done = subprocess.run(wanted, capture_output=True, text=True, check=True)
    assert "workc.runtime.metrics.table" in done.stdout


def test_a_runtime_and_the_file_say_the_same(folder, workc):
    assert workc("run", "pure.yaml", "-q", "--metrics-file", "w.prom").exit_code == 0
    used = Runtime(store=folder / "other")
    used.run(folder / "pure.yaml")

    def counted(text):
        lines = text.splitlines()
        return {line for line in lines if "_total{" in line and "journal" not in line}

    assert counted(used.metrics().exposition()) == counted((folder / "w.prom").read_text())
