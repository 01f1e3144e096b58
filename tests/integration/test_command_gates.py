"""Gates that run a program: its status decides, its answer is a capture, and a replay runs none."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from workc import Runtime
from workc.api.audit import audit
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.kernel.events import Entry
from workc.kernel.ledger import Ledger
from workc.kernel.payloads import Body, FailureRecord
from workc.runtime.asks import Ask, Probe, Timer
from workc.runtime.captures import Standing
from workc.runtime.divergence import Diverged
from workc.runtime.governor import Governor
from workc.runtime.probes import halted_answer, refused_answer
from workc.runtime.recorded import Recorded, kept
from workc.sim.ports import Scripted
from workc.stages.effects import ProgramRun
from workc.testkit.servers import LoopbackServer, Reply

FLOW = """
workc: 1
name: commanded
inputs: {base: {type: string, default: none}, word: {type: string, default: three}}
gates:
  pre: [{id: ready, command: [grep, -q, '"word":"three"']}]
  post: [{id: last, command: [grep, -q, '"output":']}]
steps:
  a:
    skill: json_transform
    with: {data: [1, 2, 3], expression: "@"}
    gates:
      pre: [{id: given, command: [grep, -q, '"params":.*1,2,3']}]
      post: [{id: sorted, command: [grep, -c, '"value":.*1,2,3'], timeout_ms: 9000}]
output: "${steps.a.result}"
"""
PROGRAMS = ("grep", "mkdir", "sleep", "true")


@pytest.fixture
def run(tmp_path):
    def run(text=FLOW, inputs=None, programs=PROGRAMS, out="bundle", **more):
        (tmp_path / "flow.yaml").write_text(text)
        runtime = Runtime(store=tmp_path / "store", programs=programs, **more)
        return runtime.run(tmp_path / "flow.yaml", inputs, out=tmp_path / out)

    return run


def gates(events):
    return [e for e in events if e["kind"] == "GateEvaluated"]


def test_a_program_that_ends_with_0_lets_go_on_and_reads_what_the_gate_sees(run, proven):
    outcome = run()
    assert (outcome.status, outcome.output) == ("success", [1, 2, 3])
    events = gates(proven(outcome.bundle))
    assert [e["payload"]["gate"] for e in events] == ["ready", "given", "sorted", "last"]
    for event in events:
        assert isinstance(event["at_ms"], int)
        payload = event["payload"]
        assert (payload["kind"], payload["passed"]) == ("command", True)
        assert payload["value"] == {"form": "json", "inline": "0"}
    assert events[0]["payload"]["that"] == '["grep","-q","\\"word\\":\\"three\\""]'


def test_one_that_ends_otherwise_says_what_it_wrote(run, proven):
    outcome = run(FLOW.replace("[grep, -c, '\"value\":.*1,2,3']", "[grep, -c, nothing]"))
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "GATE_FAILED", "a")
    assert "PROGRAM_FAILED: grep ended with status 1" in outcome.message
    [found] = [e["payload"] for e in gates(proven(outcome.bundle)) if not e["payload"]["passed"]]
    assert found["value"]["inline"] == "1"
    details = json.loads(found["failure"]["details"]["inline"])
    assert details == {"exit": 1, "signal": None, "stderr": "", "stdout": "0\n"}


def test_one_before_the_run_bars_it(run, proven):
    outcome = run(inputs={"word": "four"})
    assert (outcome.status, outcome.code) == ("failure", "GATE_FAILED")
    events = proven(outcome.bundle)
    assert [e["kind"] for e in events][-3:] == ["GateEvaluated", "WorkEnded", "Locked"]


def test_a_program_that_was_not_allowed_is_not_run(run, proven):
    outcome = run(programs=())
    assert (outcome.status, outcome.code) == ("failure", "GATE_FAILED")
    [found] = gates(proven(outcome.bundle))
    assert found["payload"]["failure"]["code"] == "OPERATION_NOT_ALLOWED"
    assert "--allow-program grep" in found["payload"]["failure"]["message"]
    assert "value" not in found["payload"]


def test_one_whose_time_is_over_is_ended_and_does_not_pass(run, proven):
    outcome = run(
        FLOW.replace(
            "[grep, -c, '\"value\":.*1,2,3'], timeout_ms: 9000", "[sleep, '60'], timeout_ms: 60"
        )
    )
    assert (outcome.status, outcome.code) == ("partial", "GATE_FAILED")
    [found] = [e["payload"] for e in gates(proven(outcome.bundle)) if not e["payload"]["passed"]]
    assert found["failure"]["code"] == "TIMEOUT"


RETRIED = """
workc: 1
name: retried
inputs: {base: {type: string}}
steps:
  a:
    skill: http_call
    with: {url: "${inputs.base}/down"}
    retry: {max_attempts: 3, base_delay_ms: 0, max_delay_ms: 0}
    gates: {pre: [{id: once, command: [mkdir, here], cwd: work}]}
