"""Runs that a run starts, at the command line: shown while they run, listed, decided on, certified."""

import pytest

CHILD = """\
workc: 1
name: child
inputs: {n: {type: integer, default: 1}}
steps:
  one: {skill: json_transform, with: {data: ["${inputs.n}"], expression: "[0]"}}
output: "${steps.one.result}"
"""
ASKING = """\
workc: 1
name: asking
steps:
  act:
    skill: json_transform
    with: {data: [7], expression: "[0]"}
    approval: {question: "Act?"}
output: "${steps.act.result}"
"""
PARENT = """\
workc: 1
name: parent
budget: {ceiling_cents: 4}
steps:
  a: {workflow: child.yaml, budget_cents: 3, with: {n: 5}}
  b: {workflow: %s.yaml, critical: false, depends_on: [a]}
output: ["${steps.a}", "${steps.b}"]
"""


@pytest.fixture
def run(workc, folder):
    (folder / "child.yaml").write_text(CHILD)
    (folder / "asking.yaml").write_text(ASKING)

    def run(other="child", *options):
        (folder / "parent.yaml").write_text(PARENT % other)
        return workc("run", "parent.yaml", *options)

    return run


def test_children_are_shown_while_they_run_and_told_afterwards(run, workc):
    shown = run()
    assert (shown.exit_code, shown.stdout) == (0, "[\n  5,\n  1\n]\n")
    lines = [line.split()[1:3] for line in shown.stderr.splitlines()[1:5]]
    assert lines == [
        ["a/one", "json_transform"],
        ["a", "workflow:child.yaml"],
        ["b/one", "json_transform"],
        ["b", "workflow:child.yaml"],
    ]
    assert "next: workc verify-bundle --recursive " in shown.stderr
    parent, first, second = workc("ls", "--json").document["runs"]
    assert [parent["parent"], first["parent"], second["parent"]] == [
        None,
        parent["run_id"],
        parent["run_id"],
    ]
    listed = workc("ls").stdout.splitlines()
    assert [line.startswith("  .") for line in listed[1:]] == [False, True, True]
    told = workc("explain", "last").stdout
    assert f"Step a started the run {first['run_id']}, which is critical and succeeded;" in told
    short = first["run_id"].partition(".")[2][:6]
    assert workc("show", f"{parent['run_id'][:8]}.{short}").stdout.startswith("✓ child · success")
    assert (
        workc("verify-bundle", "--recursive", f".workc/runs/{parent['run_id']}/bundle").exit_code
        == 0
    )
    replayed = workc("replay", f".workc/runs/{parent['run_id']}/children/{first['run_id']}/bundle")
    assert "8 of 8 events identical" in replayed.stdout


def test_the_outcome_lists_children(run):
    document = run("child", "--json").document
    assert [(c["step"], c["outcome"], c["critical"]) for c in document["children"]] == [
        ("a", "success", True),
        ("b", "success", False),
    ]


@pytest.mark.parametrize("word", ["approve", "deny"])
def test_a_child_that_waits_is_decided_on_by_its_id_or_its_parents(run, workc, word):
    shown = run("asking")
    assert (shown.exit_code, shown.stdout) == (7, "")
    parent, _, child = (each["run_id"] for each in workc("ls", "--json").document["runs"])
    assert f"  try: workc approve {child} --step act --by NAME\n" in shown.stderr
    assert shown.stderr.endswith(f"  next: workc resume {parent}\n")
    listed = workc("ls", "--status", "paused", "--json").document["runs"]
    assert [each["run_id"] for each in listed] == [parent, child]
    told = workc("show", parent)
    assert told.stdout.startswith("? parent · paused  APPROVAL_PENDING\n")
    assert f"workc approve {child} --step act" in " ".join(told.stderr.split())
    assert "resume the run that it belongs to" in workc("resume", child).stderr
    named = parent if word == "approve" else child
    decided = workc(word, named, "--by", "ann")
    assert (decided.exit_code, decided.stderr) == (0, f"  next: workc resume {parent}\n")
    again = workc("resume", parent)
    (line,) = (each for each in again.stderr.splitlines() if " b/act " in each)
    if word == "approve":
        assert float(line.split()[3]) < 1000
    assert again.exit_code == (0 if word == "approve" else 1)
    assert (again.stdout == "[\n  5,\n  7\n]\n") == (word == "approve")


def test_what_is_wrong_with_a_child_is_said_where_its_parent_names_it(run, folder):
    (folder / "bad.yaml").write_text("workc: 1\nname: bad\nsteps: {a: {skill: none}}\n")
    shown = run("bad")
    assert shown.exit_code == 2
    assert "this workflow cannot be run: " in shown.stderr


def test_metrics_count_a_child_once(run, folder):
    assert run("child", "--metrics-file", "m.prom", "-q").exit_code == 0
    lines = (folder / "m.prom").read_text().splitlines()
    assert 'workc_runs_ended_total{mode="live",outcome="success"} 3' in lines
    assert 'workc_budget_ceiling_micro_cents_total{mode="live"} 4000000' in lines
    assert 'workc_budget_held_micro_cents{mode="live"} 0' in lines
