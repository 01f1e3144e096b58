"""Gates in real runs: what each kind lets go on, what one that fails forbids, and that it replays."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from workc import Runtime
from workc.api.approvals import decide
from workc.api.replay import replay
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.store import Store
from workc.testkit.servers import LoopbackServer, Reply

SCRIPT = Path(__file__).with_name("killed_run.py")
GATES = """
import workc

@workc.gate
def short(value: dict[str, object], inputs: dict[str, object]) -> bool:
    return len(str(value["body"])) <= inputs["most"]

@workc.gate
def known(params: dict[str, str], steps: dict[str, object]) -> object:
    return params["url"].endswith("/b") and sorted(steps) == ["first"]

@workc.gate
def raises(value: object) -> bool:
    raise LookupError("not there")
"""
FLOW = """
workc: 1
name: gated
inputs:
  base: {type: string}
  most: {type: integer, default: 9}
skills: [gates.py]
gates:
  pre: [{id: few, check: "inputs.most < `10`"}, {id: real, policy: unrehearsed}]
  post: [{id: both, check: "output.b == 'bb' && length(steps) == `3`"}]
steps:
  first: {skill: http_call, with: {url: "${inputs.base}/a"}}
  second:
    skill: http_call
    with: {url: "${inputs.base}/b"}
    gates:
      pre: [{id: one, check: "steps.first.status == `200` && params.url"}, {id: known, function: known}]
      post: [{id: short, function: short}, {id: right, check: "value.body == 'bb'"}]
  third: {skill: json_transform, with: {data: "${steps.second.body}", expression: "@"}}
