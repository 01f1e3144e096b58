"""What people see of a run that fell back: nothing of it is hidden, and the exit code fits ``ok``."""

import pytest

FLOW = """\
workc: 1
name: falls
inputs: {base: {type: string}}
steps:
  value: {skill: http_call, with: {url: "${inputs.base}/a"}, on_failure: {value: 1}}
  other:
    skill: http_call
    with: {url: "${inputs.base}/b"}
    on_failure: {skill: json_transform, with: {data: 2, expression: "@"}, when: [NOT_FOUND]}
  skip: {skill: http_call, with: {url: "${inputs.base}/c"}, on_failure: skip}
output: {value: "${steps.value}", other: "${steps.other.result}"}
"""
TAKEN = [
    ("value", "value", "NOT_FOUND", None),
    ("other", "skill", "NOT_FOUND", "json_transform"),
    ("skip", "skip", "NOT_FOUND", None),
]


@pytest.fixture
def ran(workc, folder, server):
    def run(*more, flow=FLOW):
        (folder / "falls.yaml").write_text(flow)
        return workc("run", "falls.yaml", "--input", f"base={server.base_url}/x", *more)

    return run


def taken(found):
    return [(each["step"], each["action"], each["code"], each["skill"]) for each in found]


def test_run_ends_with_0_and_says_partial_and_each_fallback(ran):
    done = ran()
    assert done.exit_code == 0
    assert done.stdout == '{\n  "value": 1,\n  "other": 2\n}\n'
    assert "\npartial · " in done.stderr
    for line in (
        "  ! value failed with NOT_FOUND: a value was given instead\n",
        "  ! other failed with NOT_FOUND: json_transform ran instead\n",
        "  ! skip failed with NOT_FOUND: the run went on without it\n",
    ):
        assert line in done.stderr


def test_json_says_the_same(ran):
    document = ran("--json").document
    assert (document["ok"], document["status"], document["code"]) == (True, "partial", "OK")
    assert taken(document["fallbacks"]) == TAKEN


def test_show_explain_and_ls_say_it_too(ran, workc):
    ran("-q")
    shown = workc("show", "last")
    assert "· partial · not verified" in shown.stdout
    assert "NOT_FOUND → json_transform ran" in shown.stdout
    steps = workc("show", "last", "--json").document["steps"]
    assert taken([step["fallback"] for step in steps]) == TAKEN
    assert [step["status"] for step in steps] == ["failure", "success", "failure"]
    told = " ".join(workc("explain", "last").stdout.split())
    assert (
        "Step other (http_call) failed with NOT_FOUND; json_transform ran instead and succeeded"
        in told
    )
    assert "404. Then the run went on without it." in told
    assert "What failed is what its workflow says to tolerate." in told
    assert "falls  fell back: value, other, skip" in workc("ls").stdout
    (run,) = workc("ls", "--json").document["runs"]
    assert taken(run["fallbacks"]) == TAKEN


def test_check_shows_what_may_run_instead(workc, folder, server):
    (folder / "falls.yaml").write_text(FLOW)
    found = workc("check", "falls.yaml", "--input", f"base={server.base_url}", "--json").document
    assert [step["on_failure"] for step in found["plan"]] == [
        "value",
        "skill json_transform",
        "skip",
    ]
    assert [step["instead"] and step["instead"]["skill"] for step in found["plan"]] == [
        None, "json_transform", None,
    ]  # fmt: skip
    shown = workc("check", "falls.yaml", "--input", f"base={server.base_url}").stdout
    assert "on failure: skip" in shown


def test_what_becomes_of_a_failure_stands_below_its_step(workc, folder, server, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    (folder / "falls.yaml").write_text(FLOW)
    shown = workc("check", "falls.yaml", "--input", f"base={server.base_url}").stdout
    lines = shown.splitlines()
    for step, said in (("value", "value"), ("other", "skill json_transform"), ("skip", "skip")):
        row = next(i for i, line in enumerate(lines) if line.split()[2:3] == [step])
        assert f"    on failure: {said}" in lines[row + 1 : row + 4]


def test_an_abort_is_a_failure_with_its_own_code(workc, folder, server):
    (folder / "stops.yaml").write_text(FLOW.replace("{value: 1}", "abort"))
    done = workc("run", "stops.yaml", "--input", f"base={server.base_url}/x")
    assert done.exit_code == 1
    assert "✗ ABORTED  value: value failed with NOT_FOUND, which aborts the run" in done.stderr
    assert "  ! value failed with NOT_FOUND: the run was stopped\n" in done.stderr


def test_a_rehearsal_of_a_failure_falls_back_as_well(ran):
    done = ran("--inject", "other:1:SKILL_FAILED", "--json")
    assert (done.exit_code, done.document["code"]) == (1, "SKILL_FAILED")
    again = ran("--inject", "other:2:TIMEOUT", "--json")
    assert [each["step"] for each in again.document["fallbacks"]] == ["value", "other", "skip"]


FAILS_TWICE = """\
workc: 1
name: twice
steps:
  p:
    skill: json_transform
    with: {data: 1, expression: "@"}
    retry: {base_delay_ms: 0, max_delay_ms: 0}
    on_failure:
      skill: json_transform
      with: {data: 2, expression: "@"}
      retry: {max_attempts: 2, base_delay_ms: 0, max_delay_ms: 0}
"""
TWICE = ("p:1:NOT_FOUND", "p:2:TIMEOUT", "p:3:TIMEOUT")


@pytest.fixture
def twice(workc, folder):
    (folder / "twice.yaml").write_text(FAILS_TWICE)
    return workc("run", "twice.yaml", *(part for each in TWICE for part in ("--inject", each)))


def test_what_followed_each_failure_stands_in_order(twice, workc):
    order = "NOT_FOUND → json_transform ran instead  TIMEOUT → retried after 0 ms  TIMEOUT"
    assert order in twice.stderr
    assert order in workc("show", "last").stdout


def test_explain_tells_which_skill_failed_how(twice, workc):
    assert twice.exit_code != 0
    told = " ".join(workc("explain", "last").stdout.split())
    first = "Step p (json_transform) failed at attempt 1 with NOT_FOUND."
    assert f"{first} Then json_transform ran instead; it failed at attempt 3 with TIMEOUT:" in told


def test_a_check_that_names_a_skipped_step_says_so_everywhere(ran, workc):
    check = '\nverify: [{id: v, that: "steps.skip.body == `1`"}]\n'
    done = ran(flow=FLOW + check)
    words = "it names step skip, which was skipped after NOT_FOUND"
    assert done.exit_code == 1
    for told in (done.stderr, workc("show", "last").stdout, workc("explain", "last").stdout):
        assert words in " ".join(told.split())