output: 1
"""


def test_one_that_passes_before_the_first_attempt_only_ends_the_step(run, proven, tmp_path):
    (tmp_path / "work").mkdir()
    with LoopbackServer({"/down": Reply(status=503)}) as server:
        given = {"base": server.base_url}
        outcome = run(RETRIED, given, roots={"work": tmp_path / "work"})
        assert len(server.requests) == 1
    assert (outcome.status, outcome.code, outcome.step) == ("failure", "GATE_FAILED", "a")
    events = [e["kind"] for e in proven(outcome.bundle) if e["at"][1:]]
    assert events == [
        "GateEvaluated", "EffectAsked", "EffectAnswered", "SkillExecuted",
        "RetryScheduled", "TimerFired", "GateEvaluated", "StepSkipped",
    ]  # fmt: skip
    receipt = json.loads((Path(outcome.bundle) / "receipt.json").read_bytes())
    assert (receipt["counts"]["steps_skipped"], receipt["counts"]["steps_failed"]) == (1, 0)


ABORTED = """
workc: 1
name: aborted
inputs: {base: {type: string}}
steps:
  a:
    skill: json_transform
    with: {data: 1, expression: "@"}
    gates: {post: [{id: slow, command: [sleep, "60"]}]}
  b: {skill: http_call, with: {url: "${inputs.base}/gone"}, on_failure: abort}
output: 1
"""


@pytest.mark.parametrize("place", ["pre", "post"])
def test_one_that_is_under_way_when_a_step_stops_the_run_is_ended(run, proven, place):
    with LoopbackServer({}) as server:
        outcome = run(ABORTED.replace("post", place), {"base": server.base_url})
    assert (outcome.status, outcome.code) == ("failure", "ABORTED")
    [found] = gates(proven(outcome.bundle))
    assert found["payload"]["failure"]["code"] == "ABORTED"


def probe(when):
    return Probe(ProgramRun(argv=("true",)), "g", when, '["true"]', "s")


def test_a_halt_is_an_answer_of_its_own_only_before_a_step():
    governor = Governor(Ledger(0), lambda: 7)
    governor.halt = "BUDGET_EXCEEDED"
    for when in ("pre_run", "post_step", "post_run"):
        entry = governor.answer(Ask((5,), probe(when)))
        assert (entry.payload.gate, entry.payload.passed) == ("g", False)
        assert entry.payload.failure.code == "HALTED"
    assert governor.answer(Ask((5,), probe("pre_step"))).payload.code == "BUDGET_EXCEEDED"
    assert halted_answer(Timer(1), "ABORTED").code == "ABORTED"


def test_a_simulation_answers_from_its_script(tmp_path, proven):
    (tmp_path / "flow.yaml").write_text(
        "workc: 1\nname: n\ngates: {pre: [{id: a, command: [make, check]}]}\n"
        "steps: {s: {skill: json_transform, with: {data: 1, expression: '@'}}}\n"
    )
    for status, outcome in ((0, "success"), (2, "failure")):
        script = {"exec make check": [Scripted(facts={"exit": status, "signal": None})]}
        done = simulated(script).run(tmp_path / "flow.yaml", out=tmp_path / f"out{status}")
        assert done.status == outcome, done.message
        proven(done.bundle)


def test_a_run_that_was_killed_while_a_gate_was_asked_runs_its_program_again(tmp_path, proven):
    (tmp_path / "flow.yaml").write_text(FLOW)
    script = Path(__file__).with_name("killed_run.py")
    programs = 'programs=["tally"] if ROOTS else []'
    text = script.read_text()
    assert programs in text
    text = text.replace(programs, 'programs=["grep"]')
    (tmp_path / "killed.py").write_text(text)
    for n in range(2, 13, 2):
        store = tmp_path / f"store{n}"
        command = [
            sys.executable,
            tmp_path / "killed.py",
            store,
            tmp_path / "flow.yaml",
            "x",
            str(n),
        ]
        killed = subprocess.run([*map(str, command), "after"], check=False, timeout=60)
        assert killed.returncode == -9
        outcome = Runtime(store=store, programs=["grep"]).resume("last")
        assert outcome.status == "success", (n, outcome.message)
        assert len(gates(proven(outcome.bundle))) == 4


BOUNDED = """
workc: 1
name: bounded
effects: [Exec exec:grep, Exec exec:mkdir]
steps:
  a:
    skill: json_transform
    with: {data: [1, 2, 3], expression: "@"}
    effects: [Exec exec:grep]
    gates:
      pre: [{id: given, command: [grep, -q, params]}]
      post: [{id: made, command: [mkdir, here], cwd: work}]
