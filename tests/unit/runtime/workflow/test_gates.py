"""``gates`` in a workflow file: what is built of them, and every mistake with its line and fix."""

import pytest

from workc.runtime.workflow.loader import find_problems, load_workflow, read_workflow
from workc.runtime.workflow.model import (
    ApprovalSpec,
    CommandSpec,
    GateSpec,
    HumanGate,
    RunGates,
    SkillInfo,
    StepGates,
)


def skill(*gate_params, is_pure=True):
    return SkillInfo(
        input_schema={"type": "object", "properties": {"url": {"type": "string"}}},
        gate_params=gate_params if is_pure else None,
    )


KNOWN = {"get": skill(is_pure=False), "short": skill("value"), "few": skill("inputs", "steps")}
FLOW = """\
workc: 1
name: n
inputs: {i: {type: string}}
secrets: [KEY]
gates: %s
steps:
  a: {skill: get, with: {url: x}}
  b: {skill: get, with: {url: x}, gates: %s}
"""
SMALL = "inputs.i == 'x'"


def load(run="{}", step="{}"):
    return load_workflow(read_workflow((FLOW % (run, step)).encode(), "n.yaml"), KNOWN)


def test_a_workflow_without_gates_has_none():
    flow = load()
    assert flow.gates == RunGates()
    assert flow.steps[1].gates == StepGates()


def test_gates_of_a_run_are_built_in_their_order():
    flow = load(
        '{pre: [{id: a, check: "inputs.i"}, {id: b, policy: offline}],'
        ' post: [{id: c, function: few}, {id: d, check: "output"}]}'
    )
    assert flow.gates == RunGates(
        pre=(
            GateSpec(id="a", kind="check", that="inputs.i"),
            GateSpec(id="b", kind="policy", that="offline"),
        ),
        post=(
            GateSpec(id="c", kind="function", that="few"),
            GateSpec(id="d", kind="check", that="output"),
        ),
    )


def test_gates_of_a_step_are_built_in_their_order_and_its_approval_comes_last():
    step = load(
        step='{pre: [{id: h, approval: {question: "Go?", timeout_ms: 7}}, {id: p, check: "params"}],'
        " post: [{id: s, function: short}]}, approval: {question: Now}"
    ).steps[1]
    asked = HumanGate(id="h", asked=ApprovalSpec(question="Go?", timeout_ms=7))
    check = GateSpec(id="p", kind="check", that="params")
    assert step.gates.pre == (asked, check)
    assert step.gates.post == (GateSpec(id="s", kind="function", that="short"),)
    own = HumanGate(id="approval", asked=ApprovalSpec(question="Now"))
    assert step.barriers == (asked, check, own)


@pytest.mark.parametrize(
    ("gate", "takes"),
    [
        ("pre: [{id: g, check: 'steps.a.n == `1`'}]", ()),
        ("post: [{id: g, check: 'value == steps.a'}]", ()),
        ("pre: [{id: g, approval: {question: 'Is ${steps.a.n} right?'}}]", ("a",)),
    ],
)
def test_a_step_waits_for_the_steps_that_its_gates_name_and_sees_them(gate, takes):
    step = load(step=f"{{{gate}}}").steps[1]
    assert (step.needs, step.takes, step.gates.sees) == (("a",), takes, ("a",))


def test_what_a_step_waits_for_otherwise_its_gates_see_too():
    step = load(step="{pre: [{id: g, check: 'length(steps) == `1`'}]}, depends_on: [a]").steps[1]
    assert step.gates.sees == ("a",)


def test_what_runs_instead_passes_no_gate_again_and_is_judged_by_the_same():
    gates = "{pre: [{id: g, check: 'params'}], post: [{id: h, check: 'value'}]}"
    step = load(step=gates + ", on_failure: {skill: get, with: {url: y}}").steps[1]
    assert (step.instead.barriers, step.instead.gates.post) == ((), step.gates.post)


