"""Types without a common value, and the parts of values by their types."""

import pytest
from drawn_types import TYPES, values_of
from hypothesis import given
from hypothesis import strategies as st

from workc.stages.stage.clash import clash, part_of
from workc.stages.stage.subtyping import value_misfit
from workc.stages.stage.type_words import type_of_text
from workc.stages.stage.types import Any, type_text

CLASHES = [
    ("Text", "Number", "/: expected Number, got Text"),
    ("Text | Null", "Number", "/: expected Number, got Null"),
    ("Text", "Number | Bool", "/: expected Bool | Number, got Text"),
    ("{a: Text}", "{a: Number}", "/a: expected Number, got Text"),
    ("{}", "{a: Number}", "/a: expected Number, got nothing"),
    ("{a: Text, b: Text}", "{a: Text}", "/b: a member that is not expected"),
    ('"x"', '"y" | "z"', "/: expected "),
    ('"x"', "Number", "/: expected Number"),
    ("Number", '"y"', '/: expected "y", got Number'),
    ("List<Text>", "Text", "/: expected Text, got List<Text>"),
]


@pytest.mark.parametrize(("one", "other", "said"), CLASHES)
def test_what_can_never_be_is_said_with_its_place(one, other, said):
    assert clash(type_of_text(one), type_of_text(other)).startswith(said)


MEETINGS = [
    ("Any", "Number"),
    ("Number", "Any"),
    ("Text | Number", "Number"),
    ("List<Text>", "List<Number>"),
    ("{a?: Text}", "{a?: Number}"),
    ("Map<Text, Text>", "{a: Text}"),
    ("Bytes", "Text"),
    ('"x" | 1', '1 | "z"'),
    ("{a: Any}", "{a: Text, b?: Text}"),
]


@pytest.mark.parametrize(("one", "other"), MEETINGS)
def test_what_may_be_is_let_through(one, other):
    assert clash(type_of_text(one), type_of_text(other)) is None


@given(st.data(), TYPES, TYPES)
def test_no_value_is_of_two_types_that_clash(data, one, other):
    if clash(one, other) is not None:
        value = data.draw(values_of(one))
        assert value_misfit(value, other) is not None


@given(TYPES)
def test_no_type_clashes_with_itself_or_with_any(item):
    assert clash(item, Any()) is None
    assert clash(Any(), item) is None


PARTS = [
    ("{a: Text}", "a", "Text"),
    ("{abc: Text}", "abd", "there is no abd; did you mean abc?"),
    ("{}", "a", "there is no a; there is nothing"),
    ("Map<Text, Number>", "a", "Number"),
    ("List<Number>", 0, "Number"),
    ("List<Number>", "a", "List<Number> has no members"),
    ("{a: Text}", 0, "{a: Text} has no items"),
    ("Text", 0, "Text has no items"),
    ("Any", "a", "Any"),
    ("{a: Text} | Null", "a", "Text"),
    ("{a: Text} | {a: Number}", "a", "Number | Text"),
    ("Text | Null", "a", "Null has no members; Text has no members"),
    ('"x" | "y"', "a", "Any"),
]


@pytest.mark.parametrize(("of", "part", "said"), PARTS)
def test_parts_of_values(of, part, said):
    found = part_of(type_of_text(of), part)
    assert (found if isinstance(found, str) else type_text(found)) == said


@given(st.data(), TYPES)
def test_a_part_that_is_there_is_of_the_type_that_is_said(data, item):
    value = data.draw(values_of(item))
    parts = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for part, inner in parts:
        found = part_of(item, part)
        assert not isinstance(found, str)
        assert value_misfit(inner, found) is None
