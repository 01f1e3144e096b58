"""Runs that go back because of a gate or of a failure: from where, whereto, how often, and told why."""

import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import workc
from workc import Runtime
from workc.kernel.failure import Failure, Refusal
from workc.runtime.workflow.loader import find_problems
from workc.runtime.workflow.model import SkillInfo
from workc.testkit.servers import LoopbackServer, Reply

GATED = """\
workc: 1
name: gated
{run}
steps:
  a:
    skill: json_transform
    with: {{data: {{pass: "${{feedback.pass}}", why: "${{feedback.message}}", gate: "${{feedback.gate}}",
                    of: "${{feedback.of}}", code: "${{feedback.code}}"}}, expression: "@"}}
    gates: {{{step}}}
  b: {{skill: json_transform, with: {{data: "${{feedback.failed}}", expression: "@"}}}}
max_backtracks: {most}
output: {{a: "${{steps.a.result}}", failed: "${{steps.b.result}}"}}
"""
FALSE = "it gave false"


@pytest.fixture
def run(tmp_path, proven):
    """Returns a function: runs a file, proves its bundle, and gives outcome, events and receipt."""

    def run(text, inputs=None, **options):
        (tmp_path / "flow.yaml").write_text(text, "utf-8")
        runtime = Runtime(**options)
        outcome = runtime.run(tmp_path / "flow.yaml", inputs, out=tmp_path / "bundle")
        events = proven(outcome.bundle)
        receipt = json.loads((Path(outcome.bundle) / "receipt.json").read_bytes())
        return outcome, events, receipt

    return run


def gated(step="", run="", most=2):
    return GATED.format(step=step, run=run and f"gates: {{{run}}}", most=most)


#: Which gate fails in the first pass, where it stands, and where the run goes back to.
FIRST = [
    ("pre: [{id: g, check: 'params.data.pass > `1`'}]", "", "a", "Decide", "WorkEnded"),
    ("pre: [{id: g, check: 'params.data.pass > `1`', on_fail: Act}]", "", "a", "Act", "WorkEnded"),
    ("post: [{id: g, check: 'value.result.pass > `1`', on_fail: Orient}]", "", "a", "Orient", "VerificationRun"),
    ("", "post: [{id: g, check: 'output.a.pass > `1`', on_fail: Act}]", "", "Act", "VerificationRun"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "of_run", "of", "to", "kind"), FIRST)
def test_a_gate_that_fails_sends_the_run_back_and_the_next_pass_is_told_which(
    run, step, of_run, of, to, kind
):
    outcome, events, receipt = run(gated(step, of_run))
    assert (outcome.status, outcome.output["a"]["pass"]) == ("success", 2)
    said = {"code": "GATE_FAILED", "gate": "g", **({"of": of} if of else {}), "to": to}
    assert receipt["backtracks"] == [said]
    [turn] = [event for event in events if "backtrack" in event["payload"]]
    assert (turn["kind"], turn["payload"]["backtrack"]) == (kind, said)
    told = outcome.output["a"]
    assert (told["gate"], told["of"], told["code"]) == ("g", of, "GATE_FAILED")
    assert told["why"].startswith("the gate g did not hold: ")
    assert [each["gate"] for each in outcome.output["failed"]] == ["g"]


@pytest.mark.parametrize(
    ("step", "of_run", "status"),
    [
        ("pre: [{id: g, check: 'params.data.pass > `1`', on_fail: stop}]", "", "failure"),
        ("post: [{id: g, check: 'value.result.pass > `1`'}]", "", "partial"),
        ("", "post: [{id: g, check: 'output.a.pass > `1`'}]", "failure"),
    ],
)
def test_a_gate_that_says_stop_or_one_behind_the_work_that_says_nothing_sends_nobody_back(
    run, step, of_run, status
):
    outcome, _, receipt = run(gated(step, of_run))
    assert (outcome.status, outcome.code) == (status, "GATE_FAILED")
    assert "backtracks" not in receipt


def test_a_gate_before_the_run_goes_back_before_any_step_and_without_success_if_it_fails_for_ever(
    run,
):
    outcome, events, receipt = run(gated("", "pre: [{id: never, check: '`false`'}]", most=2))
    assert (outcome.status, outcome.code) == ("failure", "GATE_FAILED")
    assert [each["to"] for each in receipt["backtracks"]] == ["Decide", "Decide"]
    assert receipt["counts"]["steps"] == 0
    assert [event["kind"] for event in events].count("GateEvaluated") == 3


