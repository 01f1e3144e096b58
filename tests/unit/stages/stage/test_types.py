"""Types: written in one way, and what fits them judged as a naive look at values has it."""

import pytest
from drawn_types import SCALARS, TYPES, VALUES, values_of
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from workc.kernel import jcs
from workc.stages.stage.refinements import (
    Length,
    NonEmpty,
    Range,
    StageError,
    implies,
    is_let_through,
    one_of,
    refinement_json,
    refinement_of_json,
)
from workc.stages.stage.subtyping import misfit, value_misfit
from workc.stages.stage.types import (
    MAX_DEPTH,
    Any,
    Bool,
    Bytes,
    List,
    Map,
    Null,
    Number,
    Record,
    Refined,
    Text,
    Union,
    literal,
    optional,
    type_json,
    type_of_json,
    type_text,
    union,
)


@given(TYPES)
def test_a_type_comes_back_from_its_json(item):
    assert type_of_json(type_json(item)) == item
    assert jcs.encode(type_json(type_of_json(type_json(item)))) == jcs.encode(type_json(item))
    assert type_text(item)


@given(st.permutations([Text(), Number(), List(Text()), Union((Null(), Text())), Bool(), Text()]))
def test_a_union_is_written_in_one_way(members):
    made = union(members)
    assert made == Union((Bool(), List(Text()), Null(), Number(), Text()))
    said = {"kind": "Union", "value": [type_json(member) for member in members]}
    assert type_of_json(said) == made


def test_unions_of_one_and_of_none():
    assert union([Text(), Text()]) == Text()
    assert union([]) == Null()
    assert optional(Text()) == Union((Null(), Text()))


@given(TYPES.flatmap(lambda item: st.tuples(st.just(item), values_of(item))))
def test_a_value_drawn_of_a_type_is_one(pair):
    item, value = pair
    assert value_misfit(value, item) is None


# Most pairs do not fit.
@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(TYPES, TYPES, st.data())
def test_what_fits_a_type_has_only_values_of_it(narrow, wide, data):
    """Soundness: held against values that are drawn, which know nothing of subtyping."""
    assume(misfit(narrow, wide) is None)
    value = data.draw(values_of(narrow))
    assert value_misfit(value, wide) is None


@given(TYPES, TYPES, TYPES)
def test_fitting_is_an_order(one, two, three):
    assert misfit(one, one) is None
    assert misfit(one, Any()) is None
    assert misfit(one, union((one, two))) is None
    if misfit(one, two) is None and misfit(two, three) is None:
        assert misfit(one, three) is None


@given(TYPES)
def test_anything_fits_nothing_but_itself(item):
    assert (misfit(Any(), item) is None) == (item == Any() or Any() in getattr(item, "members", ()))


@pytest.mark.parametrize(
    ("narrow", "wide", "reason"),
    [
        (Text(), Number(), "/: expected Number, got Text"),
        (List(Text()), List(Number()), "/*: expected Number, got Text"),
        (Record({"a": Text()}), Record({"a": Number()}), "/a: expected Number, got Text"),
        (Record({}), Record({"a": Number()}), "/a: expected Number, got nothing"),
        (Record({"a": Text()}), Record({}), "/a: a member that is not expected"),
        (
            Record({"a": Text()}, frozenset({"a"})),
            Record({"a": Text()}),
            "/a: expected Text, got nothing, at times",
        ),
        (optional(Text()), Text(), "/: expected Text, got Null"),
        (Number(), Refined(Number(), Range(0, 9)), "/: expected Number from 0 to 9, got Number"),
        (Refined(Number(), Range(0, 10)), Refined(Number(), Range(0, 9)), "from 0 to 9, got Number from 0 to 10"),
        (literal("a", "c"), literal("a", "b"), '/: expected "a" | "b", got "a" | "c"'),
        (Text(), Bytes(), "/: expected Bytes, got Text"),
        (Any(), Text(), "/: expected Text, got Any"),
        (Record({"é": Number()}), Map(literal("a"), Number()), '/é: expected "a", got "é"'),
        (Map(Text(), Text()), Record({"a": Text()}), "expected {a: Text}, got Map<Text, Text>"),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_where_and_why(narrow, wide, reason):
    assert reason in misfit(narrow, wide)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (Bytes(), Text()),
        (Record({"a": Number(), "b": Number()}), Map(Text(), Number())),
        (Refined(Number(), Range(1, 2)), Refined(Number(), Range(0))),
        (literal(1, 2), Refined(Number(), Range(0, 9))),
        (literal("a", 1), union((Text(), Number()))),
        (Bool(), literal(True, False)),
        (Null(), literal(None)),
        (Refined(Text(), Length(1)), Refined(Text(), NonEmpty())),
        (Refined(Text(), NonEmpty()), Refined(Text(), Length(1))),
        (Record({"a": Text()}), Record({"a": optional(Text())})),
    ],
)
def test_what_fits(narrow, wide):
    assert misfit(narrow, wide) is None


