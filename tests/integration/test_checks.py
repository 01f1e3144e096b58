"""Checks that ask a function or a program: at every level, sent back by, replayed and killed."""

import json
from contextlib import suppress
from pathlib import Path

import pytest

import workc
from workc import Runtime
from workc.runtime.workflow.loader import find_problems
from workc.runtime.workflow.model import SkillInfo

SKILLS = '''
import workc

@workc.gate
def long_enough(output: list[object], inputs: dict[str, int]) -> object:
    """Says whether there is enough of it, or something else."""
    return len(output) >= inputs["least"] if inputs["least"] else "perhaps"

@workc.gate
def seen(value: int) -> bool:
    """Sees what no check sees."""
    return bool(value)
'''
FLOW = """\
workc: 1
name: checked
inputs: {{least: {{type: integer, default: 2}}}}
skills: [skills.py]
steps:
  a: {{skill: json_transform, with: {{data: [1, 2], expression: "@"}}}}
verify:
  - {{id: said, that: "length(output) == `2`", level: Syntactic}}
  - {{id: long, function: long_enough, level: Semantic}}
  - {{id: told, command: [grep, -q, '{word}'], level: Acceptance{more}}}
output: "${{steps.a.result}}"
"""


@pytest.fixture
def run(tmp_path, proven):
    """Returns a function: runs a file, proves its bundle, and gives outcome, events and receipt."""

    def run(text, inputs=None, programs=("grep",), **options):
        (tmp_path / "skills.py").write_text(SKILLS, "utf-8")
        (tmp_path / "flow.yaml").write_text(text, "utf-8")
        runtime = Runtime(programs=programs, **options)
        outcome = runtime.run(tmp_path / "flow.yaml", inputs, out=tmp_path / "bundle")
        events = proven(outcome.bundle, code=tmp_path)
        receipt = json.loads((Path(outcome.bundle) / "receipt.json").read_bytes())
        return outcome, events, receipt

    return run


def flow(word='"output":', more=""):
    return FLOW.format(word=word, more=more)


def test_checks_by_expression_function_and_program_hold_together(run):
    outcome, events, receipt = run(flow())
    assert (outcome.status, receipt["lock_level"]) == ("success", "Committed")
    [results] = [e["payload"]["results"] for e in events if e["kind"] == "VerificationRun"]
    assert [(r["check_id"], r.get("kind"), r["level"]) for r in results] == [
        ("said", None, "Syntactic"),
        ("long", "function", "Semantic"),
        ("told", "command", "Acceptance"),
    ]
    assert all(result["value"] == {"form": "json", "inline": "true"} for result in results)
    [gate] = [e for e in events if e["kind"] == "GateEvaluated"]
    assert (gate["payload"]["gate"], gate["payload"]["value"]["inline"]) == ("told", "0")
    assert "at_ms" in gate


@pytest.mark.parametrize(
    ("word", "inputs", "broken"),
    [("nothing", {}, "told"), ('"output":', {"least": 3}, "long"), ('"output":', {"least": 0}, "long")],
)  # fmt: skip
def test_one_that_does_not_hold_fails_the_run(run, word, inputs, broken):
    outcome, _, receipt = run(flow(word), inputs)
    assert (outcome.status, outcome.code) == ("failure", "VERIFICATION_FAILED")
    assert f"the check {broken} did not hold" in outcome.message
    failed = [r["check_id"] for r in receipt["verification"]["results"] if not r["passed"]]
    assert failed == [broken]


@pytest.mark.parametrize("that", ["`1`", "output", "'yes'"])
def test_an_expression_that_gives_something_else_than_true_does_not_hold(run, that):
    outcome, events, _ = run(flow().replace("length(output) == `2`", that))
    assert outcome.code == "VERIFICATION_FAILED"
    [results] = [e["payload"]["results"] for e in events if e["kind"] == "VerificationRun"]
    assert [each["check_id"] for each in results if not each["passed"]] == ["said"]


def test_a_program_that_was_not_allowed_is_no_check_that_held(run):
    outcome, events, _ = run(flow(), programs=())
    assert outcome.code == "VERIFICATION_FAILED"
    [results] = [e["payload"]["results"] for e in events if e["kind"] == "VerificationRun"]
    assert results[-1]["failure"]["code"] == "OPERATION_NOT_ALLOWED"
    assert "value" not in results[-1]


