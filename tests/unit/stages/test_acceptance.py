"""The quick yes says yes only where the evaluator finds nothing wrong."""

import inspect
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.kernel.jcs import normalise
from workc.stages.acceptance import compile_acceptance
from workc.stages.effects import SecretText
from workc.stages.schema import Schema

EXACT = st.sampled_from(["null", "boolean", "integer", "number", "string"])
BOUND = st.integers(-2, 2)
LENGTH = st.integers(0, 2)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.text("ab", max_size=2))
LEAVES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(EXACT, st.lists(EXACT, min_size=1, max_size=3, unique=True)),
        "title": st.just("t"),
        "const": SCALARS,
        "enum": st.lists(SCALARS, min_size=1, max_size=4, unique_by=lambda v: (type(v), v)),
        "minimum": BOUND,
        "maximum": st.one_of(BOUND, st.just(0.5)),
        "minLength": LENGTH,
        "maxLength": LENGTH,
        "minItems": LENGTH,
        "maxItems": LENGTH,
        "pattern": st.sampled_from(["a", r"\A[ab]*\Z", "^$"]),
        "$ref": st.sampled_from(["#/$defs/one", "#/$defs/a~1b"]),
    },
)
SCHEMAS = st.recursive(
    st.one_of(EXACT.map(lambda kind: {"type": kind}), st.just({}), LEAVES),
    lambda inner: st.one_of(
        st.builds(
            lambda items, rest: {**rest, "type": "array", "items": items},
            inner,
            st.fixed_dictionaries({}, optional={"minItems": LENGTH, "maxItems": LENGTH}),
        ),
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
        st.lists(inner, min_size=1, max_size=3).map(lambda each: {"anyOf": each}),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: {"allOf": each}),
    ),
    max_leaves=6,
)
DEFINITIONS = {
    "one": {"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/a~1b"}]},
    "a/b": {"type": "array", "items": {"type": "string"}},
}
VALUES = st.recursive(
    st.one_of(
        SCALARS,
        # A whole number that no integer of the profile holds is left to the evaluator.
        st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: abs(x) < 2**53),
        st.text(max_size=2),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=500, deadline=None)
@given(SCHEMAS, VALUES)
def test_it_agrees_with_the_evaluator_on_the_keywords_it_knows(schema, value):
    whole = {**schema, "$defs": DEFINITIONS}
    accepts = compile_acceptance(whole)
    normal = normalise(value)
    assert accepts is not None
    assert accepts(normal) == (Schema(whole).problems(normal) == [])


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {"type": ["string", "array"]},
        {"enum": [[1]]},
        {"const": {}},
        {"oneOf": [{"type": "string"}]},
        {"type": "array", "items": {"exclusiveMinimum": 1}},
        {"type": "array", "uniqueItems": True},
        {"type": "object", "properties": {"a": {"enum": [{}]}}},
        {"type": "object", "additionalProperties": {"enum": [{}]}},
        {"properties": {"a": {}}},
        {"prefixItems": [{}]},
    ],
)
def test_a_keyword_without_a_closure_has_no_quick_answer(schema):
    assert compile_acceptance(schema) is None


def test_a_schema_that_leads_back_to_itself_has_no_quick_answer():
    tree = {"type": "object", "properties": {"left": {"$ref": "#/$defs/tree"}}}
    assert compile_acceptance({"$ref": "#/$defs/tree", "$defs": {"tree": tree}}) is None


def test_ways_that_multiply_have_no_quick_answer():
    definitions = {
        str(n): {"anyOf": [{"$ref": f"#/$defs/{n + 1}"}, {"$ref": f"#/$defs/{n + 1}"}]}
        for n in range(30)
    }
    definitions["30"] = {"type": "string"}
    assert compile_acceptance({"$ref": "#/$defs/0", "$defs": definitions}) is None


def test_a_secret_is_left_to_the_evaluator():
    accepts = compile_acceptance({"type": "string"})
    assert accepts is not None
    assert not accepts(SecretText(("x",)))


def test_what_is_not_accepted_is_explained_by_the_evaluator():
    found = Schema({"type": "object", "properties": {"x": {"type": "integer"}}}).misfits({"x": "1"})
    assert [problem.pointer for problem in found] == ["/x"]


def test_where_the_stack_is_almost_full_the_evaluator_answers():
    wanted, value = {"type": "integer"}, 1
    for _ in range(60):
        wanted, value = {"type": "array", "items": wanted}, [value]
    schema = Schema(wanted)

    def down(frames):
        return down(frames - 1) if frames else schema.misfits(value)

    assert down(0) == []
    assert down(sys.getrecursionlimit() - len(inspect.stack()) - 50) == []
