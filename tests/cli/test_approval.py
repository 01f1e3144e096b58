"""`workc approve` and `workc deny`, and a run that waits for them."""

import shlex

import pytest

from workc import Runtime
from workc.api.settings import Settings

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
    told = workc("explain", waiting)
    assert "It waits for a human; what it did is kept." in told.stdout
    assert "to approve act: Act on 1?\n" in told.stdout
    assert f"  try: workc approve {waiting} --step act --by NAME\n" in told.stderr
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


SEVERAL = """\
workc: 1
name: several
steps:
  one: {skill: json_transform, with: {data: [1], expression: "[0]"}, approval: {question: "1?"}}
  two: {skill: json_transform, with: {data: [2], expression: "[0]"}, approval: {question: "2?"}}
output: "${steps.one}"
"""


@pytest.fixture
def several(workc, folder):
    """Returns the id of a run that waits for two steps, in the store ``other store``."""
    (folder / "several.yaml").write_text(SEVERAL)
    return workc("run", "several.yaml", "--json", "--store", "other store").document["run_id"]


@pytest.mark.parametrize("more", [(), ("--step", "three")])
@pytest.mark.parametrize("command", ["approve", "deny"])
def test_where_several_steps_wait_a_command_for_each_is_given_that_works(
    workc, several, command, more
):
    given = ("--by", "ann lee", "--note", "it's fine", "--store", "other store")
    shown = workc(command, "last", *given, *more)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "one, two" in shown.stderr
    tries = [line for line in shown.stderr.splitlines() if line.startswith("  try: workc ")]
    for line, step in zip(tries, ("one", "two"), strict=True):
        done = workc(*shlex.split(line.removeprefix("  try: workc ")))
        assert done.exit_code == 0
        assert f"  {step} · by ann lee: it's fine\n" in done.stdout


def test_what_a_run_that_waits_advises_finds_its_store(workc, several):
    for command in ("show", "explain"):
        shown = workc(command, several, "--store", "other store")
        assert f"approve {several} --step one --by NAME --store 'other store'\n" in shown.stderr


def test_the_time_until_a_human_answered_is_told_apart(workc, waiting):
    assert workc("approve", waiting, "--by", "ann").exit_code == 0
    assert workc("resume", waiting, "-q").exit_code == 0
    say, act = workc("show", waiting, "--json").document["steps"]
    assert say["waited_ms"] == 0
    assert 0 < act["waited_ms"] <= act["duration_ms"]
    lines = workc("show", waiting).stdout.splitlines()
    waited = f"{act['waited_ms'] / 1000:.2f} s of it until a human answered"
    assert [line for line in lines if waited in line] == [
        f"  ✓ act  json_transform  {act['duration_ms'] / 1000:>6.2f} s  {waited}"
    ]


def test_a_run_whose_time_ended_while_people_thought_ends_with_that(workc, folder):
    text = SEVERAL.replace("steps:", "budget: {wall_ms: 0}\nsteps:", 1)
    (folder / "late.yaml").write_text(text)
    # It is kept while it waits, however long: nothing is used meanwhile.
    assert workc("run", "late.yaml", "-q").exit_code == 7
    assert workc("resume", "last", "-q").exit_code == 7
    for step in ("one", "two"):
        assert workc("approve", "last", "--step", step, "--by", "ann").exit_code == 0
    shown = workc("resume", "last", "--json")
    assert (shown.exit_code, shown.document["code"]) == (8, "TIMEOUT")
    assert "budget.wall_ms" in shown.document["error"]["hint"]
    assert workc("verify-bundle", "last").exit_code == 0


@pytest.mark.parametrize("command", ["show", "explain"])
def test_every_step_that_waits_is_proposed(workc, several, command):
    shown = workc(command, several, "--store", "other store")
    assert shown.stderr.splitlines() == [
        f"  try: workc {word} {several} --step {step} --by NAME --store 'other store'"
        for step in ("one", "two")
        for word in ("approve", "deny")
    ]


def test_a_step_that_waits_is_not_said_to_have_begun(workc, waiting):
    text = workc("explain", waiting).stdout
    assert "Step act (json_transform) waits for a human to approve it, and has not begun.\n" in text
    assert "began" not in text
    assert "act  json_transform         —  waits for a human\n" in workc("show", waiting).stdout
    say, act = workc("show", waiting, "--json").document["steps"]
    assert (say["waits"], act["waits"]) == (False, True)
    workc("approve", waiting, "--by", "ann")
    assert "waits for a human to approve it" not in workc("explain", waiting).stdout


@pytest.fixture
def late(workc, folder):
    """Returns the id of a run that waits for two steps, on one of which nobody decided in time."""
    timed = SEVERAL.replace('question: "2?"', 'question: "2?", timeout_ms: 60000')
    (folder / "late.yaml").write_text(timed)
    using = Settings(store=folder / ".workc", clock=LongAgo)
    return str(Runtime(settings=using).run(folder / "late.yaml").run_id)


class LongAgo:
    """A clock that stands where it was put when it was made, long ago."""

    def __init__(self, floor_ms):
        self._now_ms = max(floor_ms, 1_000_000)

    def now_ms(self):
        return self._now_ms


def test_what_nobody_decided_in_time_is_not_proposed(workc, late):
    resume = f"  try: workc resume {late}"
    for command in ("show", "explain"):
        assert workc(command, late).stderr.splitlines() == [
            f"  try: workc approve {late} --step one --by NAME",
            f"  try: workc deny {late} --step one --by NAME",
            resume,
        ]
    refused = workc("approve", late, "--step", "two", "--by", "ann")
    assert refused.exit_code == 2
    assert refused.stderr.splitlines() == [
        "✗ INVALID_INPUT  the time to decide on two is over; resume the run",
        resume,
    ]
    shown = workc("approve", late, "--by", "ann", "--json")
    assert (shown.document["step"], shown.document["open"]) == ("one", 0)
    refused = workc("approve", late, "--by", "ann")
    assert (refused.exit_code, refused.stderr.splitlines()[1]) == (2, resume)
    assert workc("show", late).stderr.splitlines() == [resume]


def test_that_nobody_answered_in_time_is_said_of_the_gate(workc, late):
    workc("approve", late, "--step", "one", "--by", "ann")
    workc("resume", late, "-q")
    text = workc("show", late).stdout
    assert "✗ approval  pre_step two  nobody answered in time\n" in text
    assert "timed_out" not in text