def test_a_program_that_is_not_declared_is_not_run(run):
    outcome, events, _ = run("effects: []\n" + flow())
    assert outcome.code == "VERIFICATION_FAILED"
    [gate] = [e["payload"] for e in events if e["kind"] == "GateEvaluated"]
    assert gate["failure"]["code"] == "EFFECT_NOT_DECLARED"


def test_a_program_sends_the_run_back_and_the_next_pass_sees_why(run):
    more = ", on_fail: Act"
    text = flow('"again":2', more).replace(
        "data: [1, 2]", 'data: [1, {again: "${feedback.pass}", of: "${feedback.of}", failed: "${feedback.failed}"}]'
    )  # fmt: skip
    outcome, _, receipt = run(text)
    assert outcome.status == "success"
    assert [each["of"] for each in receipt["backtracks"]] == ["told"]
    told = outcome.output[1]
    assert (told["of"], [each["check"] for each in told["failed"]]) == ("told", ["told"])


@workc.gate
def even(output: int) -> bool:
    """Says whether it is even."""
    return output % 2 == 0


@workc.workflow(
    verify=[
        {"id": "even", "function": even, "on_fail": "Act"},
        {"id": "told", "command": ["grep", "-q", '"output":2'], "timeout_ms": 9000},
    ],
)
async def counted(ctx: workc.WorkflowContext) -> int:
    """Gives the number of the pass."""
    await ctx.sleep_ms(0)
    return int(ctx.feedback["pass"])


def test_a_function_asks_functions_and_programs(tmp_path, proven):
    outcome = Runtime(programs=["grep"]).run(counted, out=tmp_path / "b")
    assert (outcome.status, outcome.output) == ("success", 2)
    proven(outcome.bundle, workflow=counted)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("at", range(1, 16))
def test_a_run_that_dies_while_it_is_checked_goes_on(tmp_path, proven, at):
    seen = []

    def die(entry):
        seen.append(entry)
        if len(seen) == at:
            raise Killed

    runtime = Runtime(store=tmp_path / "store", programs=["grep"])
    with suppress(Killed):
        runtime.run(counted, watch=die)
    outcome = runtime.resume("last", workflow=counted)
    assert (outcome.status, outcome.output) == ("success", 2)
    events = proven(outcome.bundle, workflow=counted)
    assert [e["kind"] for e in events].count("GateEvaluated") == 2


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"id": "a"}, "one of that, function and command"),
        ({"id": "a", "that": "x", "function": even}, "one of that, function and command"),
        ({"id": "a", "function": "nowhere"}, "no function of a gate"),
        ({"id": "a", "command": []}, "a program and its arguments"),
        ({"id": "a", "function": even, "cwd": "x"}, "a gate has an id and one of"),
    ],
)
def test_what_cannot_be_is_refused_in_code(bad, message):
    with pytest.raises(workc.Misuse, match=message):
        workc.workflow(verify=[bad])(counted.function)


def test_a_gate_and_a_check_of_one_name_are_refused():
    check = {"id": "even", "command": ["true"]}
    with pytest.raises(workc.Misuse, match="a gate and a check are named 'even'"):
        workc.workflow(verify=[check], gates={"post": [even]})(counted.function)


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("{id: c}", "that, function, command"),
        ("{id: c, that: x, command: [make]}", "that"),
        ("{id: c, function: nothing}", "there is no function"),
        ("{id: c, function: seen}", "takes value"),
        ("{id: c, that: output, cwd: repo}", "cwd is said of a command"),
        ("{id: c, command: ['${inputs.x}']}", "a command holds no references"),
        ("{id: g, command: [make]}", "there is already a gate"),
    ],
)
def test_what_cannot_be_is_refused_in_a_file_with_its_line(check, message):
    flow = (
        "workc: 1\nname: n\nsteps: {s: {workflow: x.yaml}}\n"
        "gates: {post: [{id: g, check: '`true`'}]}\n"
        f"verify: [{check}]\n"
    )
    known = {
        "workflow:x.yaml": SkillInfo(input_schema={}),
        "seen": SkillInfo(input_schema={}, gate_params=("value",)),
    }
    found = find_problems(flow.encode(), "n.yaml", known)
    assert [problem.line for problem in found] == [5] * len(found) != []
    assert any(message in f"{problem.message} {problem.fix}" for problem in found), found
