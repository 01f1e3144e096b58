"""RFC 8785 for users' data: spelling, normal form, and the strict reader."""

import decimal
import inspect
import math
import sys

import pytest

from workc.kernel.canonical import CanonicalError
from workc.kernel.jcs import (
    MAX_DEPTH_DATA,
    MAX_INTEGER_LENGTH,
    encode,
    es6_number,
    in_key_order,
    normalise,
    parse,
)


class Text(str):
    pass


def nested(depth, leaf=None):
    """Returns ``depth`` containers in each other, arrays and objects by turns."""
    value = [] if leaf is None else [leaf]
    for level in range(depth - 1):
        value = {"a": value} if level % 2 else [value]
    return value


def cycle_with_a_float():
    value = [0.5]
    value.append({"again": value})
    return value


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e-5, "0.00001"),
        (1.5e-5, "0.000015"),
        (1e-6, "0.000001"),
        (-1.25e-6, "-0.00000125"),
        (1e-7, "1e-7"),
        (-1.5e-10, "-1.5e-10"),
        (1e15, "1000000000000000"),
        (1e16, "10000000000000000"),
        (2.0**53, "9007199254740992"),
        (2.0**60, "1152921504606847000"),
        (-1.5e20, "-150000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (333333333.33333329, "333333333.3333333"),
    ],
)
def test_a_float_is_spelt_as_ecmascript_does(value, spelling):
    assert es6_number(value) == spelling
    assert encode(value) == spelling.encode()
    assert parse(spelling) == value


