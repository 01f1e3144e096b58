"""The quick yes says yes only where the evaluator finds nothing wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.kernel.jcs import normalise
from workc.stages.acceptance import compile_acceptance
from workc.stages.schema import Schema

LEAVES = st.sampled_from(["null", "boolean", "integer", "number", "string"])
SCHEMAS = st.recursive(
    st.one_of(LEAVES.map(lambda kind: {"type": kind}), st.just({}), st.just({"title": "t"})),
    lambda inner: st.one_of(
        inner.map(lambda items: {"type": "array", "items": items}),
        st.builds(
            lambda properties, rest, required: {
                "type": "object",
                "properties": properties,
                "additionalProperties": rest,
                "required": sorted(required & properties.keys()),
            },
            st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            st.one_of(st.booleans(), inner),
            st.sets(st.sampled_from("abc")),
        ),
    ),
    max_leaves=6,
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 3),
        # A whole number that no integer of the profile holds is left to the evaluator.
        st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: abs(x) < 2**53),
        st.text(max_size=2),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, VALUES)
def test_it_agrees_with_the_evaluator_on_the_keywords_it_knows(schema, value):
    accepts = compile_acceptance(schema)
    normal = normalise(value)
    assert accepts is not None
    assert accepts(normal) == (Schema(schema).problems(normal) == [])


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {"type": ["string", "null"]},
        {"enum": [1]},
        {"type": "string", "minLength": 1},
        {"type": "array", "items": {"enum": [1]}},
        {"type": "array", "minItems": 1},
        {"type": "object", "properties": {"a": {"enum": [1]}}},
        {"type": "object", "additionalProperties": {"enum": [1]}},
        {"$ref": "#/$defs/a", "$defs": {"a": {}}},
    ],
)
def test_a_keyword_without_a_closure_has_no_quick_answer(schema):
    assert compile_acceptance(schema) is None


def test_what_is_not_accepted_is_explained_by_the_evaluator():
    found = Schema({"type": "object", "properties": {"x": {"type": "integer"}}}).misfits({"x": "1"})
    assert [problem.pointer for problem in found] == ["/x"]