output: {a: "${steps.first.body}", b: "${steps.third.result}"}
verify: [{id: all, that: "output.a == 'aa'"}]
"""
#: Gives true, as a text that is not empty does not.
TRUE = "&& params.url == join('', [inputs.base, '/b'])"
FLOW = FLOW.replace("&& params.url", TRUE)
OUTPUT = {"a": "aa", "b": "bb"}
JSON = (("content-type", "application/json"),)
REPLIES = {"/a": Reply(body=b'"aa"', headers=JSON), "/b": Reply(body=b'"bb"', headers=JSON)}


@pytest.fixture
def run(tmp_path):
    """Returns a function that runs a workflow; ``run.server`` saw the requests."""
    (tmp_path / "gates.py").write_text(GATES)
    with LoopbackServer(dict(REPLIES)) as server:

        def run(text=FLOW, out="bundle", inputs=None, **more):
            (tmp_path / "flow.yaml").write_text(text)
            runtime = Runtime(store=tmp_path / "store", **more)
            given = {"base": server.base_url, **(inputs or {})}
            return runtime.run(tmp_path / "flow.yaml", given, out=tmp_path / out)

        run.server = server
        yield run


def receipt_of(outcome):
    return json.loads((Path(outcome.bundle) / "receipt.json").read_bytes())


def gates(events):
    """Returns what was said of each gate, in order."""
    found = [e["payload"] for e in events if e["kind"] == "GateEvaluated"]
    return [(p["gate"], p["when"], p.get("step"), p["passed"]) for p in found]


def asked(run):
    return [request.path for request in run.server.requests]


def test_gates_of_every_time_and_kind_let_a_run_go_on(run, proven, tmp_path):
    outcome = run()
    assert (outcome.status, outcome.code, outcome.output) == ("success", "OK", OUTPUT)
    assert outcome.failed_gates == ()
    events = proven(outcome.bundle, code=tmp_path)
    assert gates(events) == [
        ("few", "pre_run", None, True),
        ("real", "pre_run", None, True),
        ("one", "pre_step", "second", True),
        ("known", "pre_step", "second", True),
        ("short", "post_step", "second", True),
        ("right", "post_step", "second", True),
        ("both", "post_run", None, True),
    ]
    receipt = receipt_of(outcome)
    assert receipt["lock_level"] == "Committed"
    assert [gate["kind"] for gate in receipt["gates"]] == [
        "check", "policy", "check", "function", "function", "check", "check",
    ]  # fmt: skip
    assert {"short", "known"} <= receipt["code"].keys(), "the code of a gate is part of the record"
    assert "raises" not in receipt["code"]


def test_a_gate_before_the_run_that_fails_lets_no_step_begin(run, proven, tmp_path):
    outcome = run(inputs={"most": 10})
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "GATE_FAILED", None)
    assert outcome.exit_code == 1
    assert outcome.message == "the gate few did not hold: inputs.most < `10` (it gave false)"
    assert outcome.error["details"] == {"gate": "few", "kind": "check", "when": "pre_run"}
    [failed] = outcome.failed_gates
    assert (failed.gate, failed.kind, failed.when, failed.step) == ("few", "check", "pre_run", None)
    assert asked(run) == []
    events = proven(outcome.bundle, code=tmp_path)
    assert gates(events) == [("few", "pre_run", None, False)]
    assert [e["kind"] for e in events][-3:] == ["GateEvaluated", "WorkEnded", "Locked"]
    receipt = receipt_of(outcome)
    assert (receipt["outcome"], receipt["lock_level"], receipt["counts"]["steps"]) == (
        "failed",
        "Draft",
        0,
    )


def test_a_gate_before_a_step_that_fails_keeps_it_from_its_effect(run, proven, tmp_path):
    outcome = run(FLOW.replace("steps.first.status == `200`", "steps.first.status == `404`"))
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "GATE_FAILED", "second")
    assert asked(run) == ["/a"]
    events = proven(outcome.bundle, code=tmp_path)
    [lane] = {tuple(e["at"][:-1]) for e in events if e["payload"].get("gate") == "one"}
    mine = [e for e in events if tuple(e["at"][:-1]) == lane]
    assert [e["kind"] for e in mine] == ["GateEvaluated", "StepSkipped"]
    assert mine[1]["payload"] == {"because": [], "code": "GATE_FAILED", "step": "second"}
    skipped = [e["payload"] for e in events if e["kind"] == "StepSkipped"]
    assert [(s["step"], s["code"]) for s in skipped] == [
        ("second", "GATE_FAILED"),
        ("third", "UPSTREAM_FAILED"),
    ]


def test_a_step_that_a_gate_bars_leaves_the_others_and_the_run_is_partial(run, proven, tmp_path):
    text = FLOW.replace("steps.first.status == `200`", "!steps.first")
    text = text.replace('b: "${steps.third.result}"', "b: 'bb'").replace("== `3`", "== `1`")
    outcome = run(text)
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "GATE_FAILED", "second")
    assert outcome.output == OUTPUT
    assert not outcome.ok
    assert gates(proven(outcome.bundle, code=tmp_path))[-1] == ("both", "post_run", None, True)


def test_a_gate_on_what_a_step_gave_forbids_success_and_changes_nothing_else(run, proven, tmp_path):
    outcome = run(inputs={"most": 1})
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "GATE_FAILED", "second")
    assert outcome.message == "the gate short did not hold: short (it gave false)"
    assert (outcome.output, outcome.ok, outcome.exit_code) == (OUTPUT, False, 1)
    assert [(gate.gate, gate.step) for gate in outcome.failed_gates] == [("short", "second")]
    events = proven(outcome.bundle, code=tmp_path)
    # The other gate on the same value is evaluated all the same, and the steps behind it run.
    assert gates(events)[4:] == [
        ("short", "post_step", "second", False),
        ("right", "post_step", "second", True),
        ("both", "post_run", None, True),
    ]
    receipt = receipt_of(outcome)
    assert (receipt["outcome"], receipt["lock_level"]) == ("partial", "Draft")
    assert receipt["failure"] == {
        "code": "GATE_FAILED",
        "message": outcome.message,
        "step": "second",
    }
    assert receipt["step_failures"] == []


def test_a_gate_on_the_output_makes_the_run_failed(run, proven, tmp_path):
    outcome = run(FLOW.replace("output.b == 'bb'", "output.b == 'b'"))
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "GATE_FAILED", None)
    assert outcome.message == "gates that did not hold: both"
    assert outcome.error["details"] == {"gates": ["both"]}
    assert outcome.output == OUTPUT
    proven(outcome.bundle, code=tmp_path)
    assert receipt_of(outcome)["failure"] == {"code": "GATE_FAILED", "message": outcome.message}


def test_a_check_that_does_not_hold_stands_above_a_gate_of_the_run(run, proven, tmp_path):
    text = FLOW.replace("output.b == 'bb'", "output.b == 'b'").replace("output.a ==", "output.z ==")
    outcome = run(text)
    assert (outcome.status, outcome.code) == ("failure", "VERIFICATION_FAILED")
    assert [gate.gate for gate in outcome.failed_gates] == ["both"]
    proven(outcome.bundle, code=tmp_path)


def test_a_gate_of_the_run_stands_above_one_of_a_step(run, proven, tmp_path):
    outcome = run(FLOW.replace("output.b == 'bb'", "output.b == 'b'"), inputs={"most": 1})
    assert (outcome.status, outcome.code) == ("failure", "GATE_FAILED")
    assert [gate.gate for gate in outcome.failed_gates] == ["short", "both"]
    proven(outcome.bundle, code=tmp_path)
    failure = receipt_of(outcome)["failure"]
    assert (
        (failure["message"], failure["step"])
        == (outcome.message, "second")
        == (
            "the gate short did not hold: short (it gave false)",
            outcome.step,
        )
    )


TWICE = """
workc: 1
name: twice
inputs: {base: {type: string}}
steps:
  asks: {skill: http_call, with: {url: "${inputs.base}/a"}, gates: {post: [{id: z, check: "`1`"}]}}
  looks: {skill: json_transform, with: {data: 1, expression: "@"}, gates: {post: [{id: a, check: "`2`"}]}}
