"""Types and schemas: both let the same values through, as two programs that share no code see it."""

import pytest
from drawn_types import TYPES, VALUES, values_of
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import workc
from workc.stages.schema import Schema
from workc.stages.stage.refinements import Length, NonEmpty, Range, StageError
from workc.stages.stage.subtyping import misfit, value_misfit
from workc.stages.stage.type_schema import Converted, of_schema, to_schema
from workc.stages.stage.types import (
    Any,
    Bytes,
    List,
    Map,
    Null,
    Number,
    Record,
    Refined,
    Text,
    literal,
    optional,
    union,
)


def schema_of(item):
    """Returns the schema of a type, or gives the example up if there is none."""
    try:
        return to_schema(item)
    except StageError:
        assume(False)


def has_bytes(item):
    return "Bytes" in repr(item)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(TYPES, st.data())
def test_a_schema_takes_exactly_the_values_of_its_type(item, data):
    schema = Schema(schema_of(item))
    value = data.draw(values_of(item) | VALUES)
    accepted = schema.problems(value) == []
    if not has_bytes(item):
        assert accepted == (value_misfit(value, item) is None)
    else:
        assert accepted or value_misfit(value, item)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(TYPES)
def test_a_type_comes_back_from_its_schema(item):
    back = of_schema(schema_of(item))
    assert back.lost == ()
    assert misfit(item, back.type) is None
    # What is written in another way is the same type: each fits the other.
    assert misfit(back.type, item) is None


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({}, Any()),
        ({"title": "t", "default": 1}, Any()),
        ({"type": ["string", "null"]}, optional(Text())),
        ({"const": 1}, literal(1)),
        ({"enum": ["a", 1, 2.5], "type": ["integer", "string"]}, literal("a", 1)),
        ({"type": "array"}, List(Any())),
        ({"type": "array", "items": {"type": "number"}, "minItems": 1}, Refined(List(Number()), Length(1))),
        ({"type": "object"}, Map(Text(), Any())),
        ({"type": "object", "additionalProperties": False}, Record({})),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "null"}, "b": {"$ref": "#/$defs/x"}},
                "required": ["a"],
                "additionalProperties": False,
                "$defs": {"x": {"type": "string", "maxLength": 3}},
            },
            Record({"a": Null(), "b": Refined(Text(), Length(None, 3))}, frozenset({"b"})),
        ),
        ({"type": "number", "minimum": 0.5}, Refined(Number(), Range(0.5))),
        ({"type": "string", "format": "byte"}, Bytes()),
        ({"type": "string", "minimum": 1}, Text()),
        ({"anyOf": [{"type": "string"}, {"anyOf": [{"type": "null"}]}]}, union((Text(), Null()))),
    ],
)  # fmt: skip
def test_schemas_that_say_a_type(schema, found):
    assert of_schema(schema) == Converted(found)


@pytest.mark.parametrize(
    ("schema", "found", "lost"),
    [
        ({"type": "integer", "minimum": 1}, Refined(Number(), Range(1)), "/: integer is a Number"),
        ({"type": "string", "pattern": "^a"}, Text(), "/pattern: a type does not say it"),
        ({"type": "array", "uniqueItems": True}, List(Any()), "/uniqueItems"),
        ({"type": "number", "exclusiveMinimum": 0}, Number(), "/exclusiveMinimum"),
    ],
)
def test_what_a_type_does_not_say_is_told(schema, found, lost):
    back = of_schema(schema)
    assert back.type == found
    assert [each.startswith(lost) for each in back.lost] == [True]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "strin"}, "'strin' is no type"),
        ({"type": "object", "properties": {"a": {}}}, "/: an object that takes more than it names"),
        ({"type": "array", "prefixItems": [{}]}, "parts that differ"),
        ({"oneOf": [{}]}, "oneOf without a type"),
        ({"anyOf": [{}], "minimum": 1}, "minimum beside anyOf"),
        ({"enum": [1], "type": "string"}, "nothing is let through"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, "in itself"),
        ({"$ref": "#/$defs/b"}, "a schema is an object"),
        (
            {"type": "object", "required": ["a"], "additionalProperties": False},
            "requires what it does not let through",
        ),
        ({"type": "array", "items": {"type": "x"}}, "^/items: "),
    ],
)
def test_what_no_type_says_is_refused(schema, words):
    with pytest.raises(StageError, match=words):
        of_schema(schema)


@pytest.mark.parametrize(
    "item", [Map(literal("a"), Text()), Refined(Map(Text(), Any()), NonEmpty())]
)
def test_what_no_schema_says_is_refused(item):
    with pytest.raises(StageError, match="has no schema"):
        to_schema(item)


def test_the_schemas_of_skills_are_types():
    @workc.skill
    def area(width: int, height: float | None = None, unit: str = "m") -> dict[str, float]:
        return {unit: width * (height or width)}

    takes, gives = of_schema(area.input_schema), of_schema(area.output_schema)
    assert takes.type == Record(
        {"height": optional(Number()), "unit": Text(), "width": Number()},
        frozenset({"height", "unit"}),
    )
    assert gives.type == Map(Text(), Number())