def test_a_pass_whose_gate_fails_for_ever_is_no_success(run):
    step = "post: [{id: g, check: 'value.result.pass > `9`', on_fail: Decide}]"
    outcome, _, receipt = run(gated(step, most=1))
    assert (outcome.status, outcome.code, outcome.step) == ("partial", "GATE_FAILED", "a")
    assert len(receipt["backtracks"]) == 1
    assert [gate.gate for gate in outcome.failed_gates] == ["g"]


def test_without_a_number_a_run_goes_back_once_if_a_gate_says_so_and_never_if_none_does(run):
    text = gated("", "post: [{id: g, check: '`false`', on_fail: Act}]")
    _, _, receipt = run(text.replace("max_backtracks: 2\n", ""))
    assert len(receipt["backtracks"]) == 1


def test_a_gate_before_a_step_sends_nobody_back_where_nothing_says_that_a_run_may(run):
    text = gated("pre: [{id: g, check: '`false`'}]").replace("max_backtracks: 2\n", "")
    outcome, _, receipt = run(text)
    assert outcome.code == "GATE_FAILED"
    assert "backtracks" not in receipt


def test_of_two_gates_the_earliest_phase_counts(run):
    step = (
        "pre: [{id: p, check: 'params.data.pass > `0`'}], "
        "post: [{id: near, check: 'value.result.pass > `1`', on_fail: Act}, "
        "{id: far, check: 'value.result.pass > `1`', on_fail: Orient}]"
    )
    _, _, receipt = run(gated(step))
    assert [(each["gate"], each["to"]) for each in receipt["backtracks"]] == [("far", "Orient")]


CLASSED = """\
workc: 1
name: classed
inputs: {{base: {{type: string}}}}
steps:
  a: {{skill: http_call, with: {{url: "${{inputs.base}}/${{feedback.pass}}"}}, retry: {{max_attempts: 1}}}}
recovery: {{{recovery}}}
{most}
output: {{status: "${{steps.a.status}}", class: "${{feedback.error_class}}", of: "${{feedback.of}}"}}
"""


def answered(*statuses):
    """Returns a server that answers so in one pass after the other."""
    return LoopbackServer({f"/{n}": Reply(status=status) for n, status in enumerate(statuses, 1)})


@pytest.mark.parametrize(
    ("statuses", "recovery", "backs"),
    [
        ((503, 200), "Recoverable: Act", [("Recoverable", "Act")]),
        ((404, 200), "Unrecoverable: Decide", [("Unrecoverable", "Decide")]),
        ((503, 404, 200), "Recoverable: Act, Unrecoverable: Orient", [("Recoverable", "Act"), ("Unrecoverable", "Orient")]),
        ((503, 503, 200), "Recoverable: Act, PatternFailure: Orient", [("Recoverable", "Act"), ("PatternFailure", "Orient")]),
    ],
)  # fmt: skip
def test_a_failure_sends_a_run_back_by_its_class(run, statuses, recovery, backs):
    with answered(*statuses) as server:
        text = CLASSED.format(recovery=recovery, most="max_backtracks: 3")
        outcome, _, receipt = run(text, {"base": server.base_url})
        assert len(server.requests) == len(statuses)
    assert outcome.status == "success"
    assert outcome.output == {"status": 200, "class": backs[-1][0], "of": "a"}
    assert [(each["error_class"], each["to"]) for each in receipt["backtracks"]] == backs


@pytest.mark.parametrize(
    ("statuses", "recovery", "most", "backs"),
    [
        ((503,), "Unrecoverable: Act", "max_backtracks: 3", 0),
        ((503, 503), "Recoverable: Act", "max_backtracks: 3", 1),
        ((503, 503), "Recoverable: Act, PatternFailure: stop", "max_backtracks: 3", 1),
        ((503,), "Recoverable: Act", "max_backtracks: 0", 0),
        ((503, 503), "Recoverable: Act, PatternFailure: Act", "", 1),
        ((503,), "Recoverable: stop, Catastrophic: stop", "max_backtracks: 3", 0),
    ],
)
def test_it_does_not_go_back_by_another_class_or_more_often_than_it_may(
    run, statuses, recovery, most, backs
):
    with answered(*statuses) as server:
        text = CLASSED.format(recovery=recovery, most=most)
        outcome, _, receipt = run(text, {"base": server.base_url})
        assert len(server.requests) == len(statuses)
    assert (outcome.status, outcome.code) == ("failure", "SERVICE_UNAVAILABLE")
    assert len(receipt.get("backtracks", [])) == backs


