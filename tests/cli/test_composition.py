"""Steps that cannot fit together are found before anything is done; what nobody knows is let through."""

import pytest

SKILLS = """
import workc


@workc.skill(pure=True)
def count(text: str) -> int:
    return len(text)


@workc.skill(pure=True)
def names(number: int) -> list[str]:
    return ["a"] * number


@workc.skill(pure=True)
def first(items: list[dict[str, str]]) -> dict[str, str]:
    return items[0]


@workc.skill(pure=True)
def anything(value: object) -> object:
    return value
"""
HEAD = """\
workc: 1
name: typed
skills: [mine.py]
inputs: {word: {type: string, default: hi}, flag: {type: boolean, default: true}}
steps:
"""


@pytest.fixture
def flow(folder):
    (folder / "mine.py").write_text(SKILLS)

    def write(*lines, output="x"):
        steps = "".join(f"  {line}\n" for line in lines)
        (folder / "typed.yaml").write_text(f'{HEAD}{steps}output: "{output}"\n')
        return "typed.yaml"

    return write


COUNT = 'one: {skill: count, with: {text: "${inputs.word}"}}'
CLASHES = [
    (
        (COUNT, 'two: {skill: count, with: {text: "${steps.one}"}}'),
        "two: with/text: ${steps.one}: expected Text, got Number",
    ),
    (
        (COUNT, 'two: {skill: first, with: {items: [{a: "b"}, {a: "${steps.one}"}]}}'),
        "two: with/items/1/a: ${steps.one}: expected Text, got Number",
    ),
    (
        (COUNT, 'two: {skill: anything, with: {value: "${steps.one.length}"}}'),
        "two: with/value: ${steps.one.length}: Number has no members",
    ),
    (
        (
            'one: {skill: json_transform, with: {data: 1, expression: "@"}}',
            'two: {skill: anything, with: {value: "<${steps.one.reslt}>"}}',
        ),
        "two: with/value: ${steps.one.reslt}: there is no reslt; did you mean result?",
    ),
    (
        (COUNT, 'two: {skill: names, with: {number: "${steps.one}${steps.one}"}}'),
        "two: with/number: ${steps.one}${steps.one}: expected Number, got Text",
    ),
]


@pytest.mark.parametrize(("steps", "said"), CLASHES)
def test_what_cannot_fit_is_refused_before_it_runs_with_its_place(workc, flow, steps, said):
    name = flow(*steps)
    checked = workc("check", name)
    assert checked.exit_code == 2
    assert f"✗ problem  INVALID_WORKFLOW  {said}\n" in checked.stdout
    run = workc("run", name)
    assert (run.exit_code, run.stdout) == (2, "")
    assert f"✗ INVALID_WORKFLOW  {said}\n" in run.stderr
    assert workc("ls").stdout == ""


def test_an_output_that_cannot_be_is_refused_too(workc, flow):
    name = flow(COUNT, output="${steps.one.x}")
    shown = workc("check", name)
    assert "INVALID_WORKFLOW  output: ${steps.one.x}: Number has no members" in shown.stdout


def test_an_input_that_does_not_fit_is_found_by_check_and_refused(workc, flow):
    name = flow('one: {skill: count, with: {text: "${inputs.flag}"}}')
    for command in ("check", "run"):
        shown = workc(command, name)
        assert shown.exit_code == 2
        assert "with/text: ${inputs.flag}: expected Text, got Bool" in shown.stdout + shown.stderr
    assert workc("ls").stdout == ""


LEAF = """\
workc: 1
name: leaf
skills: [mine.py]
inputs: {{n: {{type: integer}}}}
steps: {{one: {{skill: {skill}, with: {{{parameter}: "${{inputs.n}}"}}}}}}
output: {{x: "${{steps.one}}"}}
"""
TOP = """\
workc: 1
name: top
skills: [mine.py]
steps:
  kid: {{workflow: leaf.yaml, with: {{n: 3}}}}
  again: {{workflow: leaf.yaml, with: {{n: 4}}}}
  last: {{skill: count, with: {{text: "${{steps.kid.x{more}}}"}}}}
output: "${{steps.last}}"
"""


@pytest.mark.parametrize(
    ("skill", "parameter", "more", "said"),
    [
        (
            "count",
            "text",
            "",
            "kid: workflow:leaf.yaml: one: with/text: ${inputs.n}: expected Text, got Number",
        ),
        ("anything", "value", "", None),
        ("names", "number", "", "last: with/text: ${steps.kid.x}: expected Text, got List<Text>"),
        ("names", "number", "[0]", None),
    ],
)
def test_children_are_looked_into_and_what_they_give_is_known(
    workc, flow, folder, skill, parameter, more, said
):
    flow()
    (folder / "leaf.yaml").write_text(LEAF.format(skill=skill, parameter=parameter))
    (folder / "top.yaml").write_text(TOP.format(more=more))
    for command in ("check", "run"):
        shown = workc(command, "top.yaml")
        text = " ".join((shown.stdout + shown.stderr).split())
        assert ("expected Text, got" in text) == (said is not None)
        # A file that two steps run is told of once.
        assert said is None or text.count(said) == 1
        if said is not None:
            assert shown.exit_code == 2


GOOD = [
    (COUNT, 'two: {skill: names, with: {number: "${steps.one}"}}'),
    (COUNT, 'two: {skill: count, with: {text: "${steps.one} letters"}}'),
    (
        "one: {skill: anything, with: {value: {a: [1]}}}",
        'two: {skill: names, with: {number: "${steps.one.a[0]}"}}',
    ),
    (
        "one: {skill: count, with: {text: a}, on_failure: {value: b}}",
        'two: {skill: anything, with: {value: "${steps.one}"}}',
    ),
]


@pytest.mark.parametrize("steps", GOOD)
def test_what_may_fit_runs(workc, flow, steps):
    name = flow(*steps, output="${steps.two}")
    assert workc("check", name).exit_code == 0
    run = workc("run", name, "-q")
    assert run.exit_code == 0, run.stderr


def test_a_step_that_may_fall_back_is_not_guessed(workc, flow):
    other = "on_failure: {value: {x: 1}}"
    name = flow(
        f"one: {{skill: count, with: {{text: a}}, {other}}}",
        'two: {skill: anything, with: {value: "${steps.one.x}"}}',
    )
    checked = workc("check", name)
    assert (checked.exit_code, "INVALID_WORKFLOW" in checked.stdout) == (0, False)


def test_types_are_shown_and_what_is_unknown_is_said(workc, flow):
    name = flow(
        COUNT,
        'two: {skill: names, with: {number: "${steps.one}"}}',
        "three: {skill: anything, with: {value: 1}}",
        output="${steps.two[0]}",
    )
    shown = workc("check", name, "--types")
    assert shown.stdout.splitlines()[:4] == [
        "type     one  Number",
        "type     two  List<Text>",
        "type     three  unknown",
        "type     output  Text",
    ]
    document = workc("check", name, "--types", "--json").document
    assert document["types"] == [
        {"step": "one", "type": "Number", "known": True},
        {"step": "two", "type": "List<Text>", "known": True},
        {"step": "three", "type": "unknown", "known": False},
        {"step": "output", "type": "Text", "known": True},
    ]
    assert "types" not in workc("check", name, "--json").document
