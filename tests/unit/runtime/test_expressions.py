"""JMESPath as workc runs it: strict before the run, bounded in it, and otherwise the library's."""

from __future__ import annotations

import inspect
import sys

import jmespath
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jmespath.parser import Parser

from workc.kernel import jcs
from workc.kernel.failure import Refusal
from workc.runtime.expression_checks import MAX_LENGTH, MAX_NESTING, MAX_TREE_DEPTH
from workc.runtime.expression_dialect import Meter, TooMuchWork, to_number
from workc.runtime.expressions import (
    MAX_DATA_DEPTH,
    compile_expression,
    evaluate,
    in_canonical_order,
)


def run(text, data):
    return evaluate(compile_expression(text), data)


def refusal(text, data=None):
    with pytest.raises(Refusal) as caught:
        run(text, data)
    return caught.value.failure


DATA = {
    "b": [{"n": 2, "s": "two", "t": True}, {"n": 10, "s": "ten"}, {"n": 1.5, "s": "é"}],
    "a": {"z": 1, "y": [1, [2, 3]], "x": None},
    "e": "",
}


@pytest.mark.parametrize(
    "text",
    [
        "b[?n > `1.6`].s",
        "b[*].{n: n, s: s}",
        "sort_by(b, &n)[].s",
        "max_by(b, &n).s",
        "map(&[n, s], b)",
        "a.y[]",
        "a.y[1][0]",
        "a.missing.deeper",
        "length(b)",
        "b[::-1].n",
        "e || a.z",
        "!e",
        "not_null(a.x, a.z)",
        "join(',', b[].s)",
        "to_string(a)",
        "b[?contains(s, 't')] | [0]",
        "sum(b[].n)",
        "merge(a, {z: `2`})",
        "type(a) == 'object' && b[0].t",
        'b[?s == "nothing"]',
    ],
)
def test_what_the_library_gives_is_what_we_give(text):
    # The data is in key order for the library; ours puts it there.
    expected = jmespath.search(text, jcs.normalise(DATA))
    assert run(text, DATA) == jcs.normalise(expected)


def test_keys_values_and_stars_follow_the_canonical_order_of_members():
    data = {"\U0001f600": 1, "\ufb33": 2, "b": 3, "a": {"d": 4, "c": 5}}
    assert run("keys(@)", data) == ["a", "b", "\U0001f600", "\ufb33"]
    assert run("values(@)[1:]", data) == [3, 1, 2]
    assert run("a.*", data) == [5, 4]


def test_data_in_order_is_not_copied():
    data = {"a": [{"b": 1, "c": 2}], "d": 1.5}
    assert in_canonical_order(data) is data
    assert list(in_canonical_order({"b": 1, "a": 2})) == ["a", "b"]
    assert list(in_canonical_order([{"b": 1, "a": 2}])[0]) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("a.", 2),
        ("a..b", 2),
        ("a[", 2),
        ("a b", 2),
        ("a ~ b", 2),
        ("'open", 0),
        ("${steps.x}", 0),
        ("a[?b == `foo`]", 8),
        ("`NaN`", 0),
        ('`{"a": 1, "a": 2}`', 0),
        ("a[99999999999999999999:" + "9" * 5000 + "]", 0),
        ("a[::0]", 0),
        ("1 + nosuch(a)", 2),
        ("b || nosuch(a)", 5),
        ("b || length(a, b)", 5),
        ("not_null()", 0),
        ("[&a]", 1),
        ("to_string(&a)", 10),
        ("map(a, b)", 0),
        ("a\ud800", 1),
    ],
)
def test_what_the_text_can_show_is_refused_when_compiling_with_its_position(text, position):
    failure = refusal(text)
    assert failure.code == "INVALID_EXPRESSION"
    assert failure.details["position"] == position
    jcs.encode(failure.details)