def test_a_halt_goes_back_whatever_is_said_of_any_class(run):
    text = (
        "workc: 1\nname: halted\nsteps:\n"
        "  a: {skill: llm_invoke, with: {model: gpt-4o-mini, prompt: hi, max_tokens: 9}}\n"
        "recovery: {Recoverable: Act, Unrecoverable: Act, PatternFailure: Act}\nmax_backtracks: 9\n"
    )
    outcome, _, receipt = run(text)
    assert outcome.code == "BUDGET_EXCEEDED"
    assert "backtracks" not in receipt


def test_a_halt_goes_back_for_no_gate_either(run, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    text = (
        "workc: 1\nname: halted\nsteps:\n"
        '  a: {skill: json_transform, with: {data: 1, expression: "@"},\n'
        "      gates: {post: [{id: g, check: '`false`', on_fail: Act}]}}\n"
        "  b: {skill: llm_invoke, with: {model: gpt-4o-mini, prompt: hi, max_tokens: 9}, depends_on: [a]}\n"
        "max_backtracks: 9\n"
    )
    outcome, _, receipt = run(text)
    assert outcome.code == "BUDGET_EXCEEDED"
    assert "backtracks" not in receipt


def test_a_step_that_failed_goes_back_though_there_is_an_output(run):
    with answered(404, 200) as server:
        text = CLASSED.format(recovery="Unrecoverable: Act", most="")
        text = text.replace('status: "${steps.a.status}"', "made: '${steps.b.result}'").replace(
            "recovery:", "  b: {skill: json_transform, with: {data: 1, expression: '@'}}\nrecovery:"
        )
        outcome, events, _ = run(text, {"base": server.base_url})
    assert outcome.status == "success"
    [turn] = [event for event in events if "backtrack" in event["payload"]]
    assert turn["kind"] == "WorkEnded"
    assert "output" in turn["payload"]


@workc.skill(pure=True)
def shaky(number: int) -> int:
    """Fails by itself two times."""
    if number < 3:
        raise Refusal(Failure(code="CONFLICT", message="not yet"))
    return number


@workc.skill(pure=True)
def grave() -> int:
    """Fails as nothing may be mended after."""
    raise Refusal(Failure(code="STAGE_CHANGED", message="it is another"))


@workc.workflow(
    recovery={"Recoverable": "Act", "Unrecoverable": "Act", "PatternFailure": "Act"},
    max_backtracks=5,
)
async def hopeless(ctx: workc.WorkflowContext) -> int:
    """Comes to a catastrophe."""
    return int(await ctx.call(grave))


def test_nothing_follows_a_catastrophe(tmp_path, proven):
    outcome = workc.run(hopeless, out=tmp_path / "b")
    assert (outcome.status, outcome.code) == ("failure", "STAGE_CHANGED")
    events = proven(outcome.bundle, workflow=hopeless)
    assert not [event for event in events if "backtrack" in event["payload"]]


@workc.gate
def grown(output: int) -> bool:
    """Says whether it is large enough."""
    return output > 3


@workc.workflow(
    recovery={"Unrecoverable": "Decide", "PatternFailure": "Act"},
    gates={"post": [{"id": "grown", "function": grown, "on_fail": "Act"}]},
    max_backtracks=5,
)
async def insists(ctx: workc.WorkflowContext) -> int:
    """Tries until it is let."""
    return int(await ctx.call(shaky, number=int(ctx.feedback["pass"]), step="try"))


def test_a_function_goes_back_by_class_and_by_gate(tmp_path, proven):
    outcome = workc.run(insists, out=tmp_path / "b")
    assert (outcome.status, outcome.output) == ("success", 4)
    events = proven(outcome.bundle, workflow=insists)
    turns = [event["payload"]["backtrack"] for event in events if "backtrack" in event["payload"]]
    assert [(each.get("error_class"), each.get("gate"), each["to"]) for each in turns] == [
        ("Unrecoverable", None, "Decide"),
        ("PatternFailure", None, "Act"),
        (None, "grown", "Act"),
    ]


@workc.workflow(max_backtracks=5)
async def undecided(ctx: workc.WorkflowContext) -> int:
    """Lets a gate send the run back in its first pass, and not in its second."""
    on_fail = "Act" if ctx.feedback["pass"] == 1 else "stop"
    gates = {"post": [{"id": "never", "check": "`false`", "on_fail": on_fail}]}
    return int(await ctx.call(shaky, number=3, step="try", gates=gates))


def test_what_a_gate_says_in_one_pass_holds_for_that_pass(tmp_path, proven):
    outcome = workc.run(undecided, out=tmp_path / "b")
    assert (outcome.status, outcome.code) == ("partial", "GATE_FAILED")
    events = proven(outcome.bundle, workflow=undecided)
    assert sum("backtrack" in event["payload"] for event in events) == 1


@workc.workflow(max_backtracks=1)
async def avoids(ctx: workc.WorkflowContext) -> int:
    """Calls in its first pass alone what a gate does not let succeed."""
    if ctx.feedback["pass"] > 1:
        return 7
    gates = {"post": [{"id": "never", "check": "`false`", "on_fail": "Act"}]}
    return int(await ctx.call(shaky, number=3, gates=gates))


def test_a_gate_that_failed_in_a_pass_that_is_over_forbids_no_success(tmp_path, proven):
    outcome = workc.run(avoids, out=tmp_path / "b")
    assert (outcome.status, outcome.output, outcome.failed_gates) == ("success", 7, ())
    proven(outcome.bundle, workflow=avoids)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("at", range(1, 27))
def test_a_run_that_dies_at_any_record_goes_back_as_often_as_one_that_does_not(
    tmp_path, proven, at
):
    seen = []

    def die(entry):
        seen.append(entry)
        if len(seen) == at:
            raise Killed

    runtime = Runtime(store=tmp_path / "store")
    with suppress(Killed):
        runtime.run(insists, watch=die)
    outcome = runtime.resume("last", workflow=insists)
    assert (outcome.status, outcome.output) == ("success", 4)
    events = proven(outcome.bundle, workflow=insists)
    assert sum("backtrack" in event["payload"] for event in events) == 3


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"recovery": {"Severe": "Act"}}, "Recoverable, Unrecoverable, PatternFailure, Catastrophic"),
        ({"recovery": {"Recoverable": "Lock"}}, "Act, Decide, Orient, stop"),
        ({"recovery": {"Catastrophic": "Act"}}, "nothing follows what is Catastrophic"),
        ({"recovery": ["Recoverable"]}, "a mapping"),
        ({"gates": {"post": [{"id": "g", "function": grown, "on_fail": "Lock"}]}}, "Act, Decide, Orient, stop"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_code(bad, message):
    with pytest.raises(workc.Misuse, match=message):
        workc.workflow(**bad)(insists.function)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("recovery: {Recoverable: Lock}", "Act"),
        ("recovery: {Recovrable: Act}", "Recoverable"),
        ("recovery: {Catastrophic: Act}", "stop"),
        ("gates: {post: [{id: g, check: '`true`', on_fail: Never}]}", "stop"),
        ("gates: {pre: [{id: g, approval: {question: q}, on_fail: Act}]}", ""),
    ],
)
def test_what_cannot_be_is_refused_in_a_file_with_its_line(line, message):
    flow = f"workc: 1\nname: n\nsteps: {{s: {{workflow: x.yaml}}}}\n{line}\n"
    found = find_problems(flow.encode(), "n.yaml", {"workflow:x.yaml": SkillInfo(input_schema={})})
    assert [problem.line for problem in found] == [4] * len(found) != []
    assert any(message in f"{problem.message} {problem.fix}" for problem in found), found


