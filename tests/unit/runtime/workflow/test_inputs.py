"""Inputs: defaults, types, and what is said about wrong ones."""

from __future__ import annotations

import pytest

from workc.kernel.failure import Refusal
from workc.runtime.workflow.inputs import bind_inputs, parse_input_text
from workc.runtime.workflow.model import InputSpec, WorkflowFile

FLOW = WorkflowFile(
    name="n",
    inputs=(
        InputSpec(name="base", schema={"type": "string"}),
        InputSpec(name="count", schema={"type": "integer", "minimum": 1}, has_default=True, default=3),
        InputSpec(name="free", schema={"type": "number"}, has_default=True, default=0.5),
    ),
)  # fmt: skip


def spec(kind):
    return InputSpec(name="x", schema={"type": kind})


def failure(given):
    with pytest.raises(Refusal) as caught:
        bind_inputs(FLOW, given)
    assert caught.value.failure.code == "INVALID_INPUT"
    return caught.value.failure


def test_defaults_fill_in_and_given_values_win():
    assert bind_inputs(FLOW, {"base": "x"}) == {"base": "x", "count": 3, "free": 0.5}
    bound = bind_inputs(FLOW, {"count": 5.0, "base": ""})
    assert list(bound) == ["base", "count", "free"]
    assert type(bound["count"]) is int


def test_all_problems_are_listed():
    found = failure({"cuont": 1, "count": 0, "free": True}).details["problems"]
    assert found[0] == 'there is no input "cuont" (did you mean count?)'
    assert found[1] == 'the input "base" is missing'
    assert "count" in found[2]
    assert "free" in found[3]
    assert len(found) == 4


def test_unknown_names_list_what_there_is():
    assert "there are base, count, free" in failure({"zzz": 1, "base": ""}).message
    with pytest.raises(Refusal, match="there are none"):
        bind_inputs(WorkflowFile(name="n"), {"zzz": 1})


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object(), ("a",), "\ud800"])
def test_pitfall_1_values_that_are_not_json_are_refused_and_never_raise(value):
    found = failure({"base": value, "zz": 1}).details["problems"]
    assert any("base" in problem for problem in found)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", "3", "3"),
        ("string", "", ""),
        ("integer", "-3", -3),
        ("integer", "3.0", 3),
        ("number", "2.5", 2.5),
        ("number", "2", 2),
        ("boolean", "true", True),
        ("object", '{"a": [1]}', {"a": [1]}),
        ("array", "[1, null]", [1, None]),
    ],
)
def test_texts_are_read_by_the_declared_type(kind, text, value):
    found = parse_input_text(spec(kind), text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "3.5"),
        ("integer", "abc"),
        ("integer", "010"),
        ("integer", "true"),
        ("integer", "9007199254740993"),
        ("number", "NaN"),
        ("number", ""),
        ("boolean", "yes"),
        ("boolean", "1"),
        ("object", "[]"),
        ("object", '{"a": 1, "a": 2}'),
        ("array", "{}"),
        ("array", "[" * 100_000),
        ("array", "\ud800"),
    ],
)
def test_texts_of_another_type_are_refused(kind, text):
    with pytest.raises(Refusal) as caught:
        parse_input_text(spec(kind), text)
    assert caught.value.failure.code == "INVALID_INPUT"
    assert (
        "such as" in caught.value.failure.message or "true or false" in caught.value.failure.message
    )


@pytest.mark.parametrize(
    ("kind", "text", "cause"),
    [
        ("integer", "9007199254740993", "an integer that no double holds"),
        ("number", "1e400", "a number out of range"),
        ("object", '{"a": 1, "a": 2}', "the key 'a' twice"),
    ],
)
def test_json_that_cannot_be_kept_is_refused_for_what_is_wrong_with_it(kind, text, cause):
    with pytest.raises(Refusal) as caught:
        parse_input_text(spec(kind), text)
    assert cause in caught.value.failure.message
    assert "is not" not in caught.value.failure.message


def test_the_name_of_an_input_stands_for_its_whole_value():
    assert failure({"base": 3}).message == "input base: expected string, got integer 3"
    assert failure({"base": "", "free": float("nan")}).message == (
        "input free: expected a finite number, got NaN"
    )