output: 1
"""


def test_of_two_gates_the_first_by_the_plan_is_told_whichever_came_first(run, proven):
    outcome = run(TWICE)
    journal = Store(Path(outcome.bundle).parent / "store").find("last").lines()
    came = [json.loads(line)["payload"].get("gate") for line in journal]
    # Mostly the other one comes first, because a server takes its time.
    assert {name for name in came if name} == {"a", "z"}
    assert (outcome.step, outcome.message) == ("asks", "the gate z did not hold: `1` (it gave 1)")
    proven(outcome.bundle)


#: What a gate that gives something else than true gave, or why it gave nothing.
GIVEN = {
    "1": ({"check": "`1`"}, "1", None),
    "a text": ({"check": "'true'"}, '"true"', None),
    "nothing": ({"check": "value.nothing"}, "null", None),
    "a value": ({"check": "value.body"}, '"bb"', None),
    "a failure": ({"check": "abs(value.body)"}, None, "TRANSFORM_FAILED"),
    "an exception": ({"function": "raises"}, None, "SKILL_FAILED"),
    "a rule": ({"policy": "under_contract"}, "false", None),
}


@pytest.mark.parametrize("case", GIVEN)
def test_only_true_lets_go_on_and_what_was_given_is_kept(run, proven, tmp_path, case):
    gate, value, code = GIVEN[case]
    text = FLOW.replace(
        "{id: right, check: \"value.body == 'bb'\"}", json.dumps({"id": "g", **gate})
    )
    outcome = run(text)
    assert (outcome.status, outcome.code) == ("partial", "GATE_FAILED")
    events = proven(outcome.bundle, code=tmp_path)
    [found] = [e["payload"] for e in events if e["payload"].get("gate") == "g"]
    assert found["passed"] is False
    assert found.get("value", {}).get("inline") == value
    assert found.get("failure", {}).get("code") == code
    assert found["that"] in {*gate.values()}


RETRIED = """
workc: 1
name: retried
inputs: {base: {type: string}}
steps:
  a:
    skill: http_call
    with: {url: "${inputs.base}/down"}
    retry: {max_attempts: 3, base_delay_ms: 0, max_delay_ms: 0}
    approval: {question: "Go?"}
    gates:
      pre: [{id: p, check: "params.url != 'x'"}, {id: h, approval: {question: "Sure?"}}]
      post: [{id: q, check: "value.status == `200`"}]
