"""Declared effects of a workflow file: what is wrong with them, and what they are."""

import pytest

from workc.kernel.selectors import Effect
from workc.kernel.trie_merge import CAP
from workc.runtime.workflow.loader import find_problems, load_workflow, read_workflow
from workc.runtime.workflow.model import SkillInfo

KNOWN = {"use": SkillInfo(input_schema={"type": "object"})}
A, B = "Network net:http://a.example/v1", "WriteFS fs:out/"


def text(own="", of_step=""):
    lines = ["workc: 1", "name: f", *own.splitlines(), "steps:", "  s:", "    skill: use"]
    return "\n".join([*lines, *(f"    {line}" for line in of_step.splitlines())]).encode()


def loaded(**parts):
    return load_workflow(read_workflow(text(**parts), "f.yaml"), KNOWN)


def listed(*items):
    return "\n".join(["effects:", *(f"  - {item}" for item in items)])


def test_a_file_without_effects_declares_none():
    assert (loaded().effects, loaded().steps[0].effects) == (None, None)


def test_an_empty_list_declares_that_nothing_may_happen():
    assert loaded(own="effects: []").effects == ()
    flow = loaded(of_step="effects: []")
    assert (flow.effects, flow.steps[0].effects) == ((), ())


def test_the_effects_of_steps_are_effects_of_the_run():
    flow = loaded(own=listed(f'"{A}"'), of_step=listed(f'"{B}"', f'"{A}"'))
    first, second = Effect("Network", A[8:]), Effect("WriteFS", B[8:])
    assert flow.effects == (first, second)
    assert flow.steps[0].effects == (second, first)


@pytest.mark.parametrize(
    ("item", "message", "fix"),
    [
        ('"Netwrk net:http://a/"', "no effect 'Netwrk'", "did you mean Network?"),
        ('"Zzz net:http://a/"', "no effect 'Zzz'", "write one of ReadFS, "),
        ('"Network http://a/"', "begins with net:", "write it like net:https://"),
        ('"Network net:http://a/../b"', "leads upwards", "write it like"),
        ('"Network net:http://a/${inputs.x}"', "no references", "fixed before it begins"),
        ("{op: Network}", "a mapping of op and selector", "write it like"),
        ("{op: Netw, selector: x}", '"Netw" is not one of', "did you mean Network?"),
        ("{op: Network, selektor: x}", 'no key "selektor"', "did you mean selector?"),
        ("7", "must be a text or a mapping", "An effect, like"),
    ],
)
@pytest.mark.parametrize("where", ["own", "of_step"])
def test_each_mistake_is_told_with_its_line_and_a_fix(item, message, fix, where):
    found = find_problems(text(**{where: listed(item)}), "f.yaml", KNOWN)
    assert {problem.line for problem in found} == {4 if where == "own" else 7}
    assert any(message in problem.message and fix in problem.fix for problem in found), found


def test_an_effect_that_stands_twice_is_told_whatever_its_spelling():
    again = '{op: Network, selector: "net:HTTP://A.example:80/v1/"}'
    (problem,) = find_problems(text(own=listed(f'"{A}"', again)), "f.yaml", KNOWN)
    assert (problem.line, problem.fix) == (5, "remove one")


def test_more_effects_than_any_plan_can_hold_are_refused():
    (problem,) = find_problems(
        text(of_step=listed(*(f'"Exec exec:{n}"' for n in range(CAP + 1)))), "f.yaml", KNOWN
    )
    assert problem.path == "steps.s.effects"
    assert f"{CAP + 1} effects remain where at most {CAP}" in problem.message
