"""`workc approve` and `workc deny`, and a run that waits for them."""

import pytest

FLOW = """\
workc: 1
name: asking
steps:
  say: {skill: json_transform, with: {data: [1], expression: "[0]"}}
  act:
    skill: json_transform
    with: {data: ["${steps.say.result}"], expression: "[0]"}
    approval: {question: "Act on ${steps.say.result}?"}
output: {acted: "${steps.act.result}"}
"""


@pytest.fixture
def waiting(workc, folder):
    """Returns the id of a run that waits."""
    (folder / "asking.yaml").write_text(FLOW)
    shown = workc("run", "asking.yaml", "--json")
    assert shown.exit_code == 7
    return shown.document["run_id"]


def test_a_run_that_waits_says_for_what_and_what_to_type(workc, folder):
    (folder / "asking.yaml").write_text(FLOW)
    shown = workc("run", "asking.yaml")
    assert (shown.exit_code, shown.stdout) == (7, "")
    run = workc("ls", "--json").document["runs"][0]
    assert run["status"] == "paused"
    assert shown.stderr.splitlines()[2:] == [
        "? paused: a human has to say whether to go on",
        "  act: Act on 1?",
        f"  try: workc approve {run['run_id']} --step act --by NAME",
        f"  try: workc deny {run['run_id']} --step act --by NAME",
        f"  next: workc resume {run['run_id']}",
    ]


def test_what_waits_is_shown_and_explained(workc, waiting):
    shown = workc("show", waiting)
    assert shown.stdout.startswith("? asking · paused  APPROVAL_PENDING\n")
    assert "waits for a human to approve act: Act on 1?" in shown.stdout
    assert f"try: workc approve {waiting} --step act --by NAME" in " ".join(shown.stderr.split())
    told = workc("explain", waiting).stdout
    assert "It waits for a human; what it did is kept." in told
    assert f"What to do: workc approve {waiting} --step act --by NAME" in told
    assert "? paused" in workc("ls", "--status", "paused").stdout


def test_approved_it_goes_on(workc, waiting):
    shown = workc("approve", "last", "--by", "ann", "--note", "fine")
    assert (shown.exit_code, shown.stdout) == (0, "✓ approved  act · by ann: fine\n")
    assert f"next: workc resume {waiting}" in shown.stderr
    shown = workc("resume", "last", "--json")
    assert (shown.exit_code, shown.document["output"]) == (0, {"acted": 1})
    assert workc("verify-bundle", shown.document["bundle"]).exit_code == 0
    assert workc("replay", "last").exit_code == 0
    assert "✓ approval  pre_step act  ann  fine" in workc("show", "last").stdout


def test_denied_it_reaches_its_lock(workc, waiting):
    shown = workc("deny", waiting, "--step", "act", "--by", "bob", "--json")
    assert shown.exit_code == 0
    assert shown.document == {
        "schema": "workc.decided/1",
        "run_id": waiting,
        "step": "act",
        "question": "Act on 1?",
        "decision": "denied",
        "by": "bob",
        "note": "",
        "open": 0,
    }
    shown = workc("resume", "last")
    assert shown.exit_code == 1
    assert "✗ APPROVAL_DENIED  act: bob did not approve" in shown.stderr
    assert workc("verify-bundle", f".workc/runs/{waiting}/bundle").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("approve", "last"), "--by"),
        (("approve", "last", "--by", ""), "1 to 256"),
        (("approve", "last", "--by", "ann", "--step", "sya"), "these do: act"),
        (("deny", "zzz", "--by", "ann"), "there is no run"),
    ],
)
def test_a_wrong_decision_is_2_and_says_what_is_right(workc, waiting, arguments, said):
    shown = workc(*arguments)
    assert shown.exit_code == 2
    assert said in shown.stderr
    assert workc("ls", "--json").document["runs"][0]["status"] == "paused"


def test_nothing_that_waits_is_2(workc, waiting):
    workc("approve", "last", "--by", "ann")
    shown = workc("approve", "last", "--by", "ann")
    assert shown.exit_code == 2
    assert "no step of the run" in shown.stderr
    assert "try: workc ls --status paused" in shown.stderr