WRONG_OF_STEP = {
    "no mapping": ("[]", "steps.b.gates", "a mapping, not a list"),
    "typo of a list": ("{per: []}", "steps.b.gates.per", 'no key "per"'),
    "no list": ("{pre: {}}", "steps.b.gates.pre", "a list, not a mapping"),
    "no gate": ("{pre: [x]}", "steps.b.gates.pre[0]", "a mapping, not a text"),
    "no id": ("{pre: [{check: params}]}", "steps.b.gates.pre[0]", "missing here: id"),
    "bad id": ("{pre: [{id: a b, check: params}]}", "steps.b.gates.pre[0].id", "does not match"),
    "no way": ("{pre: [{id: a}]}", "steps.b.gates.pre[0]", "there is none of check, function"),
    "two ways": (
        "{post: [{id: a, check: value, policy: offline}]}",
        "steps.b.gates.post[0]",
        "there is check and policy here",
    ),
    "no command": ("{pre: [{id: a, command: []}]}", "steps.b.gates.pre[0].command", "empty"),
    "a shell": (
        "{pre: [{id: a, command: 'make check'}]}",
        "steps.b.gates.pre[0].command",
        "a list, not a text",
    ),
    "a reference in a command": (
        "{pre: [{id: a, command: [grep, '${inputs.i}']}]}",
        "steps.b.gates.pre[0].command[1]",
        "a command holds no references",
    ),
    "a folder of no command": (
        "{pre: [{id: a, check: params, cwd: repo}]}",
        "steps.b.gates.pre[0].cwd",
        "cwd is said of a command, and there is none here",
    ),
    "typo of a way": ("{pre: [{id: a, chek: params}]}", "steps.b.gates.pre[0].chek", "no key"),
    "unknown key": (
        "{pre: [{id: a, check: params, level: Semantic}]}",
        "steps.b.gates.pre[0].level",
        'no key "level"',
    ),
    "twice": (
        "{pre: [{id: a, check: params}], post: [{id: a, check: value}]}",
        "steps.b.gates.post[0].id",
        'already a gate "a"',
    ),
    "named as the approval": (
        "{pre: [{id: approval, check: params}]}, approval: {question: Go}",
        "steps.b.gates.pre[0].id",
        'already a gate "approval"',
    ),
    "bad expression": ("{pre: [{id: a, check: 'a ='}]}", "steps.b.gates.pre[0].check", "invalid"),
    "empty expression": ("{pre: [{id: a, check: ''}]}", "steps.b.gates.pre[0].check", "empty"),
    "no text": ("{pre: [{id: a, check: true}]}", "steps.b.gates.pre[0].check", "must be a text"),
    "a reference": (
        "{pre: [{id: a, check: '${inputs.i}'}]}",
        "steps.b.gates.pre[0].check",
        "invalid expression",
    ),
    "value before": ("{pre: [{id: a, check: value}]}", "steps.b.gates.pre[0].check", '"value"'),
    "params after": ("{post: [{id: a, check: params}]}", "steps.b.gates.post[0].check", '"params"'),
    "secrets": ("{pre: [{id: a, check: secrets.KEY}]}", "steps.b.gates.pre[0].check", '"secrets"'),
    "no such input": (
        "{pre: [{id: a, check: inputs.j}]}",
        "steps.b.gates.pre[0].check",
        'no input "j"',
    ),
    "no such step": ("{pre: [{id: a, check: steps.z}]}", "steps.b.gates.pre[0].check", 'step "z"'),
    "itself before": (
        "{pre: [{id: a, check: steps.b}]}",
        "steps.b.gates.pre[0].check",
        'the step "b" is not over',
    ),
    "itself after": (
        "{post: [{id: a, check: 'steps.b == `1`'}]}",
        "steps.b.gates.post[0].check",
        'the step "b" is not over',
    ),
    "no such rule": (
        "{pre: [{id: a, policy: ofline}]}",
        "steps.b.gates.pre[0].policy",
        '"ofline" is not one of',
    ),
    "no such function": (
        "{post: [{id: a, function: shrt}]}",
        "steps.b.gates.post[0].function",
        'no function "shrt"',
    ),
    "no pure function": (
        "{post: [{id: a, function: get}]}",
        "steps.b.gates.post[0].function",
        "get is not a pure function",
    ),
    "a function that sees more": (
        "{pre: [{id: a, function: short}]}",
        "steps.b.gates.pre[0].function",
        "short takes value, and a gate pre_step sees inputs, lens, steps, params",
    ),
    "asking afterwards": (
        "{post: [{id: a, approval: {question: Go}}]}",
        "steps.b.gates.post[0].approval",
        'no key "approval"',
    ),
    "asking nothing": (
        "{pre: [{id: a, approval: {}}]}",
        "steps.b.gates.pre[0].approval",
        "missing here: question",
    ),
    "a secret in a question": (
        "{pre: [{id: a, approval: {question: '${secrets.KEY}?'}}]}",
        "steps.b.gates.pre[0].approval.question",
        "a secret cannot stand here",
    ),
}
WRONG_OF_RUN = {
    "steps before": ("{pre: [{id: a, check: steps.a}]}", "gates.pre[0].check", '"steps"'),
    "output before": ("{pre: [{id: a, check: output}]}", "gates.pre[0].check", '"output"'),
    "value": ("{post: [{id: a, check: value}]}", "gates.post[0].check", '"value"'),
    "no such step": ("{post: [{id: a, check: steps.z}]}", "gates.post[0].check", 'no step "z"'),
    "asking": (
        "{pre: [{id: a, approval: {question: Go}}]}",
        "gates.pre[0].approval",
        'no key "approval"',
    ),
    "twice": (
        "{pre: [{id: a, check: inputs.i}, {id: a, check: inputs.i}]}",
        "gates.pre[1].id",
        'already a gate "a"',
    ),
    "a function that sees more": (
        "{pre: [{id: a, function: few}]}",
        "gates.pre[0].function",
        "few takes steps, and a gate pre_run sees inputs, lens",
    ),
}
CASES = [
    *(("{}", said, path, message) for said, path, message in WRONG_OF_STEP.values()),
    *((said, "{}", path, message) for said, path, message in WRONG_OF_RUN.values()),
]


