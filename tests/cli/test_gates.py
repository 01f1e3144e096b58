"""What people see of gates: while a run is at work, in its outcome, and afterwards."""

import pytest

GATES = """\
import workc

@workc.gate
def short(value: dict[str, object], inputs: dict[str, int]) -> bool:
    return len(str(value["result"])) <= inputs["most"]
"""
FLOW = """\
workc: 1
name: gated
inputs:
  most: {type: integer, default: 9}
skills: [gates.py]
gates:
  pre: [{id: few, check: "inputs.most < `10`"}]
  post: [{id: both, check: "length(output) == `2`"}]
steps:
  pair:
    skill: json_transform
    with: {data: [1, 2], expression: "@"}
    gates:
      pre: [{id: real, policy: unrehearsed}]
      post: [{id: short, function: short}]
output: "${steps.pair.result}"
"""


@pytest.fixture
def ran(workc, folder):
    def run(*more, flow=FLOW):
        (folder / "gates.py").write_text(GATES)
        (folder / "gated.yaml").write_text(flow)
        return workc("run", "gated.yaml", *more)

    return run


def test_run_shows_each_gate_as_it_is_evaluated(ran):
    done = ran()
    assert done.exit_code == 0
    lines = done.stderr.splitlines()[1:6]
    assert lines[0] == "  ✓ few  pre_run  check  inputs.most < `10`"
    assert lines[1] == "  ✓ real  pre_step pair  policy  unrehearsed"
    assert lines[2].startswith("  ✓ pair ")
    assert lines[3] == "  ✓ short  post_step pair  function  short"
    assert lines[4] == "  ✓ both  post_run  check  length(output) == `2`"


def test_quiet_says_nothing_of_gates_that_hold(ran):
    assert ran("-q").stderr == ""


def test_a_gate_that_bars_the_run_is_told_with_what_it_gave(ran, workc):
    done = ran("--input", "most=10")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "  ✗ few  pre_run  check  inputs.most < `10`  it gave false\n" in done.stderr
    assert (
        "✗ GATE_FAILED  the gate few did not hold: inputs.most < `10` (it gave false)"
        in " ".join(done.stderr.split("\n"))
    )
    shown = workc("show", "last").stdout
    assert "· failure  GATE_FAILED · not verified" in shown
    assert "  ✗ few  pre_run  check  inputs.most < `10`  it gave false\n" in shown
    assert workc("verify-bundle", "last").exit_code == 0
    assert workc("replay", "last").exit_code == 0


def test_json_says_which_gates_failed(ran, workc):
    document = ran("--json", "--input", "most=1").document
    assert (document["ok"], document["status"], document["code"]) == (
        False,
        "partial",
        "GATE_FAILED",
    )
    assert document["failed_gates"] == [
        {"gate": "short", "kind": "function", "when": "post_step", "step": "pair"}
    ]
    told = workc("show", "last", "--json").document["gates"]
    assert [(gate["gate"], gate["passed"], gate["gave"]) for gate in told] == [
        ("few", True, "it gave true"),
        ("real", True, "it gave true"),
        ("short", False, "it gave false"),
        ("both", True, "it gave true"),
    ]


def test_explain_tells_gates_and_why_a_step_did_not_run(ran, workc):
    ran(flow=FLOW.replace("unrehearsed", "offline"))
    told = " ".join(workc("explain", "last").stdout.split())
    assert "Step pair (json_transform) did not run, because a gate before it did not hold." in told
    assert "The gate few before the run held: inputs.most < `10`." in told
    assert "The gate real before step pair did not hold: offline (it gave false)." in told
    assert (
        "The reason is GATE_FAILED in step pair: the gate real did not hold: offline (it gave false)."
        in told
    )


def test_explain_tells_gates_of_the_run(ran, workc):
    ran(flow=FLOW.replace("== `2`", "== `3`"))
    told = " ".join(workc("explain", "last").stdout.split())
    assert (
        "The gate both on the output did not hold: length(output) == `3` (it gave false)." in told
    )
    assert "The reason is GATE_FAILED: gates that did not hold: both." in told
    assert "gates that did not hold: both" in workc("show", "last").stdout


def test_a_typo_in_a_gate_is_told_with_its_line_and_the_fix(ran):
    done = ran(flow=FLOW.replace("policy: unrehearsed", "polciy: unrehearsed"))
    assert done.exit_code == 2
    assert 'gated.yaml:14:24: there is no key "polciy" here' in done.stderr
    assert "fix: did you mean policy?" in done.stderr


def test_a_human_is_told_of_the_gate_that_waits(ran, workc):
    gate = '{id: sure, approval: {question: "Really?"}}'
    done = ran(flow=FLOW.replace("{id: real, policy: unrehearsed}", gate))
    assert done.exit_code == 7
    assert "pair: Really?" in " ".join(done.stderr.split())
    workc("approve", "last", "--by", "ann")
    assert workc("resume", "last").exit_code == 0
    told = " ".join(workc("explain", "last").stdout.split())
    assert "The gate sure before step pair was approved by ann." in told


def test_of_a_human_who_denied_it_is_told_who(ran, workc):
    gate = '{id: sure, approval: {question: "Really?"}}'
    ran(flow=FLOW.replace("{id: real, policy: unrehearsed}", gate))
    workc("deny", "last", "--by", "ann")
    assert workc("resume", "last").exit_code == 1
    told = " ".join(workc("explain", "last").stdout.split())
    assert "The gate sure before step pair was not approved by ann." in told
    assert "Step pair (json_transform) did not run, because a human did not approve it." in told


def test_of_an_approval_that_nobody_gave_it_is_told_so(ran, workc):
    gate = '{id: sure, approval: {question: "Really?", timeout_ms: 0}}'
    assert ran(flow=FLOW.replace("{id: real, policy: unrehearsed}", gate)).exit_code == 1
    told = " ".join(workc("explain", "last").stdout.split())
    assert "The gate sure before step pair had no answer in time." in told
    assert "did not run, because nobody approved it in time." in told