output: "${steps.a.result}"
"""
POLICY = """
schema = "workc.policy/1"
name = "no-folders"
[[effects.allow]]
op = "Exec"
selector = "exec:grep"
"""


def effect_codes(events):
    """Returns which effect each gate names, or with which code it was not run."""
    found = [event["payload"] for event in gates(events)]
    return [
        gate["effect"]["selector"] if "effect" in gate else gate["failure"]["code"]
        for gate in found
    ]


@pytest.mark.parametrize(
    ("own", "policy", "code"),
    [
        ("[Exec exec:grep]", None, "EFFECT_NOT_DECLARED"),
        ("[Exec exec:grep, Exec exec:mkdir]", POLICY, "POLICY_VIOLATION"),
        ("[Exec exec:grep, Exec exec:mkdir]", None, "exec:mkdir"),
    ],
)
def test_a_program_beyond_what_is_declared_or_allowed_is_not_run(
    run, proven, tmp_path, own, policy, code
):
    (tmp_path / "work").mkdir()
    (tmp_path / "policy.toml").write_text(policy or "")
    more = {"policy": str(tmp_path / "policy.toml")} if policy else {}
    outcome = run(
        BOUNDED.replace("[Exec exec:grep]\n    g", f"{own}\n    g"),
        roots={"work": tmp_path / "work"},
        **more,
    )
    assert effect_codes(proven(outcome.bundle)) == ["exec:grep", code]
    is_run = code == "exec:mkdir"
    assert (tmp_path / "work/here").exists() is is_run
    assert (outcome.status, outcome.code) == (
        ("success", "OK") if is_run else ("partial", "GATE_FAILED")
    )
    if not is_run:
        assert code in outcome.message


def test_a_check_of_the_file_says_which_program_of_a_gate_is_not_declared(tmp_path):
    (tmp_path / "flow.yaml").write_text(BOUNDED.replace("Exec exec:mkdir", "Exec exec:wc"))
    settings = Settings(environment={})
    found = audit(Runtime(settings=settings).load(tmp_path / "flow.yaml"), {}, settings)
    [problem] = [each for each in found.remarks if each.level == "problem"]
    assert (problem.step, problem.code) == ("a", "EFFECT_NOT_DECLARED")
    assert problem.message.startswith("the program of made: Exec exec:mkdir is not declared")


NOTHING = Body(form="json", inline="{}")


@pytest.mark.parametrize(
    ("code", "message", "differs"),
    [
        ("EFFECT_NOT_DECLARED", "no", False),
        ("HALTED", "the run was stopped", False),
        ("EFFECT_NOT_DECLARED", "another", True),
    ],
)
def test_a_replay_finds_that_a_program_was_refused_for_another_reason(code, message, differs):
    refused = FailureRecord(code="EFFECT_NOT_DECLARED", message="no", details=NOTHING)
    asked = Probe(ProgramRun(argv=("rm",)), "g", "pre_run", '["rm"]', refused=refused)
    answer = refused_answer(asked, FailureRecord(code=code, message=message, details=NOTHING))
    entry = Entry(at=(4,), payload=answer, at_ms=1)
    desk = Standing(Recorded([kept(entry)]))
    if differs:
        with pytest.raises(Diverged):
            desk.answer(Ask((4,), asked))
    else:
        assert desk.answer(Ask((4,), asked)) == entry