def test_expressions_are_as_long_as_the_limit_and_no_longer():
    text = "a" * MAX_LENGTH
    assert run(text, {text: 1}) == 1
    assert refusal(text + "a").code == "INVALID_EXPRESSION"


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("[", "]"), ("!", ""), ("[?", "]")])
def test_nesting_is_refused_past_the_limit_and_never_overflows_the_stack(opening, closing):
    levels = MAX_NESTING // 2 - 2
    compile_expression(opening * levels + "a" + closing * levels)
    for levels in (MAX_NESTING + 1, 5000):
        failure = refusal(opening * levels + "a" + closing * levels)
        assert failure.code == "INVALID_EXPRESSION"


def test_nesting_is_accepted_at_the_limit_and_refused_one_past_it():
    levels = MAX_NESTING - 1
    assert run("(" * levels + "a" + ")" * levels, {"a": 1}) == 1
    assert "nested" in refusal("(" * MAX_NESTING + "a" + ")" * MAX_NESTING).message


def test_a_chain_is_accepted_at_the_limit_of_the_tree_and_refused_one_past_it():
    assert run(" | ".join(["@"] * MAX_TREE_DEPTH), 1) == 1
    failure = refusal(" | ".join(["@"] * (MAX_TREE_DEPTH + 1)))
    assert (failure.code, "levels" in failure.message) == ("INVALID_EXPRESSION", True)


def test_long_flat_expressions_are_no_nesting():
    assert run("[" + ", ".join(["length(a[0])", "a[*]"] * 100) + "]", {"a": ["x"]})[0] == 1


@pytest.mark.parametrize(
    ("text", "data", "words"),
    [
        ("length(@)", 3, "length"),
        ("sum(@)", ["a"], "sum"),
        ("sort_by(@, &a)", [{"a": True}], "sort_by"),
        ("max_by(@, &a)", [{"a": 1}, {"a": "b"}], "different types"),
        ("@ < 'a'", 1, "different types"),
        ("sum(@)", [1e308, 1e308], "not JSON"),
        ("to_number(@)", "9" * 30, "not JSON"),
    ],
)
def test_data_that_does_not_fit_is_a_failed_transform(text, data, words):
    failure = refusal(text, data)
    assert failure.code == "TRANSFORM_FAILED"
    assert words in failure.message


def test_data_is_as_deep_as_the_limit_and_no_deeper():
    deep = 1
    for _ in range(MAX_DATA_DEPTH):
        deep = [deep]
    assert run("[0]", deep) == deep[0]
    assert refusal("[0]", [deep]).code == "TRANSFORM_FAILED"


def test_work_is_bounded_where_short_expressions_double_their_value():
    doubling = " | ".join(["[@, @]"] * 40)
    for text, data in [
        (doubling, 1),
        (" | ".join(["[@, @][]"] * 40), [1]),
        (" | ".join(["join('', [@, @])"] * 40), "ab"),
        (doubling + " | to_string(@) | length(@)", 1),
        (f"({doubling}) == ({doubling})", 1),
        (f"contains([{doubling}], {doubling})", 1),
    ]:
        with pytest.raises(Refusal, match=r"TRANSFORM_FAILED: .* units of work"):
            evaluate(compile_expression(text), data, 100_000)


def test_work_is_accepted_at_the_limit_and_refused_one_past_it():
    # One unit for the visited node, four for the values of the result, one for 16 characters.
    data = ["a", "b", "c" * 16]
    assert evaluate(compile_expression("@"), data, 6) == data
    with pytest.raises(Refusal, match="more than 5 units"):
        evaluate(compile_expression("@"), data, 5)
    assert run("length(@)", "x" * 8_388_608) == 8_388_608


def test_the_meter_gives_out_one_unit_past_its_limit():
    meter = Meter(3)
    meter.charge(3)
    with pytest.raises(TooMuchWork):
        meter.charge(1)


def test_true_and_one_are_never_equal_at_any_depth():
    """Pitfall 14."""
    assert run("@ == `[1]`", [True]) is False
    assert run("@ != `[1]`", [True]) is True
    assert run("contains(@, `1`)", [True]) is False
    assert run('@ == `{"a": {"b": 0}}`', {"a": {"b": False}}) is False
    assert run("@ == `1.0`", 1) is True
    assert run('@ == `{"b": [1], "a": 2}`', {"a": 2, "b": [1.0]}) is True
    assert run("@ == `[1, 2]`", [1]) is False
    assert run('@ == `{"a": 1}`', {"b": 1}) is False
    assert run("contains(@, `1`)", "1") is False
    assert run("contains(@, 'a')", "cab") is True


