"""The skill json_transform: each operation, and what it refuses."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel.failure import Refusal
from workc.skills.json_transform import MAX_FLATTEN_DEPTH, json_transform
from workc.stages.skill import invoke

PEOPLE = [{"name": "Bo", "age": 30, "on": True}, {"name": "Al", "age": 5, "on": False}]


def transform(data, **given):
    return json_transform.function(data, **given)["result"]


@pytest.mark.parametrize(
    ("data", "given", "expected"),
    [
        (PEOPLE, {"expression": "[?age > `10`].name"}, ["Bo"]),
        ({"b": 1, "a": 2}, {"expression": "values(@)"}, [2, 1]),
        ({"a": [{"b": 7}]}, {"op": "extract", "path": "$.a[0].b"}, 7),
        ({"a": [{"b": 7}]}, {"op": "extract", "path": "a.0.b"}, 7),
        ({"a": [{"b": 7}, {}]}, {"op": "extract", "path": "$.a[*].b"}, [7]),
        ({}, {"op": "extract", "path": "a", "default": 0}, 0),
        ({}, {"op": "extract", "path": "a", "optional": True}, None),
        ({"a": None}, {"op": "extract", "path": "a", "default": 1}, None),
        (PEOPLE[0], {"op": "pick", "keys": ["age", "name"]}, {"age": 30, "name": "Bo"}),
        (PEOPLE, {"op": "pick", "keys": ["age"]}, [{"age": 30}, {"age": 5}]),
        ({"a": 1}, {"op": "pick", "keys": ["a", "b"], "optional": True}, {"a": 1}),
        ({"a": 1}, {"op": "pick", "keys": []}, {}),
        (PEOPLE[0], {"op": "omit", "keys": ["on", "gone"]}, {"name": "Bo", "age": 30}),
        ([{"a": 1}, {"b": 2}], {"op": "omit", "keys": ["a"]}, [{}, {"b": 2}]),
        (PEOPLE, {"op": "filter", "where": "on"}, [PEOPLE[0]]),
        ([3, 1, 2], {"op": "filter", "where": "@ >= `2`"}, [3, 2]),
        ([], {"op": "filter", "where": "gone"}, []),
        (PEOPLE, {"op": "map", "expression": "{n: name}"}, [{"n": "Bo"}, {"n": "Al"}]),
        ({"a": 1, "b": 1}, {"op": "merge", "other": {"b": 2, "c": 3}}, {"a": 1, "b": 2, "c": 3}),
        ([{"a": 1}, {"a": 2}], {"op": "merge"}, {"a": 2}),
        ([{"a": 1}], {"op": "merge", "other": [{"a": 2}, {"b": 3}]}, {"a": 2, "b": 3}),
        ({"a": {"b": 1}}, {"op": "merge", "other": {"a": {"c": 1}}}, {"a": {"c": 1}}),
        ([], {"op": "merge"}, {}),
        ([1, [2, [3]], []], {"op": "flatten"}, [1, 2, [3]]),
        ([1, [2, [3, [4]]]], {"op": "flatten", "depth": 2}, [1, 2, 3, [4]]),
        ([[[[1]]]], {"op": "flatten", "depth": MAX_FLATTEN_DEPTH}, [1]),
        (PEOPLE, {"op": "sort", "by": "age"}, [PEOPLE[1], PEOPLE[0]]),
        (["b", "a", "B"], {"op": "sort"}, ["B", "a", "b"]),
        ([2, 1.5, 10], {"op": "sort", "descending": True}, [10, 2, 1.5]),
        ([], {"op": "sort"}, []),
    ],
)
def test_each_operation_gives_what_the_table_says(data, given, expected):
    before = json.dumps(data)
    assert transform(data, **given) == expected
    assert json.dumps(data) == before


@pytest.mark.parametrize(
    ("data", "given", "place", "actual"),
    [
        ({"a": {}}, {"op": "extract", "path": "$.a.b.c"}, "$['a']", "object of 0"),
        ({"a": 1}, {"op": "pick", "keys": ["b"]}, "data", "object of 1"),
        ([{"b": 1}, 5], {"op": "pick", "keys": ["b"]}, "data[1]", "integer 5"),
        ("x", {"op": "omit", "keys": []}, "data", 'string "x"'),
        ({"a": 1}, {"op": "filter", "where": "@"}, "data", "object of 1"),
        (PEOPLE, {"op": "filter", "where": "nam"}, "data[0]", "null"),
        (1, {"op": "map", "expression": "@"}, "data", "integer 1"),
        (None, {"op": "merge", "other": {}}, "data", "null"),
        ({}, {"op": "merge", "other": [1]}, "other[0]", "integer 1"),
        ({}, {"op": "merge", "other": "x"}, "other", 'string "x"'),
        ({}, {"op": "flatten"}, "data", "object of 0"),
        ("ab", {"op": "sort"}, "data", 'string "ab"'),
        ([1, "1"], {"op": "sort"}, "data[1]", 'string "1"'),
        (["a", 1], {"op": "sort"}, "data[1]", "integer 1"),
        ([1, True], {"op": "sort"}, "data[1]", "true"),
        ([None], {"op": "sort"}, "data[0]", "null"),
        ([{"a": 1}, {"a": None}], {"op": "sort", "by": "a"}, "data[1]", "null"),
    ],
)
def test_data_that_does_not_fit_is_named_with_its_place(data, given, place, actual):
    with pytest.raises(Refusal) as caught:
        transform(data, **given)
    failure = caught.value.failure
    assert failure.code == "TRANSFORM_FAILED"
    assert (failure.details["place"], failure.details["actual"]) == (place, actual)


@pytest.mark.parametrize(
    "given",
    [
        {"op": "filter", "where": "abs(a) > `0`"},
        {"op": "map", "expression": "abs(a)"},
        {"op": "sort", "by": "abs(a)"},
    ],
)
def test_an_expression_that_fails_on_an_item_names_the_item(given):
    with pytest.raises(Refusal, match=r"TRANSFORM_FAILED: data\[1\]: ") as caught:
        transform([{"a": 1}, {"a": "1"}], **given)
    assert caught.value.failure.details["place"] == "data[1]"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"op": "extract"},
        {"op": "pick"},
        {"op": "omit"},
        {"op": "filter"},
        {"op": "map"},
        {"op": "filter", "expression": "@", "where": "@"},
        {"expression": "@", "where": "@"},
        {"op": "sort", "keys": ["a"]},
        {"op": "merge", "depth": 2},
        {"op": "extract", "path": "a", "descending": False},
        {"op": "flatten", "depth": 0},
        {"op": "flatten", "depth": MAX_FLATTEN_DEPTH + 1},
    ],
)
def test_parameters_that_do_not_go_together_are_refused(given):
    with pytest.raises(Refusal, match="INVALID_INPUT"):
        transform([], **given)


@pytest.mark.parametrize(
    "given",
    [
        {"expression": "a["},
        {"op": "map", "expression": ""},
        {"op": "filter", "where": "?"},
        {"op": "sort", "by": "nope(@)"},
        {"op": "extract", "path": "$["},
    ],
)
def test_an_expression_that_cannot_be_read_is_refused_even_for_no_data(given):
    with pytest.raises(Refusal, match="INVALID_EXPRESSION"):
        transform([], **given)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers())), st.booleans())
def test_sorting_keeps_the_order_of_equals(pairs, descending):
    items = [{"k": k, "n": n} for k, n in pairs]
    groups = sorted({item["k"] for item in items}, reverse=descending)
    expected = [item for k in groups for item in items if item["k"] == k]
    assert transform(items, op="sort", by="k", descending=descending) == expected


@given(st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=3), max_leaves=9))
def test_flattening_is_chaining_once_for_each_level(data):
    items = data if isinstance(data, list) else [data]
    once = list(itertools.chain(*(i if isinstance(i, list) else [i] for i in items)))
    assert transform(items, op="flatten") == once
    assert transform(items, op="flatten", depth=2) == transform(once, op="flatten")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(0, 2) | st.text(max_size=2),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
        ),
        max_leaves=8,
    ),
    st.sampled_from(
        [
            {"op": "extract", "path": "$.a[*].b"},
            {"op": "extract", "path": "a.0"},
            {"op": "pick", "keys": ["a"]},
            {"op": "omit", "keys": ["a"]},
            {"op": "filter", "where": "a"},
            {"op": "map", "expression": "sum(@)"},
            {"op": "merge"},
            {"op": "flatten"},
            {"op": "sort"},
            {"expression": "sort_by(@, &a)"},
        ]
    ),
)
def test_any_data_is_transformed_or_does_not_fit(code_of, data, given):
    assert code_of(lambda: json.dumps(transform(data, **given))) in {None, "TRANSFORM_FAILED"}


def test_the_skill_takes_its_parameters_by_name_and_no_other():
    result = invoke(json_transform, {"data": [2, 1], "op": "sort"})
    assert result.value == {"result": [1, 2]}
    assert invoke(json_transform, {"data": 1, "op": "sorted"}).failure.code == "INVALID_INPUT"
    assert invoke(json_transform, {"data": 1, "po": "sort"}).failure.code == "INVALID_INPUT"
    assert invoke(json_transform, {"data": 1, "op": "sort"}).failure.code == "TRANSFORM_FAILED"


def test_the_skill_is_pure():
    assert json_transform.effects == ()