%s
output: {n: 1}
"""


def decided(tmp_path, *answers):
    """Decides what is waited for, one question after another, and resumes the run."""
    store = Store(tmp_path / "store")
    for answer in answers:
        decide(store, "last", answer, by="ann")
        outcome = resume(store, "last", Settings(environment={}))
    return outcome


def lane_of(events, step):
    [lane] = {
        tuple(e["at"][:-1]) for e in events if e["payload"].get("step") == step and e["at"][1:]
    }
    return [e for e in events if tuple(e["at"][:-1]) == lane]


def test_gates_stand_before_each_attempt_and_a_human_is_asked_before_the_first(
    run, proven, tmp_path
):
    run.server.replies["/down"] = Reply(status=503)
    paused = run(RETRIED % "")
    assert (paused.status, asked(run)) == ("paused", [])
    outcome = decided(tmp_path, "approved", "approved")
    # The step has failed, so there is nothing that the gate behind it could judge.
    assert (outcome.status, outcome.code) == ("failure", "SERVICE_UNAVAILABLE")
    events = proven(outcome.bundle)
    tried = ["GateEvaluated", "EffectAsked", "EffectAnswered", "SkillExecuted"]
    human = ["ApprovalAsked", "ApprovalAnswered"]
    again = ["RetryScheduled", "TimerFired"]
    assert [e["kind"] for e in lane_of(events, "a")] == [
        tried[0], *human, *human, *tried[1:], *again, *tried, *again, *tried,
    ]  # fmt: skip
    questions = [e["payload"] for e in events if e["kind"] == "ApprovalAsked"]
    assert [each["gate"] for each in questions] == ["h", "approval"]


def test_a_gate_that_a_human_denies_skips_the_step_and_nobody_asks_further(run, proven, tmp_path):
    run(RETRIED % "")
    outcome = decided(tmp_path, "denied")
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "APPROVAL_DENIED", "a")
    assert outcome.failed_gates == ()
    events = proven(outcome.bundle)
    assert [e["kind"] for e in lane_of(events, "a")] == [
        "GateEvaluated", "ApprovalAsked", "ApprovalAnswered", "StepSkipped",
    ]  # fmt: skip


def test_nobody_is_asked_about_a_step_that_a_gate_bars(run, proven):
    outcome = run((RETRIED % "").replace("!= 'x'", "== 'x'"))
    assert (outcome.status, outcome.code) == ("failure", "GATE_FAILED")
    events = proven(outcome.bundle)
    assert [e["kind"] for e in lane_of(events, "a")] == ["GateEvaluated", "StepSkipped"]


INSTEAD = """    on_failure:
      skill: http_call
      with: {url: "${inputs.base}/%s"}"""


def test_what_runs_instead_passes_no_gate_and_its_value_is_judged(run, proven, tmp_path):
    run.server.replies["/down"] = Reply(status=404)
    run.server.replies["/empty"] = Reply(status=204)
    text = RETRIED.replace(', {id: h, approval: {question: "Sure?"}}', "")
    text = text.replace('    approval: {question: "Go?"}\n', "")
    outcome = run(text % (INSTEAD % "empty"))
    # It fell back and its gate failed: the second says why it is no success.
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "GATE_FAILED", "a")
    assert [taken.code for taken in outcome.fallbacks] == ["NOT_FOUND"]
    kinds = [e["kind"] for e in lane_of(proven(outcome.bundle), "a")]
    assert kinds.count("GateEvaluated") == 2
    assert kinds[kinds.index("FallbackTaken") + 1] == "EffectAsked"
    assert kinds[-1] == "GateEvaluated"


@pytest.mark.parametrize("said", ["skip", "{value: 7}", "abort"])
def test_no_fallback_sees_a_gate_that_fails(run, proven, said):
    text = (RETRIED % f"    on_failure: {said}").replace("!= 'x'", "== 'x'")
    outcome = run(text)
    assert (outcome.status, outcome.code, outcome.fallbacks) == ("failure", "GATE_FAILED", ())
    proven(outcome.bundle)


def test_a_value_in_place_of_a_failed_step_is_not_judged(run, proven):
    run.server.replies["/down"] = Reply(status=404)
    text = (RETRIED % "    on_failure: {value: {status: 1}}").replace(
        ', {id: h, approval: {question: "Sure?"}}', ""
    )
    outcome = run(text.replace('    approval: {question: "Go?"}\n', ""))
    assert (outcome.status, outcome.code, outcome.failed_gates) == ("partial", "OK", ())
    assert [gate[0] for gate in gates(proven(outcome.bundle))] == ["p"]


def test_a_run_that_is_stopped_has_no_gate_on_its_output(run, proven, tmp_path):
    outcome = run(FLOW + "timeout_ms: 0\n")
    assert (outcome.status, outcome.code) == ("failure", "TIMEOUT")
    assert "post_run" not in [gate[1] for gate in gates(proven(outcome.bundle, code=tmp_path))]


def test_a_gate_sees_the_name_of_a_secret_and_never_its_value(run, proven, tmp_path):
    text = """
