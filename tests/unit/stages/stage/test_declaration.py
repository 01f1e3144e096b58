"""What is wrong with a stage before it is run: fields, ids, effects, examples, code."""

import pytest
from drawn_types import TYPES, values_of
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from workc.stages.stage.code import entry_name
from workc.stages.stage.declaration import flaws, named_stages, strangers
from workc.stages.stage.effect_set import PURE, effect_set
from workc.stages.stage.field_kinds import Types, field_problem, type_at
from workc.stages.stage.identity import id_of
from workc.stages.stage.properties import is_broken, no_run, property_of_json
from workc.stages.stage.refinements import StageError
from workc.stages.stage.types import Any, List, Map, Null, Number, Record, Text, optional, union
from workc.stages.stage.value import Example, Stage, StageSignature

INPUT = Record(
    {
        "name": Text(),
        "items": List(Record({"id": Number()})),
        "more": Map(Text(), Number()),
        "any": Any(),
        "maybe": optional(List(Text())),
    }
)
TYPES_HERE = Types(INPUT, union((Number(), Record({"n": Number()}))))


@pytest.mark.parametrize(
    "path",
    [
        "input",
        "input.name",
        "input.items.0.id",
        "input.more.whatever",
        "input.any.a.b.0",
        "input.maybe.3",
        "output.n",
    ],
)
def test_a_path_that_the_types_have_is_found(path):
    assert type_at(path, TYPES_HERE) is not None
    assert (
        field_problem(
            property_of_json({"kind": "set_member", "field": path, "set": [1]}), TYPES_HERE
        )
        is None
    )


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("input.nmae", "did you mean name?"),
        ("input.items.id", "has no id"),
        ("input.items.x.id", "has no x"),
        ("input.name.0", "Text has no 0"),
        ("input.maybe.a", "has no a"),
        ("output.m", "has no m"),
    ],
)
def test_a_path_that_the_types_do_not_have_is_a_typo(path, said):
    of = property_of_json({"kind": "set_member", "field": path, "set": [1]})
    inside = property_of_json(
        {
            "kind": "implies",
            "if": {"kind": "not", "property": {"kind": "unique", "field": path}},
            "then": {"kind": "unique", "field": "input.items"},
        }
    )
    for each in (of, inside):
        assert said in field_problem(each, TYPES_HERE)


@pytest.mark.parametrize(
    ("of", "fits"),
    [
        ({"kind": "range", "field": "input.name", "min": 0}, False),
        ({"kind": "range", "field": "output", "min": 0}, True),
        ({"kind": "range", "field": "input.any", "min": 0}, True),
        ({"kind": "sorted", "field": "input.more"}, False),
        ({"kind": "sorted", "field": "input.maybe"}, True),
        ({"kind": "unique", "field": "input.name"}, False),
        ({"kind": "field_length_eq", "left_field": "input.name", "right_field": "output.n"}, False),
        (
            {
                "kind": "field_length_max",
                "subject_field": "input.more",
                "bound_field": "input.items",
            },
            True,
        ),
        ({"kind": "subset_of", "subject_field": "output.n", "super_field": "input.any"}, False),
        ({"kind": "idempotent"}, True),
    ],
)
def test_a_property_that_can_hold_of_no_value_is_refused(of, fits):
    assert (field_problem(property_of_json(of), TYPES_HERE) is None) is fits


@given(
    TYPES.flatmap(
        lambda item: st.tuples(
            st.just(item), values_of(item), st.sampled_from(["range", "unique", "sorted"])
        )
    )
)
def test_what_holds_of_a_value_is_never_called_impossible(drawn):
    item, value, kind = drawn
    of = property_of_json({"kind": kind, "field": "output"})
    if is_broken(of, None, value, no_run) is None:
        assert field_problem(of, Types(Null(), item)) is None


def stage(**more):
    signature = StageSignature(
        input=Number(), output=Number(), effects=PURE, implementation_hash="h"
    )
    made = replace(Stage(id="", signature=signature, description="d", name="n"), **more)
    return replace(made, id=id_of(made))


def said(of, known=()):
    found = [*flaws(of), *strangers(of, set(known))]
    return [(flaw.word, f"{flaw.at}: {flaw.message}") for flaw in found]


def test_a_stage_that_is_right_has_no_flaw():
    assert said(stage(examples=(Example(input=1, output=2),))) == []