@pytest.mark.parametrize(
    ("value", "of", "fits"),
    [
        (True, Number(), False),
        (1, Bool(), False),
        (1.0, literal(1), True),
        (True, literal(1), False),
        (2**53, Number(), False),
        (2**53 - 1, Number(), True),
        (float("nan"), Any(), False),
        ("QQ==", Bytes(), True),
        ("QR==", Bytes(), False),
        ("Q", Bytes(), False),
        ("", Refined(Text(), NonEmpty()), False),
        ("👍", Refined(Text(), Length(1, 1)), True),
        ({"a": 1}, Record({"a": Number(), "b": Text()}, frozenset({"b"})), True),
        ({"a": 1, "c": 1}, Record({"a": Number()}), False),
        ([1, "a"], List(Number()), False),
    ],
)
def test_values_and_types(value, of, fits):
    assert (value_misfit(value, of) is None) == fits


@given(SCALARS | VALUES, st.data())
def test_what_a_refinement_implies_lets_the_same_through(value, data):
    kinds = st.one_of(
        st.builds(Range, st.none() | st.integers(-2, 2), st.none() | st.integers(-2, 2)),
        st.builds(Length, st.none() | st.integers(0, 2), st.none() | st.integers(0, 2)),
        st.just(NonEmpty()),
        st.lists(SCALARS, min_size=1, max_size=3).map(one_of),
    )
    narrow, wide = data.draw(kinds), data.draw(kinds)
    if implies(narrow, wide) and is_let_through(narrow, value):
        assert is_let_through(wide, value)
    assert implies(narrow, narrow)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (None, "an object with kind"),
        ({}, "lacks kind"),
        ({"kind": "Txt"}, "'Txt' is no kind of type"),
        ({"kind": "Text", "value": 1}, "Text has no value"),
        ({"kind": "Text", "of": 1}, "has no 'of'"),
        ({"kind": "List"}, "List lacks its value"),
        ({"kind": "List", "value": "Text"}, "an object with kind"),
        ({"kind": "Map", "value": {"key": {"kind": "Text"}}}, "lacks value"),
        ({"kind": "Record", "value": []}, "an object of types"),
        ({"kind": "Record", "value": {}, "optional": ["a"]}, "names of the Record"),
        ({"kind": "Text", "optional": []}, "of a Record alone"),
        ({"kind": "Union", "value": []}, "at least one"),
        ({"kind": "Refined", "value": {"base": {"kind": "Text"}}}, "lacks refinement"),
    ],
)
def test_what_is_no_type_is_refused(said, words):
    with pytest.raises(StageError, match=words):
        type_of_json(said)


def test_a_type_nests_so_deep_and_no_deeper():
    made = {"kind": "Text"}
    for _ in range(MAX_DEPTH):
        made = {"kind": "List", "value": made}
    type_of_json(made)
    with pytest.raises(StageError, match="64 deep"):
        type_of_json({"kind": "List", "value": made})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"kind": "Rnge"}, "no kind of refinement"),
        ({"kind": "Range", "min": "0"}, "finite numbers"),
        ({"kind": "Range", "min": True}, "finite numbers"),
        ({"kind": "Range", "min": 2, "max": 1}, "nothing is let through"),
        ({"kind": "Range", "options": [1]}, "no options"),
        ({"kind": "Length", "min": -1}, "whole numbers"),
        ({"kind": "Length", "max": 1.5}, "whole numbers"),
        ({"kind": "OneOf"}, "has options"),
        ({"kind": "OneOf", "options": []}, "at least one value"),
        ({"kind": "OneOf", "options": [1], "min": 1}, "and no more"),
        ({"kind": "OneOf", "options": [float("inf")]}, "no JSON value"),
        ({"kind": "NonEmpty", "min": 1}, "no members"),
    ],
)
def test_what_is_no_refinement_is_refused(said, words):
    with pytest.raises(StageError, match=words):
        refinement_of_json(said)


@pytest.mark.parametrize(
    "made", [Range(), Range(0.5, 2), Length(1), NonEmpty(), one_of(["b", 1, None, [1]])]
)
def test_a_refinement_comes_back_from_its_json(made):
    assert refinement_of_json(refinement_json(made)) == made