@pytest.mark.parametrize(
    ("run", "step", "path", "message"), CASES, ids=[*WRONG_OF_STEP, *WRONG_OF_RUN]
)
def test_each_mistake_is_told_with_its_place_and_a_fix(run, step, path, message):
    found = find_problems((FLOW % (run, step)).encode(), "n.yaml", KNOWN)
    [said] = [each for each in found if each.path == path and message in each.message]
    assert said.fix
    assert said.line == (5 if path.startswith("gates") else 8)


def test_a_misspelt_way_is_told_once():
    text = FLOW % ("{}", "{pre: [{id: a, chek: params}]}")
    [found] = find_problems(text.encode(), "n.yaml", KNOWN)
    assert found.fix == "did you mean check?"


def test_a_command_is_built_with_its_folder_and_time():
    said = "{id: c, command: [make, -k, check], cwd: repo/a, timeout_ms: 5}"
    [gate] = load(run=f"{{pre: [{said}]}}").gates.pre
    assert gate == GateSpec(
        id="c",
        kind="command",
        that='["make","-k","check"]',
        command=CommandSpec(argv=("make", "-k", "check"), cwd="repo/a", timeout_ms=5),
    )


def test_a_cycle_through_a_gate_is_found():
    text = FLOW % ("{}", "{pre: [{id: g, check: steps.a}]}")
    text = text.replace("a: {skill: get, with: {url: x}}", "a: {skill: get, depends_on: [b]}")
    [found] = find_problems(text.encode(), "n.yaml", KNOWN)
    assert "these steps wait for each other: a -> b -> a" in found.message


def test_an_unknown_function_is_no_problem_of_its_own_while_its_file_is_not_loaded():
    text = (FLOW % ("{}", "{post: [{id: a, function: z}]}")).replace(
        "secrets:", "skills: [m.py]\nsecrets:"
    )
    with pytest.raises(Exception, match="cannot be") as caught:
        load_workflow(
            read_workflow(text.encode(), "n.yaml"), KNOWN, {"m.py": "m.py cannot be imported"}
        )
    assert [each.path for each in caught.value.problems] == ["skills[0]"]