def test_every_flaw_of_a_stage_is_said():
    wrong = stage(
        examples=(
            Example(input="a", output=2),
            Example(input=1, output="b"),
            Example(input="a", error_code="INVALID_INPUT"),
            Example(input="a", error_code="INVALID_INPTU"),
            Example(input="a", error_code="Q"),
        ),
        properties=tuple(
            map(
                property_of_json,
                [
                    {"kind": "unique", "field": "output"},
                    {"kind": "round_trip", "by": "other"},
                    {"kind": "not", "property": {"kind": "round_trip", "by": "third"}},
                ],
            )
        ),
    )
    messages = [message for _, message in said(wrong, {"third"})]
    assert messages == [
        '/examples/0/input: expected Number, got string "a"',
        '/examples/1/output: expected Number, got string "b"',
        "/examples/3/error_code: 'INVALID_INPTU' is no failure code; did you mean INVALID_INPUT?",
        "/examples/4/error_code: 'Q' is no failure code",
        "/properties/0: output: unique is about array, and it is Number",
        "/properties/1: round_trip by 'other', which is no stage here",
    ]
    assert named_stages(wrong) == ("other", "third")
    implied = stage(
        properties=(
            property_of_json(
                {
                    "kind": "implies",
                    "if": {"kind": "round_trip", "by": "a"},
                    "then": {"kind": "round_trip", "by": "b"},
                }
            ),
        )
    )
    assert named_stages(implied) == ("a", "b")


@pytest.mark.parametrize(
    ("pointer", "why"),
    [
        ("", "no number"),
        ("/a", "no number"),
        ("/a/b~1c", None),
        ("/a/l/1", None),
        ("/a/l/01", "nothing"),
        ("/a/l/2", "nothing"),
        ("/a/l/-", "nothing"),
        ("/a/t", "no number"),
        ("/a/b", "nothing"),
        ("/a/b~1c/0", "nothing"),
        ("a", "nothing"),
    ],
)
def test_a_tolerance_is_of_a_number_that_there_is(pointer, why):
    output = {"a": {"b/c": 1, "l": [1, 2.5], "t": True}}
    example = Example(input=1, output=output, tolerance={pointer: 0.1})
    base = stage()
    loose = replace(base.signature, output=Any())
    made = stage(signature=loose, examples=(example,))
    expected = [f"/examples/0/tolerance: {pointer!r} names {why} in the output"] if why else []
    assert [message for _, message in said(made)] == expected


@pytest.mark.parametrize(
    ("effects", "words"),
    [
        (("Pure", "Fallible"), []),
        (("Unknown",), []),
        (("Pure", "Network"), ["/signature/effects: Pure has none, and Network is declared too"]),
        (
            ("Unknown", "Network"),
            ["/signature/effects: they are Unknown or they are named, not both"],
        ),
    ],
)
def test_effects_that_contradict_each_other_are_refused(effects, words):
    base = stage()
    signature = replace(base.signature, effects=effect_set(effects))
    assert [message for _, message in said(stage(signature=signature))] == words


def test_an_id_or_a_digest_that_is_not_that_of_the_content_is_forged():
    assert [word for word, _ in said(replace(stage(), id="0" * 64))] == ["FORGED_ID"]
    signature = replace(stage().signature, implementation_hash="0" * 64)
    forged = stage(signature=signature, implementation_code="def n(x): ...")
    assert [word for word, _ in said(forged)] == ["FORGED_ID"]
    # What is no digest is the name that somebody gave the code.
    assert said(stage(implementation_code="def n(x): ...")) == []


@pytest.mark.parametrize(
    ("code", "name", "found"),
    [
        ("def f(x): ...", "f", "f"),
        ("def g(x): ...", "f", "g"),
        ("def a_b(x): ...\ndef c(x): ...", "a-b", "a_b"),
        ("def _f(x): ...", "_f", "_f"),
        ("def f(x): ...", None, "f"),
        ("import os\ndef f(x): ...\ndef _g(x): ...", "h", "f"),
    ],
)
def test_the_function_of_the_code_is_told(code, name, found):
    assert entry_name(code, name) == found


@pytest.mark.parametrize(
    ("code", "said_of_it"),
    [
        ("x = 1", "it has none"),
        ("def a(x): ...\ndef b(x): ...", "it has a, b"),
        ("def f(x:", "line 1"),
        ("\0", "no Python"),
        ("#" * 1_048_577, "longer than"),
        ("(" * 5000, "no Python"),
    ],
)
def test_code_of_which_no_function_can_be_told_is_refused(code, said_of_it):
    with pytest.raises(StageError, match=said_of_it):
        entry_name(code, "c")
