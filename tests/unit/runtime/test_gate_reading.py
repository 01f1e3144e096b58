"""``gates`` in code: the forms of a workflow file, functions by themselves, and what is Misuse."""

import pytest

import workc
from workc.kernel.failure import Misuse
from workc.runtime.gate_reading import read_run_gates, read_step_gates
from workc.runtime.workflow.model import (
    ApprovalSpec,
    CommandSpec,
    GateSpec,
    HumanGate,
    RunGates,
    StepGates,
)


@workc.gate
def short(value: list[int]) -> bool:
    """Says whether it is short."""
    return len(value) < 3


@workc.gate
def few(inputs: dict[str, int]) -> bool:
    """Says whether they are few."""
    return len(inputs) < 3


@workc.gate(name="a.b")
def dotted(inputs: object) -> bool:
    """Has a name that no gate can have."""
    return inputs is None


@workc.skill
def reads(value: object) -> bool:
    """Has effects that nobody knows."""
    return bool(value)


def find(named):
    known = {"short": short, "few": few}
    found = known.get(named, named) if isinstance(named, str) else named
    if not isinstance(found, workc.Skill):
        raise Misuse(f"no skill is named {named!r}")
    return found


def ask(said):
    return ApprovalSpec(question=said)


def of_run(said):
    return read_run_gates(said, find)


def of_step(said, *, approved=False):
    return read_step_gates(said, find, ask, approved=approved)


def test_nothing_said_is_no_gate():
    assert of_run(None) == of_run({}) == RunGates()
    assert of_step(None) == of_step({"pre": []}) == StepGates()


def test_each_form_of_a_gate_of_a_run_is_read():
    said = {
        "pre": [{"id": "a", "check": "inputs.n"}, few],
        "post": ({"id": "b", "policy": "offline"},),
    }
    assert of_run(said) == RunGates(
        pre=(
            GateSpec(id="a", kind="check", that="inputs.n"),
            GateSpec(id="few", kind="function", that="few"),
        ),
        post=(GateSpec(id="b", kind="policy", that="offline"),),
    )


def test_each_form_of_a_gate_of_a_call_is_read():
    said = {
        "pre": [{"id": "h", "approval": "Go?"}, {"id": "p", "check": 'steps."a-1.0" == params.n'}],
        "post": [{"id": "s", "function": short}, {"id": "t", "function": "short"}],
    }
    assert of_step(said) == StepGates(
        pre=(
            HumanGate(id="h", asked=ApprovalSpec(question="Go?")),
            GateSpec(id="p", kind="check", that='steps."a-1.0" == params.n'),
        ),
        post=(
            GateSpec(id="s", kind="function", that="short"),
            GateSpec(id="t", kind="function", that="short"),
        ),
    )


def test_a_command_is_read():
    said = {"id": "c", "command": ["make"], "cwd": "repo", "timeout_ms": 0}
    [gate] = of_run({"pre": [said]}).pre
    assert gate.command == CommandSpec(argv=("make",), cwd="repo", timeout_ms=0)
    assert (gate.kind, gate.that) == ("command", '["make"]')


CHECK = {"id": "a", "check": "inputs"}
WRONG = {
    "no mapping": ([CHECK], "gates are a mapping with pre and post, not a list"),
    "typo": ({"per": []}, "no 'per'"),
    "no list": ({"pre": CHECK}, "stand in a list, not in a dict"),
    "no gate": ({"pre": ["short"]}, "a mapping or a function made by @workc.gate, not a str"),
    "plain function": ({"pre": [find]}, "not a function"),
    "no id": ({"pre": [{"check": "inputs"}]}, "an id and one of check, function"),
    "no way": ({"pre": [{"id": "a"}]}, "an id and one of check, function"),
    "two ways": ({"pre": [{**CHECK, "policy": "offline"}]}, "an id and one of"),
    "unknown key": ({"pre": [{**CHECK, "level": 1}]}, "an id and one of"),
    "bad id": ({"pre": [{**CHECK, "id": "a b"}]}, "the id of a gate matches"),
    "line break": ({"pre": [{**CHECK, "id": "a\n"}]}, "the id of a gate matches"),
    "id of a number": ({"pre": [{**CHECK, "id": 7}]}, "the id of a gate is a text"),
    "twice": ({"pre": [CHECK], "post": [CHECK]}, "two gates are named 'a'"),
    "bad expression": ({"pre": [{"id": "a", "check": "a ="}]}, "the gate a: invalid expression"),
    "no text": ({"pre": [{"id": "a", "check": True}]}, "check of the gate a is a text"),
    "no rule": ({"pre": [{"id": "a", "policy": "off"}]}, "no rule 'off'; there are guarded, off"),
    "no skill": ({"pre": [{"id": "a", "function": "z"}]}, "no skill is named 'z'"),
    "not pure": ({"post": [reads]}, "reads is not a pure function"),
    "unseen": ({"pre": [short]}, "short takes value, and a gate pre_"),
    "no words": ({"pre": [{"id": "a", "command": []}]}, "a program and its arguments"),
    "an empty word": ({"pre": [{"id": "a", "command": ["make", ""]}]}, "none empty"),
    "a shell": ({"pre": [{"id": "a", "command": "make"}]}, "the command of the gate a"),
    "a number": ({"pre": [{"id": "a", "command": [7]}]}, "is a list of texts; one is an int"),
    "no folder": ({"pre": [{"id": "a", "command": ["make"], "cwd": 7}]}, "cwd is a text"),
    "no time": ({"pre": [{"id": "a", "command": ["make"], "timeout_ms": -1}]}, "timeout_ms"),
    "a folder of no command": ({"pre": [{**CHECK, "cwd": "repo"}]}, "an id and one of"),
    "asks afterwards": ({"post": [{"id": "a", "approval": "Go?"}]}, "asked before a step"),
    "no id of a gate": ({"pre": [dotted]}, "'a.b' can be no id of a gate"),
}  # fmt: skip


@pytest.mark.parametrize("read", [of_run, of_step])
@pytest.mark.parametrize("case", WRONG)
def test_each_mistake_is_misuse_that_says_what_is_meant(read, case):
    said, message = WRONG[case]
    with pytest.raises(Misuse, match=message):
        read(said)


def test_a_human_is_asked_of_a_step_and_not_of_a_run():
    with pytest.raises(Misuse, match="asked before a step, and nowhere else"):
        of_run({"pre": [{"id": "a", "approval": "Go?"}]})


def test_what_cannot_be_seen_yet_is_misuse():
    with pytest.raises(Misuse, match="of a workflow sees inputs, lens; there is no 'steps'"):
        of_run({"pre": [{"id": "a", "check": "steps.b"}]})
    with pytest.raises(
        Misuse, match="of a call sees inputs, lens, steps, value; there is no 'params'"
    ):
        of_step({"post": [{"id": "a", "check": "params.b"}]})


def test_a_gate_may_not_be_named_as_the_approval_that_is_asked_besides():
    said = {"pre": [{"id": "approval", "check": "params"}]}
    assert of_step(said).pre[0].id == "approval"
    with pytest.raises(Misuse, match="two gates are named 'approval'"):
        of_step(said, approved=True)