workc: 1
name: secret
inputs: {base: {type: string}}
secrets: [SHOP_TOKEN]
steps:
  a:
    skill: http_call
    with: {url: "${inputs.base}/a", headers: {x: "Bearer ${secrets.SHOP_TOKEN}"}}
    gates: {pre: [{id: g, check: "params.headers.x"}]}
output: 1
"""
    settings = Settings(store=tmp_path / "store", environment={"SHOP_TOKEN": "very-private-value"})
    outcome = run(text, settings=settings)
    events = proven(outcome.bundle)
    [found] = [e["payload"] for e in events if e["kind"] == "GateEvaluated"]
    assert found["value"]["inline"] == '"Bearer ${secrets.SHOP_TOKEN}"'
    assert b"very-private-value" not in (Path(outcome.bundle) / "events.jsonl").read_bytes()


def test_a_guard_that_refuses_watches_gates_too(run, proven, tmp_path):
    (tmp_path / "gates.py").write_text(
        GATES.replace(
            '    raise LookupError("not there")', "    import time; return time.time() > 0"
        )
    )
    text = FLOW.replace("{id: short, function: short}", "{id: now, function: raises}")
    outcome = run(text, guard="refuse")
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "GATE_FAILED", "second")
    assert "NONDETERMINISTIC" in outcome.message
    assert "calls time in line 14 of gates.py" in outcome.message
    proven(outcome.bundle, code=tmp_path)
    warned = run(text, out="warned", guard="warn")
    assert warned.status == "success"
    [note] = warned.notes
    assert note.startswith("second: the code calls time in line 14")


def test_a_gate_that_gives_another_value_in_a_replay_is_found(run, tmp_path):
    count = tmp_path / "count"
    count.write_text("")
    (tmp_path / "gates.py").write_text(
        GATES.replace(
            '    raise LookupError("not there")',
            f"    from pathlib import Path; file = Path({str(count)!r})\n"
            "    file.write_text(file.read_text() + 'x')\n"
            "    return file.read_text() == 'x'",
        )
    )
    outcome = run(FLOW.replace("{id: short, function: short}", "{id: once, function: raises}"))
    assert outcome.status == "success"
    report = replay(outcome.bundle, code=tmp_path)
    [found] = report.divergences
    assert (found.code, found.kind, found.step) == ("REPLAY_DIVERGED", "GateEvaluated", "second")
    assert (found.pointer, found.recorded, found.now) == ("/passed", "true", "false")


def test_a_gate_whose_code_changed_is_named(run, tmp_path):
    outcome = run()
    (tmp_path / "gates.py").write_text(GATES + "\n# another\n")
    report = replay(outcome.bundle, code=tmp_path)
    assert {d.pointer for d in report.divergences} == {"/code/known", "/code/short"}
    assert {d.code for d in report.divergences} == {"CODE_CHANGED"}


def test_the_outcome_of_a_finished_run_is_told_again(run, tmp_path):
    store = Store(tmp_path / "store")
    texts = {
        "success": FLOW,
        "run": FLOW.replace("output.b == 'bb'", "output.b == 'b'"),
        "step": FLOW.replace("value.body == 'bb'", "value.body == 'b'"),
        "barred": FLOW.replace("`10`", "`1`"),
    }
    for out, text in texts.items():
        outcome = run(text, out=out)
        again = resume(store, outcome.run_id, Settings(environment={}))
        for name in ("status", "code", "message", "step", "error", "failed_gates", "output"):
            assert getattr(again, name) == getattr(outcome, name), (out, name)


def test_gates_are_counted(tmp_path):
    (tmp_path / "gates.py").write_text(GATES)
    (tmp_path / "flow.yaml").write_text(FLOW)
    runtime = Runtime()
    with LoopbackServer(dict(REPLIES)) as server:
        runtime.run(tmp_path / "flow.yaml", {"base": server.base_url, "most": 1})
    metrics = runtime.metrics()
    assert metrics.value("workc_gates_total", type="check", result="passed") == 4
    assert metrics.value("workc_gates_total", type="policy", result="passed") == 1
    assert metrics.value("workc_gates_total", type="function", result="passed") == 1
    assert metrics.value("workc_gates_total", type="function", result="failed") == 1


#: Lines of the journal of the run when nobody kills it; asserted below.
LINES = 21


def start(tmp_path, base, n):
    (tmp_path / "gates.py").write_text(GATES)
    (tmp_path / "flow.yaml").write_text(FLOW)
    command = [sys.executable, str(SCRIPT), str(tmp_path / "store"), str(tmp_path / "flow.yaml")]
    return subprocess.run(
        [*command, base, str(n), "after"], capture_output=True, text=True, check=False, timeout=60
    )


def test_nobody_kills_it_and_it_has_so_many_lines(tmp_path):
    with LoopbackServer(dict(REPLIES)) as server:
        done = start(tmp_path, server.base_url, 10_000)
    assert done.stdout.split()[:2] == ["OK", str(LINES)], done


@pytest.mark.parametrize("n", range(2, LINES + 1))
def test_killed_at_any_write_the_run_resumes_and_passes_its_gates(tmp_path, proven, n):
    with LoopbackServer(dict(REPLIES)) as server:
        assert start(tmp_path, server.base_url, n).returncode == -9
        outcome = resume(Store(tmp_path / "store"), "last", Settings(environment={}))
        assert len(server.requests) <= 3
    assert (outcome.status, outcome.output) == ("success", OUTPUT)
    # A request whose answer was lost is made again, behind the gates of its step.
    found = gates(proven(outcome.bundle, code=tmp_path))
    assert len(found) in {7, 9}
    assert all(passed for *_, passed in found)


def test_a_run_that_goes_back_passes_its_gates_anew_and_the_last_pass_counts(run, proven, tmp_path):
    text = FLOW.replace("that: \"output.a == 'aa'\"", "that: \"output.a == 'zz'\", on_fail: Act")
    text = text.replace(
        "{id: right, check: \"value.body == 'bb'\"}", '{id: right, check: "value.body"}'
    )
    outcome = run(text)
    assert (outcome.status, outcome.code) == ("failure", "VERIFICATION_FAILED")
    events = proven(outcome.bundle, code=tmp_path)
    passes = len(receipt_of(outcome)["backtracks"]) + 1
    assert passes > 1
    assert [gate[0] for gate in gates(events)] == passes * [
        "few", "real", "one", "known", "short", "right", "both",
    ]  # fmt: skip
    assert [gate.gate for gate in outcome.failed_gates] == ["right"]