@pytest.mark.parametrize("word", ["1_000", "inf", "nan", " 1", "0x1", "1.", ".5", "٣", "1e999", ""])
def test_only_numbers_of_json_are_numbers(word):
    assert run("to_number(@)", word) is None


def test_numbers_of_json_are_read():
    assert [to_number(word) for word in ("-0", "12", "1.50", "2e3")] == [0, 12, 1.5, 2000.0]
    assert to_number("1" * 5000) is None
    assert run("[to_number(@), to_number(`[]`), to_number(`true`)]", 5) == [5, None, None]


def test_data_that_only_python_can_hold_is_refused():
    assert "surrogate" in refusal("keys(@)", {"\ud800": 1, "a": 2}).message
    assert refusal("floor(@)", float("inf")).code == "TRANSFORM_FAILED"
    assert refusal("@", (1, 2)).code == "TRANSFORM_FAILED"
    assert run("@[]", 3) is None


def call_deep(frames, work):
    return work() if frames == 0 else call_deep(frames - 1, work)


def test_a_caller_who_is_deep_in_calls_gets_a_refusal():
    room = sys.getrecursionlimit() - len(inspect.stack())
    data = 1
    for _ in range(100):
        data = [data]
    text = "(" * 40 + "a" + ")" * 40
    expression = compile_expression("@")
    with pytest.raises(Refusal, match=r"INVALID_EXPRESSION: .* too little stack"):
        call_deep(room - 60, lambda: compile_expression(text))
    with pytest.raises(Refusal, match="TRANSFORM_FAILED"):
        call_deep(room - 60, lambda: evaluate(expression, data))


def test_compiling_fills_no_cache_of_the_process():
    before = dict(Parser._CACHE)
    compile_expression("a_name_that_nobody_else_compiles")
    assert before == Parser._CACHE


@pytest.mark.parametrize(
    ("text", "chains"),
    [
        ("steps.top.result[0].x", [("steps", "top", "result")]),
        ("length(steps.top) > inputs.n", [("steps", "top"), ("inputs", "n")]),
        ("steps.a[?b == c].d | e", [("steps", "a")]),
        ('steps."a-b".c', [("steps", "a-b", "c")]),
        ("map(&x, output)", [("output",)]),
        ("{a: steps.b, c: [steps.d]}", [("steps", "b"), ("steps", "d")]),
        ("steps.*.x", [("steps",)]),
        ("steps.top[0].x", [("steps", "top")]),
        ("steps.top[*].x", [("steps", "top")]),
        ("steps.top[1:].x", [("steps", "top")]),
        ("steps.top[].x", [("steps", "top")]),
        ("steps[0].x", [("steps",)]),
        ("@.steps", []),
        ("[1:2:1]", []),
        ("(steps.a || steps.b).c", [("steps", "a"), ("steps", "b")]),
    ],
)
def test_chains_are_the_paths_that_start_at_the_data(text, chains):
    assert list(compile_expression(text).chains) == chains


PIECES = st.sampled_from(
    [*"[]{}().,:*@!&|?'\"`\\-<>= ", "a", "b", "0", "-1", "`1`", "`\"x\"`", "'s'", "[?", "[]", "&&",
     "||", "==", "!=", "<=", "length(", "sort_by(", "map(&", "to_string(", "join(", "keys(", "é",
     "\n", "\ud800", "\x00", "99999999999"]
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False)
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20) | st.lists(PIECES, max_size=14).map("".join), VALUES)
@example("a[?", None)
@example("foo(a b)", None)
@example("{a:b c:d}", {})
def test_any_text_gives_json_or_a_refusal(text, data):
    jcs.encode(outcome_of(text, data))


def outcome_of(text, data):
    """Returns the result or, for the two refusals there are, their details."""
    try:
        return run(text, data)
    except Refusal as error:
        return DETAILS[error.failure.code](error.failure.details)


DETAILS = {"INVALID_EXPRESSION": dict, "TRANSFORM_FAILED": dict}