def test_a_human_sends_no_run_back_by_a_gate():
    flow = (
        "workc: 1\nname: n\nsteps:\n  s: {workflow: x.yaml, "
        "gates: {pre: [{id: g, approval: {question: q}, on_fail: Act}]}}\n"
    )
    found = find_problems(flow.encode(), "n.yaml", {})
    assert any("a human who says no sends no run back" in problem.message for problem in found)


PROBED = """\
workc: 1
name: probed
inputs: {base: {type: string, default: none}}
steps:
  a:
    skill: json_transform
    with: {data: {pass: "${feedback.pass}"}, expression: "@"}
    gates: {pre: [{id: second, command: [grep, -q, '"pass":2']}]}
verify: [{id: told, command: [grep, -q, '"pass":2'], on_fail: Act}]
output: "${steps.a.result}"
"""


@pytest.mark.parametrize("n", range(2, 14, 2))
def test_a_process_that_is_killed_in_any_pass_is_gone_on_with(tmp_path, proven, n):
    (tmp_path / "flow.yaml").write_text(PROBED, "utf-8")
    script = Path(__file__).with_name("killed_run.py").read_text("utf-8")
    granted = 'programs=["tally"] if ROOTS else []'
    assert granted in script
    (tmp_path / "killed.py").write_text(script.replace(granted, 'programs=["grep"]'), "utf-8")
    store = tmp_path / "store"
    command = [
        sys.executable,
        tmp_path / "killed.py",
        store,
        tmp_path / "flow.yaml",
        "x",
        n,
        "after",
    ]
    killed = subprocess.run([*map(str, command)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    outcome = Runtime(store=store, programs=["grep"]).resume("last")
    assert (outcome.status, outcome.output) == ("success", {"pass": 2})
    events = proven(outcome.bundle)
    assert sum("backtrack" in event["payload"] for event in events) == 1