def test_keys_are_sorted_by_utf16_code_units():
    # U+1F600 is D83D DE00 in UTF-16: before U+FB33, though after it as a code point.
    assert in_key_order(["\ufb33", "\U0001f600", "\u20ac", "1", "\r"]) == [
        "\r", "1", "\u20ac", "\U0001f600", "\ufb33",
    ]  # fmt: skip
    assert encode({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()
    assert list(parse('{"\ufb33":1,"\U0001f600":2}')) == ["\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    ("value", "normal"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (1e2, "100"),
        (2.0**53 - 1, "9007199254740991"),
        (-(2.0**53 - 1), "-9007199254740991"),
        (2.0**53, "9007199254740992.0"),
        (1e20, "1e+20"),
        (0.5, "0.5"),
        (True, "True"),
        ([True, 1, 1.0, "1", None], "[True, 1, 1, '1', None]"),
        ({"b": 1.0, "a": {"d": [], "c": 0.5}}, "{'a': {'c': 0.5, 'd': []}, 'b': 1}"),
        ({"b": 1, "a": 2}, "{'a': 2, 'b': 1}"),
        ({"é": [1.0], "e": "é"}, "{'e': 'é', 'é': [1]}"),
    ],
)
def test_the_normal_form_is_what_a_replay_reads(value, normal):
    assert repr(normalise(value)) == normal
    assert repr(parse(encode(value))) == normal
    assert repr(normalise(normalise(value))) == normal


@pytest.mark.parametrize("value", [{"a": [1, {}]}, {"a": [1.5, {}]}, {"é": [1, {}]}])
def test_a_normal_form_shares_no_container_with_its_source(value):
    copy = normalise(value)
    ((_, inner),) = value.items()
    inner[1]["later"] = True
    assert next(iter(copy.values()))[1] == {}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (math.nan, "type float, at ''"),
        ([math.inf], "type float, at '/0'"),
        ({"a": -math.inf}, "type float, at '/a'"),
        (2**53, "integer outside"),
        ({"é": [0.5, -(2**53)]}, "integer outside"),
        (10**5000, "integer outside"),
        ((1,), "type tuple, at ''"),
        ({"a": [0, {"b/c": (1,)}]}, "type tuple, at '/a/1/b~1c'"),
        (decimal.Decimal(1), "type Decimal"),
        (b"", "type bytes"),
        (Text(), "type Text"),
        ("\udfff", "lone surrogate"),
        ([0.5, "\ud800"], "lone surrogate, at '/1'"),
        ({"a": {"\ud800": 1}}, "not a string of text, at '/a'"),
        ({1: 1}, "not a string of text"),
        ({Text("a"): 1}, "not a string of text"),
        (nested(MAX_DEPTH_DATA + 1), "more than 128 deep"),
        (nested(MAX_DEPTH_DATA + 1, leaf=0.5), "more than 128 deep"),
        (nested(MAX_DEPTH_DATA, leaf={"a": 0.5}), "more than 128 deep"),
        (cycle_with_a_float(), "or in a cycle"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else ascii(value)[:20],
)
def test_a_value_that_json_cannot_say_is_refused_with_its_place(value, reason):
    for function in (encode, normalise):
        with pytest.raises(CanonicalError) as caught:
            function(value)
        assert reason in str(caught.value)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("leaf", [None, 1, 0.5])
def test_the_depth_limit_itself_is_accepted(leaf):
    value = nested(MAX_DEPTH_DATA, leaf)
    assert normalise(value) == value
    assert parse(encode(value)) == value


@pytest.mark.parametrize("inner", ["", "1", '{"a":[]}', '"["'])
def test_one_container_past_the_depth_limit_is_refused_by_the_reader(inner):
    depth = MAX_DEPTH_DATA - inner.count("{") - inner.count(":[")
    assert parse("[" * depth + inner + "]" * depth) is not None
    with pytest.raises(CanonicalError, match="more than 128 deep"):
        parse("[" * (depth + 1) + inner + "]" * (depth + 1))


def test_many_containers_side_by_side_are_not_deep():
    assert parse("[" + "[],{}," * 200 + "1]")[400] == 1


def test_brackets_in_a_string_are_not_containers():
    assert parse('"' + "[" * 1000 + '"') == "[" * 1000


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("1.0", "1"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("0e5", "0"),
        ("1e2", "100"),
        ("100e-2", "1"),
        ("1.5E+1", "15"),
        ("0.1", "0.1"),
        ("9007199254740991", "9007199254740991"),
        ("-9007199254740991", "-9007199254740991"),
        ("9007199254740991.0", "9007199254740991"),
        ("9007199254740992", "9007199254740992.0"),
        ("-9007199254740992", "-9007199254740992.0"),
        ("9007199254740994", "9007199254740994.0"),
        ("100000000000000000000", "1e+20"),
        ("-100000000000000000000", "-1e+20"),
        ("1e400000000000000000000000000e", None),
        ("1e-400", "0"),
        (' \t\r\n{"b" : [ ] , "a" : null}\n', "{'a': None, 'b': []}"),
        ('"\\ud83d\\ude00\\u0000"', repr("\U0001f600\0")),
        ('"\\\\ud800"', repr("\\ud800")),
        ("true", "True"),
    ],
)
def test_a_text_is_read_into_its_normal_form(text, normal):
    if normal is None:
        with pytest.raises(CanonicalError):
            parse(text)
        return
    assert repr(parse(text)) == normal
    assert repr(parse(text.encode())) == normal
    assert repr(parse(encode(parse(text)))) == normal


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"  ", "not JSON"),
        (b"1 2", "not JSON: Extra data"),
        (b'{"a":1} x', "not JSON: Extra data"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ("\ufeff{}", "byte order mark"),
        ("\ufeff{}".encode("utf-16-le"), "not UTF-8"),
        (b'"\xff"', "not UTF-8"),
        ('"\ud800"', "not UTF-8"),
        (r'"\ud800"', "lone surrogate"),
        (r'["a", "\uDC00\uD800"]', "lone surrogate"),
        (r'{"\udbff":1}', "lone surrogate"),
        ("\xa01", "not JSON"),
        (b"NaN", "not JSON: NaN"),
        (b"[Infinity]", "not JSON: Infinity"),
        (b"-Infinity", "not JSON: -Infinity"),
        (b"1e400", "out of range: 1e400"),
        (b"-1e400", "out of range"),
        (b"1.0e999999999999999999", "out of range"),
        (b"9" * 400 + b".0", "out of range"),
        (b"9007199254740993", "no double holds: 9007199254740993"),
        (b"-9007199254740993", "no double holds"),
        (b"1152921504606846976", "no double holds"),
        (b"1000000000000000000000", "no double holds"),
        (b"9" * 100_000, "no double holds"),
        (b"-" + b"9" * MAX_INTEGER_LENGTH, "no double holds"),
        (b'{"a":1,"b":2,"a":1}', "key 'a' twice"),
        (b'{"a":1,"\\u0061":2}', "key 'a' twice"),
        (b'[{"x":{"\xc3\xa9":1,"\xc3\xa9":2}}]', r"key '\\xe9' twice"),
        (b"[1,]", "not JSON"),
        (b"'a'", "not JSON"),
        (b'"\t"', "not JSON"),
        (b"01", "not JSON"),
        (b"1.", "not JSON"),
        (b"+1", "not JSON"),
        ("\u0661", "not JSON"),
        (b"[" * 100_000, "deep"),
        (b'{"a":' * 100_000, "deep"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_a_text_that_is_not_strict_json_is_refused(data, reason):
    with pytest.raises(CanonicalError) as caught:
        parse(data)
    assert reason.replace(r"\\", "\\") in str(caught.value)


def test_an_integer_that_a_double_spells_alike_is_read_and_its_neighbours_are_not():
    assert parse("1152921504606847000") == 2.0**60
    for text in ("1152921504606846999", "1152921504606847001", "9007199254740993"):
        with pytest.raises(CanonicalError):
            parse(text)


def test_the_longest_integer_token_is_read():
    token = "-" + es6_number(math.nextafter(1e21, 0))
    assert len(token) == MAX_INTEGER_LENGTH
    assert parse(token) == -math.nextafter(1e21, 0)


def test_a_message_quotes_only_the_beginning_of_what_it_refuses():
    key = '"' + "k" * 10_000 + '"'
    for data in ("9" * 10_000, "9" * 10_000 + ".5", f"{{{key}:1,{key}:2}}"):
        with pytest.raises(CanonicalError) as caught:
            parse(data)
        assert len(str(caught.value)) < 120


@pytest.mark.parametrize("spare_frames", [20, 60, 120, 200, 400])
def test_a_caller_near_the_end_of_the_stack_gets_the_value_or_the_one_error(spare_frames):
    values = [nested(MAX_DEPTH_DATA), nested(MAX_DEPTH_DATA, leaf=0.5)]
    calls = [(f, v) for v in values for f in (encode, normalise)]
    calls += [(parse, encode(v)) for v in values]
    expected = [function(argument) for function, argument in calls]
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + spare_frames)
    try:
        outcomes = [outcome(function, argument) for function, argument in calls]
    finally:
        sys.setrecursionlimit(limit)
    for got, wanted in zip(outcomes, expected, strict=True):
        assert got in (wanted, "refused")


def outcome(function, argument):
    try:
        return function(argument)
    except CanonicalError:
        return "refused"


def test_many_lists_side_by_side_are_not_deep():
    text = "[" + ",".join(['[1,{"a":null}]'] * MAX_DEPTH_DATA) + "]"
    assert parse(text) == [[1, {"a": None}]] * MAX_DEPTH_DATA
